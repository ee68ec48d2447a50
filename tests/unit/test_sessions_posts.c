/* What becomes of a post: who gets it, what the author's INFO is answered, and
 * when nothing may be said yet. */
#include <stdio.h>
#include <stdlib.h>

#include "node/session/posting.h"
#include "proto/base/buffer.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, stage_setup, stage_teardown)

#define BODY(primitives)                                                       \
    "<xccos ver=\"1\" envid=\"8\" xmlns=\"urn:parlano:xml:ns:xccos\""          \
    " xmlns:p=\"urn:perch:xccos\">" primitives "</xccos>"
#define POST(attributes, inside)                                               \
    "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" LOBBY                     \
    "\" author=\"" ALICE "\" ts=\"2031-02-03T07:40:00Z\"" attributes           \
    ">" inside "</grpchat>"

enum { TS_BYTES = sizeof(" ts=\"2030-03-17T17:46:55.0000000Z\"") - 1 };

/* Everybody in the room gets the post, its author too, after it is in the
 * store and not before; the bytes are the documented ones, and one body is
 * shared by all. */
static void test_post__reaches_all(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    edge_ref bob = stage_dial(s, BOB, "b1");
    const struct given *hers, *his;
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_forget(s);
    token = stage_post(s, alice, ALICE, LOBBY, "hello &amp; &lt;welcome&gt;");
    stage_expect_none(s, alice);
    stage_expect_none(s, bob);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 200);
    hers = stage_next(s, alice);
    his = stage_next(s, bob);
    assert_ptr_equal(hers->body, his->body);
    assert_int_equal(hers->log_index, fake_replica_last(s->replica));
    assert_int_equal(his->reply, 0);
    assert_non_null(strstr(
        his->text,
        "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" LOBBY
        "\" author=\"" ALICE "\" alert=\"false\" chatId=\"1\" "
        "ts=\"2030-03-17T17:46:55.0000000Z\"><chat>hello &amp; &lt;welcome&gt;"
        "</chat></grpchat></xccos>"));
    stage_expect_none(s, alice);
    stage_expect_none(s, bob);
}

/* Edges get one letter each, however many are in the room; posts of other
 * nodes arrive alike, and other rooms' people hear nothing. */
static void test_post__by_edge_and_from_elsewhere(void **state)
{
    struct stage *s = *state;
    edge_ref in[6], out;

    for (uint8_t i = 0; i < 6; i++) {
        in[i] = stage_dial_on(s, i % 3, 0, i < 3 ? ALICE : BOB, "e", false);
        stage_join(s, in[i], LOBBY_ID, NULL);
    }
    out = stage_dial(s, BOB, "b9");
    stage_join(s, out, DESK_ID, NULL);
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_forget(s);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "from afar");
    for (uint8_t i = 0; i < 6; i++) {
        stage_expect(s, in[i], "<chat>from afar</chat>");
        stage_expect_none(s, in[i]);
    }
    stage_expect_none(s, out);
}

/* Each refusal has its status; nothing of it is proposed that cannot succeed,
 * and nobody is told. */
static void test_post__refusals(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    edge_ref carol = stage_dial(s, CAROL, "c1");
    uint64_t token = stage_post(s, alice, ALICE, LOBBY, "too early");
    char *large = malloc(8002);

    assert_int_equal(stage_answer(s, alice, token)->status, 412);
    stage_join(s, alice, LOBBY_ID, NULL);
    token = stage_post(s, alice, BOB, LOBBY, "as another");
    assert_int_equal(stage_answer(s, alice, token)->status, 403);
    token = stage_post(s, alice, ALICE, LOBBY, "");
    assert_int_equal(stage_answer(s, alice, token)->status, 400);
    token = stage_post(s, alice, ALICE,
                       "ma-chan://example.com/33333333-3333-"
                       "3333-3333-333333333333",
                       "nowhere");
    assert_int_equal(stage_answer(s, alice, token)->status, 404);
    token = stage_post(s, carol, CAROL, DESK, "closed");
    assert_int_equal(stage_answer(s, carol, token)->status, 403);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
    memset(large, 'x', 8001);
    large[8001] = '\0';
    token = stage_post(s, alice, ALICE, LOBBY, large);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 413);
    stage_expect_none(s, alice);
    free(large);
}

/* The domain of a room's URI counts, and a body with a message has nothing
 * else in it. */
static void test_post__malformed(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    token = stage_post(s, alice, ALICE, "ma-chan://other.example/" LOBBY_ID,
                       "elsewhere");
    assert_int_equal(stage_answer(s, alice, token)->status, 404);
    token = stage_send(
        s, alice, BODY(POST("", "<chat>1</chat>") POST("", "<chat>2</chat>")));
    assert_int_equal(stage_answer(s, alice, token)->status, 400);
    token = stage_send(s, alice,
                       BODY("<grpchat id=\"grpchat\" seqid=\"1\">"
                            "<chat>no room</chat></grpchat>"));
    assert_int_equal(stage_answer(s, alice, token)->status, 400);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
    stage_expect_none(s, alice);
}

/* What perch does not know of a message goes on to those who may; so does its
 * importance. History has the same. */
static void test_post__carries_on(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    token =
        stage_send(s, alice,
                   BODY(POST(" alert=\"true\" mood=\"fine\"",
                             "<chat>plain</chat><rtf>{\\rtf1 rich}</rtf>")));
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 200);
    stage_expect(s, alice, " alert=\"true\" ");
    stage_hang_up(s, alice, DIALOG_LEFT, 0, 0);
    alice = stage_dial(s, ALICE, "a2");
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_say(
        s, alice,
        BODY("<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY
             "\"/></data></cmd>"));
    stage_expect(s, alice,
                 " mood=\"fine\"><chat>plain</chat><rtf>{\\rtf1 rich}</rtf>"
                 "</msg>");
}

