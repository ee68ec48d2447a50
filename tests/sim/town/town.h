/* One run of the simulator at the level of nodes: a pool of whole backends --
 * rules, sessions, store and log on one disk each -- with guests who talk in
 * its rooms, under a seed's mishaps.
 *
 *   guest  a client as the state loop sees one: dialogs, posts, histories
 *   host   a node's machine: disk, loops, and a backend while it is up
 *   town   all of them, the network between, and virtual time
 *
 * Thread: one; a town shares nothing with another.
 */
#ifndef TESTS_SIM_TOWN_TOWN_H
#define TESTS_SIM_TOWN_TOWN_H

#include "node/session/proposer.h"
#include "proto/base/arena.h"
#include "tests/sim/network.h"
#include "tests/sim/random.h"
#include "tests/sim/schedule.h"
#include "tests/sim/town/auditor.h"
#include "tests/sim/town/guest.h"
#include "tests/sim/town/host.h"
#include "tests/sim/town/ledger.h"
#include "tests/sim/town/mishap.h"
#include "tests/sim/town/observer.h"
#include "tests/sim/town/sinks.h"
#include "tests/sim/town/witness.h"

enum {
    TOWN_HOSTS_MAX = 7,
    TOWN_GUESTS_MAX = 16,
    TOWN_LIVES_MAX = 4096,
    TOWN_MS = 1000,
    TOWN_SECOND = 1000 * TOWN_MS,
};

#define TOWN_DOMAIN      "example.com"
#define TOWN_POOL_URI    "sip:GC-1-PersistentChatService-1@" TOWN_DOMAIN
#define TOWN_ROOM_SCHEME "ma-chan://" TOWN_DOMAIN "/"

struct town_settings {
    uint64_t seed;
    unsigned hosts;
    uint64_t fault_us, heal_us; /* How long mishaps, then quiet. */
    uint32_t always;            /* Mishaps: bit m is mishap m, */
    uint32_t sometimes;         /* and each of these with even odds. */
    bool guests_only;           /* See only what guests see. */
    bool trace;                 /* Tell what happens on standard error. */
};

/* What came of a run. */
struct town_result {
    struct violation violation; /* kind "": none. */
    uint64_t trace_hash;
    uint64_t starts, elections, restores, incarnations;
    uint64_t upgrades;  /* Hosts that came back with a newer program. */
    uint64_t committed; /* Log indexes. */
    struct auditor_sums archive;
    struct sinks_sums sinks;
    uint64_t cosigned; /* Checkpoints, by the archive's witness. */
    uint64_t tampered; /* Archives of hosts, and */
    uint64_t rebuilt;  /* those that were noticed and made anew. */
    struct ledger_sums sums;
};

/* What administrators do; one command at a time. */
struct founder {
    struct proposal proposal;
    struct host *host; /* Asked; NULL: nobody. */
    uint64_t life;     /* Of that host. */
    uint64_t asked_us;
    unsigned step; /* Of making the pool, then one change after the other. */
};

/* Which rights administrators change. */
struct council {
    struct random random;
    unsigned halls, clubs, groups; /* So many were begun with. */
    unsigned numbers;              /* Of users and groups, used up by it. */
    bool raises;                   /* Next, as far as any program knows. */
    bool imports;                  /* Next, into the newest club. */
};

struct town {
    struct town_settings settings;
    uint32_t mishaps; /* As drawn. */
    struct schedule *schedule;
    struct network *network;
    struct ledger ledger;
    struct witness *witness;   /* NULL: only guests look. */
    struct auditor *auditor;   /* NULL: there is no archive. */
    struct sinks *sinks;       /* Likewise. */
    struct observer *observer; /* Likewise. */
    struct host hosts[TOWN_HOSTS_MAX];
    unsigned n_guests;
    struct guest guests[TOWN_GUESTS_MAX];
    struct founder founder;
    struct loop *buried[TOWN_LIVES_MAX];
    size_t n_buried;
    struct random random;
    struct council council;
    uint64_t calmed_us; /* When mishaps ended; 0: they go on. */
    bool closing;       /* Nothing new is begun. */
    /* How hosts and guests are, drawn from the seed. */
    uint32_t snapshot_entries, trailing_entries, job_us, guest_us, strike_us;
    struct town_result result;
};

/** Make a pool of founders, all down. */
struct town *town_new(const struct town_settings *settings);

/** Free. Accepts NULL. */
void town_free(struct town *town);

/** Run it through mishaps and healing, and check all there is to check. */
struct town_result town_run(struct town *town);

/** Let days go by at once, on all clocks of day: what is remembered for a while
 * is forgotten. */
void town_skip_days(struct town *town, unsigned days);

/** Draw a club by its number in the ledger, mostly one that is there. */
unsigned town_club(const struct town *town, struct random *random);

/** Run something later, on the town's own time. */
void town_later(struct town *town, uint64_t us, void (*run)(void *context),
                void *context);

/** Find who leads; NULL when no host that is up does. */
struct host *town_leader(struct town *town);

/** Tell whether the configuration is the hosts' present raft ids, as voters. */
bool town_is_whole(struct town *town);

/** Tell what happens, when asked for. */
void town_trace(const struct town *town, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* founder.c */

/** Begin to make the pool what guests expect, and to change what they do not
 * look at. */
void founder_begin(struct town *town);

/** Tell whether the pool is made, with its users and rooms. */
bool founder_is_done(const struct town *town);

/** Name a room by its guid. */
const char *room_guid_text(unsigned room);

/* council.c */

/**
 * Choose a change of rights, groups, places or rules.
 *
 * @arena    Owns what the command points to.
 * @command  Administrator and source are the caller's to say.
 */
void council_decide(struct town *town, struct arena *arena,
                    Perch__Command *command);

/* inspect.c */

/** Compare what hosts have in memory, now and every so often from now on. */
void inspect_begin(struct town *town);

/** Check each host's rows, and all messages in them, at the end. */
void inspect_end(struct town *town);

/* shelves.c */

/** Tell whether all hosts have the last published checkpoint in their archive's
 * files. */
bool shelves_are_full(const struct town *town);

/** Hold the files of all hosts' archives against the state. */
void shelves_check(struct town *town);

#endif
