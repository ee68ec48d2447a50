/* What goes wrong in a pool of replicas. */
#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/pool_sim.h"

enum {
    MS = 1000,
    SECOND = 1000 * MS,
    FULL_ROOM_BYTES = 512 * 1024, /* Below the log's floor, left to others. */
    ROT_OFFSET =
        4096 + 40, /* In the first record of a segment's first batch. */
    PATHS_MAX = 256,
};

#define TROUBLE_WORD(name, word, what) word,
#define TROUBLE_WHAT(name, word, what) what,
static const char *const words[] = {TROUBLE_LIST(TROUBLE_WORD)};
static const char *const whats[] = {TROUBLE_LIST(TROUBLE_WHAT)};

#define BIT(name) (UINT32_C(1) << TROUBLE_##name)
#define BASE                                                                   \
    (BIT(LOSS) | BIT(DELAY) | BIT(ONEWAY) | BIT(PARTITION) | BIT(CRASH) |      \
     BIT(OUTAGE) | BIT(PAUSE) | BIT(SLOW) | BIT(TRANSFER) | BIT(SNAPSHOT) |    \
     BIT(BEHIND) | BIT(WITHDRAW))
#define DISKS (BIT(FULL) | BIT(ROT) | BIT(EMPTY) | BIT(OLD))

static const struct mix_named mixes[] = {{"calm", {0, 0}},
                                         {"base", {0, BASE}},
                                         {"disks", {DISKS, BASE}},
                                         {"all", {0, BASE | DISKS}}};
const struct mix_names trouble_names = {
    TROUBLES, words, whats, sizeof(mixes) / sizeof(mixes[0]), mixes};

static bool has(const struct pool_sim *pool, enum trouble trouble)
{
    return pool->troubles >> trouble & 1;
}

static uint64_t draw(struct pool_sim *pool, uint64_t low, uint64_t high)
{
    return random_between(&pool->random, low, high);
}

static struct pool_node *any_node(struct pool_sim *pool)
{
    return &pool->nodes[random_below(&pool->random, pool->settings.nodes)];
}

static void later(struct pool_sim *pool, uint64_t us,
                  void (*run)(void *context), void *context)
{
    schedule_after(pool->schedule, NULL, us, run, NULL, context);
}

/* --- The network --- */

static void set_network(struct pool_sim *pool)
{
    struct network_faults faults = {
        .delay_us = (uint32_t)random_scale(&pool->random, 50, 10 * MS),
        .jitter_us = (uint32_t)random_scale(&pool->random, 50, 10 * MS),
        .in_order = true};

    if (has(pool, TROUBLE_LOSS)) {
        faults.loss = (uint32_t)random_scale(&pool->random, 100, 10000);
    }
    if (has(pool, TROUBLE_DELAY)) {
        faults.late = (uint32_t)random_scale(&pool->random, 1000, 50000);
        faults.late_us =
            (uint32_t)random_scale(&pool->random, 10 * MS, 2 * SECOND);
    }
    network_set_faults(pool->network, &faults);
}

static void mend(void *context)
{
    struct pool_sim *pool = context;

    network_mend(pool->network);
}

static void cut_one_way(struct pool_sim *pool)
{
    unsigned from = any_node(pool)->number - 1, to = any_node(pool)->number - 1;

    if (from != to) {
        network_cut(pool->network, from, to, true);
        later(pool, draw(pool, 50 * MS, 6 * SECOND), mend, pool);
    }
}

static void cut_off(struct pool_sim *pool)
{
    unsigned alone = any_node(pool)->number - 1;

    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        if (i != alone) {
            network_cut(pool->network, alone, i, true);
            network_cut(pool->network, i, alone, true);
        }
    }
    later(pool, draw(pool, 50 * MS, 6 * SECOND), mend, pool);
}

/* --- Nodes --- */

static void revive(void *context)
{
    pool_sim_start(context);
}

static void crash(struct pool_node *node)
{
    if (node->owner != NULL) {
        pool_sim_kill(node);
        later(node->pool, draw(node->pool, 10 * MS, 5 * SECOND), revive, node);
    }
}

static void outage(struct pool_sim *pool)
{
    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        crash(&pool->nodes[i]);
    }
}

static void pause_node(struct pool_node *node)
{
    uint64_t us = draw(node->pool, 10 * MS, 4 * SECOND);

    if (node->owner != NULL) {
        loop_sim_pause(node->owner_loop, us);
        loop_sim_pause(node->raft_loop, us);
    }
}

static void on_transferred(void *context, enum error error)
{
    struct pool_node *node = context;

    pool_sim_trace(node->pool, "node %u has handed over: %s", node->number,
                   error_name(error));
}

static void transfer(struct pool_sim *pool)
{
    struct pool_node *leader = pool_sim_leader(pool);

    if (leader != NULL) {
        replica_transfer(leader->replica,
                         (uint8_t)draw(pool, 0, pool->settings.nodes),
                         on_transferred, leader);
    }
}

static void catch_up(void *context)
{
    struct pool_node *node = context;

    if (node->owner != NULL) {
        owner_pause(node->owner, false);
    }
}

static void fall_behind(struct pool_node *node)
{
    if (node->owner != NULL) {
        owner_pause(node->owner, true);
        later(node->pool, draw(node->pool, 10 * MS, 4 * SECOND), catch_up,
              node);
    }
}

/* --- Disks --- */

