/* A node of a simulated pool: a whole replica and its owner, life after life.
 */
#include <inttypes.h>

#include "proto/base/check.h"
#include "raft/replica_meters.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/pool_sim.h"
#include "tests/sim/transport_sim.h"

enum {
    MS = 1000,
    SECOND = 1000 * MS,
    PORT = 7000,
    SEGMENT_BYTES = 2 * 1024 * 1024,
    FLOOR_BYTES = 1024 * 1024,
    RESTART_US = 100 * MS,
};

static const struct guid pool_id = {.bytes = {7}};

/* --- What owners tell --- */

static void on_applied(void *context, struct owner *owner, uint64_t index,
                       const struct tally_result *result)
{
    struct pool_node *node = context;

    (void)owner;
    schedule_trace(node->pool->schedule, index ^ result->word << 20);
    pool_truth_applied(&node->pool->truth, node->number, index, result);
}

static void on_acknowledged(void *context, struct owner *owner, uint64_t word,
                            uint64_t index)
{
    struct pool_node *node = context;

    (void)owner;
    pool_truth_acknowledged(&node->pool->truth, word, index);
}

static void on_lost(void *context, struct owner *owner, uint64_t word,
                    bool unknown)
{
    struct pool_node *node = context;

    (void)owner;
    pool_truth_lost(&node->pool->truth, word, unknown);
}

/* The token is what had been acknowledged when the read was asked for. */
static void on_read(void *context, struct owner *owner, uint64_t token,
                    enum error error)
{
    struct pool_node *node = context;

    if (error == ERROR_NONE) {
        pool_truth_read(&node->pool->truth, node->number, token,
                        owner_tally(owner));
    } else {
        node->pool->truth.sums.reads_failed++;
    }
}

static void on_changed(void *context, struct owner *owner,
                       const struct replica_status *status)
{
    struct pool_node *node = context;

    (void)owner;
    pool_sim_trace(
        node->pool, "node %u role %d term %" PRIu64 " leader %u members %zu",
        node->number, status->role, status->term, status->leader, status->n);
}

static void on_restored(void *context, struct owner *owner)
{
    struct pool_node *node = context;

    pool_sim_trace(node->pool, "node %u restored at %" PRIu64, node->number,
                   owner_tally(owner)->index);
    node->pool->result.restores++;
}

static void on_start_due(void *context)
{
    pool_sim_start(context);
}

static void on_kill_due(void *context)
{
    struct pool_node *node = context;

    pool_sim_kill(node);
    schedule_after(node->pool->schedule, NULL, RESTART_US, on_start_due, NULL,
                   node);
}

/* A log that was cut on purpose asks for a start; nothing else may end a node
 * whose disk is well. */
static void on_fatal(void *context, struct owner *owner, enum error error,
                     const char *reason)
{
    struct pool_node *node = context;

    (void)owner;
    pool_sim_trace(node->pool, "node %u fatal %s: %s", node->number,
                   error_name(error), reason);
    if (error != ERROR_FORGOTTEN) {
        pool_truth_break(&node->pool->truth, "dead", "node %u: %s: %s",
                         node->number, error_name(error), reason);
    }
    if (!node->dying) {
        node->dying = true;
        schedule_after(node->pool->schedule, NULL, 0, on_kill_due, NULL, node);
    }
}

/* --- Nodes --- */

static struct loop *make_loop(struct pool_node *node, uint64_t which)
{
    struct loop_sim_traits traits = {
        .id = node->number * 10 + which,
        .seed = random_next(&node->random),
        .wall_offset_us = (int64_t)random_between(&node->random, 1, 100 * MS),
        .now_offset_us = random_below(&node->random, SECOND),
        .job_us_max = node->pool->job_us};

    return loop_sim_new(node->pool->schedule, &traits);
}

static struct replica_settings settings_of(
    struct pool_node *node, const struct transport_node *addresses,
    const uint8_t noop[TALLY_COMMAND_BYTES_MIN])
{
    struct pool_sim *pool = node->pool;

    return (struct replica_settings){
        .directory = node->path,
        .pool = pool_id,
        .node = (uint8_t)node->number,
        .founding = !node->founded,
        .nodes = addresses,
        .n_nodes = pool->settings.nodes,
        .listen_host = "127.0.0.1",
        .listen_port = (uint16_t)(PORT + node->number),
        .plain = true,
        .software = "sim",
        .state = "state",
        .snapshot_entries = pool->snapshot_entries,
        .trailing_entries = pool->trailing_entries,
        .segment_bytes = SEGMENT_BYTES,
        .floor_bytes = FLOOR_BYTES,
        .noop = slice_of(noop, TALLY_COMMAND_BYTES_MIN),
        .owner_loop = node->owner_loop,
        .raft_loop = node->raft_loop,
        .events = owner_events(node->owner)};
}

