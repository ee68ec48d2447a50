/* A pool of replicas in one process, on real loops, disks and sockets: each
 * node with a thread for its owner and one for raft.
 *
 * The test runs in a thread of its own. What it asks of a node is done on the
 * owner's loop (replica_pool_do); what the nodes tell it goes through a truth
 * that all share, under a lock.
 */
#ifndef TESTS_CLUSTER_REPLICA_POOL_H
#define TESTS_CLUSTER_REPLICA_POOL_H

#include "tests/sim/owner.h"

enum { POOL_NODES_MAX = 5 };

struct replica_pool;

struct replica_pool_settings {
    size_t n_nodes;
    size_t command_bytes;      /* 0: the smallest. */
    uint32_t snapshot_entries; /* 0: the default, as below. */
    uint32_t trailing_entries;
    /* For measurements: nothing is checked, and these are told. */
    void (*acknowledged)(void *context, struct owner *owner, uint64_t word,
                         uint64_t index);
    void (*read)(void *context, struct owner *owner, uint64_t token,
                 enum error error);
    void *context;
};

/** Make a pool of founders in an empty directory and start all. */
struct replica_pool *replica_pool_new(
    const struct replica_pool_settings *settings);

/** Stop all, remove the directory, free. */
void replica_pool_free(struct replica_pool *pool);

/** Stop a node as a crash would: nothing is said to anybody. Nodes are counted
 * from 1. */
void replica_pool_kill(struct replica_pool *pool, unsigned node);

/** Start a node that was killed. */
void replica_pool_revive(struct replica_pool *pool, unsigned node);

/** Empty the data directory of a node that was killed. */
void replica_pool_empty(struct replica_pool *pool, unsigned node);

/** Borrow the path of a node's data directory. */
const char *replica_pool_path(const struct replica_pool *pool, unsigned node);

/** Run something on a node's owner loop, and wait for its end. */
void replica_pool_do(struct replica_pool *pool, unsigned node,
                     void (*run)(struct owner *owner, void *context),
                     void *context);

/** Wait for a leader that all living nodes agree on; 0 when none comes. */
unsigned replica_pool_leader(struct replica_pool *pool);

/** Propose n new words on a node. */
void replica_pool_propose(struct replica_pool *pool, unsigned node, size_t n);

/** Wait until all proposed words are acknowledged or lost. False: too long. */
bool replica_pool_settle(struct replica_pool *pool);

/** Wait until all living nodes have the same state. False: too long. */
bool replica_pool_agree(struct replica_pool *pool);

/** Read on a node; what it sees must hold all that was acknowledged before.
 * Returns the error of the read. */
enum error replica_pool_read(struct replica_pool *pool, unsigned node);

/** Wait until a node, as itself knows, is a voter under a new raft id, and its
 * older ones are gone. False: too long. */
bool replica_pool_becomes_voter(struct replica_pool *pool, unsigned node);

/** Count how often a node's state was replaced by another's. */
unsigned replica_pool_restores(struct replica_pool *pool, unsigned node);

/* What was seen so far. */
struct replica_pool_sums {
    uint64_t proposed, acknowledged, lost;
    uint64_t commands; /* In the log, each once. */
};

/** Tell what was seen. Fails the test when the truth was violated. */
struct replica_pool_sums replica_pool_sums(struct replica_pool *pool);

#endif
