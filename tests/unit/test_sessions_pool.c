/* A node among others: epochs, marks, lost nodes, snapshots, dialogs that
 * break, and load. */
#include <stdio.h>
#include <stdlib.h>

#include "node/chat/list.h"
#include "node/chat/query.h"
#include "node/chat/view.h"
#include "node/session/duties.h"
#include "node/session/outbox.h"
#include "node/session/pressure.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, stage_setup, stage_teardown)

#define ASK_LOBBY                                                              \
    "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY         \
    "\"/></data></cmd></xccos>"
#define JOIN_LOBBY                                                             \
    "<xccos ver=\"1\" envid=\"6\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:join\" seqid=\"1\"><data><chanid key=\"0\" "                \
    "domain=\"example.com\" value=\"" LOBBY_ID "\"/></data></cmd></xccos>"

static const struct machine *machine_of(struct stage *s)
{
    return applier_machine(state_loop_applier(s->state));
}

static uint64_t sessions_in_pool(struct stage *s)
{
    struct pool_view pool;

    query_pool(machine_of(s), &pool);
    return pool.sessions;
}

static struct node_view our_node(struct stage *s)
{
    struct node_view node;

    assert_true(query_node(machine_of(s), 1, &node));
    return node;
}

/* A dialog costs the pool nothing until it needs a session, and one session is
 * all it gets. */
static void test_session__opens_when_needed(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_say(s, alice, ASK_LOBBY);
    stage_expect(s, alice, "rpl:bccontext");
    assert_int_equal(sessions_in_pool(s), 0);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, alice, DESK_ID, NULL);
    assert_int_equal(sessions_in_pool(s), 1);
    stage_hang_up(s, alice, DIALOG_LEFT, 0, 0);
    stage_commit(s);
    assert_int_equal(sessions_in_pool(s), 0);
    assert_int_equal(meter_level(&sessions_meters(s->sessions)->callers), 0);
    assert_int_equal(meter_level(&sessions_meters(s->sessions)->sessions), 0);
    assert_int_equal(meter_level(&sessions_meters(s->sessions)->seats), 0);
}

/* A session that cannot be opened is the reason why its joins are refused. */
static void test_session__open_is_refused(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), again;

    stage_set(s, SETTING_USER_SESSIONS_MAX, 1);
    stage_join(s, alice, LOBBY_ID, NULL);
    again = stage_dial(s, ALICE, "a2");
    stage_say(s, again, JOIN_LOBBY);
    stage_expect(s, again,
                 "413\">ERROR_LIMIT_EXCEEDED: the user has as many sessions");
    stage_hang_up(s, alice, DIALOG_LEFT, 0, 0);
    stage_commit(s);
    stage_say(s, again, JOIN_LOBBY);
    stage_expect(s, again, "200\">SUCCESS_OK");
}

/* A dialog that closes while its session is being opened leaves none. */
static void test_session__closed_while_opening(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_send(s, alice, JOIN_LOBBY);
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    assert_int_equal(sessions_in_pool(s), 0);
    stage_expect_none(s, alice);
}

/* A close that cannot be proposed now is proposed when there is room. */
static void test_session__close_is_retried(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_join(s, alice, LOBBY_ID, NULL);
    fake_replica_busy(s->replica, true);
    stage_hang_up(s, alice, DIALOG_LEFT, 0, 0);
    stage_commit(s);
    assert_int_equal(sessions_in_pool(s), 1);
    fake_replica_busy(s->replica, false);
    stage_pass(s, 200);
    stage_commit(s);
    assert_int_equal(sessions_in_pool(s), 0);
}

/* Who is disabled is put out of the pool, and his connection closed. */
static void test_session__user_is_disabled(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    Perch__UserChange change = PERCH__USER_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    stage_join(s, bob, LOBBY_ID, NULL);
    CODEC_SET_BYTES(&change, uri, SLICE_LITERAL(BOB));
    CODEC_SET(&change, disabled, true);
    command.kind_case = PERCH__COMMAND__KIND_USER_CHANGE;
    command.user_change = &change;
    stage_administer(s, &command);
    stage_expect_close(s, bob, "session_ended");
    stage_hang_up(s, bob, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    stage_expect_none(s, bob);
}

/* Nothing that is applied again is told again. */
static void test_entries__duplicates_are_silent(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "once");
    stage_expect(s, alice, "once");
    fake_replica_repeat(s->replica);
    stage_expect_none(s, alice);
    stage_talk(s, alice, ALICE, LOBBY, "and on");
    stage_expect(s, alice, " chatId=\"2\" ");
}

