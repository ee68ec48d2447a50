/* Whole replicas in the simulator, one part at a time by its own calls: what
 * only a late, lost or foreign message shows. */
#include "tests/unit/test.h"

#include "raft/replica/engine_parts.h"
#include "raft/replica/front.h"
#include "raft/replica/read_index_inner.h"
#include "tests/cluster/replica_scene.h"

enum {
    APPLY_ROUNDS = 60,
    APPLY_WORDS = 1000,
    BATCH_STEP_US = 50, /* Far less than a batch takes. */
};

static struct engine *engine_of(struct pool_node *node)
{
    return node->replica->engine;
}

static void hear(struct engine *engine, const struct pool_node *from,
                 const struct peer_message *message)
{
    struct peers_events events = engine_peers_events(engine);

    assert_int_equal(
        events.received(engine, (uint8_t)from->number, from->raft_id, message),
        ERROR_NONE);
}

/* --- Reads --- */

/* A read of the leader's own, whose pings nobody hears. */
static struct read_index *begin_round(struct pool_node *leader)
{
    struct read_index *reads = engine_of(leader)->reads;

    cut_off(leader, true);
    pool_sim_read(leader);
    for (int i = 0; i < 100 && reads->pinged.n == 0; i++) {
        pool_sim_pass(leader->pool, 10);
    }
    assert_int_equal(reads->pinged.n, 1);
    return reads;
}

/* A round holds when a majority has answered it: in its term, this round or a
 * later one, each voter once. */
static void test_read__counts_what_answers_it(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *leader = leader_of(pool), *voter = follower_of(pool);
    struct read_index *reads = begin_round(leader);
    const struct round *round = read_round_at(&reads->pinged, 0);
    struct peer_ping pong = {round->term, round->number};

    pong.seq--;
    read_on_pong(reads, voter->raft_id, &pong);
    assert_int_equal(reads->pinged.n, 1);
    pong.seq++;
    pong.term--;
    read_on_pong(reads, voter->raft_id, &pong);
    assert_int_equal(reads->pinged.n, 1);
    pong.term++;
    read_on_pong(reads, voter->raft_id | 0x900, &pong);
    assert_int_equal(reads->pinged.n, 1);
    read_on_pong(reads, voter->raft_id, &pong);
    assert_int_equal(reads->pinged.n, 0);
    cut_off(leader, false);
    assert_calms(pool);
    assert_int_equal(pool->truth.sums.reads, 1);
}

static uint64_t queued_reads(struct engine *engine, const struct pool_node *to)
{
    struct transport_stats stats;

    assert_int_equal(transport_stats_of(peers_transport(engine->peers),
                                        (uint8_t)to->number, &stats),
                     ERROR_NONE);
    return stats.queued_bytes[PEER_CLASS_READ];
}

/* A leader of the past is not told that it still leads. */
static void test_read__ping_of_the_past_is_not_answered(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *leader = leader_of(pool);
    struct engine *engine = engine_of(follower_of(pool));
    struct peer_message ping = {
        .kind = PEER_PING, .ping = {core_status(engine->core).term - 1, 7}};

    hear(engine, leader, &ping);
    assert_int_equal(queued_reads(engine, leader), 0);
    ping.ping.term++;
    hear(engine, leader, &ping);
    assert_true(queued_reads(engine, leader) > 0);
}

/* A follower's read on its way to the leader. */
static struct read_index *begin_asking(struct pool_node *node)
{
    struct read_index *reads = engine_of(node)->reads;

    pool_sim_read(node);
    for (int i = 0; i < 100 && reads->asked.n == 0; i++) {
        pool_sim_pass(node->pool, 10);
    }
    assert_int_equal(reads->asked.n, 1);
    return reads;
}

static void reply(struct pool_node *node, bool granted, uint64_t index)
{
    struct peer_message message = {
        .kind = PEER_READ_INDEX_REPLY,
        .read_index_reply = {engine_of(node)->reads->number, granted, index}};

    hear(engine_of(node), leader_of(node->pool), &message);
}

/* A read that was granted waits until what it must see is applied. */
static void test_read__waits_for_its_index(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    struct read_index *reads = begin_asking(node);

    reply(node, true, replica_status(node->replica)->commit_index + 1);
    pool_sim_pass(pool, 200 * MS);
    assert_false(STAILQ_EMPTY(&reads->granted));
    assert_int_equal(pool->truth.sums.reads, 0);
    propose(node, 1);
    assert_calms(pool);
    assert_true(STAILQ_EMPTY(&reads->granted));
    assert_int_equal(pool->truth.sums.reads, 1);
}

/* A leader that has refused is not asked again before the next tick. */
static void test_read__rests_when_refused(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    struct read_index *reads = begin_asking(node);

    reply(node, false, 0);
    assert_false(STAILQ_EMPTY(&reads->waiting));
    read_index_run(reads);
    assert_int_equal(reads->asked.n, 0);
    pool_sim_pass(pool, 2ull * ENGINE_TICK_MS * MS);
    assert_int_equal(pool->truth.sums.reads, 1);
}

