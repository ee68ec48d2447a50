/* What was said before: where a history ends, where it begins, and what comes
 * live. */
#include <stdio.h>
#include <stdlib.h>

#include "node/session/history.h"
#include "node/session/past.h"
#include "proto/base/buffer.h"
#include "tests/sim/store_sim.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, stage_setup, stage_teardown)

static void send_ask(struct stage *s, edge_ref dialog, const char *room,
                     const char *bcq)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"5\" "
                  "xmlns=\"urn:parlano:xml:ns:xccos\">"
                  "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data>"
                  "<chanib uri=\"%s\"/><bcq>%s</bcq></data></cmd></xccos>",
                  room, bcq);
    buffer_append(&body, "", 1);
    stage_send(s, dialog, (const char *)body.data);
    buffer_deinit(&body);
}

/* Ask for the newest n; gives the reply. */
static const char *ask(struct stage *s, edge_ref dialog, const char *room,
                       unsigned n)
{
    char bcq[64];

    snprintf(bcq, sizeof(bcq), "<last cnt=\"%u\"/>", n);
    send_ask(s, dialog, room, bcq);
    stage_reads(s, ERROR_NONE);
    return stage_expect(s, dialog, "rpl:bccontext");
}

/* Check that a reply has exactly the messages first to last, in order. */
static void check_ids(const char *reply, unsigned first, unsigned last)
{
    const char *at = reply;
    char id[32];

    for (unsigned i = first; i <= last; i++) {
        snprintf(id, sizeof(id), " chatId=\"%u\" ", i);
        at = strstr(at, id);
        assert_non_null(at);
    }
    for (at = reply; (at = strstr(at, "<msg ")) != NULL; at++) {
        assert_true(first++ <= last);
    }
    assert_int_equal(first, last + 1);
}

static void others_say(struct stage *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        stage_other_post(s, CAROL, 5, LOBBY_ID, "something");
    }
}

/* The newest n, the oldest of them first, each as it was sent. */
static void test_history__is_the_newest(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    others_say(s, 40);
    stage_join(s, alice, LOBBY_ID, NULL);
    check_ids(ask(s, alice, LOBBY, 25), 16, 40);
    check_ids(ask(s, alice, LOBBY, 1), 40, 40);
    check_ids(ask(s, alice, LOBBY, 0), 1, 0);
    send_ask(s, alice, LOBBY, ""); /* HISTORY_DEFAULT is 30. */
    stage_reads(s, ERROR_NONE);
    check_ids(stage_expect(s, alice, "rpl:bccontext"), 11, 40);
    stage_set(s, SETTING_HISTORY_DEFAULT, 2);
    send_ask(s, alice, LOBBY, "");
    stage_reads(s, ERROR_NONE);
    check_ids(stage_expect(s, alice, "rpl:bccontext"), 39, 40);
    send_ask(s, alice, LOBBY, "<msgid id=\"37\"/><limit cnt=\"50\"/>");
    stage_reads(s, ERROR_NONE);
    check_ids(stage_expect(s, alice, "rpl:bccontext"), 38, 40);
    stage_expect_none(s, alice);
}

/* Behind a message, forward: the oldest first, so that a client that was away
 * for long can read on page by page; backward: what is right before it. Without
 * a direction the newest come, as ever. */
static void test_history__directions(void **state)
{
    static const struct {
        const char *bcq;
        unsigned first, last;
    } asked[] = {
        {"<msgid id=\"3\"/><limit cnt=\"5\"/><search mode=\"forward\"/>", 4, 8},
        {"<msgid id=\"0\"/><limit cnt=\"5\"/><search mode=\"forward\"/>", 1, 5},
        {"<msgid id=\"38\"/><limit cnt=\"5\"/><search mode=\"forward\"/>", 39,
         40},
        {"<msgid id=\"40\"/><limit cnt=\"5\"/><search mode=\"forward\"/>", 1,
         0},
        {"<msgid id=\"10\"/><limit cnt=\"4\"/><search mode=\"backward\"/>", 6,
         9},
        {"<msgid id=\"3\"/><limit cnt=\"9\"/><search mode=\"backward\"/>", 1,
         2},
        {"<msgid id=\"1\"/><limit cnt=\"9\"/><search mode=\"backward\"/>", 1,
         0},
        {"<msgid id=\"99\"/><limit cnt=\"2\"/><search mode=\"backward\"/>", 39,
         40},
        {"<msgid id=\"3\"/><limit cnt=\"5\"/>", 36, 40},
        {"<last cnt=\"2\"/><search mode=\"forward\"/>", 39, 40},
    };
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    others_say(s, 40);
    stage_join(s, alice, LOBBY_ID, NULL);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        send_ask(s, alice, LOBBY, asked[i].bcq);
        stage_reads(s, ERROR_NONE);
        check_ids(stage_expect(s, alice, "rpl:bccontext"), asked[i].first,
                  asked[i].last);
    }
}

