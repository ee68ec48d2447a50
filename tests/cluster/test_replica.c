/* Whole replicas in the simulator: proposals, reads and transfers, one trouble
 * at a time. */
#include "tests/unit/test.h"

#include "tests/cluster/replica_scene.h"
#include "tests/sim/network.h"

/* Words that were under way when their leader died are neither lost nor
 * doubled, however often that happens. */
static void test_propose__survives_changes_of_leaders(void **state)
{
    struct pool_sim *pool = *state;

    for (int i = 0; i < 10; i++) {
        struct pool_node *leader = leader_of(pool);
        struct pool_node *other = follower_of(pool);

        propose(other, 50);
        pool_sim_pass(pool, (uint64_t)i * 300);
        pool_sim_kill(leader);
        propose(other, 50);
        pool_sim_pass(pool, 4 * SECOND);
        pool_sim_start(leader);
        pool_sim_pass(pool, SECOND);
    }
    assert_calms(pool);
    assert_none_late(pool);
    assert_int_equal(pool->truth.sums.acknowledged, 1000);
    assert_int_equal(pool->truth.sums.committed, 1000);
}

/* What a lost connection took with it is sent again when there is another,
 * though the leader is the same. */
static void test_propose__survives_lost_connections(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool), *leader = leader_of(pool);
    struct network_faults gentle = {
        .delay_us = 300, .jitter_us = 300, .in_order = true};
    struct network_faults broken = gentle;

    broken.loss = 1000000;
    for (int i = 0; i < 20; i++) {
        propose(node, 20);
        network_set_faults(pool->network, &broken);
        pool_sim_pass(pool, MS);
        network_set_faults(pool->network, &gentle);
        pool_sim_pass(pool, 150 * MS);
    }
    assert_ptr_equal(leader_of(pool), leader);
    assert_calms(pool);
    assert_none_late(pool);
    assert_true(meter_count(&meters_of(node)->resent_link) > 0);
    assert_int_equal(pool->truth.sums.acknowledged, 400);
}

/* A node that is cut off and comes back has what it was asked meanwhile. */
static void test_propose__waits_for_a_leader(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);

    for (int i = 0; i < 5; i++) {
        propose(node, 20);
        pool_sim_pass(pool, 200);
        cut_off(node, true);
        propose(node, 20);
        pool_sim_pass(pool, 3 * SECOND);
        cut_off(node, false);
        pool_sim_pass(pool, 3 * SECOND);
    }
    assert_calms(pool);
    assert_int_equal(pool->truth.sums.acknowledged, 200);
}

/* Leadership that is handed over in the middle of work loses none of it. */
static void test_propose__survives_transfers(void **state)
{
    struct pool_sim *pool = *state;

    for (int i = 0; i < 20; i++) {
        struct pool_node *leader = leader_of(pool);

        propose(&pool->nodes[i % 3], 30);
        replica_transfer(leader->replica, (uint8_t)(leader->number % 3 + 1),
                         NULL, NULL);
        propose(&pool->nodes[(i + 1) % 3], 30);
        pool_sim_pass(pool, 2 * SECOND);
    }
    assert_calms(pool);
    assert_none_late(pool);
    assert_int_equal(pool->truth.sums.acknowledged, 1200);
}

/* What was never sent is taken back, and what comes behind it is not hindered
 * by the numbers it has spent. */
static void test_withdraw__takes_back_what_was_not_sent(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);

    cut_off(node, true);
    pool_sim_pass(pool, 5 * SECOND);
    propose(node, 10);
    pool_sim_pass(pool, 10 * MS);
    owner_withdraw_all(node->owner);
    pool_sim_pass(pool, 10 * MS);
    assert_int_equal(pool->truth.sums.taken_back, 10);
    propose(node, 5);
    cut_off(node, false);
    assert_calms(pool);
    assert_int_equal(pool->truth.sums.committed, 5);
    assert_int_equal(pool->truth.sums.acknowledged, 5);
}

/* What was sent must be waited for. */
static void test_withdraw__comes_too_late(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);

    propose(node, 10);
    pool_sim_pass(pool, 200);
    owner_withdraw_all(node->owner);
    assert_calms(pool);
    assert_int_equal(pool->truth.sums.taken_back, 0);
    assert_int_equal(pool->truth.sums.acknowledged, 10);
}

/* A read sees all that was acknowledged before, on any node, also while the
 * leader changes. */
