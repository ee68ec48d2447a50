#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/cluster/replica_scene.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/sim/network.h"
#include "tests/unit/quiet.h"

enum { CALM_STEPS = 200 };

static struct pool_sim *pool_of(uint64_t seed)
{
    struct pool_sim_settings settings = {.seed = seed, .nodes = 3};
    struct network_faults gentle = {
        .delay_us = 300, .jitter_us = 300, .in_order = true};
    struct pool_sim *pool;

    quiet_begin();
    pool = pool_sim_new(&settings);
    network_set_faults(pool->network, &gentle);
    return pool;
}

static void start_all(struct pool_sim *pool)
{
    for (unsigned i = 0; i < 3; i++) {
        pool_sim_start(&pool->nodes[i]);
    }
    pool_sim_pass(pool, 5 * SECOND);
    assert_non_null(pool_sim_leader(pool));
}

int scene_set_up(void **state)
{
    struct pool_sim *pool = pool_of(1);

    start_all(pool);
    *state = pool;
    return 0;
}

int scene_set_up_short_log(void **state)
{
    struct pool_sim *pool = pool_of(2);

    pool->snapshot_entries = 50;
    pool->trailing_entries = 20;
    start_all(pool);
    *state = pool;
    return 0;
}

int scene_tear_down(void **state)
{
    pool_sim_free(*state);
    return 0;
}

static void assert_true_to_word(struct pool_sim *pool)
{
    assert_string_equal(pool->truth.violation.text, "");
}

/* Wait until all is as it should be. */
void assert_calms(struct pool_sim *pool)
{
    bool calm = false;

    for (int i = 0; i < CALM_STEPS && !calm; i++) {
        pool_sim_pass(pool, 200 * MS);
        calm = pool_sim_is_calm(pool);
    }
    assert_true_to_word(pool);
    assert_true(calm);
}

struct pool_node *leader_of(struct pool_sim *pool)
{
    struct pool_node *leader = pool_sim_leader(pool);

    assert_non_null(leader);
    return leader;
}

struct pool_node *follower_of(struct pool_sim *pool)
{
    return &pool->nodes[leader_of(pool)->number % 3];
}

void propose(struct pool_node *node, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_true(pool_sim_propose(node));
    }
}

const struct replica_meters *meters_of(const struct pool_node *node)
{
    return replica_meters(node->replica);
}

struct prefix {
    const char *text;
    size_t n;
};

static void count_prefix(void *context, const char *path, size_t bytes)
{
    struct prefix *prefix = context;

    (void)bytes;
    prefix->n += strncmp(path, prefix->text, strlen(prefix->text)) == 0;
}

size_t scene_files(struct pool_node *node, const char *prefix)
{
    char path[128];
    struct prefix count = {.text = path};

    snprintf(path, sizeof(path), "%s/%s", node->path, prefix);
    disk_each(node->disk, count_prefix, &count);
    return count.n;
}

/* Nothing was sent again only because it took too long. */
void assert_none_late(struct pool_sim *pool)
{
    uint64_t late = pool->result.resent_late;

    for (unsigned i = 0; i < 3; i++) {
        if (pool->nodes[i].owner != NULL) {
            late += meter_count(&meters_of(&pool->nodes[i])->resent_late);
        }
    }
    assert_int_equal(late, 0);
}

void cut_off(struct pool_node *node, bool cut)
{
    for (unsigned i = 0; i < 3; i++) {
        if (i + 1 != node->number) {
            network_cut(node->pool->network, node->number - 1, i, cut);
            network_cut(node->pool->network, i, node->number - 1, cut);
        }
    }
}
