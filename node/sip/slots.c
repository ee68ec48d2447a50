#include "node/sip/slots.h"

#include <stdlib.h>

#include "proto/base/check.h"

enum {
    SLOT_BITS = 24,
    GENERATION_BITS = 30,
    GENERATION_MAX = (1 << GENERATION_BITS) - 1,
    KIND_SHIFT = SLOT_BITS + GENERATION_BITS,
    SLOTS_FIRST = 64,
};

void slots_init(struct slots *slots, uint8_t edge, enum slots_kind kind)
{
    *slots = (struct slots){.unused = SLOTS_MAX, .edge = edge, .kind = kind};
}

void slots_deinit(struct slots *slots)
{
    free(slots->slots);
    slots_init(slots, slots->edge, slots->kind);
}

static bool grow(struct slots *slots)
{
    uint32_t n = slots->n == 0 ? SLOTS_FIRST : slots->n * 2;
    struct slot *more;

    if (n > SLOTS_MAX) {
        return false;
    }
    more = realloc(slots->slots, n * sizeof(*more));
    if (more == NULL) {
        return false;
    }
    for (uint32_t i = n; i > slots->n; i--) {
        more[i - 1] = (struct slot){NULL, 0, slots->unused};
        slots->unused = i - 1;
    }
    slots->slots = more;
    slots->n = n;
    return true;
}

static uint64_t name_of(const struct slots *slots, uint32_t slot)
{
    return (uint64_t)slots->edge << EDGE_REF_EDGE_SHIFT |
           (uint64_t)slots->kind << KIND_SHIFT |
           (uint64_t)slots->slots[slot].generation << SLOT_BITS | slot;
}

edge_ref slots_add(struct slots *slots, void *object)
{
    uint32_t i;

    CHECK(object != NULL);
    if (slots->unused == SLOTS_MAX && !grow(slots)) {
        return 0;
    }
    i = slots->unused;
    slots->unused = slots->slots[i].next_unused;
    slots->slots[i].object = object;
    slots->slots[i].generation =
        slots->slots[i].generation % GENERATION_MAX + 1;
    return name_of(slots, i);
}

void *slots_find(const struct slots *slots, edge_ref ref)
{
    uint32_t i = ref & (SLOTS_MAX - 1);

    if (i >= slots->n || slots->slots[i].object == NULL ||
        name_of(slots, i) != ref) {
        return NULL;
    }
    return slots->slots[i].object;
}

void slots_remove(struct slots *slots, edge_ref ref)
{
    uint32_t i = ref & (SLOTS_MAX - 1);

    CHECK(slots_find(slots, ref) != NULL);
    slots->slots[i].object = NULL;
    slots->slots[i].next_unused = slots->unused;
    slots->unused = i;
}