/* A repeat under one retry id is one message, whose author is told yes twice,
 * and the second time which message it is, since no copy of it comes. */
static void test_post__retried(void **state)
{
    static const char *const body =
        BODY(POST(" p:retry=\"r-17\"", "<chat>once</chat>"));
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), again;
    const char *copy, *told;
    char ts[TS_BYTES + 1];
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    token = stage_send(s, alice, body);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 200);
    copy = stage_expect(s, alice, "once");
    snprintf(ts, sizeof(ts), "%s", strstr(copy, " ts=\""));
    again = stage_dial(s, ALICE, "a2");
    stage_join(s, again, LOBBY_ID, NULL);
    token = stage_send(s, again, body);
    stage_commit(s);
    assert_int_equal(stage_answer(s, again, token)->status, 200);
    told = stage_expect(
        s, again,
        "<rpl id=\"rpl:grpchat\" seqid=\"1\"><commandid seqid=\"1\" "
        "envid=\"8\"/><resp code=\"200\">SUCCESS_OK</resp><data>"
        "<chanib uri=\"" LOBBY "\"><msg id=\"grpchat\" seqid=\"1\" "
        "chanUri=\"" LOBBY "\" author=\"" ALICE "\" chatId=\"1\" ");
    assert_non_null(strstr(told, ts));
    stage_expect_none(s, again);
    stage_expect_none(s, alice);
}

/* A post that no leader was sent is taken back when its patience is over; it
 * is answered 503 with a time to wait, and never happens. */
static void test_post__withdrawn(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    const struct given *answer;
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    token = stage_post(s, alice, ALICE, LOBBY, "nobody leads");
    stage_pass(s, POST_PATIENCE_MS - 500);
    stage_expect_none(s, alice);
    stage_pass(s, 1000);
    answer = stage_answer(s, alice, token);
    assert_int_equal(answer->status, 503);
    assert_int_equal(answer->retry_after_s, POST_RETRY_AFTER_S);
    assert_string_equal(answer->text, "Chat service busy");
    stage_commit(s); /* A noop keeps the number. */
    stage_expect_none(s, alice);
    stage_talk(s, alice, ALICE, LOBBY, "and on");
    stage_expect(s, alice, "chatId=\"1\"");
}

/* A post that was sent may yet be committed: it is waited for; late, it is
 * answered as it turned out. */
static void test_post__sent_is_waited_for(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    token = stage_post(s, alice, ALICE, LOBBY, "a long election");
    fake_replica_send_all(s->replica);
    stage_pass(s, POST_PATIENCE_MS + 5000);
    stage_expect_none(s, alice);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 200);
    stage_expect(s, alice, "a long election");
}

/* In the end the connection is closed, unanswered: whether it happened, the
 * client reads when it comes back. */
static void test_post__never_settled(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    token = stage_post(s, alice, ALICE, LOBBY, "lost in the pool");
    fake_replica_send_all(s->replica);
    stage_pass(s, 31 * 1000);
    stage_expect_close(s, alice, "not_committed");
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 200); /* If he is
                                                              there to hear. */
    stage_expect_none(s, alice);
}

/* When no more can be proposed, 503 comes at once. */
static void test_post__busy(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    fake_replica_busy(s->replica, true);
    token = stage_post(s, alice, ALICE, LOBBY, "full");
    assert_int_equal(stage_answer(s, alice, token)->status, 503);
    fake_replica_busy(s->replica, false);
    stage_talk(s, alice, ALICE, LOBBY, "better");
}

/* One who may not post any more when the entry is applied is refused by the
 * rules, late. */
static void test_post__refused_by_the_rules(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    uint64_t token;

    stage_join(s, bob, DESK_ID, NULL);
    token = stage_post(s, bob, BOB, DESK, "just before");
    stage_member(s, DESK_ID, BOB, true);
    stage_expect(s, bob, "ntc:part");
    stage_expect(s, bob, "ntc:kick");
    stage_commit(s);
    assert_int_equal(stage_answer(s, bob, token)->status, 403);
}

/* A batch of many entries is told of in its order. */
static void test_post__keeps_order(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    char text[32], part[48];

    stage_join(s, alice, LOBBY_ID, NULL);
    for (int i = 0; i < 50; i++) {
        snprintf(text, sizeof(text), "number %d", i);
        stage_post(s, alice, ALICE, LOBBY, text);
    }
    stage_commit(s);
    for (int i = 0, n = 0; n < 50; i++) {
        const struct given *given = stage_next(s, alice);

        if (given->kind == DELIVERY_BODY) {
            snprintf(part, sizeof(part), "<chat>number %d</chat>", n++);
            assert_non_null(strstr(given->text, part));
        } else {
            assert_int_equal(given->status, 200);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_post__reaches_all),
        IN(test_post__by_edge_and_from_elsewhere),
        IN(test_post__refusals),
        IN(test_post__malformed),
        IN(test_post__carries_on),
        IN(test_post__retried),
        IN(test_post__withdrawn),
        IN(test_post__sent_is_waited_for),
        IN(test_post__never_settled),
        IN(test_post__busy),
        IN(test_post__refused_by_the_rules),
        IN(test_post__keeps_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
