/* A simulated node's state: what its store has flushed, and how it is copied
 * from node to node.
 */
#include <inttypes.h>
#include <string.h>

#include "proto/base/check.h"
#include "raft/core_input.h"
#include "tests/sim/node_internal.h"
#include "tests/sim/world.h"

/* A snapshot's manifest: the state itself, which is small. */
struct manifest {
    struct state state;
    uint64_t node;
};

enum {
    FLUSH_MS_MAX = 40,
    COPY_MS_MAX = 800,
    FLUSH_FAILS = 20000, /* Per million, as all that follow. */
    RESTORE_FAILS = 100000,
    BUSY = 100000,
};

void node_flush(struct node *node, uint64_t index)
{
    node->durable = node->life->state;
    node->durable_index = index;
}

bool node_may_snapshot(void *context, uint64_t index)
{
    struct life *life = context;

    (void)index;
    return !random_chance(&life->node->random, BUSY);
}

void node_begin_flush(void *context, uint64_t index)
{
    struct life *life = context;

    (void)index;
    timer_start(life->flush_timer,
                random_below(&life->node->random, FLUSH_MS_MAX), 0);
}

void node_flush_due(void *context)
{
    struct life *life = context;

    if (random_chance(&life->node->random, FLUSH_FAILS)) {
        core_snapshot_flushed(life->core, ERROR_STORE_IO);
        return;
    }
    node_flush(life->node, core_status(life->core).applied_index);
    core_snapshot_flushed(life->core, ERROR_NONE);
}

/* One manifest at a time, as there is one transfer at a time. */
void node_make_manifest(void *context, uint64_t ticket, uint64_t index)
{
    struct life *life = context;

    (void)index;
    if (life->manifest_ticket != 0) {
        core_manifest_made(life->core, ticket, ERROR_BUSY, SLICE_NONE);
        return;
    }
    life->manifest_ticket = ticket;
    timer_start(life->manifest_timer,
                random_below(&life->node->random, FLUSH_MS_MAX), 0);
}

void node_manifest_due(void *context)
{
    struct life *life = context;
    struct manifest manifest = {life->state, life->node->number};
    uint64_t ticket = life->manifest_ticket;

    life->manifest_ticket = 0;
    core_manifest_made(life->core, ticket, ERROR_NONE,
                       slice_of(&manifest, sizeof(manifest)));
}

void node_copy(void *context, uint64_t from, uint64_t index, struct slice bytes)
{
    struct life *life = context;
    struct manifest manifest;

    (void)from;
    CHECK(bytes.len == sizeof(manifest));
    memcpy(&manifest, bytes.data, sizeof(manifest));
    world_trace(life->node->world,
                "node %u copies snapshot %" PRIu64 " of node %" PRIu64,
                life->node->number, index, manifest.node);
    life->copy = manifest.state;
    life->copy_from = (unsigned)manifest.node;
    life->copying = true;
    timer_start(life->copy_timer,
                random_below(&life->node->random, COPY_MS_MAX), 0);
}

/* The files come from the node that made the manifest, if it is there. */
void node_copy_due(void *context)
{
    struct life *life = context;
    struct world *world = life->node->world;

    life->copying = false;
    if (world->nodes[life->copy_from].life == NULL ||
        !network_open(world->network, life->copy_from, life->node->number)) {
        core_snapshot_failed(life->core);
        return;
    }
    core_snapshot_ready(life->core);
}

void node_drop_copy(void *context)
{
    struct life *life = context;

    life->copying = false;
    timer_stop(life->copy_timer);
}

/* Our own marker promises that the store has flushed as far; a manifest that
 * the copy lies ready. */
enum error node_restore(void *context, uint64_t index, struct slice bytes)
{
    struct life *life = context;
    struct node *node = life->node;
    struct manifest manifest;

    if (bytes.len == sizeof(manifest)) {
        memcpy(&manifest, bytes.data, sizeof(manifest));
        if (world_has(node->world, FAULT_ERRORS) &&
            random_chance(&node->random, RESTORE_FAILS)) {
            life->store_failed = true;
            return ERROR_STORE_IO;
        }
        truth_restore(node->world->truth, node->number, &manifest.state);
        if (manifest.state.applied_index > life->state.applied_index) {
            life->state = manifest.state;
        }
        node_flush(node, index);
        node->world->result.snapshots_installed++;
    } else if (node->durable_index < index) {
        truth_break(node->world->truth, "behind",
                    "node %u has flushed %" PRIu64
                    ", its snapshot is at %" PRIu64,
                    node->number, node->durable_index, index);
    }
    return ERROR_NONE;
}

bool node_is_copying(const struct node *node)
{
    return node->life != NULL && node->life->copying;
}