/* Conditions that say nothing are none: it is a history, not a search. */
static void test_history__empty_conditions(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    others_say(s, 3);
    stage_join(s, alice, LOBBY_ID, NULL);
    send_ask(s, alice, LOBBY, "<last cnt=\"9\"/><matches/><between/>");
    check_ids(stage_expect(s, alice, "rpl:bccontext"), 1, 3);
}

/* The first history after a join ends at the join: what comes after it is told
 * live, and nothing is told twice or not at all, however late it is asked. */
static void test_history__join_point(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    others_say(s, 3);
    stage_join(s, alice, LOBBY_ID, NULL);
    others_say(s, 2);
    stage_expect(s, alice, " chatId=\"4\" ");
    stage_expect(s, alice, " chatId=\"5\" ");
    check_ids(ask(s, alice, LOBBY, 25), 1, 3);
    check_ids(ask(s, alice, LOBBY, 25), 1, 5); /* Asked for once more: all. */
    stage_join(s, alice, LOBBY_ID, NULL);
    others_say(s, 1);
    stage_expect(s, alice, " chatId=\"6\" ");
    check_ids(ask(s, alice, LOBBY, 25), 1, 5);
}

/* A client may ask in one breath: what is read waits for the join. */
static void test_history__asked_with_the_join(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    others_say(s, 1);
    stage_send(
        s, alice,
        "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"
        "<cmd id=\"cmd:join\" seqid=\"1\"><data><chanid key=\"0\" "
        "domain=\"example.com\" value=\"" LOBBY_ID "\"/></data></cmd></xccos>");
    send_ask(s, alice, LOBBY, "<last cnt=\"25\"/>");
    others_say(s, 1);
    stage_reads(s, ERROR_NONE);
    stage_expect_none(s, alice);
    stage_commit(s);
    others_say(s, 1);
    stage_expect(s, alice, "rpl:join");
    check_ids(stage_expect(s, alice, "rpl:bccontext"), 1, 2);
    stage_expect(s, alice, " chatId=\"3\" ");
    stage_expect_none(s, alice);
}

static uint32_t last_reply(struct stage *s, edge_ref dialog)
{
    uint32_t last = 0;

    for (size_t i = 0; i < s->n_given; i++) {
        if (s->given[i].dialog == dialog && s->given[i].reply > last) {
            last = s->given[i].reply;
        }
    }
    return last;
}

/* The client answers all it was given so far. */
static void confirm_all(struct stage *s, edge_ref dialog)
{
    uint64_t index = 0;

    for (size_t i = 0; i < s->n_given; i++) {
        if (s->given[i].dialog == dialog && s->given[i].log_index > index) {
            index = s->given[i].log_index;
        }
    }
    stage_confirm(s, dialog, index, last_reply(s, dialog));
}

static void hang_up_confirmed(struct stage *s, edge_ref dialog)
{
    uint64_t index = 0;

    for (size_t i = 0; i < s->n_given; i++) {
        if (s->given[i].dialog == dialog && s->given[i].log_index > index) {
            index = s->given[i].log_index;
        }
    }
    stage_hang_up(s, dialog, DIALOG_DROPPED, index, last_reply(s, dialog));
    stage_commit(s);
}

/* Who comes back is shown all since it was last told everything, even when
 * less is asked for. */
