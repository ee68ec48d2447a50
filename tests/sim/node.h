/* A simulated node: a disk and a state that outlive it, and its lives, each a
 * loop and a core that a crash ends.
 */
#ifndef TESTS_SIM_NODE_H
#define TESTS_SIM_NODE_H

#include "raft/core.h"
#include "tests/sim/disk.h"
#include "tests/sim/network.h"
#include "tests/sim/truth.h"

struct node;
struct world;

/* A read that waits for a majority to answer its ping. */
struct read {
    bool active;
    uint64_t number;
    uint64_t term, index;
    uint64_t needs_index; /* What was acknowledged when it began. */
    uint32_t answered;    /* Bit per node. */
};

/* One life of a node. */
struct life {
    struct node *node;
    struct loop *loop;
    struct core *core;
    struct state state;        /* In memory. */
    struct timer *flush_timer; /* Runs while a flush is under way. */
    struct timer *manifest_timer;
    struct timer *copy_timer; /* Runs while a peer's state is copied. */
    uint64_t manifest_ticket; /* 0: none is being made. */
    struct state copy;        /* The state being copied. */
    unsigned copy_from;
    bool copying;
    struct read read;
    bool store_failed; /* A fault of the store was injected. */
    bool dying;        /* Killed; to be freed. */
};

struct node {
    struct world *world;
    unsigned number; /* From 0; its raft id is one more. */
    struct disk *disk;
    struct state durable;   /* What the store has flushed, */
    uint64_t durable_index; /* and up to where. */
    struct life *life;      /* NULL: down. */
    uint64_t lives;
    uint64_t batches_failed;
    struct random random;
};

/** Make a node of the world, down. */
void node_init(struct node *node, struct world *world, unsigned number);

/** Free what it holds; it must be down. */
void node_deinit(struct node *node);

/** Start it; it must be down. */
void node_start(struct node *node);

/** Kill it and cut its power: what was not yet on disk may be lost. */
void node_crash(struct node *node);

/** Tell the raft id of a node. */
uint64_t node_id(unsigned number);

/** Propose that many new commands at once, if it leads. */
void node_propose(struct node *node, size_t n);

/** Hand leadership to another node, if it leads. */
void node_transfer(struct node *node, unsigned to);

/** Begin a linearizable read, if it leads. */
void node_read(struct node *node);

/** Take a yes to the ping of a read. */
void node_pong(struct node *node, unsigned from, uint64_t read);

/** Tell whether it is copying another node's state. */
bool node_is_copying(const struct node *node);

/** Tell whether it is up and leads. */
bool node_leads(const struct node *node);

#endif
