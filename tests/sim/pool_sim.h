/* One run of the simulator at the level of replicas: a pool of them, whole,
 * with the real log store on disks that tear, the real transport over simulated
 * sockets, and owners as small as can be, under a seed's troubles.
 *
 * Thread: one; a pool shares nothing with another.
 */
#ifndef TESTS_SIM_POOL_SIM_H
#define TESTS_SIM_POOL_SIM_H

#include "tests/sim/block_disk.h"
#include "tests/sim/kept_disk.h"
#include "tests/sim/mix.h"
#include "tests/sim/network.h"
#include "tests/sim/owner.h"
#include "tests/sim/pool_truth.h"
#include "tests/sim/random.h"
#include "tests/sim/schedule.h"

enum { POOL_SIM_NODES_MAX = 7, POOL_SIM_LIVES_MAX = 4096 };

/* X(NAME, word on the command line, what it does) */
#define TROUBLE_LIST(X)                                                        \
    X(LOSS, "loss", "connections break")                                       \
    X(DELAY, "delay", "some packets are held up")                              \
    X(ONEWAY, "oneway", "one direction of a link is cut for a while")          \
    X(PARTITION, "partition", "a node is cut off for a while")                 \
    X(CRASH, "crash", "a node loses power and comes back")                     \
    X(OUTAGE, "outage", "all nodes lose power at once")                        \
    X(PAUSE, "pause", "a node stands still for a while")                       \
    X(SLOW, "slow", "disks take long")                                         \
    X(TRANSFER, "transfer", "leadership is handed over")                       \
    X(SNAPSHOT, "snapshot", "logs are cut early, so peers need copies")        \
    X(BEHIND, "behind", "an owner applies nothing for a while")                \
    X(WITHDRAW, "withdraw", "an owner takes back what it can")                 \
    X(FULL, "full", "a disk fills up, and has room again")                     \
    X(ROT, "rot", "a node's log is damaged while it is down")                  \
    X(EMPTY, "empty", "a node's disk is emptied while it is down")             \
    X(OLD, "old", "the same, and the next time the old one is put back")

#define TROUBLE_ENUM(name, word, what) TROUBLE_##name,
enum trouble { TROUBLE_LIST(TROUBLE_ENUM) TROUBLES };
#undef TROUBLE_ENUM

/* Its mixes are calm, base, disks and all. */
extern const struct mix_names trouble_names;

struct pool_sim_settings {
    uint64_t seed;
    unsigned nodes;
    uint64_t fault_us, heal_us; /* How long troubles, then quiet. */
    uint32_t always;            /* Troubles: bit t is trouble t, */
    uint32_t sometimes;         /* and each of these with even odds. */
    bool trace;                 /* Tell what happens on standard error. */
};

/* What came of a run. */
struct pool_sim_result {
    struct pool_violation violation; /* kind "": none. */
    uint64_t trace_hash;
    uint64_t starts, elections, restores, incarnations, resent_late;
    struct pool_sums sums;
};

struct pool_sim;

/* A node, in this life or between two. */
struct pool_node {
    struct pool_sim *pool;
    unsigned number; /* From 1. */
    char path[32];
    struct disk *disk;
    struct kept_disk *kept; /* Its disk of before; NULL: none. */
    struct random random;
    struct loop *owner_loop, *raft_loop;
    struct owner *owner; /* NULL: down. */
    struct replica *replica;
    bool founded;
    bool dying; /* Its end is on the schedule. */
    bool full;
    uint64_t raft_id;
    uint64_t up_us;
};

struct pool_sim {
    struct pool_sim_settings settings;
    uint32_t troubles; /* As drawn. */
    struct schedule *schedule;
    struct network *network;
    struct pool_truth truth;
    struct pool_node nodes[POOL_SIM_NODES_MAX];
    struct loop *buried[POOL_SIM_LIVES_MAX];
    size_t n_buried;
    struct random random, client_random;
    bool calmed; /* No more troubles. */
    bool healed; /* No more clients. */
    /* How nodes are set up, drawn from the seed. */
    uint32_t snapshot_entries, trailing_entries, job_us;
    uint32_t client_us, client_words;
    struct pool_sim_result result;
};

/** Make a pool of founders, all down. */
struct pool_sim *pool_sim_new(const struct pool_sim_settings *settings);

/** Free. Accepts NULL. */
void pool_sim_free(struct pool_sim *pool);

/** Run it through troubles and healing, and check all there is to check. */
struct pool_sim_result pool_sim_run(struct pool_sim *pool);

/** Let virtual time pass; for scripts. */
void pool_sim_pass(struct pool_sim *pool, uint64_t us);

/** Bring a node up. */
void pool_sim_start(struct pool_node *node);

/** Cut a node's power. */
void pool_sim_kill(struct pool_node *node);

/** Let a node propose a new word. False when it is down or takes none. */
bool pool_sim_propose(struct pool_node *node);

/** Let a node read what has been acknowledged so far. */
void pool_sim_read(struct pool_node *node);

/** Find who leads; NULL when no node that is up does. */
struct pool_node *pool_sim_leader(struct pool_sim *pool);

/** Tell whether the configuration is the nodes' present raft ids, as voters. */
bool pool_sim_is_whole(struct pool_sim *pool);

/** Tell whether all nodes are up, agree, and nobody waits. */
bool pool_sim_is_calm(struct pool_sim *pool);

/** Tell what happens, when asked for. */
void pool_sim_trace(struct pool_sim *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* pool_trouble.c */

/** Set up what goes wrong all along, and begin what strikes now and then. */
void pool_sim_begin_troubles(struct pool_sim *pool);

/** End all of it. */
void pool_sim_end_troubles(struct pool_sim *pool);

/** Damage a node's log, so that it can be seen. The node is down. */
void pool_sim_rot(struct pool_node *node);

/** Empty a node's disk. The node is down. */
void pool_sim_empty(struct pool_node *node);

/** Empty it, and keep what was on it; or put back what was kept. The node is
 * down. */
void pool_sim_exchange(struct pool_node *node);

/** Fill a node's disk down to its log's floor, or make room. */
void pool_sim_fill(struct pool_node *node, bool full);

#endif
