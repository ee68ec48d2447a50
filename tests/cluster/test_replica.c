/* Whole replicas in the simulator, one trouble at a time. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/journal.h"
#include "raft/replica_meters.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/sim/network.h"
#include "tests/sim/pool_sim.h"

enum { MS = 1000, SECOND = 1000 * MS, CALM_STEPS = 200 };

static void swallow(void *context, enum journal_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

static struct pool_sim *pool_of(uint64_t seed)
{
    struct pool_sim_settings settings = {.seed = seed, .nodes = 3};
    struct network_faults gentle = {
        .delay_us = 300, .jitter_us = 300, .in_order = true};
    struct pool_sim *pool = pool_sim_new(&settings);

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

static int set_up(void **state)
{
    struct pool_sim *pool = pool_of(1);

    start_all(pool);
    *state = pool;
    return 0;
}

static int set_up_short_log(void **state)
{
    struct pool_sim *pool = pool_of(2);

    pool->snapshot_entries = 50;
    pool->trailing_entries = 20;
    start_all(pool);
    *state = pool;
    return 0;
}

static int tear_down(void **state)
{
    pool_sim_free(*state);
    return 0;
}

static void assert_true_to_word(struct pool_sim *pool)
{
    assert_string_equal(pool->truth.violation.text, "");
}

/* Wait until all is as it should be. */
static void assert_calms(struct pool_sim *pool)
{
    bool calm = false;

    for (int i = 0; i < CALM_STEPS && !calm; i++) {
        pool_sim_pass(pool, 200 * MS);
        calm = pool_sim_is_calm(pool);
    }
    assert_true_to_word(pool);
    assert_true(calm);
}

static struct pool_node *leader_of(struct pool_sim *pool)
{
    struct pool_node *leader = pool_sim_leader(pool);

    assert_non_null(leader);
    return leader;
}

static struct pool_node *follower_of(struct pool_sim *pool)
{
    return &pool->nodes[leader_of(pool)->number % 3];
}

static void propose(struct pool_node *node, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_true(pool_sim_propose(node));
    }
}

static const struct replica_meters *meters_of(const struct pool_node *node)
{
    return replica_meters(node->replica);
}

/* Nothing was sent again only because it took too long. */
static void assert_none_late(struct pool_sim *pool)
{
    uint64_t late = pool->result.resent_late;

    for (unsigned i = 0; i < 3; i++) {
        if (pool->nodes[i].owner != NULL) {
            late += meter_count(&meters_of(&pool->nodes[i])->resent_late);
        }
    }
    assert_int_equal(late, 0);
}

static void cut_off(struct pool_node *node, bool cut)
{
    for (unsigned i = 0; i < 3; i++) {
        if (i + 1 != node->number) {
            network_cut(node->pool->network, node->number - 1, i, cut);
            network_cut(node->pool->network, i, node->number - 1, cut);
        }
    }
}

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

static size_t files_with(struct pool_node *node, const char *text)
{
    struct prefix prefix = {.text = text};

    disk_each(node->disk, count_prefix, &prefix);
    return prefix.n;
}

/* As long as nobody is there to copy it, no checkpoint is made, though the core
 * takes a peer for alive for a while after it has gone. */
