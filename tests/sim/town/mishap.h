/* What goes wrong in a town.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_MISHAP_H
#define TESTS_SIM_TOWN_MISHAP_H

#include "tests/sim/mix.h"

struct town;

/* X(NAME, word on the command line, what it does) */
#define MISHAP_LIST(X)                                                         \
    X(LOSS, "loss", "connections break")                                       \
    X(DELAY, "delay", "some packets are held up")                              \
    X(ONEWAY, "oneway", "one direction of a link is cut for a while")          \
    X(PARTITION, "partition", "the hosts fall into two groups for a while")    \
    X(CRASH, "crash", "a host loses power and comes back")                     \
    X(RESTART, "restart", "a host is ended in good order and comes back")      \
    X(OUTAGE, "outage", "all hosts lose power at once")                        \
    X(PAUSE, "pause", "a host stands still for a while")                       \
    X(SLOW, "slow", "disks take long")                                         \
    X(TRANSFER, "transfer", "leadership is handed over")                       \
    X(SNAPSHOT, "snapshot", "logs are cut early, so peers need copies")        \
    X(FLUSH, "flush", "stores write what they have whenever they like")        \
    X(CHANGE, "change", "administrators change users and rooms")               \
    X(FULL, "full", "a disk fills up, and has room again")                     \
    X(ERRORS, "errors", "a disk refuses writes, and its host comes back")      \
    X(ROT, "rot", "a host's log is damaged while it is down")                  \
    X(STALE, "stale", "a host's state is damaged while it is down")            \
    X(EMPTY, "empty", "a host's disk is emptied while it is down")             \
    X(PEOPLE, "people", "rights, groups, places and rules change")             \
    X(VERSIONS, "versions", "hosts are of older programs, for a while")        \
    X(CLOCK, "clock", "days go by at once, on all clocks of day")              \
    X(ARCHIVE, "archive", "there is a compliance archive, required or not")    \
    X(SHELVES, "shelves", "archives' disks take nothing for a while")          \
    X(OBSERVER, "observer", "the archive's witness is out of reach")           \
    X(TILES, "tiles", "a host's archive is changed, or kept otherwise")

#define MISHAP_ENUM(name, word, what) MISHAP_##name,
enum mishap { MISHAP_LIST(MISHAP_ENUM) MISHAPS };
#undef MISHAP_ENUM

/* Its mixes are calm, base, disks, people, archive and all. */
extern const struct mix_names mishap_names;

/** Strike the archive with one of its own mishaps. (mishap_archive.c) */
void mishap_archive(struct town *town, enum mishap mishap);

/** End those that last. */
void mishap_archive_end(struct town *town);

/** Set up what goes wrong all along, and begin what strikes now and then. */
void mishaps_begin(struct town *town);

/** End all of it; every host comes up. */
void mishaps_end(struct town *town);

#endif