static Perch__Command *foreign_start(void)
{
    static Perch__NodeStarted started;
    static Perch__Command command;

    perch__node_started__init(&started);
    perch__command__init(&command);
    CODEC_SET_BYTES(&started, start_id, SLICE_LITERAL("a foreign start!"));
    CODEC_SET(&started, raft_id, 1);
    CODEC_SET(&started, rules_known, 1);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &started;
    return &command;
}

/* A late start of an earlier process ends our epoch: what waited is answered
 * 503, for the pool refuses it; its sessions are over; a new epoch follows. */
static void test_epoch__foreign_start(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t token, epoch = our_node(s).epoch;

    stage_join(s, alice, LOBBY_ID, NULL);
    token = stage_post(s, alice, ALICE, LOBBY, "in between");
    fake_replica_add(s->replica, 1, 0, 0, foreign_start());
    assert_int_equal(stage_answer(s, alice, token)->status, 503);
    stage_expect_close(s, alice, "session_ended");
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    assert_true(our_node(s).epoch > epoch + 1);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "after");
    stage_expect(s, alice, " chatId=\"1\" ");
}

/* Before the epoch has begun proposals wait, in their order. */
static void test_epoch__what_comes_before_it(void **state)
{
    struct stage *s = *state;
    edge_ref alice;
    uint64_t token;

    stage_end(s, STAGE_KILLED);
    stage_start(s);
    fake_replica_replay(s->replica, 1, 1000);
    alice = stage_dial(s, ALICE, "a1");
    stage_send(s, alice, JOIN_LOBBY);
    token = stage_post(s, alice, ALICE, LOBBY, "early");
    assert_int_equal(fake_replica_waiting(s->replica), 1);
    stage_commit(s);
    stage_expect(s, alice, "rpl:join");
    assert_int_equal(stage_answer(s, alice, token)->status, 200);
    stage_expect(s, alice, "early");
}

/* A process that comes back ends the sessions of the one before, by its new
 * epoch; others are told that they have gone. */
static void test_epoch__restart_ends_sessions(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_join(s, alice, LOBBY_ID, NULL);
    assert_int_equal(sessions_in_pool(s), 1);
    stage_end(s, STAGE_POWER_CUT);
    stage_start(s);
    fake_replica_replay(s->replica, 1, 3);
    assert_int_equal(sessions_in_pool(s), 1);
    stage_commit(s);
    assert_int_equal(sessions_in_pool(s), 0);
}

/* What clients confirm is committed at most once a second, and only when it
 * has moved; who has not confirmed all is excepted. */
static void test_mark__says_who_was_told(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    uint64_t told;

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_say(s, alice, ASK_LOBBY);
    stage_say(s, bob, ASK_LOBBY);
    stage_talk(s, alice, ALICE, LOBBY, "hi");
    told = fake_replica_last(s->replica);
    stage_pass(s, DUTIES_TICK_MS + 100);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
    stage_confirm(s, alice, told, 9);
    stage_confirm(s, alice, told, 9);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
    stage_pass(s, DUTIES_TICK_MS + 100);
    assert_int_equal(fake_replica_waiting(s->replica), 1);
    stage_commit(s);
    assert_int_equal(our_node(s).delivered_index, told);
    stage_pass(s, DUTIES_TICK_MS * 3);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
    /* The node is lost: what it had marked is what is known of its people. */
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "one");
    stage_end(s, STAGE_KILLED);
    stage_start(s);
    fake_replica_replay(s->replica, 1, 1000);
    stage_commit(s);
    alice = stage_dial(s, ALICE, "a1");
    bob = stage_dial(s, BOB, "b1");
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_forget(s);
    stage_say(s, alice,
              "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"
              "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY
              "\"/><bcq><last cnt=\"0\"/></bcq></data></cmd></xccos>");
    assert_null(
        strstr(stage_expect(s, alice, " chatId=\"2\" "), " chatId=\"1\" "));
    stage_say(s, bob,
              "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"
              "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY
              "\"/><bcq><last cnt=\"0\"/></bcq></data></cmd></xccos>");
    assert_non_null(
        strstr(stage_expect(s, bob, " chatId=\"2\" "), " chatId=\"1\" "));
}

