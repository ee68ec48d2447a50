#include "tests/sim/fault_kinds.h"

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

static const struct mix_named mixes[] = {
    {"calm", {0, 0}},
    {"base", {0, BASE}},
    {"members", {FAULT_BIT(MEMBERS), BASE}},
    {"errors", {FAULT_BIT(ERRORS), BASE}},
    {"all", {FAULT_BIT(MEMBERS) | FAULT_BIT(ERRORS), BASE}},
};

const struct mix_names fault_names = {FAULT_COUNT, words, whats,
                                      sizeof(mixes) / sizeof(mixes[0]), mixes};
