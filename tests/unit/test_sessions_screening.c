/* What is done about a post before it is proposed: filters, the external
 * program, and the order of one caller's posts meanwhile. */
#include <stdio.h>
#include <stdlib.h>

#include "node/session/posting.h"
#include "node/session/question.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define PART_LOBBY                                                             \
    "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:part\" seqid=\"1\"><data><chanib "                          \
    "uri=\"ma-chan://example.com/" LOBBY_ID "\"/></data></cmd></xccos>"

enum { QUESTIONS_MAX = 8 };

/* The program, played by the test. */
struct played {
    struct stage *stage;
    struct letters *questions;
    size_t n;
    struct question *open[QUESTIONS_MAX];
};

static struct played played;

static void on_questions(void *context, struct letter_list *list)
{
    struct letter *letter;

    (void)context;
    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        assert_true(played.n < QUESTIONS_MAX);
        played.open[played.n++] = (struct question *)letter;
    }
}

static void play(struct stage *s, bool absent_refuses)
{
    played = (struct played){.stage = s};
    played.questions = letters_new(s->loop, QUESTIONS_MAX, on_questions, NULL);
    sessions_set_program(s->sessions, played.questions, absent_refuses);
}

/* The letters of the stage's loop are delivered as time passes. */
static void answer(size_t at, enum question_answer answer, const char *says)
{
    struct question *question = played.open[at];

    question->answer = answer;
    question->says_len = strlen(says);
    memcpy(question->says, says, strlen(says));
    assert_int_equal(
        letters_send_reply(sessions_answers(played.stage->sessions),
                           &question->letter),
        ERROR_NONE);
    played.open[at] = NULL;
    stage_pass(played.stage, 1);
}

static void unplay(void)
{
    struct letter_list left;

    sessions_set_program(played.stage->sessions, NULL, false);
    letters_close(played.questions, &left);
    assert_true(STAILQ_EMPTY(&left));
    letters_free(played.questions);
    for (size_t i = 0; i < played.n; i++) {
        question_free(played.open[i]);
    }
}

static edge_ref alice_in(struct stage *s)
{
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_raise(s);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_forget(s);
    return alice;
}

static void filter(struct stage *s, Perch__FilterAction action,
                   const char *expression)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__FilterCreate create = PERCH__FILTER_CREATE__INIT;
    ProtobufCBinaryData list[] = {codec_bytes(slice_of_text(expression))};

    CODEC_SET(&create, name, codec_bytes(slice_of_text("deals \"x\"")));
    CODEC_SET(&create, action, action);
    CODEC_SET(&create, notice, codec_bytes(slice_of_text("ask")));
    create.n_expressions = 1;
    create.expressions = list;
    command.kind_case = PERCH__COMMAND__KIND_FILTER_CREATE;
    command.filter_create = &create;
    stage_administer(s, &command);
}

/* A post that a filter blocks is answered 403 with the filter's name and never
 * proposed; the next one is not held up. */
static void test_screening__blocks(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    const struct given *told;
    uint64_t token, before;

    filter(s, PERCH__FILTER_ACTION__BLOCK, "word:insider");
    before = fake_replica_last(s->replica);
    token = stage_post(s, alice, ALICE, LOBBY, "an Insider");
    stage_pass(s, 1);
    told = stage_answer(s, alice, token);
    assert_int_equal(told->status, 403);
    assert_non_null(strstr(told->text, "deals \"x\": ask"));
    assert_null(strstr(told->text, "insider"));
    stage_commit(s);
    assert_true(fake_replica_last(s->replica) == before);
    stage_talk(s, alice, ALICE, LOBBY, "outside");
}

/* Who says a word and goes has said it: a part waits for the posts before it,
 * and is answered after them. */
static void test_screening__then_part(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    uint64_t token;

    play(s, false);
    token = stage_post(s, alice, ALICE, LOBBY, "bye");
    stage_pass(s, 1);
    stage_send(s, alice, PART_LOBBY);
    stage_commit(s);
    assert_int_equal(played.n, 1);
    stage_expect_none(s, alice);
    answer(0, QUESTION_ALLOW, "");
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 200);
    stage_expect(s, alice, "<chat>bye</chat>");
    stage_expect(s, alice, "rpl:part");
    unplay();
}

/* A post that a filter warns of goes through, and all copies say so; the answer
 * does, too. */