#define ASK_NONE                                                               \
    "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY         \
    "\"/><bcq><last cnt=\"0\"/></bcq></data></cmd></xccos>"

/* A session whose join is under way has been told nothing of the room: a mark
 * that is made meanwhile does not hold for it. */
static void test_mark__spares_who_is_joining(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), alice = stage_dial(s, ALICE, "a1");

    stage_join(s, bob, LOBBY_ID, NULL);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_say(s, alice, ASK_LOBBY);
    stage_hang_up(s, alice, DIALOG_DROPPED, fake_replica_last(s->replica), 2);
    stage_commit(s);
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "missed");
    alice = stage_dial(s, ALICE, "a1");
    stage_send(s, alice, JOIN_LOBBY);
    fake_replica_commit(s->replica, 1); /* The session alone. */
    stage_other_post(s, CAROL, 5, LOBBY_ID, "later");
    stage_confirm(s, bob, fake_replica_last(s->replica), 9);
    stage_pass(s, DUTIES_TICK_MS + 100);
    stage_commit(s);
    stage_end(s, STAGE_KILLED);
    stage_start(s);
    fake_replica_replay(s->replica, 1, 1000);
    stage_commit(s);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_say(s, alice, ASK_NONE);
    stage_expect(s, alice, "<chat>missed</chat>");
}

static void change_status(struct stage *s, enum replica_role role,
                          bool sees_other)
{
    struct replica_status status = {
        .role = role,
        .n = 2,
        .members = {{.node = 1, .connected = true},
                    {.node = 2, .connected = sees_other}}};
    const struct replica_events *events = fake_replica_events(s->replica);

    events->changed(events->context, &status);
}

/* The leader gives up a node that it has not seen for the whole lease: its
 * sessions end, once. */
static void test_node_lost__after_the_lease(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_expect(s, alice, "ntc:join");
    change_status(s, REPLICA_FOLLOWER, false);
    stage_pass(s, NODE_LEASE_MS * 2);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
    change_status(s, REPLICA_LEADER, false);
    stage_pass(s, NODE_LEASE_MS - 2000);
    change_status(s, REPLICA_LEADER, true);
    stage_pass(s, 2000);
    change_status(s, REPLICA_LEADER, false);
    stage_pass(s, NODE_LEASE_MS - 2000);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
    stage_pass(s, 4000);
    assert_int_equal(fake_replica_waiting(s->replica), 1);
    stage_commit(s);
    stage_expect(s, alice, "ntc:part");
    assert_int_equal(sessions_in_pool(s), 1);
    stage_pass(s, NODE_LEASE_MS * 2);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
}

/* Our own sessions are over when the pool gives us up: whoever is connected
 * here comes back to be told the truth. */
static void test_node_lost__is_us(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    Perch__NodeLost lost = PERCH__NODE_LOST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    stage_join(s, alice, LOBBY_ID, NULL);
    CODEC_SET(&lost, node, 1);
    CODEC_SET(&lost, epoch, our_node(s).epoch);
    command.kind_case = PERCH__COMMAND__KIND_NODE_LOST;
    command.node_lost = &lost;
    stage_other(s, &command);
    stage_expect_close(s, alice, "session_ended");
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "back");
}

/* A client that got a 481 is put back into its rooms without knowing, when
 * nothing was missed. */
