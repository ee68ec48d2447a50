#include "tests/sim/pool_sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/loop_sim.h"

enum {
    MS = 1000,
    SECOND = 1000 * MS,
    STREAM_POOL = 21,
    STREAM_CLIENTS,
    STREAM_NETWORK,
    STREAM_NODES = 100,
    READ_PATIENCE_MS = 3000,
    CLIENTS_AFTER_US = 10 * SECOND, /* They go on after the troubles. */
    CALM_STEP_US = 500 * MS,
    WORDS_WAITING_MAX = 2000,
};

void pool_sim_trace(struct pool_sim *pool, const char *format, ...)
{
    va_list arguments;

    if (pool->settings.trace) {
        fprintf(stderr, "%10.6f ",
                (double)(schedule_now_us(pool->schedule) - SCHEDULE_START_US) /
                    SECOND);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
    }
}

/* --- The pool --- */

static uint64_t disk_random(void *context)
{
    struct pool_node *node = context;

    return random_next(&node->random);
}

static uint32_t draw_troubles(const struct pool_sim_settings *settings,
                              struct random *random)
{
    return settings->always |
           (settings->sometimes & (uint32_t)random_next(random));
}

static void draw_settings(struct pool_sim *pool)
{
    struct random *random = &pool->random;
    bool slow = pool->troubles >> TROUBLE_SLOW & 1;
    bool snapshot = pool->troubles >> TROUBLE_SNAPSHOT & 1;

    pool->snapshot_entries =
        snapshot ? (uint32_t)random_scale(random, 20, 500) : 10000;
    pool->trailing_entries =
        snapshot ? (uint32_t)random_scale(random, 20, 500) : 10000;
    pool->job_us = (uint32_t)(slow ? random_scale(random, 10 * MS, 300 * MS)
                                   : random_scale(random, 50, 2 * MS));
    pool->client_us = (uint32_t)random_scale(random, 5 * MS, 300 * MS);
    pool->client_words = (uint32_t)random_scale(random, 1, 20);
}

struct pool_sim *pool_sim_new(const struct pool_sim_settings *settings)
{
    struct pool_sim *pool = calloc(1, sizeof(*pool));

    CHECK(pool != NULL && settings->nodes <= POOL_SIM_NODES_MAX);
    pool->settings = *settings;
    pool->random = random_stream(settings->seed, STREAM_POOL);
    pool->client_random = random_stream(settings->seed, STREAM_CLIENTS);
    pool->troubles = draw_troubles(settings, &pool->random);
    draw_settings(pool);
    pool->schedule = schedule_new();
    pool->network = network_new(pool->schedule, settings->nodes,
                                random_mix(settings->seed + STREAM_NETWORK));
    for (unsigned i = 0; i < settings->nodes; i++) {
        struct pool_node *node = &pool->nodes[i];

        node->pool = pool;
        node->number = i + 1;
        node->random = random_stream(settings->seed, STREAM_NODES + i);
        snprintf(node->path, sizeof(node->path), "/n%u", i + 1);
        node->disk = disk_new(node->path, disk_random, node);
        CHECK(node->disk != NULL);
    }
    return pool;
}

void pool_sim_free(struct pool_sim *pool)
{
    if (pool == NULL) {
        return;
    }
    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        pool_sim_kill(&pool->nodes[i]);
        disk_free(pool->nodes[i].disk);
        kept_disk_free(pool->nodes[i].kept);
    }
    schedule_free(pool->schedule);
    network_free(pool->network);
    for (size_t i = 0; i < pool->n_buried; i++) {
        loop_sim_free(pool->buried[i]);
    }
    pool_truth_deinit(&pool->truth);
    free(pool);
}

void pool_sim_pass(struct pool_sim *pool, uint64_t us)
{
    uint64_t end_us = schedule_now_us(pool->schedule) + us;

    /* In steps, so that a run ends soon after it was found wrong. */
    while (schedule_now_us(pool->schedule) < end_us &&
           pool->truth.violation.kind[0] == '\0') {
        uint64_t step_us = schedule_now_us(pool->schedule) + 100 * MS;

        schedule_run_until(pool->schedule, step_us < end_us ? step_us : end_us);
    }
}

/* --- What is asked of it --- */

bool pool_sim_propose(struct pool_node *node)
{
    return node->owner != NULL && !node->dying &&
           owner_waiting(node->owner) < WORDS_WAITING_MAX &&
           owner_propose(node->owner, pool_truth_word(&node->pool->truth));
}

void pool_sim_read(struct pool_node *node)
{
    if (node->owner != NULL && !node->dying) {
        (void)owner_read(node->owner, node->pool->truth.acknowledged_index,
                         READ_PATIENCE_MS);
    }
}

