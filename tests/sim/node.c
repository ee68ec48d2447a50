#include "tests/sim/node.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "raft/core_input.h"
#include "raft/core_members.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/mail.h"
#include "tests/sim/world.h"

/* A command in the log: its number and who waits for it. */
struct command {
    uint64_t number;
    uint64_t node, life;
    uint64_t at_us; /* When it was proposed. */
};

/* A snapshot's manifest: the state itself, which is small. */
struct manifest {
    struct state state;
    uint64_t node;
};

enum {
    STREAM_NODE = 4,
    COMMAND_BYTES_MAX = 128,
    FLUSH_MS_MAX = 40,
    BATCH_MAX = 64,
    COPY_MS_MAX = 800,
    FLUSH_FAILS = 20000, /* Per million, as all that follow. */
    RESTORE_FAILS = 100000,
    RETURN_US_MIN = 10000,
    RETURN_US_MAX = 2000000,
};

uint64_t node_id(unsigned number)
{
    return number + 1;
}

void node_init(struct node *node, struct world *world, unsigned number)
{
    uint64_t seed = world->settings.seed;

    *node = (struct node){.world = world, .number = number};
    node->random = random_stream(seed, STREAM_NODE + ((uint64_t)number << 8));
    node->disk = disk_new(world->schedule, seed, number);
}

void node_deinit(struct node *node)
{
    CHECK(node->life == NULL);
    disk_free(node->disk);
}

static void node_flush(struct node *node, uint64_t index)
{
    node->durable = node->life->state;
    node->durable_index = index;
}

/* --- Hooks of the core --- */

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
    if (random_chance(&node->random, 20000)) {
        node_flush(node, index);
    }
}

static void on_role(void *context, const struct core_role *role)
{
    static const char *const names[] = {"?", "follower", "candidate", "leader"};
    struct life *life = context;
    struct node *node = life->node;

    schedule_trace(node->world->schedule, role->term << 8 | role->state);
    world_trace(node->world, "node %u %s term %lu leader %lu", node->number,
                names[role->state], role->term, role->leader);
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

static void crash_later(void *context)
{
    struct node *node = context;

    if (node->life != NULL && node->life->dying) {
        node_crash(node);
    }
}

static void start_later(void *context)
{
    struct node *node = context;

    if (node->life == NULL) {
        node_start(node);
    }
}

/* A supervisor starts the node again after a while. */
static void die_and_return(struct life *life)
{
    struct node *node = life->node;
    struct schedule *schedule = node->world->schedule;

    loop_sim_kill(life->loop);
    life->dying = true;
    schedule_after(schedule, NULL, 0, crash_later, NULL, node);
    schedule_after(schedule, NULL,
                   random_between(&node->random, RETURN_US_MIN, RETURN_US_MAX),
                   start_later, NULL, node);
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
    die_and_return(life);
}

static bool on_may_snapshot(void *context, uint64_t index)
{
    struct life *life = context;

    (void)index;
    return !random_chance(&life->node->random, 100000);
}

static void on_flush(void *context, uint64_t index)
{
    struct life *life = context;

    (void)index;
    timer_start(life->flush_timer,
                random_below(&life->node->random, FLUSH_MS_MAX), 0);
}

static void flush_due(void *context)
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
static void on_manifest(void *context, uint64_t ticket, uint64_t index)
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

static void manifest_due(void *context)
{
    struct life *life = context;
    struct manifest manifest = {life->state, life->node->number};
    uint64_t ticket = life->manifest_ticket;

    life->manifest_ticket = 0;
    core_manifest_made(life->core, ticket, ERROR_NONE,
                       slice_of(&manifest, sizeof(manifest)));
}

static void on_offered(void *context, uint64_t from, uint64_t index,
                       struct slice bytes)
{
    struct life *life = context;
    struct manifest manifest;

    (void)from;
    CHECK(bytes.len == sizeof(manifest));
    memcpy(&manifest, bytes.data, sizeof(manifest));
    world_trace(life->node->world, "node %u copies snapshot %lu of node %lu",
                life->node->number, index, manifest.node);
    life->copy = manifest.state;
    life->copy_from = (unsigned)manifest.node;
    timer_start(life->copy_timer,
                random_below(&life->node->random, COPY_MS_MAX), 0);
}

/* The files come from the node that made the manifest, if it is there. */
static void copy_due(void *context)
{
    struct life *life = context;
    struct world *world = life->node->world;

    if (world->nodes[life->copy_from].life == NULL ||
        !network_open(world->network, life->copy_from, life->node->number)) {
        core_snapshot_failed(life->core);
        return;
    }
    core_snapshot_ready(life->core);
}

static void on_dropped(void *context)
{
    struct life *life = context;

    timer_stop(life->copy_timer);
}

/* Our own marker promises that the store has flushed as far; a manifest that
 * the copy lies ready. */
static enum error on_restore(void *context, uint64_t index, struct slice bytes)
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
                    "node %u has flushed %lu, its snapshot is at %lu",
                    node->number, node->durable_index, index);
    }
    return ERROR_NONE;
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

/* --- Life and death --- */

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