static void test_resume__rooms_are_restored(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), alice, again;

    stage_join(s, bob, LOBBY_ID, NULL);
    alice = stage_dial_on(s, 0, 500, ALICE, "a1", false);
    stage_join(s, alice, LOBBY_ID, DESK_ID, NULL);
    stage_hang_up(s, alice, DIALOG_DROPPED, fake_replica_last(s->replica), 1);
    again = stage_dial_on(s, 0, 500, ALICE, "a1", true);
    stage_commit(s);
    stage_expect_none(s, again);
    stage_forget(s);
    stage_talk(s, bob, BOB, LOBBY, "are you there?");
    stage_expect(s, again, "are you there?");
    stage_talk(s, again, ALICE, DESK, "yes");
    stage_expect(s, again, "yes");
    assert_int_equal(meter_count(&sessions_meters(s->sessions)->returns), 1);
}

/* Its client does not know of the join: what it asks is not cut off there. */
static void test_resume__history_is_of_now(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), alice;

    stage_join(s, bob, LOBBY_ID, NULL);
    alice = stage_dial_on(s, 0, 500, ALICE, "a1", false);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_hang_up(s, alice, DIALOG_DROPPED, fake_replica_last(s->replica), 1);
    alice = stage_dial_on(s, 0, 500, ALICE, "a1", true);
    stage_commit(s);
    stage_talk(s, bob, BOB, LOBBY, "since then");
    stage_expect(s, alice, "since then");
    stage_say(s, alice,
              "<xccos ver=\"1\" envid=\"5\" "
              "xmlns=\"urn:parlano:xml:ns:xccos\">"
              "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY
              "\"/><bcq><last cnt=\"1\"/></bcq></data></cmd></xccos>");
    assert_non_null(
        strstr(stage_expect(s, alice, "rpl:bccontext"), "since then"));
}

/* With something missed the connection is closed, so that the client asks. */
static void test_resume__with_a_gap(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial_on(s, 0, 500, ALICE, "a1", false);

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_hang_up(s, alice, DIALOG_DROPPED, fake_replica_last(s->replica), 1);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "in between");
    alice = stage_dial_on(s, 0, 500, ALICE, "a1", true);
    stage_commit(s);
    stage_expect_close(s, alice, "resumed_with_a_gap");
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    /* What it was given and has not answered is a gap, too. */
    alice = stage_dial_on(s, 0, 501, ALICE, "a1", false);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_hang_up(s, alice, DIALOG_DROPPED, fake_replica_last(s->replica), 0);
    alice = stage_dial_on(s, 0, 501, ALICE, "a1", true);
    stage_commit(s);
    stage_expect_close(s, alice, "resumed_with_a_gap");
}

/* A dialog that breaks again before it is back resumes the same rooms. */
static void test_resume__broken_twice(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial_on(s, 0, 500, ALICE, "a1", false);

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_hang_up(s, alice, DIALOG_DROPPED, fake_replica_last(s->replica), 1);
    alice = stage_dial_on(s, 0, 500, ALICE, "a1", true);
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    alice = stage_dial_on(s, 0, 500, ALICE, "a1", true);
    stage_commit(s);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "again");
    stage_expect(s, alice, "<chat>again</chat>");
    /* And one that was in no room any more resumes none. */
    stage_hang_up(s, alice, DIALOG_DROPPED, fake_replica_last(s->replica), 0);
    alice = stage_dial_on(s, 0, 500, ALICE, "a1", false);
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    alice = stage_dial_on(s, 0, 500, ALICE, "a1", true);
    stage_commit(s);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "unheard");
    stage_expect_none(s, alice);
}

/* A connection that was in no room, or another one, resumes nothing. */
static void test_resume__nothing(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial_on(s, 0, 500, ALICE, "a1", false);

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_hang_up(s, alice, DIALOG_DROPPED, fake_replica_last(s->replica), 1);
    stage_commit(s);
    alice = stage_dial_on(s, 0, 501, ALICE, "a1", true);
    stage_commit(s);
    stage_expect_none(s, alice);
    assert_int_equal(sessions_in_pool(s), 0);
}

/* An edge that does not keep up gets no more bodies: who misses one is closed,
 * the others go on. */