static enum error open_replica(struct pool_node *node)
{
    struct pool_sim *pool = node->pool;
    struct transport_node addresses[POOL_SIM_NODES_MAX];
    struct replica_settings settings;
    uint8_t noop[TALLY_COMMAND_BYTES_MIN];

    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        addresses[i] = (struct transport_node){(uint8_t)(i + 1), "127.0.0.1",
                                               (uint16_t)(PORT + i + 1)};
    }
    tally_command(TALLY_NOOP, 0, noop, sizeof(noop));
    settings = settings_of(node, addresses, noop);
    TRY(replica_open(&settings, &node->replica));
    node->founded = true;
    TRY(owner_open(node->owner));
    owner_start(node->owner, node->replica);
    return replica_start(node->replica, owner_tally(node->owner)->index);
}

static void make_life(struct pool_node *node)
{
    struct owner_settings owned = {.directory = node->path,
                                   .node = (uint8_t)node->number,
                                   .watch = {.context = node,
                                             .applied = on_applied,
                                             .acknowledged = on_acknowledged,
                                             .lost = on_lost,
                                             .read = on_read,
                                             .changed = on_changed,
                                             .restored = on_restored,
                                             .fatal = on_fatal}};

    node->owner_loop = make_loop(node, 1);
    node->raft_loop = make_loop(node, 2);
    transport_sim_join(node->raft_loop, node->pool->network, node->number - 1);
    owned.loop = node->owner_loop;
    node->owner = owner_new(&owned);
    node->replica = NULL;
    node->dying = false;
    node->up_us = schedule_now_us(node->pool->schedule);
}

static void bury(struct pool_sim *pool, struct loop *loop)
{
    CHECK(pool->n_buried < POOL_SIM_LIVES_MAX);
    loop_sim_kill(loop);
    pool->buried[pool->n_buried++] = loop;
}

static void end_life(struct pool_node *node)
{
    transport_sim_leave(node->raft_loop, random_below(&node->random, 2) == 0);
    replica_close(node->replica);
    owner_free(node->owner);
    node->owner = NULL;
    node->replica = NULL;
    bury(node->pool, node->owner_loop);
    bury(node->pool, node->raft_loop);
}

void pool_sim_start(struct pool_node *node)
{
    struct pool_sim *pool = node->pool;
    enum error error;

    if (node->owner != NULL) {
        return;
    }
    make_life(node);
    error = open_replica(node);
    pool->result.starts++;
    if (error != ERROR_NONE) {
        pool_sim_trace(pool, "node %u does not start: %s", node->number,
                       error_name(error));
        if (error != ERROR_NO_SPACE || !node->full) {
            pool_truth_break(&pool->truth, "start", "node %u: %s", node->number,
                             error_name(error));
        }
        end_life(node);
        schedule_after(pool->schedule, NULL, RESTART_US, on_start_due, NULL,
                       node);
        return;
    }
    if (replica_identity(node->replica).raft_id != node->raft_id &&
        node->raft_id != 0) {
        pool->result.incarnations++;
    }
    node->raft_id = replica_identity(node->replica).raft_id;
    pool_sim_trace(pool, "node %u up as %" PRIx64 " at %" PRIu64, node->number,
                   node->raft_id, owner_tally(node->owner)->index);
}

/* The write under way is torn. */
void pool_sim_kill(struct pool_node *node)
{
    struct pool_sim *pool = node->pool;

    if (node->owner == NULL) {
        return;
    }
    pool_sim_trace(pool, "node %u down", node->number);
    pool->result.resent_late +=
        meter_count(&replica_meters(node->replica)->resent_late);
    pool->result.elections +=
        meter_count(&replica_meters(node->replica)->elections);
    disk_knobs(node->disk)->stop_at_step =
        disk_steps(node->disk) + 1 + random_below(&node->random, 3);
    end_life(node);
    disk_stop(node->disk);
    disk_crash(node->disk);
}
