#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "raft/core_input.h"
#include "raft/core_members.h"
#include "raft/guard/rules.h"
#include "tests/sim/clients.h"
#include "tests/sim/faults.h"
#include "tests/sim/loop_sim.h"

enum {
    STREAM_FAULTS = 10,
    STREAM_CLIENTS = 11,
    STREAM_MEMBERS = 12,
    RESET_US_MAX = 20000,
    SLICE_US = 10000,       /* Between looks at violations. */
    ANSWER_US_MAX = 150000, /* When all is well. */
    SETTLE_US = 4000000,    /* From the last command to the last look. */
};

_Static_assert(GUARD_RULE_COUNT <= 64, "world_result.rule_counts");

/* --- Telling --- */

void world_trace(struct world *world, const char *format, ...)
{
    uint64_t us = schedule_now_us(world->schedule) - SCHEDULE_START_US;
    va_list arguments;

    if (!world->settings.trace) {
        return;
    }
    fprintf(stderr, "%3" PRIu64 ".%06" PRIu64 " ", us / 1000000, us % 1000000);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void world_trace_message(struct world *world, unsigned from, unsigned to,
                         const struct core_message *message)
{
    char text[128] = "";

    switch (message->kind) {
    case CORE_APPEND:
        snprintf(text, sizeof(text),
                 "prev %" PRIu64 "/%" PRIu64 " n %zu commit %" PRIu64,
                 message->append.prev_index, message->append.prev_term,
                 message->append.n, message->append.commit_index);
        break;
    case CORE_APPEND_RESULT:
        snprintf(text, sizeof(text), "rejected %" PRIu64 " last %" PRIu64,
                 message->append_result.rejected,
                 message->append_result.last_index);
        break;
    case CORE_VOTE:
        snprintf(text, sizeof(text), "last %" PRIu64 "/%" PRIu64 "%s%s",
                 message->vote.last_index, message->vote.last_term,
                 message->vote.pre_vote ? " pre" : "",
                 message->vote.disrupt ? " disrupt" : "");
        break;
    case CORE_VOTE_RESULT:
        snprintf(text, sizeof(text), "%s%s",
                 message->vote_result.granted ? "yes" : "no",
                 message->vote_result.pre_vote == CORE_PRE_VOTE_YES ? " pre"
                                                                    : "");
        break;
    case CORE_SNAPSHOT:
        snprintf(text, sizeof(text), "last %" PRIu64 "/%" PRIu64,
                 message->snapshot.last_index, message->snapshot.last_term);
        break;
    default:
        break;
    }
    world_trace(world, "%u -> %u %s term %" PRIu64 " %s", from, to,
                core_message_name(message->kind), message->term, text);
}

/* --- What arrives --- */

static struct life *life_of(struct world *world, unsigned to)
{
    struct life *life = world->nodes[to].life;

    return life == NULL || life->dying ? NULL : life;
}

static void on_message(void *context, unsigned to,
                       const struct core_message *message)
{
    struct life *life = life_of(context, to);

    if (life != NULL && core_receive(life->core, message) != ERROR_NONE) {
        truth_break(((struct world *)context)->truth, "malformed",
                    "node %u is sent what no sane peer sends", to);
    }
}

static void on_note(void *context, unsigned to, uint64_t term, uint64_t index)
{
    struct life *life = life_of(context, to);

    if (life != NULL) {
        core_receive_note(life->core, term, index);
    }
}

static void on_ping(void *context, unsigned to, unsigned from, uint64_t term,
                    uint64_t read)
{
    struct world *world = context;
    struct life *life = life_of(context, to);

    if (life != NULL && core_answers_ping(life->core, term)) {
        mail_send_pong(world->network, &world->reader, to, from, read);
    }
}

static void on_pong(void *context, unsigned to, unsigned from, uint64_t read)
{
    struct world *world = context;
    struct life *life = life_of(context, to);

    if (life != NULL) {
        node_pong(&world->nodes[to], from, read);
    }
}

static void on_broken_disk(void *context, const char *what)
{
    struct world *world = context;

    truth_break(world->truth, "disk", "%s", what);
}

/* --- The world --- */

bool world_has(const struct world *world, enum fault fault)
{
    return (world->faults >> fault & 1) != 0;
}

static void write_founders(struct world *world)
{
    struct core_members members = {.n = world->settings.voters};
    struct buffer bytes = BUFFER_EMPTY;

    for (unsigned i = 0; i < world->settings.voters; i++) {
        members.list[i] = (struct core_member){node_id(i), CORE_VOTER};
    }
    CHECK(core_first_entry(&members, &bytes) == ERROR_NONE);
    for (unsigned i = 0; i < world->settings.voters; i++) {
        disk_found(world->nodes[i].disk, buffer_slice(&bytes));
    }
    buffer_deinit(&bytes);
}

struct world *world_new(const struct world_settings *settings)
{
    struct world *world = calloc(1, sizeof(*world));

    CHECK(world != NULL && settings->nodes <= WORLD_NODES_MAX);
    world->settings = *settings;
    world->faults = mix_draw(&settings->mix, settings->seed);
    world->schedule = schedule_new();
    world->network =
        network_new(world->schedule, settings->nodes, settings->seed);
    world->truth = truth_new();
    world->fault_random = random_stream(settings->seed, STREAM_FAULTS);
    world->client_random = random_stream(settings->seed, STREAM_CLIENTS);
    world->member_random = random_stream(settings->seed, STREAM_MEMBERS);
    world->reader = (struct mail_reader){.context = world,
                                         .message = on_message,
                                         .note = on_note,
                                         .ping = on_ping,
                                         .pong = on_pong};
    for (unsigned i = 0; i < settings->nodes; i++) {
        node_init(&world->nodes[i], world, i);
        disk_watch(world->nodes[i].disk, on_broken_disk, world);
    }
    faults_set_up(world);
    write_founders(world);
    return world;
}

void world_free(struct world *world)
{
    if (world == NULL) {
        return;
    }
    for (unsigned i = 0; i < world->settings.nodes; i++) {
        if (world->nodes[i].life != NULL) {
            node_crash(&world->nodes[i]);
        }
        node_deinit(&world->nodes[i]);
    }
    schedule_free(world->schedule);
    for (size_t i = 0; i < world->n_buried; i++) {
        loop_sim_free(world->buried[i]);
    }
    network_free(world->network);
    truth_free(world->truth);
    free(world);
}

void world_bury(struct world *world, struct loop *loop)
{
    CHECK(world->n_buried < WORLD_LIVES_MAX);
    world->buried[world->n_buried++] = loop;
}

struct reset {
    struct world *world;
    unsigned node;
};

static void reset_due(void *context)
{
    struct reset *reset = context;
    struct world *world = reset->world;

    for (unsigned i = 0; i < world->settings.nodes; i++) {
        struct life *life = life_of(world, i);

        if (life != NULL && i != reset->node) {
            core_peer_reset(life->core, node_id(reset->node));
        }
    }
    free(reset);
}

void world_node_started(struct world *world, struct node *node)
{
    struct reset *reset = malloc(sizeof(*reset));

    CHECK(reset != NULL);
    *reset = (struct reset){world, node->number};
    schedule_after(world->schedule, NULL,
                   random_below(&world->fault_random, RESET_US_MAX), reset_due,
                   free, reset);
}

void world_acknowledged(struct world *world, uint64_t at_us)
{
    uint64_t took_us = schedule_now_us(world->schedule) - at_us;

    if (world->settled && took_us > ANSWER_US_MAX) {
        truth_break(world->truth, "slow",
                    "a command took %" PRIu64 " us, and nothing was wrong",
                    took_us);
    }
}

struct node *world_leader(struct world *world)
{
    struct node *leader = NULL;
    uint64_t term = 0;

    for (unsigned i = 0; i < world->settings.nodes; i++) {
        struct node *node = &world->nodes[i];

        if (node_leads(node) && core_status(node->life->core).term >= term) {
            leader = node;
            term = core_status(node->life->core).term;
        }
    }
    return leader;
}

/* --- A run --- */

static bool broken(const struct world *world)
{
    return truth_violation(world->truth)->kind != NULL;
}

void world_pass(struct world *world, uint64_t us)
{
    uint64_t end_us = schedule_now_us(world->schedule) + us;

    while (!broken(world) && schedule_now_us(world->schedule) < end_us) {
        uint64_t next_us = schedule_now_us(world->schedule) + SLICE_US;

        schedule_run_until(world->schedule,
                           next_us < end_us ? next_us : end_us);
    }
}

void world_begin_clients(struct world *world)
{
    clients_begin(world);
    if (world_has(world, FAULT_MEMBERS)) {
        clients_begin_members(world);
    }
}

/* All who get the log must have the same state, and all of it. */
static void check_members(struct world *world, const struct core_peers *peers,
                          uint64_t commit_index)
{
    for (size_t i = 0; i < peers->n; i++) {
        unsigned number = (unsigned)peers->list[i].id - 1;
        struct life *life = life_of(world, number);

        if (peers->list[i].role == CORE_SPARE) {
            continue;
        }
        if (life == NULL) {
            truth_break(world->truth, "dead", "node %u is down at the end",
                        number);
            return;
        }
        if (core_status(life->core).applied_index < commit_index) {
            truth_break(
                world->truth, "behind",
                "node %u has applied %" PRIu64 " of %" PRIu64 " at the end",
                number, core_status(life->core).applied_index, commit_index);
        }
        truth_check_end(world->truth, number, &life->state);
    }
}

static void check_end(struct world *world, uint64_t acknowledged_before)
{
    struct node *leader = world_leader(world);
    struct core_peers peers;

    if (leader == NULL) {
        truth_break(world->truth, "leaderless", "nobody leads at the end");
        return;
    }
    if (truth_acknowledged(world->truth) == acknowledged_before) {
        truth_break(world->truth, "stuck", "nothing is committed at the end");
        return;
    }
    peers = core_peers(leader->life->core);
    check_members(world, &peers, core_status(leader->life->core).commit_index);
}

void world_count_rules(struct world *world, const struct core *core)
{
    const uint64_t *counts = core_guard_counts(core);

    for (unsigned rule = 0; rule < GUARD_RULE_COUNT; rule++) {
        world->result.rule_counts[rule] += counts[rule];
    }
}

static void collect(struct world *world)
{
    struct world_result *result = &world->result;

    for (unsigned i = 0; i < world->settings.nodes; i++) {
        if (world->nodes[i].life != NULL) {
            world_count_rules(world, world->nodes[i].life->core);
        }
    }
    result->violation = *truth_violation(world->truth);
    result->trace_hash = schedule_trace_hash(world->schedule);
    result->events = schedule_events(world->schedule);
    result->elections = truth_elections(world->truth);
    result->acknowledged = truth_acknowledged(world->truth);
}

struct world_result world_run(struct world *world)
{
    uint64_t acknowledged;

    for (unsigned i = 0; i < world->settings.nodes; i++) {
        node_start(&world->nodes[i]);
    }
    world_begin_clients(world);
    faults_begin(world);
    world_pass(world, world->settings.fault_us);
    if (!broken(world)) {
        faults_heal(world);
        world_pass(world, world->settings.heal_us - SETTLE_US);
        acknowledged = truth_acknowledged(world->truth);
        world->settled = true;
        world_pass(world, SETTLE_US / 2);
        world->client_stopped = true;
        world_pass(world, SETTLE_US / 2);
        if (!broken(world)) {
            check_end(world, acknowledged);
        }
    }
    collect(world);
    return world->result;
}