static void test_screening__warns(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    const struct given *told;
    uint64_t token;

    filter(s, PERCH__FILTER_ACTION__WARN, "like:merg*");
    token = stage_post(s, alice, ALICE, LOBBY, "they merge");
    stage_pass(s, 1);
    stage_commit(s);
    told = stage_answer(s, alice, token);
    assert_int_equal(told->status, 200);
    assert_string_equal(told->text, "deals \"x\": ask");
    /* The client of the stage shows no notes: its author gets a line. */
    stage_expect(s, alice, "[your message was noted: deals");
    stage_expect(s, alice, "perch:note=\"deals &quot;x&quot;: ask\"");
}

/* Posts of one dialog keep their order while one waits for the program,
 * whatever order its answers come in; a dialog beside it does not wait. */
static void test_screening__keeps_the_order_of_a_dialog(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s), bob = stage_dial(s, BOB, "b1");
    uint64_t first, second, third, his;

    stage_join(s, bob, LOBBY_ID, NULL);
    stage_forget(s);
    play(s, false);
    first = stage_post(s, alice, ALICE, LOBBY, "one");
    second = stage_post(s, alice, ALICE, LOBBY, "two");
    third = stage_post(s, alice, ALICE, LOBBY, "three");
    his = stage_post(s, bob, BOB, LOBBY, "four");
    stage_pass(s, 1);
    assert_int_equal(played.n, 4);
    answer(2, QUESTION_ALLOW, "");
    answer(1, QUESTION_REFUSE, "no");
    answer(3, QUESTION_ALLOW, "");
    stage_commit(s);
    assert_int_equal(stage_answer(s, bob, his)->status, 200);
    stage_expect(s, bob, "<chat>four</chat>");
    stage_expect(s, alice, "<chat>four</chat>");
    stage_expect_none(s, alice); /* Its first is not decided. */
    answer(0, QUESTION_ANNOTATE, "hm");
    assert_int_equal(stage_answer(s, alice, second)->status, 403);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, first)->status, 200);
    stage_expect(s, alice, "[your message was noted: program: hm]");
    stage_expect(s, alice, "perch:note=\"program: hm\"");
    assert_int_equal(stage_answer(s, alice, third)->status, 200);
    stage_expect(s, alice, "<chat>three</chat>");
    unplay();
}

/* What the program does not answer is answered as the node's file says; its
 * questions in flight bind nobody to a program that has gone. */
static void test_screening__without_an_answer(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    uint64_t token;

    play(s, true);
    token = stage_post(s, alice, ALICE, LOBBY, "one");
    stage_pass(s, 1);
    answer(0, QUESTION_LATE, "");
    assert_int_equal(stage_answer(s, alice, token)->status, 403);
    unplay();
    play(s, false);
    token = stage_post(s, alice, ALICE, LOBBY, "two");
    stage_pass(s, 1);
    answer(0, QUESTION_MAD, "");
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 200);
    stage_expect(s, alice, "<chat>two</chat>");
    unplay();
}

/* A program whose thread has ended is absent, at once. */
static void test_screening__the_program_ends(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    struct letter_list left;
    uint64_t token;

    play(s, true);
    letters_close(played.questions, &left);
    token = stage_post(s, alice, ALICE, LOBBY, "one");
    assert_int_equal(stage_answer(s, alice, token)->status, 403);
    sessions_set_program(s->sessions, played.questions, false);
    stage_talk(s, alice, ALICE, LOBBY, "two");
    sessions_set_program(s->sessions, NULL, false);
    letters_free(played.questions);
}

/* A dialog that has gone while its post waited leaves nothing behind, and the
 * post is not made in its name. */
static void test_screening__the_caller_goes(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s), bob = stage_dial(s, BOB, "b1");

    stage_join(s, bob, LOBBY_ID, NULL);
    play(s, false);
    stage_post(s, alice, ALICE, LOBBY, "ghost");
    stage_pass(s, 1);
    stage_hang_up(s, alice, DIALOG_LEFT, 0, 0);
    stage_commit(s);
    stage_forget(s);
    answer(0, QUESTION_ALLOW, "");
    stage_commit(s);
    stage_expect_none(s, bob);
    unplay();
}

int main(void)
{
#define IN(test) RUN_IN(test, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        IN(test_screening__blocks),
        IN(test_screening__then_part),
        IN(test_screening__warns),
        IN(test_screening__keeps_the_order_of_a_dialog),
        IN(test_screening__without_an_answer),
        IN(test_screening__the_program_ends),
        IN(test_screening__the_caller_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
