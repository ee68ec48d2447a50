#include "node/chat/origin.h"

#include <stdlib.h>

#include "proto/base/check.h"

_Static_assert(OUTCOMES_KEPT % OUTCOMES_PER_ROW == 0, "rows are full");

static unsigned slot_of(uint64_t number)
{
    return (unsigned)((number - 1) % OUTCOMES_KEPT);
}

enum outcome origin_admit(const struct machine *machine,
                          const struct applied_entry *entry)
{
    const struct origin *origin = machine->origins[entry->node];

    if (origin == NULL) {
        return OUTCOME_NODE_NOT_STARTED;
    }
    if (entry->epoch != origin->epoch) {
        return OUTCOME_EPOCH_STALE;
    }
    if (entry->number == 0 || entry->number > origin->number_last + 1) {
        return OUTCOME_NUMBER_GAP;
    }
    if (entry->number <= origin->number_last) {
        return OUTCOME_DUPLICATE;
    }
    return OUTCOME_DONE;
}

void origin_mark(struct machine *machine, const struct origin *origin)
{
    changes_mark(&machine->changes, ROW_ORIGIN, origin->node, 0, 0);
}

static void mark_chunk(struct machine *machine, const struct origin *origin,
                       unsigned chunk)
{
    changes_mark(&machine->changes, ROW_OUTCOMES, origin->node, chunk, 0);
}

void origin_keep(struct turn *turn, struct applied applied)
{
    struct origin *origin = turn->origin;
    unsigned slot = slot_of(turn->entry->number);

    CHECK(turn->entry->number == origin->number_last + 1);
    origin->number_last = turn->entry->number;
    origin->kept[slot].outcome = (uint16_t)applied.outcome;
    origin->kept[slot].value = applied.value;
    origin->lost = false; /* The pool hears of it again. */
    origin_mark(turn->machine, origin);
    mark_chunk(turn->machine, origin, slot / OUTCOMES_PER_ROW);
}

struct origin *origin_new(struct machine *machine, uint8_t node)
{
    struct origin *origin = calloc(1, sizeof(*origin));

    CHECK(origin != NULL);
    CHECK(machine->origins[node] == NULL);
    origin->node = node;
    RB_INIT(&origin->sessions);
    machine->origins[node] = origin;
    machine->counts[ROW_ORIGIN] += 1;
    return origin;
}

void origin_free(struct origin *origin)
{
    if (origin != NULL) {
        CHECK(RB_EMPTY(&origin->sessions));
        free(origin->exceptions);
        free(origin);
    }
}

struct origin *origin_begin(struct turn *turn, const struct guid *start_id)
{
    struct machine *machine = turn->machine;
    uint8_t node = turn->entry->node;
    struct origin *origin = machine->origins[node];
    struct guid starts[STARTS_KEPT];

    if (origin == NULL) {
        origin = origin_new(machine, node);
    }
    CHECK(RB_EMPTY(&origin->sessions));
    for (unsigned chunk = 0; chunk < origin_chunks(origin); chunk++) {
        mark_chunk(machine, origin, chunk);
    }
    free(origin->exceptions);
    memcpy(starts + 1, origin->start_ids, (STARTS_KEPT - 1) * sizeof(*starts));
    starts[0] = *start_id;
    memset(origin, 0, sizeof(*origin));
    origin->node = node;
    origin->epoch = turn->entry->index;
    memcpy(origin->start_ids, starts, sizeof(starts));
    origin_mark(machine, origin);
    return origin;
}

uint64_t origin_delivered(const struct origin *origin, uint64_t serial)
{
    for (size_t i = 0; i < origin->n_exceptions; i++) {
        if (origin->exceptions[i].serial == serial) {
            return origin->exceptions[i].delivered_index;
        }
    }
    return origin->delivered_index;
}

static uint64_t kept_count(const struct origin *origin)
{
    return origin->number_last < OUTCOMES_KEPT ? origin->number_last
                                               : OUTCOMES_KEPT;
}

unsigned origin_chunks(const struct origin *origin)
{
    return (unsigned)((kept_count(origin) + OUTCOMES_PER_ROW - 1) /
                      OUTCOMES_PER_ROW);
}

unsigned origin_chunk_len(const struct origin *origin, unsigned chunk)
{
    uint64_t before = (uint64_t)chunk * OUTCOMES_PER_ROW;
    uint64_t kept = kept_count(origin);

    if (kept <= before) {
        return 0;
    }
    return (unsigned)(kept - before < OUTCOMES_PER_ROW ? kept - before
                                                       : OUTCOMES_PER_ROW);
}

bool machine_outcome(const struct machine *machine, uint8_t node,
                     uint64_t number, struct applied *applied_out)
{
    const struct origin *origin = machine->origins[node];

    if (origin == NULL || number == 0 || number > origin->number_last ||
        origin->number_last - number >= OUTCOMES_KEPT) {
        return false;
    }
    applied_out->outcome = (enum outcome)origin->kept[slot_of(number)].outcome;
    applied_out->value = origin->kept[slot_of(number)].value;
    return true;
}