static struct core *make_core(struct life *life)
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
        .may_snapshot = on_may_snapshot,
        .snapshot_flush = on_flush,
        .manifest_make = on_manifest,
        .snapshot_offered = on_offered,
        .snapshot_dropped = on_dropped,
        .restore = on_restore,
    };

    return core_new(life->loop, &settings, &log, &network, &hooks);
}

void node_start(struct node *node)
{
    struct world *world = node->world;
    struct life *life = calloc(1, sizeof(*life));
    struct loop_sim_traits traits = {
        .id = node->number + 1,
        .seed = world->settings.seed ^ ++node->lives << 20,
        .wall_offset_us = (int64_t)random_below(&node->random, 1000000),
        .now_offset_us = random_below(&node->random, 1000000),
        .job_us_max = 5000,
    };

    CHECK(life != NULL && node->life == NULL);
    world_trace(world, "node %u starts", node->number);
    world->result.starts++;
    life->node = node;
    life->loop = loop_sim_new(world->schedule, &traits);
    life->state = node->durable;
    life->flush_timer = timer_new(life->loop, flush_due, life);
    life->manifest_timer = timer_new(life->loop, manifest_due, life);
    life->copy_timer = timer_new(life->loop, copy_due, life);
    node->life = life;
    network_attach(world->network, node->number, loop_sim_actor(life->loop));
    life->core = make_core(life);
    CHECK(life->core != NULL);
    if (core_start(life->core) != ERROR_NONE) {
        if (!life->store_failed) {
            truth_break(world->truth, "dead", "node %u cannot start",
                        node->number);
        }
        die_and_return(life);
        return;
    }
    world_node_started(world, node);
}

/* The loop stays until the schedule has dropped its last event. */
void node_crash(struct node *node)
{
    struct life *life = node->life;
    struct world *world = node->world;

    world_trace(world, "node %u dies", node->number);
    node->life = NULL;
    loop_sim_kill(life->loop);
    network_attach(world->network, node->number, NULL);
    world_count_rules(world, life->core);
    core_free(life->core);
    disk_crash(node->disk);
    timer_free(life->flush_timer);
    timer_free(life->manifest_timer);
    timer_free(life->copy_timer);
    world_bury(world, life->loop);
    free(life);
}

/* --- What clients ask of it --- */

bool node_leads(const struct node *node)
{
    return node->life != NULL && !node->life->dying &&
           core_status(node->life->core).state == CORE_LEADER;
}

void node_propose(struct node *node, size_t n)
{
    uint8_t block[BATCH_MAX][COMMAND_BYTES_MAX];
    struct slice entries[BATCH_MAX];
    struct command command = {.node = node->number,
                              .life = node->lives,
                              .at_us = schedule_now_us(node->world->schedule)};
    uint64_t first_index;

    CHECK(n <= sizeof(entries) / sizeof(entries[0]));
    if (!node_leads(node)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        size_t len =
            sizeof(command) +
            8 * random_below(&node->random,
                             (COMMAND_BYTES_MAX - sizeof(command)) / 8);

        command.number = truth_new_command(node->world->truth);
        memset(block[i], (int)command.number, len);
        memcpy(block[i], &command, sizeof(command));
        entries[i] = slice_of(block[i], len);
    }
    core_propose(node->life->core, entries, n, &first_index);
}

void node_transfer(struct node *node, unsigned to)
{
    if (node_leads(node)) {
        core_transfer(node->life->core, node_id(to));
    }
}

static bool has_majority(const struct read *read,
                         const struct core_peers *peers)
{
    unsigned voters = 0, answered = 0;

    for (size_t i = 0; i < peers->n; i++) {
        if (peers->list[i].role == CORE_VOTER) {
            voters++;
            answered += read->answered >> (peers->list[i].id - 1) & 1;
        }
    }
    return answered > voters / 2;
}

void node_pong(struct node *node, unsigned from, uint64_t number)
{
    struct life *life = node->life;
    struct read *read = &life->read;
    struct core_peers peers;

    if (!read->active || read->number != number) {
        return;
    }
    read->answered |= 1u << from;
    peers = core_peers(life->core);
    if (!has_majority(read, &peers) ||
        core_status(life->core).applied_index < read->index) {
        return;
    }
    read->active = false;
    node->world->result.reads++;
    truth_read(node->world->truth, node->number, read->needs_index,
               &life->state);
}

void node_read(struct node *node)
{
    struct world *world = node->world;
    struct core_peers peers;
    struct read *read;

    if (!node_leads(node)) {
        return;
    }
    read = &node->life->read;
    if (core_read_index(node->life->core, &read->term, &read->index) !=
        ERROR_NONE) {
        return;
    }
    read->active = true;
    read->number++;
    read->needs_index = truth_acknowledged_index(world->truth);
    read->answered = 0;
    peers = core_peers(node->life->core);
    for (size_t i = 0; i < peers.n; i++) {
        if (peers.list[i].id != node_id(node->number)) {
            mail_send_ping(world->network, &world->reader, node->number,
                           (unsigned)peers.list[i].id - 1, read->term,
                           read->number);
        }
    }
    node_pong(node, node->number, read->number);
}
