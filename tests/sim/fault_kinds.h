/* What can go wrong in a run of the core and its guard (world.h). */
#ifndef TESTS_SIM_FAULT_KINDS_H
#define TESTS_SIM_FAULT_KINDS_H

#include "tests/sim/mix.h"

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

/* Its mixes are calm, base, members, errors and all. */
extern const struct mix_names fault_names;

#endif