static void test_history__since_last_delivered(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    others_say(s, 10);
    stage_join(s, alice, LOBBY_ID, NULL);
    check_ids(ask(s, alice, LOBBY, 5), 6, 10);
    others_say(s, 2);
    hang_up_confirmed(s, alice);
    others_say(s, 30);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    check_ids(ask(s, alice, LOBBY, 5), 13, 42);
    hang_up_confirmed(s, alice);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    check_ids(ask(s, alice, LOBBY, 5), 38, 42);
}

/* Another device knows nothing of what this one was told. */
static void test_history__by_endpoint(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_join(s, alice, LOBBY_ID, NULL);
    ask(s, alice, LOBBY, 5);
    hang_up_confirmed(s, alice);
    others_say(s, 20);
    alice = stage_dial(s, ALICE, "another");
    stage_join(s, alice, LOBBY_ID, NULL);
    check_ids(ask(s, alice, LOBBY, 5), 16, 20);
}

/* What was given but not answered counts as not told. */
static void test_history__unanswered_is_repeated(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_join(s, alice, LOBBY_ID, NULL);
    ask(s, alice, LOBBY, 5);
    others_say(s, 1);
    confirm_all(s, alice);
    others_say(s, 9);
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    check_ids(ask(s, alice, LOBBY, 5), 2, 10);
}

/* Live copies that were answered prove nothing of a history that was not. */
static void test_history__lost_is_shown_again(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t index;

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_join(s, alice, LOBBY_ID, NULL);
    ask(s, alice, LOBBY, 5);
    hang_up_confirmed(s, alice);
    others_say(s, 8);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    others_say(s, 1);
    index = fake_replica_last(s->replica);
    stage_expect(s, alice, " chatId=\"9\" ");
    check_ids(ask(s, alice, LOBBY, 2), 1, 8);
    /* The copy was answered, the history after it was not. */
    stage_hang_up(s, alice, DIALOG_DROPPED, index, last_reply(s, alice) - 1);
    stage_commit(s);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    check_ids(ask(s, alice, LOBBY, 2), 1, 9);
}

/* Nobody is shown more than PAST_MESSAGES_MAX, and is told that it was cut. */
static void test_history__at_most(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    const char *reply;

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_join(s, alice, LOBBY_ID, NULL);
    ask(s, alice, LOBBY, 5);
    hang_up_confirmed(s, alice);
    others_say(s, 510);
    alice = stage_dial(s, ALICE, "a1");
    stage_join(s, alice, LOBBY_ID, NULL);
    reply = ask(s, alice, LOBBY, 5);
    check_ids(reply, 11, 510);
    assert_non_null(strstr(reply, " overlimit=\"true\""));
    reply = ask(s, alice, LOBBY, 100000);
    check_ids(reply, 11, 510);
}

/* A body never outgrows what clients read. */
static void test_history__at_most_bytes(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    char *text = malloc(8001);
    const char *reply;

    memset(text, '<', 8000); /* Four bytes each, escaped. */
    text[8000] = '\0';
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    for (int i = 0; i < 40; i++) {
        stage_other_post(s, CAROL, 5, LOBBY_ID, text);
    }
    stage_join(s, alice, LOBBY_ID, NULL);
    reply = ask(s, alice, LOBBY, 40);
    assert_in_range(strlen(reply), 900 * 1024, XCCOS_BODY_BYTES_MAX);
    assert_non_null(strstr(reply, " chatId=\"40\" "));
    assert_null(strstr(reply, " chatId=\"1\" "));
    assert_non_null(strstr(reply, " overlimit=\"true\""));
    free(text);
}

/* Who is not in a room reads it at a read index, if he may. */
static void test_history__from_outside(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    others_say(s, 3);
    send_ask(s, bob, LOBBY, "<last cnt=\"2\"/>");
    stage_expect_none(s, bob);
    stage_reads(s, ERROR_NONE);
    check_ids(stage_expect(s, bob, "rpl:bccontext"), 2, 3);
    send_ask(s, bob, LOBBY, "<last cnt=\"2\"/>");
    stage_reads(s, ERROR_NO_LEADER);
    stage_expect(s, bob, "503\">ERROR_BUSY");
    send_ask(s, bob,
             "ma-chan://example.com/33333333-3333-3333-3333-"
             "333333333333",
             "<last cnt=\"2\"/>");
    stage_reads(s, ERROR_NONE);
    stage_expect(s, bob, "404\">ERROR_NO_SUCH_NODE");
}

