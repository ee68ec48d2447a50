/* The way of one posted message, from the edge and back. */
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, stage_setup, stage_teardown)

#define ASK_HISTORY                                                            \
    "<xccos ver=\"1\" envid=\"9\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data><chanib uri=\"" LOBBY "\"/>"  \
    "<bcq><last cnt=\"25\"/></bcq></data></cmd></xccos>"

/* Who is in the room gets the post, its author too, once it is committed and
 * not before; the author is answered 200; history has it. */
static void test_sessions__a_post_reaches_all(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob;
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    bob = stage_dial_on(s, 1, 0, BOB, "b1", false);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_expect(s, alice, "ntc:join");
    token = stage_post(s, alice, ALICE, LOBBY, "hello &amp; welcome");
    stage_expect_none(s, alice);
    stage_expect_none(s, bob);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 200);
    stage_expect(s, alice, "<chat>hello &amp; welcome</chat>");
    stage_expect(s, bob, "<chat>hello &amp; welcome</chat>");
    stage_hang_up(s, bob, DIALOG_LEFT, 0);
    stage_commit(s);
    stage_expect(s, alice, "ntc:part");
    bob = stage_dial(s, BOB, "b2");
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_say(s, bob, ASK_HISTORY);
    stage_expect(s, bob, "hello &amp; welcome");
    stage_expect_none(s, bob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_sessions__a_post_reaches_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
