/* Whole replicas in the simulator: disks that are slow or full, and states that
 * must be copied. */
#include "tests/unit/test.h"

#include "raft/replica/engine_parts.h"
#include "raft/replica/front.h"
#include "raft/replica/snapshot_manifest.h"
#include "tests/cluster/replica_scene.h"

/* A node that was away for longer than the log reaches back copies the state,
 * wherever a crash falls into that. */
static void test_snapshot__is_copied_through_crashes(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);

    for (uint64_t i = 0; i < 25; i++) {
        pool_sim_kill(node);
        for (int k = 0; k < 4; k++) {
            propose(leader_of(pool), 50);
            pool_sim_pass(pool, 300 * MS);
        }
        pool_sim_start(node);
        pool_sim_pass(pool, i * 40 * MS);
        pool_sim_kill(node);
        pool_sim_pass(pool, 100 * MS);
        pool_sim_start(node);
        assert_calms(pool);
    }
    assert_true(pool->result.restores >= 20);
    assert_int_equal(pool->truth.sums.acknowledged, 5000);
}

/* As long as nobody is there to copy it, no checkpoint is made, though the core
 * takes a peer for alive for a while after it has gone. */
static void test_snapshot__is_made_for_nobody(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *away = follower_of(pool);

    pool_sim_kill(away);
    for (int i = 0; i < 20; i++) {
        propose(leader_of(pool), 50);
        pool_sim_pass(pool, 20 * MS);
        assert_int_equal(scene_files(leader_of(pool), "checkpoint/"), 0);
    }
    assert_true(replica_status(leader_of(pool)->replica)->first_index > 100);
    pool_sim_start(away);
    assert_calms(pool);
    assert_int_equal(pool->result.restores, 1);
}

/* Bring a node to where its owner reads a copy. */
static struct engine *begin_restoring(struct pool_sim *pool)
{
    struct pool_node *node = follower_of(pool);
    struct engine *engine;

    pool_sim_kill(node);
    for (int i = 0; i < 4; i++) {
        propose(leader_of(pool), 50);
        pool_sim_pass(pool, 300 * MS);
    }
    pool_sim_start(node);
    engine = node->replica->engine;
    for (int i = 0; i < 5000 && !engine->snapshots.restoring; i++) {
        pool_sim_pass(pool, MS);
    }
    assert_true(engine->snapshots.restoring);
    return engine;
}

/* The leader offers a checkpoint of nothing. */
static void offer(struct engine *engine, struct core_hooks *hooks)
{
    struct snapshot_manifest *manifest = snapshot_manifest_new(77, 1 << 20);
    struct buffer bytes;

    buffer_init(&bytes);
    assert_int_equal(snapshot_manifest_write(manifest, &bytes), ERROR_NONE);
    engine_core_hooks(engine, hooks);
    hooks->snapshot_offered(engine, engine->role.leader, 1 << 20,
                            buffer_slice(&bytes));
    buffer_deinit(&bytes);
    snapshot_manifest_free(manifest);
}

/* As long as the owner reads the last copy, what the leader offers next is not
 * put in its place: it is copied when the owner has done. */
static void test_snapshot__next_offer_waits_for_the_owner(void **state)
{
    struct pool_sim *pool = *state;
    struct engine *engine = begin_restoring(pool);
    struct snapshot_fetch *fetch = engine->snapshots.fetch;
    struct core_hooks hooks;

    offer(engine, &hooks);
    while (engine->snapshots.restoring) {
        assert_int_equal(snapshot_fetch_status(fetch).state,
                         SNAPSHOT_FETCH_WHOLE);
        pool_sim_pass(pool, MS);
    }
    assert_int_equal(snapshot_fetch_status(fetch).index, 1 << 20);
    hooks.snapshot_dropped(engine);
    assert_calms(pool);
    assert_int_equal(pool->result.restores, 1);
}

/* What is committed meanwhile waits, and what the copy holds is not given at
 * all. */
static void test_snapshot__entries_wait_for_the_owner(void **state)
{
    struct pool_sim *pool = *state;
    struct engine *engine = begin_restoring(pool);
    struct pool_node *node = &pool->nodes[engine->identity.node - 1];

    assert_true(commits_given(engine->commits) >
                owner_tally(node->owner)->index + 50);
    assert_calms(pool);
}

/* Nor is the copy thrown away because the state has reached an earlier
 * snapshot. */
static void test_snapshot__copy_stays_while_it_is_read(void **state)
{
    struct pool_sim *pool = *state;
    struct engine *engine = begin_restoring(pool);
    struct core_hooks hooks;

    engine_core_hooks(engine, &hooks);
    assert_int_equal(hooks.restore(engine, engine->applied_index, SLICE_NONE),
                     ERROR_NONE);
    assert_int_equal(snapshot_fetch_status(engine->snapshots.fetch).state,
                     SNAPSHOT_FETCH_WHOLE);
    assert_calms(pool);
}

/* One that was taken back meanwhile is not copied at all. */
static void test_snapshot__dropped_offer_is_forgotten(void **state)
{
    struct pool_sim *pool = *state;
    struct engine *engine = begin_restoring(pool);
    struct snapshot_fetch *fetch = engine->snapshots.fetch;
    struct core_hooks hooks;

    offer(engine, &hooks);
    hooks.snapshot_dropped(engine);
    assert_int_equal(snapshot_fetch_status(fetch).state, SNAPSHOT_FETCH_WHOLE);
    while (engine->snapshots.restoring) {
        pool_sim_pass(pool, MS);
    }
    assert_int_equal(snapshot_fetch_status(fetch).state, SNAPSHOT_FETCH_IDLE);
    assert_calms(pool);
}

