/* Replicas on real loops, disks and sockets. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/cluster/replica_pool.h"

static int set_up(void **state)
{
    struct replica_pool_settings settings = {.n_nodes = 3};

    *state = replica_pool_new(&settings);
    return 0;
}

static int tear_down(void **state)
{
    replica_pool_free(*state);
    return 0;
}

/* What is proposed on any node comes out on all, once, in one order. */
static void test_replica__commits_on_all_in_one_order(void **state)
{
    struct replica_pool *pool = *state;
    unsigned leader = replica_pool_leader(pool);

    assert_int_not_equal(leader, 0);
    for (unsigned node = 1; node <= 3; node++) {
        replica_pool_propose(pool, node, 500);
    }
    assert_true(replica_pool_settle(pool));
    assert_true(replica_pool_agree(pool));
    assert_int_equal(replica_pool_sums(pool).commands, 1500);
    assert_int_equal(replica_pool_sums(pool).acknowledged, 1500);
}

/* The pool goes on without its leader, which comes back and has all of it. */
static void test_replica__survives_its_leader(void **state)
{
    struct replica_pool *pool = *state;
    unsigned leader = replica_pool_leader(pool), other = leader % 3 + 1;

    replica_pool_propose(pool, other, 200);
    replica_pool_kill(pool, leader);
    replica_pool_propose(pool, other, 200);
    assert_true(replica_pool_settle(pool));
    assert_int_not_equal(replica_pool_leader(pool), leader);
    replica_pool_revive(pool, leader);
    replica_pool_propose(pool, leader, 200);
    assert_true(replica_pool_settle(pool));
    assert_true(replica_pool_agree(pool));
    assert_int_equal(replica_pool_sums(pool).commands, 600);
    assert_int_equal(replica_pool_sums(pool).lost, 0);
}

/* A read anywhere sees what was acknowledged before it was asked for. */
static void test_replica_read__is_linearizable(void **state)
{
    struct replica_pool *pool = *state;

    assert_int_not_equal(replica_pool_leader(pool), 0);
    for (unsigned round = 0; round < 20; round++) {
        replica_pool_propose(pool, round % 3 + 1, 20);
        assert_true(replica_pool_settle(pool));
        for (unsigned node = 1; node <= 3; node++) {
            assert_int_equal(replica_pool_read(pool, node), ERROR_NONE);
        }
    }
    assert_int_equal(replica_pool_sums(pool).commands, 400);
}

static int set_up_short_log(void **state)
{
    struct replica_pool_settings settings = {
        .n_nodes = 3, .snapshot_entries = 200, .trailing_entries = 100};

    *state = replica_pool_new(&settings);
    return 0;
}

/* A node that was away for longer than the log reaches back copies the state
 * of another, and goes on from there. */
static void test_replica__copies_a_snapshot(void **state)
{
    struct replica_pool *pool = *state;
    unsigned leader = replica_pool_leader(pool), away = leader % 3 + 1;

    replica_pool_propose(pool, away, 50);
    assert_true(replica_pool_settle(pool));
    replica_pool_kill(pool, away);
    for (int i = 0; i < 20; i++) {
        replica_pool_propose(pool, leader, 100);
        assert_true(replica_pool_settle(pool));
    }
    replica_pool_revive(pool, away);
    assert_true(replica_pool_agree(pool));
    replica_pool_propose(pool, away, 100);
    assert_true(replica_pool_settle(pool));
    assert_true(replica_pool_agree(pool));
    assert_int_equal(replica_pool_sums(pool).commands, 2150);
    assert_true(replica_pool_restores(pool, away) > 0);
}

/* A node whose disk was emptied does not vote under its old name: it comes back
 * as another member, which takes the place of the old one. */
static void test_replica__emptied_node_comes_back(void **state)
{
    struct replica_pool *pool = *state;
    unsigned leader = replica_pool_leader(pool), node = leader % 3 + 1;

    replica_pool_propose(pool, node, 500);
    assert_true(replica_pool_settle(pool));
    replica_pool_kill(pool, node);
    replica_pool_empty(pool, node);
    replica_pool_revive(pool, node);
    replica_pool_propose(pool, node, 100);
    assert_true(replica_pool_settle(pool));
    assert_true(replica_pool_agree(pool));
    assert_true(replica_pool_becomes_voter(pool, node));
    assert_int_equal(replica_pool_sums(pool).commands, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_replica__commits_on_all_in_one_order, set_up, tear_down),
        RUN_IN(test_replica__survives_its_leader, set_up, tear_down),
        RUN_IN(test_replica_read__is_linearizable, set_up, tear_down),
        RUN_IN(test_replica__copies_a_snapshot, set_up_short_log, tear_down),
        RUN_IN(test_replica__emptied_node_comes_back, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
