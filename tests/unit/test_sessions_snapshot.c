/* The state is replaced by another node's while clients are connected. */
#include "node/chat/query.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, stage_setup, stage_teardown)

#define ASK_LOBBY                                                              \
    "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY         \
    "\"/></data></cmd></xccos>"
#define ASK_NONE                                                               \
    "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY         \
    "\"/><bcq><last cnt=\"0\"/></bcq></data></cmd></xccos>"
#define JOIN_LOBBY                                                             \
    "<xccos ver=\"1\" envid=\"6\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:join\" seqid=\"1\"><data><chanid key=\"0\" "                \
    "domain=\"example.com\" value=\"" LOBBY_ID "\"/></data></cmd></xccos>"

/* A post that others applied while we were away has happened once: its author
 * is answered 200 from the state's outcomes. He and all who are in rooms have
 * missed what was said, and come back to read it. */
static void test_restore__own_posts_are_answered(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), idle = stage_dial(s, BOB, "b");
    uint64_t first, second;

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_say(s, alice, ASK_LOBBY);
    stage_expect(s, alice, "rpl:bccontext");
    stage_confirm(s, alice, fake_replica_last(s->replica), 2);
    first = stage_post(s, alice, ALICE, LOBBY, "unseen");
    second = stage_post(s, alice, BOB, LOBBY, "by another");
    assert_int_equal(stage_answer(s, alice, second)->status, 403);
    second = stage_post(s, alice, ALICE, LOBBY, "unseen, too");
    fake_replica_blind(s->replica, true);
    fake_replica_commit(s->replica, 2);
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    fake_replica_blind(s->replica, false);
    stage_snapshot(s);
    assert_int_equal(stage_answer(s, alice, first)->status, 200);
    assert_int_equal(stage_answer(s, alice, second)->status, 200);
    stage_expect_close(s, alice, "state_replaced");
    assert_int_equal(fake_replica_told(s->replica)->restores, 1);
    stage_expect_none(s, idle);
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_say(s, alice, ASK_NONE);
    stage_expect(s, alice, "<chat>unseen</chat>"); /* Though none was asked. */
    stage_talk(s, alice, ALICE, LOBBY, "on");
    stage_expect(s, alice, " chatId=\"3\" ");
}

/* A post the snapshot does not have is proposed on, and answered later. */
static void test_restore__later_posts_wait(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    fake_replica_blind(s->replica, true);
    stage_user(s, "sip:dora@example.com");
    fake_replica_blind(s->replica, false);
    token = stage_post(s, alice, ALICE, LOBBY, "later");
    stage_snapshot(s);
    stage_expect_close(s, alice, "state_replaced");
    stage_expect_none(s, alice);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 200);
}

/* Whether an unseen join let the client in, the state knows, but its reply
 * cannot be made up: the client asks again. */
static void test_restore__joins_ask_again(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_send(s, alice, JOIN_LOBBY);
    fake_replica_blind(s->replica, true);
    fake_replica_commit(s->replica, 2);
    fake_replica_blind(s->replica, false);
    stage_snapshot(s);
    stage_expect_close(s, alice, "join_unknown");
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
}

/* The pool gave us up while we were away: our sessions are over, and another
 * start of this node that we did not see says nothing of what we proposed
 * before it. */
static void test_restore__epoch_is_over(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    Perch__NodeStarted started = PERCH__NODE_STARTED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct pool_view pool;

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_post(s, alice, ALICE, LOBBY, "whether or not");
    fake_replica_blind(s->replica, true);
    fake_replica_commit(s->replica, 1);
    CODEC_SET_BYTES(&started, start_id, SLICE_LITERAL("a foreign start!"));
    CODEC_SET(&started, raft_id, 1);
    CODEC_SET(&started, rules_known, 1);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &started;
    fake_replica_add(s->replica, 1, 0, 0, &command);
    fake_replica_blind(s->replica, false);
    stage_snapshot(s);
    stage_expect_close(s, alice, "post_unknown");
    stage_expect_none(s, alice);
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    query_pool(applier_machine(state_loop_applier(s->state)), &pool);
    assert_int_equal(pool.sessions, 0);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "on");
}

/* The store is not taken away while a history is read from it; what is asked
 * in between waits for the new one. */
static void test_restore__waits_for_readers(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "before");
    fake_replica_blind(s->replica, true);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "unseen");
    fake_replica_blind(s->replica, false);
    fake_loop_hold(s->loop, true);
    stage_send(s, alice, ASK_LOBBY);
    fake_replica_answer_reads_at(s->replica, 1);
    stage_snapshot(s);
    fake_loop_settle(s->loop);
    stage_send(s, bob, ASK_LOBBY);
    fake_replica_answer_reads_at(s->replica, 1);
    assert_int_equal(fake_replica_told(s->replica)->restores, 0);
    stage_expect_none(s, alice);
    fake_loop_hold(s->loop, false);
    stage_expect(s, alice, "<chat>before</chat></msg></chanib>");
    assert_int_equal(fake_replica_told(s->replica)->restores, 1);
    stage_expect(s, bob, "<chat>before</chat></msg></chanib>");
}

static void count_release(void *context)
{
    unsigned *released = context;

    *released += 1;
}

/* The store is let go when the last that reads it has ended, and at once when
 * nobody does. */
static void test_release__after_the_last_reader(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    struct applier *applier = state_loop_applier(s->state);
    struct sessions_state now = {applier_machine(applier),
                                 applier_store(applier),
                                 applier_applied(applier)};
    unsigned released = 0;

    fake_loop_hold(s->loop, true);
    stage_send(s, alice, ASK_LOBBY);
    fake_replica_answer_reads(s->replica, ERROR_NONE);
    sessions_release(s->sessions, count_release, &released);
    fake_loop_settle(s->loop);
    assert_int_equal(released, 0);
    fake_loop_hold(s->loop, false);
    stage_expect(s, alice, "rpl:bccontext");
    assert_int_equal(released, 1);
    sessions_restored(s->sessions, &now);
    fake_loop_settle(s->loop); /* The catalog has looked through it. */
    sessions_release(s->sessions, count_release, &released);
    assert_int_equal(released, 2);
    sessions_restored(s->sessions, &now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_restore__own_posts_are_answered),
        IN(test_restore__later_posts_wait),
        IN(test_restore__joins_ask_again),
        IN(test_restore__epoch_is_over),
        IN(test_restore__waits_for_readers),
        IN(test_release__after_the_last_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