static void on_client(void *context)
{
    struct pool_sim *pool = context;
    struct random *random = &pool->client_random;
    struct pool_node *node =
        &pool->nodes[random_below(random, pool->settings.nodes)];
    uint64_t n = random_between(random, 1, pool->client_words);

    for (uint64_t i = 0; i < n; i++) {
        (void)pool_sim_propose(node);
    }
    if (random_below(random, 3) == 0) {
        pool_sim_read(&pool->nodes[random_below(random, pool->settings.nodes)]);
    }
    if (!pool->healed) {
        schedule_after(pool->schedule, NULL,
                       random_between(random, 1, 2 * pool->client_us),
                       on_client, NULL, pool);
    }
}

static const struct replica_status *status_of(const struct pool_node *node)
{
    return replica_status(node->replica);
}

struct pool_node *pool_sim_leader(struct pool_sim *pool)
{
    struct pool_node *leader = NULL;

    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        struct pool_node *node = &pool->nodes[i];

        if (node->owner != NULL && status_of(node)->role == REPLICA_LEADER &&
            (leader == NULL ||
             status_of(node)->term > status_of(leader)->term)) {
            leader = node;
        }
    }
    return leader;
}

bool pool_sim_is_whole(struct pool_sim *pool)
{
    struct pool_node *leader = pool_sim_leader(pool);
    const struct replica_status *status;

    if (leader == NULL) {
        return false;
    }
    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        if (pool->nodes[i].owner == NULL) {
            return false; /* It may come back as another. */
        }
    }
    status = status_of(leader);
    for (size_t i = 0; i < status->n; i++) {
        const struct replica_member *member = &status->members[i];

        if (member->role != REPLICA_VOTER || !member->connected ||
            member->raft_id != pool->nodes[member->node - 1].raft_id) {
            return false;
        }
    }
    return status->n == pool->settings.nodes;
}

bool pool_sim_is_calm(struct pool_sim *pool)
{
    const struct tally *first = NULL;

    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        struct pool_node *node = &pool->nodes[i];

        if (node->owner == NULL || node->dying ||
            owner_waiting(node->owner) > 0) {
            return false;
        }
        if (first == NULL) {
            first = owner_tally(node->owner);
        } else if (memcmp(first, owner_tally(node->owner), sizeof(*first)) !=
                   0) {
            return false;
        }
    }
    return pool_sim_is_whole(pool);
}

/* --- A run --- */

static void check_end(struct pool_sim *pool, bool calm)
{
    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        struct pool_node *node = &pool->nodes[i];

        if (node->owner == NULL) {
            pool_truth_break(&pool->truth, "dead", "node %u is down",
                             node->number);
            continue;
        }
        if (owner_waiting(node->owner) > 0) {
            pool_truth_break(&pool->truth, "stuck", "%zu words wait on node %u",
                             owner_waiting(node->owner), node->number);
        }
        pool_truth_final(&pool->truth, node->number, owner_tally(node->owner));
    }
    if (!pool_sim_is_whole(pool)) {
        pool_truth_break(&pool->truth, "members",
                         "no leader, or not all nodes are voters");
    }
    if (!calm) {
        pool_truth_break(&pool->truth, "behind", "states differ");
    }
}

static void heal(struct pool_sim *pool)
{
    bool calm = false;
    uint64_t end_us;

    pool_sim_trace(pool, "--- healing");
    pool_sim_end_troubles(pool);
    pool_sim_pass(pool, CLIENTS_AFTER_US);
    pool->healed = true;
    end_us = schedule_now_us(pool->schedule) + pool->settings.heal_us;
    while (!calm && schedule_now_us(pool->schedule) < end_us &&
           pool->truth.violation.kind[0] == '\0') {
        pool_sim_pass(pool, CALM_STEP_US);
        calm = pool_sim_is_calm(pool);
    }
    check_end(pool, calm);
}

struct pool_sim_result pool_sim_run(struct pool_sim *pool)
{
    pool_sim_begin_troubles(pool);
    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        pool_sim_start(&pool->nodes[i]);
    }
    schedule_after(pool->schedule, NULL, SECOND, on_client, NULL, pool);
    pool_sim_pass(pool, pool->settings.fault_us);
    if (pool->truth.violation.kind[0] == '\0') {
        heal(pool);
    }
    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        pool_sim_kill(&pool->nodes[i]);
    }
    pool->result.violation = pool->truth.violation;
    pool->result.sums = pool->truth.sums;
    pool->result.trace_hash = schedule_trace_hash(pool->schedule);
    return pool->result;
}
