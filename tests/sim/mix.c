#include "tests/sim/mix.h"

#include <stddef.h>
#include <string.h>

#include "tests/sim/random.h"

enum { STREAM_MIX = 5 };

#define FAULT_WORD(name, word, what) [FAULT_##name] = (word),
#define FAULT_WHAT(name, word, what) [FAULT_##name] = (what),
static const char *const words[] = {FAULT_LIST(FAULT_WORD)};
static const char *const whats[] = {FAULT_LIST(FAULT_WHAT)};

#define BASE                                                                   \
    (FAULT_BIT(LOSS) | FAULT_BIT(DELAY) | FAULT_BIT(REORDER) |                 \
     FAULT_BIT(DUPLICATE) | FAULT_BIT(ONEWAY) | FAULT_BIT(PARTITION) |         \
     FAULT_BIT(CRASH) | FAULT_BIT(OUTAGE) | FAULT_BIT(PAUSE) |                 \
     FAULT_BIT(SLOW) | FAULT_BIT(STALL) | FAULT_BIT(HUNT) |                    \
     FAULT_BIT(TRANSFER) | FAULT_BIT(SNAPSHOT) | FAULT_BIT(STEADY) |           \
     FAULT_BIT(IDLE) | FAULT_BIT(NOPREVOTE))

static const struct {
    const char *name;
    struct mix mix;
} named[] = {
    {"calm", {0, 0}},
    {"base", {0, BASE}},
    {"members", {FAULT_BIT(MEMBERS), BASE}},
    {"errors", {FAULT_BIT(ERRORS), BASE}},
    {"all", {FAULT_BIT(MEMBERS) | FAULT_BIT(ERRORS), BASE}},
};

uint32_t mix_draw(const struct mix *mix, uint64_t seed)
{
    struct random random = random_stream(seed, STREAM_MIX);

    return mix->always | (mix->sometimes & (uint32_t)random_next(&random));
}

static bool read_word(const char *text, size_t len, uint32_t *bits)
{
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0) {
            *bits |= UINT32_C(1) << i;
            return true;
        }
    }
    return false;
}

bool mix_read(const char *text, struct mix *mix_out)
{
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (strcmp(named[i].name, text) == 0) {
            *mix_out = named[i].mix;
            return true;
        }
    }
    *mix_out = (struct mix){0, 0};
    for (;;) {
        size_t len = strcspn(text, ",");

        if (!read_word(text, len, &mix_out->always)) {
            return false;
        }
        if (text[len] == '\0') {
            return true;
        }
        text += len + 1;
    }
}

const char *fault_word(enum fault fault)
{
    return words[fault];
}

const char *fault_text(enum fault fault)
{
    return whats[fault];
}
