/* What a simulated node's core says and asks. */
#include <inttypes.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/node_internal.h"
#include "tests/sim/world.h"

enum { FLUSHES = 20000 }; /* Per million commands. */

static void on_apply(void *context, uint64_t index, uint64_t term,
                     struct slice bytes)
{
    struct life *life = context;
    struct node *node = life->node;
    struct command command;

    (void)term;
    CHECK(bytes.len >= sizeof(command));
    memcpy(&command, bytes.data, sizeof(command));
    schedule_trace(node->world->schedule, index ^ command.number << 32);
    truth_apply(node->world->truth, node->number, index, command.number,
                &life->state);
    if (command.node == node->number && command.life == node->lives) {
        truth_acknowledge(node->world->truth, command.number, index);
        world_acknowledged(node->world, command.at_us);
    }
    /* The store flushes when it likes. */
    if (random_chance(&node->random, FLUSHES)) {
        node_flush(node, index);
    }
}

static void on_role(void *context, const struct core_role *role)
{
    static const char *const names[] = {"?", "follower", "candidate", "leader"};
    struct life *life = context;
    struct node *node = life->node;

    schedule_trace(node->world->schedule, role->term << 8 | role->state);
    world_trace(node->world, "node %u %s term %" PRIu64 " leader %" PRIu64,
                node->number, names[role->state], role->term, role->leader);
    life->read.active = false;
    if (role->state == CORE_LEADER) {
        truth_leader(node->world->truth, node->number, role->term);
        faults_hunt(node->world, node);
    }
}

static void on_batch_failed(void *context, uint64_t first_index, size_t n,
                            enum error error)
{
    struct life *life = context;

    (void)first_index;
    (void)n;
    (void)error;
    life->node->batches_failed++;
}

/* What must never be is a violation; a failed write is not, when it was meant
 * to fail. */
static void on_fatal(void *context, enum core_fatal why, const char *text)
{
    struct life *life = context;
    struct node *node = life->node;
    struct truth *truth = node->world->truth;

    world_trace(node->world, "node %u fatal: %s", node->number, text);
    if (why == CORE_FATAL_BROKEN) {
        truth_break(truth, "dead", "node %u: %s", node->number, text);
    } else if (why == CORE_FATAL_DISK && !life->store_failed &&
               !disk_has_failed(node->disk)) {
        truth_break(truth, "dead", "node %u, healthy disk: %s", node->number,
                    text);
    }
    node_die_and_return(life);
}

static enum error on_send(void *context, const struct core_message *message)
{
    struct life *life = context;
    struct world *world = life->node->world;
    unsigned to = (unsigned)message->peer - 1;

    if (to >= world->settings.nodes || network_refuses(world->network)) {
        return ERROR_BUSY;
    }
    if (world->settings.trace) {
        world_trace_message(world, life->node->number, to, message);
    }
    mail_send_message(world->network, &world->reader, life->node->number, to,
                      message);
    return ERROR_NONE;
}

static void on_note(void *context, uint64_t peer, uint64_t term, uint64_t index)
{
    struct life *life = context;
    struct world *world = life->node->world;

    mail_send_note(world->network, &world->reader, life->node->number,
                   (unsigned)peer - 1, term, index);
}

static struct core_settings settings_of(const struct node *node)
{
    const struct world *world = node->world;
    struct core_settings settings =
        core_settings_default(node_id(node->number));

    settings.rules = world->settings.rules;
    settings.snapshot_timeout_ms = world->snapshot_timeout_ms;
    settings.snapshot_threshold = world->snapshot_threshold;
    settings.snapshot_trailing = world->snapshot_trailing;
    settings.batches_max = world->batches_max;
    settings.send_entries_max = world->send_entries_max;
    settings.pre_vote = !world_has(world, FAULT_NOPREVOTE);
    return settings;
}

struct core *node_make_core(struct life *life)
{
    struct node *node = life->node;
    struct core_settings settings = settings_of(node);
    struct core_log log = disk_attach(node->disk, loop_sim_actor(life->loop));
    struct core_network network = {
        .context = life, .send = on_send, .note = on_note};
    struct core_hooks hooks = {
        .context = life,
        .apply = on_apply,
        .role_changed = on_role,
        .batch_failed = on_batch_failed,
        .fatal = on_fatal,
        .may_snapshot = node_may_snapshot,
        .snapshot_flush = node_begin_flush,
        .manifest_make = node_make_manifest,
        .snapshot_offered = node_copy,
        .snapshot_dropped = node_drop_copy,
        .restore = node_restore,
    };

    return core_new(life->loop, &settings, &log, &network, &hooks);
}