/* One that has not answered for long is asked again. */
static void test_read__asks_again_when_it_is_late(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    struct read_index *reads = begin_asking(node);

    reads->asked_node = 0; /* So that what comes is not the answer. */
    pool_sim_pass(pool, 2 * SECOND);
    assert_int_equal(pool->truth.sums.reads, 1);
}

/* --- Proposals --- */

static size_t under_way(struct pool_node *leader)
{
    return core_status(engine_of(leader)->core).batches;
}

/* Begin a batch of one word, and then propose n more. */
static void propose_beside(struct pool_node *leader, unsigned n)
{
    propose(leader, 1);
    pool_sim_pass(leader->pool, BATCH_STEP_US);
    assert_int_equal(under_way(leader), 1);
    propose(leader, n);
    pool_sim_pass(leader->pool, BATCH_STEP_US);
}

/* A few words wait for the batch that is under way and go together when it
 * ends: that turn, not some tick later. */
static void test_propose__few_wait_for_the_batch_before(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *leader = leader_of(pool);
    const struct meter_counter *batches = &meters_of(leader)->batches;
    uint64_t before = meter_count(batches);

    propose_beside(leader, ENGINE_SECOND_BATCH_ENTRIES - 1);
    assert_int_equal(under_way(leader), 1);
    for (int i = 0; meter_count(batches) < before + 2; i++) {
        assert_int_equal(under_way(leader), 1);
        assert_in_range(i, 0, SECOND / BATCH_STEP_US);
        pool_sim_pass(pool, BATCH_STEP_US);
    }
    assert_calms(pool);
    assert_int_equal(meter_count(batches), before + 2);
}

/* Many do not: their own batch goes beside it. */
static void test_propose__many_go_beside_the_batch_before(void **state)
{
    struct pool_node *leader = leader_of(*state);

    propose_beside(leader, ENGINE_SECOND_BATCH_ENTRIES);
    assert_int_equal(under_way(leader), 2);
    assert_calms(*state);
}

/* A batch that is lost with its leadership keeps nobody waiting: the few go by
 * way of the next leader, soon. */
static void test_propose__few_outlive_the_batch_before(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *leader = leader_of(pool);

    propose(leader, 1);
    cut_off(leader, true);
    pool_sim_pass(pool, BATCH_STEP_US);
    propose(leader, 3);
    pool_sim_pass(pool, 5 * SECOND);
    assert_int_equal(under_way(leader), 0);
    assert_int_equal(owner_waiting(leader->owner), 4);
    cut_off(leader, false);
    pool_sim_pass(pool, SECOND);
    assert_int_equal(owner_waiting(leader->owner), 0);
    assert_none_late(pool);
}

/* A follower that was asked for patience has it. */
static void test_propose__waits_as_it_was_asked_to(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = follower_of(pool);
    struct peer_message busy = {.kind = PEER_PROPOSE_BUSY,
                                .propose_busy = {.retry_ms = 500}};

    hear(engine_of(node), leader_of(pool), &busy);
    propose(node, 1);
    pool_sim_pass(pool, 400 * MS);
    assert_int_equal(owner_waiting(node->owner), 1);
    pool_sim_pass(pool, 200 * MS);
    assert_int_equal(owner_waiting(node->owner), 0);
}

/* A leader whose owner is behind takes no more, and leads on: its own disk is
 * not made to look slow, as a follower's is. */
static void test_behind__leader_leads_on(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *leader = leader_of(pool), *node = follower_of(pool);
    uint64_t term = replica_status(leader->replica)->term, first_index;
    uint8_t noop[TALLY_COMMAND_BYTES_MIN];
    struct proposal *stale;
    struct slice bytes;

    tally_command(TALLY_NOOP, 0, noop, sizeof(noop));
    stale = proposal_new((uint8_t)leader->number, 1, 1,
                         slice_of(noop, sizeof(noop)));
    bytes = slice_of(stale->bytes, stale->len);
    owner_pause(leader->owner, true);
    for (int i = 0;
         i < APPLY_ROUNDS && !commits_is_behind(engine_of(leader)->commits);
         i++) {
        propose(node, APPLY_WORDS);
        pool_sim_pass(pool, 100 * MS);
    }
    assert_true(commits_is_behind(engine_of(leader)->commits));
    assert_int_equal(
        core_propose(engine_of(leader)->core, &bytes, 1, &first_index),
        ERROR_NONE);
    memo_free(&stale->letter);
    pool_sim_pass(pool, 5 * SECOND);
    assert_int_equal(replica_status(leader->replica)->term, term);
    assert_int_equal(meter_count(&meters_of(leader)->hand_overs), 0);
    owner_pause(leader->owner, false);
    assert_calms(pool);
}

/* --- Handing over --- */

