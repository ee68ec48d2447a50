/* Which faults a run has, and how hard: drawn from its seed ("swarm testing"),
 * so that every run is another kind of bad day.
 */
#ifndef TESTS_SIM_MIX_H
#define TESTS_SIM_MIX_H

#include <stdbool.h>
#include <stdint.h>

/* X(NAME, word on the command line, what it does) */
#define FAULT_LIST(X)                                                          \
    X(LOSS, "loss", "packets are lost")                                        \
    X(DELAY, "delay", "some packets are held up, links keep their order")      \
    X(REORDER, "reorder", "packets of a link overtake each other")             \
    X(DUPLICATE, "duplicate", "packets arrive twice")                          \
    X(ONEWAY, "oneway", "one direction of a link is cut for a while")          \
    X(PARTITION, "partition", "nodes are cut into two groups for a while")     \
    X(CRASH, "crash", "a node loses power and comes back")                     \
    X(OUTAGE, "outage", "all nodes lose power at once")                        \
    X(PAUSE, "pause", "a node stands still for a while")                       \
    X(SLOW, "slow", "disks take long")                                         \
    X(STALL, "stall", "a disk hangs for a while")                              \
    X(ERRORS, "errors", "writes fail")                                         \
    X(HUNT, "hunt", "trouble comes right after an election, to the winner")    \
    X(TRANSFER, "transfer", "leadership is handed over")                       \
    X(SNAPSHOT, "snapshot", "logs are compacted early, so peers need copies")  \
    X(MEMBERS, "members", "nodes are added, promoted, demoted, removed")       \
    X(STEADY, "steady", "proposals come at a steady pace over slow links")     \
    X(IDLE, "idle", "few proposals")                                           \
    X(NOPREVOTE, "noprevote", "elections without a pre-vote")

#define FAULT_ENUM(name, word, what) FAULT_##name,
enum fault { FAULT_LIST(FAULT_ENUM) FAULT_COUNT };
#undef FAULT_ENUM

/* Sets of faults: bit f is fault f. */
#define FAULT_BIT(name) (UINT32_C(1) << FAULT_##name)

/* What a run is made of. */
struct mix {
    uint32_t always;    /* These faults, */
    uint32_t sometimes; /* and each of these with even odds. */
};

/** Tell which faults a seed has in a mix. */
uint32_t mix_draw(const struct mix *mix, uint64_t seed);

/**
 * Read a mix: a name (calm, base, members, errors, all), or faults by their
 * words with commas between, which are then always there.
 *
 * Returns false for a word that is neither.
 */
bool mix_read(const char *text, struct mix *mix_out);

/** Name a fault as on the command line. Returns a static string. */
const char *fault_word(enum fault fault);

/** Say what a fault does. Returns a static string. */
const char *fault_text(enum fault fault);

#endif