static void test_read__is_never_stale(void **state)
{
    struct pool_sim *pool = *state;

    for (int i = 0; i < 60; i++) {
        struct pool_node *leader = leader_of(pool);

        propose(&pool->nodes[i % 3], 5);
        for (unsigned k = 0; k < 3; k++) {
            pool_sim_read(&pool->nodes[k]);
        }
        pool_sim_pass(pool, 5 * MS);
        if (i % 10 == 5) {
            replica_transfer(leader->replica, 0, NULL, NULL);
        }
        pool_sim_pass(pool, 50 * MS);
        if (i % 10 == 6) {
            pool_sim_pass(pool, 3 * SECOND);
        }
    }
    assert_calms(pool);
    pool_sim_pass(pool, 5 * SECOND);
    assert_int_equal(pool->truth.sums.reads, 180);
    assert_int_equal(pool->truth.sums.reads_failed, 0);
}

/* Without a majority there is no index to read at, and a read ends all the
 * same. */
static void test_read__ends_without_a_leader(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);

    cut_off(node, true);
    pool_sim_pass(pool, 5 * SECOND);
    pool_sim_read(node);
    pool_sim_pass(pool, 2 * SECOND);
    assert_int_equal(pool->truth.sums.reads_failed, 0);
    pool_sim_pass(pool, 2 * SECOND);
    assert_int_equal(pool->truth.sums.reads_failed, 1);
    assert_int_equal(pool->truth.sums.reads, 0);
}

/* A leader that was cut off serves no read from what it still believes. */
static void test_read__deposed_leader_serves_none(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *old = leader_of(pool);

    cut_off(old, true);
    pool_sim_read(old);
    pool_sim_pass(pool, 4 * SECOND);
    assert_ptr_not_equal(leader_of(pool), old);
    propose(leader_of(pool), 5);
    pool_sim_pass(pool, SECOND);
    pool_sim_read(old);
    pool_sim_pass(pool, 4 * SECOND);
    assert_int_equal(pool->truth.sums.reads, 0);
    assert_int_equal(pool->truth.sums.reads_failed, 2);
    cut_off(old, false);
    assert_calms(pool);
}

static void note_error(void *context, enum error error)
{
    *(enum error *)context = error;
}

/* A transfer ends with its outcome, whatever that is. */
static void test_transfer__tells_its_outcome(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *leader = leader_of(pool), *heir = follower_of(pool);
    enum error error = ERROR_COUNT;

    replica_transfer(heir->replica, 0, note_error, &error);
    pool_sim_pass(pool, 100 * MS);
    assert_int_equal(error, ERROR_NOT_LEADER);
    replica_transfer(leader->replica, 9, note_error, &error);
    pool_sim_pass(pool, 100 * MS);
    assert_int_equal(error, ERROR_NOT_FOUND);
    replica_transfer(leader->replica, (uint8_t)heir->number, note_error,
                     &error);
    pool_sim_pass(pool, 2 * SECOND);
    assert_int_equal(error, ERROR_NONE);
    assert_ptr_equal(leader_of(pool), heir);
    cut_off(leader, true);
    replica_transfer(heir->replica, (uint8_t)leader->number, note_error,
                     &error);
    pool_sim_pass(pool, 3 * SECOND);
    assert_int_equal(error, ERROR_TIMED_OUT);
}

/* More than may wait is refused, and the number is not used up. */
static void test_propose__is_bounded(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    struct replica *replica = node->replica;

    cut_off(node, true);
    for (uint64_t number = 1; number <= REPLICA_PROPOSALS_MAX; number++) {
        assert_int_equal(
            replica_propose(replica, 77, number, SLICE_LITERAL("x")),
            ERROR_NONE);
    }
    assert_int_equal(replica_propose(replica, 77, REPLICA_PROPOSALS_MAX + 1,
                                     SLICE_LITERAL("x")),
                     ERROR_BUSY);
    replica_answered(replica, 1);
    assert_int_equal(replica_propose(replica, 77, REPLICA_PROPOSALS_MAX + 1,
                                     SLICE_LITERAL("x")),
                     ERROR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_SCENE(test_propose__survives_changes_of_leaders),
        RUN_SCENE(test_propose__survives_lost_connections),
        RUN_SCENE(test_propose__waits_for_a_leader),
        RUN_SCENE(test_propose__survives_transfers),
        RUN_SCENE(test_withdraw__takes_back_what_was_not_sent),
        RUN_SCENE(test_withdraw__comes_too_late),
        RUN_SCENE(test_read__is_never_stale),
        RUN_SCENE(test_read__ends_without_a_leader),
        RUN_SCENE(test_read__deposed_leader_serves_none),
        RUN_SCENE(test_transfer__tells_its_outcome),
        RUN_SCENE(test_propose__is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