static void stall(struct pool_node *node)
{
    engine_of(node)->disk.hand_over = true; /* As the log store tells. */
    pool_sim_pass(node->pool, SECOND);
}

static void lead(struct pool_node *node)
{
    struct pool_sim *pool = node->pool;

    replica_transfer(leader_of(pool)->replica, (uint8_t)node->number, NULL,
                     NULL);
    pool_sim_pass(pool, 2 * SECOND);
    assert_ptr_equal(leader_of(pool), node);
}

/* A leader whose disk stalls hands over, and not again for a while: where all
 * disks are slow, leadership would go round for ever. */
static void test_hand_over__not_too_often(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *node = leader_of(pool);

    stall(node);
    assert_ptr_not_equal(leader_of(pool), node);
    lead(node);
    stall(node);
    assert_ptr_equal(leader_of(pool), node);
    pool_sim_pass(pool, (uint64_t)REPLICA_HAND_OVER_MS * MS);
    stall(node);
    assert_ptr_not_equal(leader_of(pool), node);
    assert_int_equal(meter_count(&meters_of(node)->hand_overs), 2);
}

static void note_error(void *context, enum error error)
{
    *(enum error *)context = error;
}

/* While one transfer's outcome is owed no other begins, though the core would
 * take it. */
static void test_transfer__one_at_a_time(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *leader = leader_of(pool), *heir = follower_of(pool);
    uint32_t election_ms = engine_of(leader)->core_settings.election_ms;
    enum error first = ERROR_COUNT, second = ERROR_COUNT;

    cut_off(heir, true);
    replica_transfer(leader->replica, (uint8_t)heir->number, note_error,
                     &first);
    pool_sim_pass(pool, (uint64_t)election_ms * MS * 3 / 2);
    replica_transfer(leader->replica, 0, note_error, &second);
    pool_sim_pass(pool, 10 * MS);
    assert_int_equal(second, ERROR_BUSY);
    assert_int_equal(first, ERROR_COUNT);
    pool_sim_pass(pool, (uint64_t)election_ms * MS);
    assert_int_equal(first, ERROR_TIMED_OUT);
    cut_off(heir, false);
    assert_calms(pool);
}

/* --- Snapshots --- */

/* A snapshot is taken only where the last entry that the owner was given ends,
 * so that a start finds no gap. */
static void test_snapshot__is_taken_where_the_owner_ends(void **state)
{
    struct pool_sim *pool = *state;
    struct engine *engine = engine_of(leader_of(pool));
    struct core_hooks hooks;
    uint64_t given;

    propose(leader_of(pool), 10);
    assert_calms(pool);
    engine_core_hooks(engine, &hooks);
    given = commits_given(engine->commits);
    assert_true(hooks.may_snapshot(engine, given));
    assert_false(hooks.may_snapshot(engine, given + 1));
    assert_false(hooks.may_snapshot(engine, given - 1));
    engine->snapshots.restoring = true;
    assert_false(hooks.may_snapshot(engine, given));
    engine->snapshots.restoring = false;
}

/* A checkpoint of a state that is behind what the log was cut at is none: the
 * peer waits until the owner has applied the rest. */
static void test_snapshot__waits_for_an_owner_that_is_behind(void **state)
{
    struct pool_sim *pool = *state;
    struct pool_node *leader = leader_of(pool), *away = follower_of(pool);
    struct pool_node *third = &pool->nodes[away->number % 3];

    pool_sim_kill(away);
    for (int i = 0; i < 4; i++) {
        propose(leader, 50);
        pool_sim_pass(pool, 300 * MS);
    }
    owner_pause(leader->owner, true);
    propose(third, 30);
    pool_sim_pass(pool, 300 * MS);
    pool_sim_start(away);
    pool_sim_pass(pool, 5 * SECOND);
    assert_ptr_equal(leader_of(pool), leader);
    assert_int_equal(pool->result.restores, 0);
    owner_pause(leader->owner, false);
    assert_calms(pool);
    assert_int_equal(pool->result.restores, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_SCENE(test_read__counts_what_answers_it),
        RUN_SCENE(test_read__ping_of_the_past_is_not_answered),
        RUN_SCENE(test_read__waits_for_its_index),
        RUN_SCENE(test_read__rests_when_refused),
        RUN_SCENE(test_read__asks_again_when_it_is_late),
        RUN_SCENE(test_propose__few_wait_for_the_batch_before),
        RUN_SCENE(test_propose__many_go_beside_the_batch_before),
        RUN_SCENE(test_propose__few_outlive_the_batch_before),
        RUN_SCENE(test_propose__waits_as_it_was_asked_to),
        RUN_SCENE(test_behind__leader_leads_on),
        RUN_SCENE(test_hand_over__not_too_often),
        RUN_SCENE(test_transfer__one_at_a_time),
        RUN_SCENE(test_snapshot__is_taken_where_the_owner_ends),
        RUN_SCENE_SHORT_LOG(test_snapshot__waits_for_an_owner_that_is_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