static void test_backlog__cuts_who_misses(void **state)
{
    struct stage *s = *state;
    edge_ref slow = stage_dial_on(s, 1, 0, ALICE, "a1", false);
    edge_ref quick = stage_dial(s, BOB, "b1");
    uint64_t token;

    stage_join(s, slow, LOBBY_ID, NULL);
    stage_say(s, slow, ASK_LOBBY);
    stage_confirm(s, slow, fake_replica_last(s->replica), 2);
    stage_join(s, quick, LOBBY_ID, NULL);
    stage_forget(s);
    stage_owe(s, 1, PRESSURE_BACKLOG_MAX + 1);
    token = stage_post(s, quick, BOB, LOBBY, "too much");
    assert_int_equal(stage_answer(s, quick, token)->status, 503);
    stage_owe(s, 1, BACKLOG_MAX - PRESSURE_BACKLOG_MAX - 1);
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_expect_close(s, slow, "edge_behind");
    stage_expect(s, quick, "ntc:join");
    stage_other_post(s, CAROL, 5, LOBBY_ID, "on");
    stage_expect(s, quick, "on");
    stage_expect_none(s, slow);
    stage_owe(s, 1, -(long)BACKLOG_MAX);
    /* It comes back and is shown what it missed, though it asks for none. */
    stage_hang_up(s, slow, DIALOG_DROPPED, fake_replica_last(s->replica), 9);
    slow = stage_dial(s, ALICE, "a1");
    stage_join(s, slow, LOBBY_ID, NULL);
    stage_say(s, slow,
              "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"
              "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY
              "\"/><bcq><last cnt=\"0\"/></bcq></data></cmd></xccos>");
    stage_expect(s, slow, "<chat>on</chat>");
}

/* The door closes to new people while letters wait long, and opens after some
 * calm. */
static void test_load__closes_and_opens(void **state)
{
    struct stage *s = *state;

    stage_pass(s, 500);
    assert_int_equal(sessions_load(s->sessions), LOAD_OPEN);
    stage_dial_late(s, ALICE, "a1", PRESSURE_INTAKE_US_MAX + 1);
    stage_pass(s, PRESSURE_TICK_MS);
    assert_int_equal(sessions_load(s->sessions), LOAD_CLOSED_TO_NEW);
    stage_pass(s, PRESSURE_CALM_MS - 500);
    assert_int_equal(sessions_load(s->sessions), LOAD_CLOSED_TO_NEW);
    stage_pass(s, 1000);
    assert_int_equal(sessions_load(s->sessions), LOAD_OPEN);
}

/* Slow commits and a state that lags behind the log are load, too. */
static void test_load__lag_and_commits(void **state)
{
    struct stage *s = *state;
    struct replica_status status = {.role = REPLICA_FOLLOWER};
    const struct replica_events *events = fake_replica_events(s->replica);
    edge_ref alice = stage_dial(s, ALICE, "a1");

    status.commit_index = fake_replica_last(s->replica) + PRESSURE_LAG_MAX + 1;
    events->changed(events->context, &status);
    stage_pass(s, PRESSURE_TICK_MS);
    assert_int_equal(sessions_load(s->sessions), LOAD_CLOSED_TO_NEW);
    status.commit_index = 0;
    events->changed(events->context, &status);
    stage_pass(s, PRESSURE_CALM_MS + 500);
    assert_int_equal(sessions_load(s->sessions), LOAD_OPEN);
    stage_send(s, alice, JOIN_LOBBY);
    stage_pass(s, PRESSURE_COMMIT_US_MAX / 1000 + 200);
    assert_int_equal(sessions_load(s->sessions), LOAD_CLOSED_TO_NEW);
}

/* Time is read more than once in a turn: what was asked a moment after now has
 * not waited, neither since then nor since a leader of that moment. */
static void test_load__of_a_moment_after_now(void **state)
{
    const struct pressure_measures calm = {.lag = 0};
    struct pressure pressure;

    (void)state;
    pressure_init(&pressure);
    pressure_commit(&pressure, 1001, 1000);
    pressure_elected(&pressure, 1003);
    pressure_commit(&pressure, 999, 1002);
    pressure_judge(&pressure, 1004, &calm);
    assert_int_equal(pressure.load, LOAD_OPEN);
    pressure_commit(&pressure, 999, 1003 + PRESSURE_COMMIT_US_MAX + 1);
    pressure_judge(&pressure, 1004, &calm);
    assert_int_equal(pressure.load, LOAD_CLOSED_TO_NEW);
}