/* A follower hears of a commit as soon as its own disk allows, not with the
 * next heartbeat. */
static void test_commit__is_heard_at_once(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    uint32_t job_us = pool->job_us;
    uint64_t begun_us, worst_us = 0;

    pool_sim_kill(node);
    pool->job_us = 8 * MS;
    pool_sim_start(node);
    pool->job_us = job_us;
    assert_calms(pool);
    for (int i = 0; i < 50; i++) {
        begun_us = schedule_now_us(pool->schedule);
        propose(node, 1);
        while (owner_waiting(node->owner) > 0) {
            schedule_run_until(pool->schedule,
                               schedule_now_us(pool->schedule) + 100);
        }
        if (schedule_now_us(pool->schedule) - begun_us > worst_us) {
            worst_us = schedule_now_us(pool->schedule) - begun_us;
        }
        pool_sim_pass(pool, 3 * MS);
    }
    assert_in_range(worst_us, 1, 15 * MS);
}

/* A node whose disk is full lives on: it hands over, takes nothing, and goes on
 * when there is room. */
static void test_full__node_steps_back_and_lives(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = leader_of(pool);

    pool_sim_fill(node, true);
    for (int i = 0; i < 400 && meter_level(&meters_of(node)->full) == 0; i++) {
        propose(node, 400);
        pool_sim_pass(pool, 300 * MS);
    }
    assert_int_equal(meter_level(&meters_of(node)->full), 1);
    pool_sim_pass(pool, 5 * SECOND);
    assert_ptr_not_equal(leader_of(pool), node);
    assert_int_equal(meter_count(&meters_of(node)->hand_overs), 1);
    propose(leader_of(pool), 100);
    pool_sim_pass(pool, 2 * SECOND);
    assert_int_equal(owner_waiting(leader_of(pool)->owner), 0);
    assert_int_equal(
        replica_propose(node->replica, 1000000, 1, SLICE_LITERAL("x")),
        ERROR_BUSY);
    pool_sim_pass(pool, 20 * SECOND);
    assert_false(node->dying);
    pool_sim_fill(node, false);
    assert_calms(pool);
    assert_int_equal(meter_level(&meters_of(node)->full), 0);
}

/* A leader whose disk is slow slows the pool, so it hands over. */
static void test_slow__leader_hands_over(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    uint32_t job_us = pool->job_us;

    pool_sim_kill(node);
    pool->job_us = 8 * SECOND;
    pool_sim_start(node);
    pool->job_us = job_us;
    assert_calms(pool);
    replica_transfer(leader_of(pool)->replica, (uint8_t)node->number, NULL,
                     NULL);
    for (int i = 0; i < 100 && meter_count(&meters_of(node)->hand_overs) == 0;
         i++) {
        propose(&pool->nodes[0], 1);
        pool_sim_pass(pool, 500 * MS);
    }
    assert_int_equal(meter_count(&meters_of(node)->hand_overs), 1);
    assert_calms(pool);
}

/* An owner that applies nothing is waited for, and misses nothing. */
static void test_behind__owner_catches_up(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);

    owner_pause(node->owner, true);
    for (int i = 0; i < 20; i++) {
        propose(leader_of(pool), 100);
        pool_sim_read(node);
        pool_sim_pass(pool, 500 * MS);
    }
    assert_int_equal(owner_tally(node->owner)->count, 0);
    assert_int_equal(pool->truth.sums.acknowledged, 2000);
    owner_pause(node->owner, false);
    assert_calms(pool);
    assert_int_equal(owner_tally(node->owner)->count, 2000);
    assert_int_equal(pool->truth.sums.reads, 20);
}

/* The log is cut where the state is durable; an owner that could not make it so
 * when it was asked is asked again, and the log does not grow for ever. */
static void test_cut__waits_for_the_owner(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    uint64_t cut_at;

    pool_sim_pass(pool, SECOND);
    owner_pause(node->owner, true);
    cut_at = replica_status(node->replica)->snapshot_index;
    propose(leader_of(pool), 200);
    pool_sim_pass(pool, 2 * SECOND);
    assert_int_equal(replica_status(node->replica)->snapshot_index, cut_at);
    assert_true(replica_status(leader_of(pool)->replica)->snapshot_index > 100);
    owner_pause(node->owner, false);
    pool_sim_pass(pool, SECOND);
    assert_true(replica_status(node->replica)->snapshot_index > 100);
    assert_calms(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_SCENE_SHORT_LOG(test_snapshot__is_copied_through_crashes),
        RUN_SCENE_SHORT_LOG(test_snapshot__is_made_for_nobody),
        RUN_SCENE_SHORT_LOG(test_snapshot__next_offer_waits_for_the_owner),
        RUN_SCENE_SHORT_LOG(test_snapshot__entries_wait_for_the_owner),
        RUN_SCENE_SHORT_LOG(test_snapshot__copy_stays_while_it_is_read),
        RUN_SCENE_SHORT_LOG(test_snapshot__dropped_offer_is_forgotten),
        RUN_SCENE(test_commit__is_heard_at_once),
        RUN_SCENE_SHORT_LOG(test_cut__waits_for_the_owner),
        RUN_SCENE(test_full__node_steps_back_and_lives),
        RUN_SCENE(test_slow__leader_hands_over),
        RUN_SCENE(test_behind__owner_catches_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
