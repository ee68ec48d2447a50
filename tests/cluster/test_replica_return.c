/* Whole replicas in the simulator: nodes that come back with a damaged disk, an
 * empty one, or one whose raft id is none of the pool's any more. */
#include "tests/unit/test.h"

#include "raft/replica/engine_parts.h"
#include "raft/replica/front.h"
#include "raft/replica/membership.h"
#include "tests/cluster/replica_scene.h"

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
    assert_true(scene_files(node, "rotted-") > 0);
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

/* A disk that was exchanged for an empty one, so that its raft id was removed,
 * is put back: who comes up with it is that raft id. */
static struct pool_node *removed_node(struct pool_sim *pool, uint64_t *id_out)
{
    struct pool_node *node = follower_of(pool);

    *id_out = node->raft_id;
    propose(node, 100);
    assert_calms(pool);
    for (int i = 0; i < 2; i++) {
        pool_sim_kill(node);
        pool_sim_exchange(node);
        pool_sim_start(node);
        if (i == 0) {
            assert_calms(pool);
            assert_int_not_equal(node->raft_id, *id_out);
        }
    }
    assert_int_equal(node->raft_id, *id_out);
    return node;
}

/* A raft id that was removed while it was away does not get in again: its node
 * comes back by itself under another, its old log aside. */
static void test_removed__node_comes_back_as_another(void **state)
{
    struct pool_sim *pool = *state;
    uint64_t removed;
    struct pool_node *node = removed_node(pool, &removed);

    pool_sim_pass(pool, (ENGINE_RETURN_MS - 1000) * MS);
    assert_int_equal(node->raft_id, removed);
    assert_false(replica_status(node->replica)->needs_operator);
    pool_sim_pass(pool, 5 * SECOND);
    assert_int_not_equal(node->raft_id, removed);
    assert_int_equal(node->raft_id & 0xff, node->number);
    assert_true(scene_files(node, "rotted-") > 0);
    propose(node, 100);
    assert_calms(pool);
    assert_int_equal(pool->truth.sums.acknowledged, 200);
}

static void keep_out(struct pool_sim *pool, bool keep_out)
{
    for (unsigned i = 0; i < 3; i++) {
        owner_keep_out(pool->nodes[i].owner, keep_out);
    }
    pool_sim_pass(pool, 3 * SECOND);
}

/* Not even who is a candidate is answered. */
static void assert_hears_no_raft(struct pool_node *node)
{
    struct engine *engine = node->replica->engine;
    struct peers_events events = engine_peers_events(engine);
    struct core_status before = core_status(engine->core), after;
    struct peer_message vote = {
        .kind = PEER_REQUEST_VOTE,
        .request_vote = {.term = before.term + 9,
                         .candidate_id = leader_of(node->pool)->raft_id,
                         .last_log_index = before.last_index + 1000,
                         .last_log_term = before.term + 8,
                         .disrupt_leader = true}};

    assert_int_equal(events.received(engine,
                                     (uint8_t)leader_of(node->pool)->number,
                                     leader_of(node->pool)->raft_id, &vote),
                     ERROR_NONE);
    after = core_status(engine->core);
    assert_int_equal(after.term, before.term);
}

/* Where the policy leaves that to an operator it stays out, votes no more, and
 * says so, until the operator lets it in. */
static void test_removed__policy_keeps_it_out(void **state)
{
    struct pool_sim *pool = *state;
    uint64_t removed;
    struct pool_node *node = removed_node(pool, &removed);

    keep_out(pool, true);
    pool_sim_pass(pool, 2 * ENGINE_RETURN_MS * MS);
    assert_int_equal(node->raft_id, removed);
    assert_true(replica_status(node->replica)->needs_operator);
    assert_hears_no_raft(node);
    assert_false(replica_status(leader_of(pool)->replica)->needs_operator);
    keep_out(pool, false);
    assert_calms(pool);
    assert_int_not_equal(node->raft_id, removed);
    assert_false(replica_status(node->replica)->needs_operator);
}

