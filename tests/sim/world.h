/* One run of the simulator: a pool of nodes under a seed's faults.
 *
 * Thread: one; a world shares nothing with another.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "tests/sim/fault_kinds.h"
#include "tests/sim/faults.h"
#include "tests/sim/mail.h"
#include "tests/sim/network.h"
#include "tests/sim/node.h"
#include "tests/sim/schedule.h"
#include "tests/sim/truth.h"

enum { WORLD_NODES_MAX = 7 };

struct world_settings {
    uint64_t seed;
    unsigned nodes;  /* In all. */
    unsigned voters; /* Of them, at first; the rest wait to be added. */
    uint64_t fault_us, heal_us; /* How long faults, then quiet. */
    struct mix mix;
    uint64_t rules; /* Of the guard. */
    bool trace;     /* Tell what happens on standard error. */
};

/* What came of a run. */
struct world_result {
    struct violation violation;
    uint64_t trace_hash;
    uint64_t events;
    uint64_t elections;
    uint64_t acknowledged;
    uint64_t starts;
    uint64_t snapshots_installed;
    uint64_t changes; /* Of members. */
    uint64_t reads;
    uint64_t rule_counts[64];
};

enum { WORLD_LIVES_MAX = 4096 };

struct world {
    struct world_settings settings;
    uint32_t faults; /* Of enum fault, as drawn. */
    struct schedule *schedule;
    struct network *network;
    struct mail_reader reader;
    struct truth *truth;
    struct node nodes[WORLD_NODES_MAX];
    struct loop *buried[WORLD_LIVES_MAX];
    size_t n_buried;
    struct random fault_random, client_random, member_random;
    struct striker strikers[STRIKERS_MAX];
    /* How nodes are set up, drawn from the seed. */
    uint32_t snapshot_timeout_ms, snapshot_threshold, snapshot_trailing;
    uint32_t send_entries_max, batches_max;
    uint32_t calm; /* Percent of the usual time between troubles. */
    /* How clients behave. */
    uint32_t client_us, client_batch, client_steady;
    bool healed;
    bool settled; /* Healed for long enough that all must go well. */
    bool client_stopped;
    struct world_result result;
};

/** Make a world, its nodes down, its founders' disks written. */
struct world *world_new(const struct world_settings *settings);

/** Free. Accepts NULL. */
void world_free(struct world *world);

/** Run it through faults and healing, and check all there is to check. */
struct world_result world_run(struct world *world);

/** Run on for a while; for scripts. Stops early at a violation. */
void world_pass(struct world *world, uint64_t us);

/** Begin the clients' work, as world_run does. */
void world_begin_clients(struct world *world);

/** Tell what happens, when asked for. */
void world_trace(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The same for a message that one node sends another. */
void world_trace_message(struct world *world, unsigned from, unsigned to,
                         const struct core_message *message);

/** Tell whether the run has a fault. */
bool world_has(const struct world *world, enum fault fault);

/** A node is up: its peers notice that it was connected anew. */
void world_node_started(struct world *world, struct node *node);

/** A command proposed at that time is acknowledged now. */
void world_acknowledged(struct world *world, uint64_t at_us);

/** Add to the result how often a core's guard has acted. */
void world_count_rules(struct world *world, const struct core *core);

/** Keep a dead life's loop until the end. */
void world_bury(struct world *world, struct loop *loop);

/** Find the node that leads the newest term; NULL when none does. */
struct node *world_leader(struct world *world);

#endif
