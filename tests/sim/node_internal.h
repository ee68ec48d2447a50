/* What the files of a simulated node share. Hooks of the core get the life as
 * their context.
 */
#ifndef TESTS_SIM_NODE_INTERNAL_H
#define TESTS_SIM_NODE_INTERNAL_H

#include "tests/sim/node.h"

/* A command in the log: its number and who waits for it. */
struct command {
    uint64_t number;
    uint64_t node, life;
    uint64_t at_us; /* When it was proposed. */
};

/* node.c */

/** End the life from inside its core; the node starts again after a while. */
void node_die_and_return(struct life *life);

/* node_hooks.c */

/** Make a life's core. */
struct core *node_make_core(struct life *life);

/* node_store.c: the state, on disk and on its way from node to node */

/** Make durable what the life has applied, up to index. */
void node_flush(struct node *node, uint64_t index);

/** core_hooks.may_snapshot. */
bool node_may_snapshot(void *context, uint64_t index);

/** core_hooks.snapshot_flush. */
void node_begin_flush(void *context, uint64_t index);

/** The end of a flush: a timer's function. */
void node_flush_due(void *context);

/** core_hooks.manifest_make. */
void node_make_manifest(void *context, uint64_t ticket, uint64_t index);

/** The manifest is made: a timer's function. */
void node_manifest_due(void *context);

/** core_hooks.snapshot_offered. */
void node_copy(void *context, uint64_t from, uint64_t index,
               struct slice bytes);

/** The end of a copy: a timer\'s function. */
void node_copy_due(void *context);

/** core_hooks.snapshot_dropped. */
void node_drop_copy(void *context);

/** core_hooks.restore. */
enum error node_restore(void *context, uint64_t index, struct slice bytes);

#endif