static void count_bytes(void *context, const char *path, size_t bytes)
{
    (void)path;
    *(uint64_t *)context += bytes;
}

void pool_sim_fill(struct pool_node *node, bool full)
{
    uint64_t used = 0;

    disk_each(node->disk, count_bytes, &used);
    node->full = full;
    disk_knobs(node->disk)->capacity_bytes = full ? used + FULL_ROOM_BYTES : 0;
}

static void make_room(void *context)
{
    pool_sim_fill(context, false);
}

static void fill(struct pool_node *node)
{
    for (unsigned i = 0; i < node->pool->settings.nodes; i++) {
        if (node->pool->nodes[i].full) {
            return;
        }
    }
    pool_sim_trace(node->pool, "node %u disk full", node->number);
    pool_sim_fill(node, true);
    later(node->pool, draw(node->pool, SECOND, 10 * SECOND), make_room, node);
}

/* The paths of a disk's files that begin alike. */
struct paths {
    char prefix[64];
    size_t n;
    char list[PATHS_MAX][128];
};

static void add_path(void *context, const char *path, size_t bytes)
{
    struct paths *paths = context;

    (void)bytes;
    if (strncmp(path, paths->prefix, strlen(paths->prefix)) == 0 &&
        paths->n < PATHS_MAX) {
        snprintf(paths->list[paths->n++], sizeof(paths->list[0]), "%s", path);
    }
}

void pool_sim_rot(struct pool_node *node)
{
    struct paths paths = {.n = 0};
    const char *first = NULL;

    snprintf(paths.prefix, sizeof(paths.prefix), "%s/log/segment-", node->path);
    disk_each(node->disk, add_path, &paths);
    for (size_t i = 0; i < paths.n; i++) {
        if (first == NULL || strcmp(paths.list[i], first) < 0) {
            first = paths.list[i];
        }
    }
    CHECK(first != NULL);
    CHECK(disk_flip_bit(node->disk, first, ROT_OFFSET * 8));
    pool_sim_trace(node->pool, "node %u rots: %s", node->number, first);
}

void pool_sim_empty(struct pool_node *node)
{
    kept_disk_clear(node->disk, node->path);
    node->founded = true;
    pool_sim_trace(node->pool, "node %u disk emptied", node->number);
}

void pool_sim_exchange(struct pool_node *node)
{
    if (node->kept == NULL) {
        node->kept = kept_disk_take(node->disk, node->path);
        pool_sim_empty(node);
        return;
    }
    kept_disk_put_back(node->kept, node->disk);
    kept_disk_free(node->kept);
    node->kept = NULL;
    pool_sim_trace(node->pool, "node %u old disk put back", node->number);
}

/* Only of one node at a time: more is more than a pool can survive. */
static void lose_disk(struct pool_sim *pool, void (*lose)(struct pool_node *))
{
    struct pool_node *node = any_node(pool);

    if (pool_sim_is_whole(pool) && node->owner != NULL && !node->full) {
        pool_sim_kill(node);
        lose(node);
        later(pool, draw(pool, 10 * MS, 2 * SECOND), revive, node);
    }
}

/* --- All of it --- */

static void strike(struct pool_sim *pool, enum trouble trouble)
{
    struct pool_node *node = any_node(pool);

    switch (trouble) {
    case TROUBLE_ONEWAY:
        cut_one_way(pool);
        break;
    case TROUBLE_PARTITION:
        cut_off(pool);
        break;
    case TROUBLE_CRASH:
        crash(node);
        break;
    case TROUBLE_OUTAGE:
        outage(pool);
        break;
    case TROUBLE_PAUSE:
        pause_node(node);
        break;
    case TROUBLE_TRANSFER:
        transfer(pool);
        break;
    case TROUBLE_BEHIND:
        fall_behind(node);
        break;
    case TROUBLE_WITHDRAW:
        if (node->owner != NULL) {
            owner_withdraw_all(node->owner);
        }
        break;
    case TROUBLE_FULL:
        fill(node);
        break;
    case TROUBLE_ROT:
        lose_disk(pool, pool_sim_rot);
        break;
    case TROUBLE_EMPTY:
        lose_disk(pool, pool_sim_empty);
        break;
    case TROUBLE_OLD:
        lose_disk(pool, pool_sim_exchange);
        break;
    default:
        break; /* All along, not now and then. */
    }
}

/* Now and then one of the troubles strikes. */
static void on_strike(void *context)
{
    struct pool_sim *pool = context;
    enum trouble trouble = (enum trouble)random_below(&pool->random, TROUBLES);

    if (pool->calmed) {
        return;
    }
    if (has(pool, trouble)) {
        strike(pool, trouble);
    }
    later(pool, draw(pool, 10 * MS, 1 * SECOND), on_strike, pool);
}

void pool_sim_begin_troubles(struct pool_sim *pool)
{
    set_network(pool);
    later(pool, 2 * SECOND, on_strike, pool);
}

void pool_sim_end_troubles(struct pool_sim *pool)
{
    struct network_faults gentle = {
        .delay_us = 200, .jitter_us = 200, .in_order = true};

    pool->calmed = true;
    network_mend(pool->network);
    network_set_faults(pool->network, &gentle);
    for (unsigned i = 0; i < pool->settings.nodes; i++) {
        pool_sim_fill(&pool->nodes[i], false);
        pool_sim_start(&pool->nodes[i]);
        catch_up(&pool->nodes[i]);
    }
}