static void test_snapshot__is_made_for_nobody(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *away = follower_of(pool);
    char prefix[64];

    pool_sim_kill(away);
    for (int i = 0; i < 20; i++) {
        propose(leader_of(pool), 50);
        pool_sim_pass(pool, 20 * MS);
        snprintf(prefix, sizeof(prefix), "/n%u/checkpoint/",
                 leader_of(pool)->number);
        assert_int_equal(files_with(leader_of(pool), prefix), 0);
    }
    assert_true(replica_status(leader_of(pool)->replica)->first_index > 100);
    pool_sim_start(away);
    assert_calms(pool);
    assert_int_equal(pool->result.restores, 1);
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

/* A log that is damaged is kept aside, and its node comes back as another
 * member, which takes the place of the old one. */
static void test_rot__node_comes_back_as_another(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = &pool->nodes[0];

    propose(node, 100);
    assert_calms(pool);
    pool_sim_kill(node);
    pool_sim_rot(node);
    pool_sim_start(node);
    assert_true(node->raft_id > 255);
    assert_int_equal(node->raft_id & 0xff, 1);
    assert_true(files_with(node, "/n1/rotted-") > 0);
    propose(node, 100);
    assert_calms(pool);
    assert_int_equal(pool->truth.sums.acknowledged, 200);
}

/* The same of a disk that was emptied; it votes under no name it had. */
static void test_empty__node_comes_back_as_another(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = leader_of(pool);

    propose(node, 100);
    assert_calms(pool);
    pool_sim_kill(node);
    pool_sim_empty(node);
    pool_sim_pass(pool, 3 * SECOND);
    pool_sim_start(node);
    assert_true(node->raft_id > 255);
    assert_calms(pool);
    assert_int_equal(owner_tally(node->owner)->count, 100);
}

/* A member that comes with another directory than the state knows is not let
 * in: what its disk promised is forgotten. */
static void test_forgotten__is_not_let_in(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);

    pool_sim_kill(node);
    for (unsigned i = 0; i < 3; i++) {
        if (pool->nodes[i].owner != NULL) {
            owner_forbid(pool->nodes[i].owner, node->raft_id);
        }
    }
    /* Who was let in before is asked for again when its process is new. */
    for (unsigned i = 0; i < 3; i++) {
        if (&pool->nodes[i] != node) {
            pool_sim_kill(&pool->nodes[i]);
            pool_sim_start(&pool->nodes[i]);
            owner_forbid(pool->nodes[i].owner, node->raft_id);
        }
    }
    pool_sim_start(node);
    pool_sim_pass(pool, 5 * SECOND);
    propose(leader_of(pool), 10);
    pool_sim_pass(pool, 2 * SECOND);
    assert_int_equal(pool->truth.sums.acknowledged, 10);
    assert_int_equal(owner_tally(node->owner)->count, 0);
    assert_int_equal(replica_status(node->replica)->leader, 0);
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
        RUN_IN(test_propose__survives_changes_of_leaders, set_up, tear_down),
        RUN_IN(test_propose__survives_lost_connections, set_up, tear_down),
        RUN_IN(test_propose__waits_for_a_leader, set_up, tear_down),
        RUN_IN(test_propose__survives_transfers, set_up, tear_down),
        RUN_IN(test_propose__is_bounded, set_up, tear_down),
        RUN_IN(test_withdraw__takes_back_what_was_not_sent, set_up, tear_down),
        RUN_IN(test_withdraw__comes_too_late, set_up, tear_down),
        RUN_IN(test_read__is_never_stale, set_up, tear_down),
        RUN_IN(test_read__ends_without_a_leader, set_up, tear_down),
        RUN_IN(test_read__deposed_leader_serves_none, set_up, tear_down),
        RUN_IN(test_snapshot__is_copied_through_crashes, set_up_short_log,
               tear_down),
        RUN_IN(test_snapshot__is_made_for_nobody, set_up_short_log, tear_down),
        RUN_IN(test_commit__is_heard_at_once, set_up, tear_down),
        RUN_IN(test_rot__node_comes_back_as_another, set_up, tear_down),
        RUN_IN(test_empty__node_comes_back_as_another, set_up, tear_down),
        RUN_IN(test_forgotten__is_not_let_in, set_up, tear_down),
        RUN_IN(test_full__node_steps_back_and_lives, set_up, tear_down),
        RUN_IN(test_slow__leader_hands_over, set_up, tear_down),
        RUN_IN(test_behind__owner_catches_up, set_up, tear_down),
        RUN_IN(test_transfer__tells_its_outcome, set_up, tear_down),
    };

    journal_capture(swallow, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