/* So does a new incarnation that is not let in; when it is, or nobody leads
 * any more, it says so no longer. */
static void test_empty__policy_keeps_it_out(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    uint64_t id;

    keep_out(pool, true);
    pool_sim_kill(node);
    pool_sim_empty(node);
    pool_sim_start(node);
    pool_sim_pass(pool, 5 * SECOND);
    id = node->raft_id;
    assert_true(replica_status(node->replica)->needs_operator);
    cut_off(node, true);
    pool_sim_pass(pool, (ENGINE_TOLD_MS + 1000) * MS);
    assert_false(replica_status(node->replica)->needs_operator);
    cut_off(node, false);
    owner_keep_out(leader_of(pool)->owner, false);
    assert_calms(pool);
    assert_int_equal(node->raft_id, id);
}

/* A removed raft id whose connection breaks now and then, as two machines that
 * take themselves for one node do to each other, displaces nobody. */
static void test_removed__unsteady_node_stays_out(void **state)
{
    struct pool_sim *pool = *state;
    uint64_t removed;
    struct pool_node *node = removed_node(pool, &removed);

    for (int i = 0; i < 5; i++) {
        pool_sim_pass(pool, (ENGINE_RETURN_MS - 5000) * MS);
        cut_off(node, true);
        pool_sim_pass(pool, 3 * SECOND);
        cut_off(node, false);
    }
    assert_int_equal(node->raft_id, removed);
    assert_calms(pool);
}

/* What a leader of the past says of a member does not count. */
static void test_removed__old_leader_is_not_believed(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    struct engine *engine = node->replica->engine;
    struct peer_no_member told = {core_status(engine->core).term - 1, true};

    engine_outside_hear(engine, &told);
    assert_false(engine->dead);
    assert_false(engine->outside.removed);
    told.term++;
    engine_outside_hear(engine, &told);
    assert_true(engine->dead);
    pool_sim_pass(pool, 3 * SECOND);
    assert_true(node->raft_id > 255);
    assert_calms(pool);
}

/* A leader that does not know the policy yet decides nothing; one that may not
 * change anything yet may not know who is a member, and tells nobody. */
static void test_removed__leader_knows_before_it_tells(void **state)
{
    struct pool_sim *pool = *state;
    struct engine *engine = leader_of(pool)->replica->engine;
    struct core_peers members = core_peers(engine->core);
    struct reconcile_input input = {.self = engine->identity.raft_id,
                                    .may_change = true,
                                    .peers = &members,
                                    .nodes = engine->membership.nodes,
                                    .n_nodes = 3};

    engine_membership_begin(engine);
    engine->membership.reason = RECONCILE_REASONS;
    engine->outside.told_us = 0;
    engine_membership_step(engine);
    assert_int_equal(engine->membership.reason, RECONCILE_REASONS);
    assert_int_equal(engine->outside.told_us, 0);
    pool_sim_pass(pool, SECOND);
    assert_int_equal(engine->membership.reason, RECONCILE_FOR_SETTLED);
    engine->outside.told_us = 0;
    input.may_change = false;
    engine_outside_tell(engine, &input);
    assert_int_equal(engine->outside.told_us, 0);
    input.may_change = true;
    engine_outside_tell(engine, &input);
    assert_int_not_equal(engine->outside.told_us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_SCENE(test_rot__node_comes_back_as_another),
        RUN_SCENE(test_empty__node_comes_back_as_another),
        RUN_SCENE(test_forgotten__is_not_let_in),
        RUN_SCENE(test_removed__node_comes_back_as_another),
        RUN_SCENE(test_removed__policy_keeps_it_out),
        RUN_SCENE(test_empty__policy_keeps_it_out),
        RUN_SCENE(test_removed__unsteady_node_stays_out),
        RUN_SCENE(test_removed__old_leader_is_not_believed),
        RUN_SCENE(test_removed__leader_knows_before_it_tells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