static void have_leader(struct stage *s, uint64_t term)
{
    struct replica_status status = {
        .role = REPLICA_FOLLOWER, .term = term, .leader = 2};
    const struct replica_events *events = fake_replica_events(s->replica);

    events->changed(events->context, &status);
    stage_pass(s, 2 * PRESSURE_TICK_MS);
}

/* Who waits through an election waits for no load: people of the node that
 * died want to sign in just then. What else closed the door keeps it closed. */
static void test_load__not_of_elections(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    have_leader(s, 7);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_post(s, alice, ALICE, LOBBY, "waits");
    stage_pass(s, PRESSURE_COMMIT_US_MAX / 1000 + 200);
    assert_int_equal(sessions_load(s->sessions), LOAD_CLOSED_TO_NEW);
    have_leader(s, 8);
    assert_int_equal(sessions_load(s->sessions), LOAD_OPEN);
    stage_commit(s);
    stage_pass(s, 2 * PRESSURE_TICK_MS);
    assert_int_equal(sessions_load(s->sessions), LOAD_OPEN);
    stage_post(s, alice, ALICE, LOBBY, "waits under a leader");
    stage_pass(s, PRESSURE_COMMIT_US_MAX / 1000 - 200);
    have_leader(s, 8); /* The same again is no election. */
    stage_pass(s, 400);
    assert_int_equal(sessions_load(s->sessions), LOAD_CLOSED_TO_NEW);
    have_leader(s, 9);
    stage_dial_late(s, ALICE, "a2", PRESSURE_INTAKE_US_MAX + 1);
    stage_pass(s, PRESSURE_TICK_MS);
    have_leader(s, 10);
    assert_int_equal(sessions_load(s->sessions), LOAD_CLOSED_TO_NEW);
}

/* A node that stops tells nobody anything more. */
static void test_stop__is_silent(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_post(s, alice, ALICE, LOBBY, "last words");
    state_loop_stop(s->state);
    stage_commit(s);
    stage_post(s, alice, ALICE, LOBBY, "more");
    stage_pass(s, 60 * 1000);
    stage_expect_none(s, alice);
}

/* What is going on when the process ends is freed. */
static void test_end__in_the_middle(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob;

    stage_join(s, alice, LOBBY_ID, NULL);
    fake_loop_hold(s->loop, true);
    stage_send(s, alice, ASK_LOBBY);
    stage_post(s, alice, ALICE, LOBBY, "waits");
    stage_sign_in(s, BOB);
    bob = stage_dial_on(s, 0, 600, BOB, "b1", false);
    stage_send(s, bob, JOIN_LOBBY);
    stage_send(s, bob, ASK_LOBBY);
    stage_send(
        s, bob,
        "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"
        "<cmd id=\"cmd:chansrch\" seqid=\"1\"><data><qib criteria=\"\"/>"
        "</data></cmd></xccos>");
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_dial_on(s, 0, alice, ALICE, "a1", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_session__opens_when_needed),
        IN(test_session__open_is_refused),
        IN(test_session__closed_while_opening),
        IN(test_session__close_is_retried),
        IN(test_session__user_is_disabled),
        IN(test_entries__duplicates_are_silent),
        IN(test_epoch__foreign_start),
        IN(test_epoch__what_comes_before_it),
        IN(test_epoch__restart_ends_sessions),
        IN(test_mark__says_who_was_told),
        IN(test_mark__spares_who_is_joining),
        IN(test_node_lost__after_the_lease),
        IN(test_node_lost__is_us),
        IN(test_resume__rooms_are_restored),
        IN(test_resume__history_is_of_now),
        IN(test_resume__with_a_gap),
        IN(test_resume__broken_twice),
        IN(test_resume__nothing),
        IN(test_backlog__cuts_who_misses),
        IN(test_load__closes_and_opens),
        IN(test_load__lag_and_commits),
        cmocka_unit_test(test_load__of_a_moment_after_now),
        IN(test_load__not_of_elections),
        IN(test_stop__is_silent),
        IN(test_end__in_the_middle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