/* Rows that cannot be read are an error and no empty history, and end the
 * node: it is not to be asked again. */
static void test_history__rotten(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    char path[FILES_PATH_BYTES_MAX + 32];

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    others_say(s, 3);
    stage_join(s, alice, LOBBY_ID, NULL);
    snprintf(path, sizeof(path), "%s/store/store-1-0", s->data);
    assert_int_equal(store_sim_rot(path), ERROR_NONE);
    send_ask(s, alice, LOBBY, "<last cnt=\"2\"/>");
    stage_expect(s, alice, "500\">ERROR_SERVER");
    assert_int_equal(s->fatals, 1);
    assert_int_equal(s->fatal, ERROR_ROTTEN);
}

/* Only so many histories may wait for the disk. */
static void test_history__bounded(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    size_t refused = 0;

    stage_join(s, alice, LOBBY_ID, NULL);
    fake_loop_hold(s->loop, true);
    for (int i = 0; i < HISTORIES_WAITING_MAX + 3; i++) {
        send_ask(s, alice, LOBBY, "<last cnt=\"2\"/>");
    }
    for (; refused < 3; refused++) {
        stage_expect(s, alice, "503\">ERROR_BUSY");
    }
    stage_expect_none(s, alice);
    fake_loop_hold(s->loop, false);
    stage_reads(s, ERROR_NONE);
    for (int i = 0; i < HISTORIES_WAITING_MAX; i++) {
        stage_expect(s, alice, "200\">SUCCESS_OK");
    }
    assert_int_equal(
        meter_level(&sessions_meters(s->sessions)->histories_waiting), 0);
}

/* A client is given no more histories than its dialog can hold unanswered; who
 * goes away leaves none waiting. */
static void test_history__no_faster_than_answered(void **state)
{
    enum { ASKED = 10, AT_ONCE = 4 };
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    char *text = malloc(8001);

    memset(text, '<', 8000);
    text[8000] = '\0';
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    for (int i = 0; i < 40; i++) {
        stage_other_post(s, CAROL, 5, LOBBY_ID, text);
    }
    free(text);
    stage_join(s, alice, LOBBY_ID, NULL);
    for (int i = 0; i < ASKED; i++) {
        send_ask(s, alice, LOBBY, "<last cnt=\"40\"/>");
    }
    stage_reads(s, ERROR_NONE);
    for (int i = 0; i < AT_ONCE; i++) {
        stage_expect(s, alice, "rpl:bccontext");
    }
    stage_expect_none(s, alice);
    check_ids(ask(s, bob, LOBBY, 1), 40, 40); /* Others need not wait. */
    stage_confirm(s, alice, 0, AT_ONCE);      /* All but the last. */
    stage_expect_none(s, alice);
    stage_confirm(s, alice, 0, AT_ONCE + 1);
    for (int i = 0; i < AT_ONCE; i++) {
        stage_expect(s, alice, "rpl:bccontext");
    }
    stage_expect_none(s, alice);
    stage_hang_up(s, alice, DIALOG_LEFT, 0, 0);
    stage_pass(s, 200);
    stage_expect_none(s, alice);
    assert_int_equal(
        meter_level(&sessions_meters(s->sessions)->histories_waiting), 0);
}

/* The client is gone while its history is read: nobody is told. */
static void test_history__nobody_waits(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_join(s, alice, LOBBY_ID, NULL);
    fake_loop_hold(s->loop, true);
    send_ask(s, alice, LOBBY, "<last cnt=\"2\"/>");
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    fake_loop_hold(s->loop, false);
    stage_expect_none(s, alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_history__is_the_newest),
        IN(test_history__directions),
        IN(test_history__empty_conditions),
        IN(test_history__join_point),
        IN(test_history__asked_with_the_join),
        IN(test_history__since_last_delivered),
        IN(test_history__by_endpoint),
        IN(test_history__unanswered_is_repeated),
        IN(test_history__lost_is_shown_again),
        IN(test_history__at_most),
        IN(test_history__at_most_bytes),
        IN(test_history__from_outside),
        IN(test_history__rotten),
        IN(test_history__bounded),
        IN(test_history__no_faster_than_answered),
        IN(test_history__nobody_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
