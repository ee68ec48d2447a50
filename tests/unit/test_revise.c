#include "node/chat/revise.h"

#include <stdlib.h>

#include "tests/unit/talk_fixture.h"
#include "tests/unit/test.h"

#define S_US INT64_C(1000000)

/* The author's new text takes the place of the old one: a revision beside the
 * message, which keeps its id, and one event that says whose. */
static void test_message_correct__says_it_better(void **state)
{
    struct chat_fixture *f = *state;
    const struct event *event;

    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "uno"), DONE);
    assert_int_equal(f->applied.value, 1);
    assert_false(f->effects.has_message);
    assert_int_equal(f->effects.n_events, 1);
    event = fixture_event(f, EVENT_MESSAGES_REVISED);
    assert_int_equal(event->message_id, 1);
    assert_int_equal(event->position, 1);
    assert_int_not_equal(event->user, 0);
    assert_int_equal(f->effects.revised.kind, REVISION_CORRECTED);
    assert_slice_text(talk_said(f, &f->lobby, 1).text, "uno");
    assert_slice_text(talk_said(f, &f->lobby, 2).text, "two");
    assert_int_equal(fixture_view(f, &f->lobby).message_id_last, 3);
}

/* A message may be corrected again; the same words again change nothing. */
static void test_message_correct__again(void **state)
{
    struct chat_fixture *f = *state;
    uint32_t room = fixture_view(f, &f->lobby).place.number;

    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "uno"), DONE);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "uno"), DONE);
    assert_no_trace(f);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "eins"), DONE);
    assert_int_equal(said_book_revisions(f->book, room, 1), 2);
}

/* Nobody corrects or withdraws what others said, whatever role they have. */
static void test_message_correct__the_authors_alone(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_role(f, &f->lobby, ALICE, ROLE_MANAGER, false),
                   DONE);
    assert_outcome(talk_correct(f, ALICE, 1, &f->lobby, 1, "uno"),
                   NOT_THE_AUTHOR);
    assert_no_trace(f);
    assert_outcome(talk_withdraw(f, ALICE, 1, &f->lobby, 1), NOT_THE_AUTHOR);
    assert_no_trace(f);
}

/* The window is a setting, in seconds after the post; its last moment counts,
 * and 0 is never. */
static void test_message_correct__within_the_window(void **state)
{
    struct chat_fixture *f = *state;
    int64_t sent;

    assert_outcome(fixture_set(f, SETTING_CORRECTION_WINDOW_S, 60), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "four", NULL), DONE);
    sent = f->effects.message.sent_at_us;
    f->now_us = sent + 60 * S_US;
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 4, "quattro"), DONE);
    f->now_us = sent + 60 * S_US + 1;
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 4, "vier"),
                   CORRECTION_TOO_LATE);
    assert_outcome(talk_withdraw(f, BOB, 2, &f->lobby, 4), CORRECTION_TOO_LATE);
    assert_outcome(fixture_set(f, SETTING_CORRECTION_WINDOW_S, 0), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "five", NULL), DONE);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 5, "cinque"),
                   CORRECTION_OFF);
    assert_outcome(talk_withdraw(f, BOB, 2, &f->lobby, 5), CORRECTION_OFF);
    assert_outcome(talk_withdraw(f, NULL, 0, &f->lobby, 5), DONE);
}

/* A message that is not there, or of another room, is unknown. */
static void test_message_correct__unknown(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 0, "x"), MESSAGE_UNKNOWN);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 4, "x"), MESSAGE_UNKNOWN);
    assert_outcome(talk_correct(f, BOB, 2, &f->desk, 1, "x"), MESSAGE_UNKNOWN);
}

/* A correction is a saying: who may not post may not correct, and its text is
 * checked as a post's. Who is out may still withdraw nothing. */
static void test_message_correct__as_a_post(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, ""), TEXT_EMPTY);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "a\x01"),
                   TEXT_CHARACTER);
    assert_outcome(fixture_set(f, SETTING_MESSAGE_CHARACTERS_MAX, 3), DONE);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "four"),
                   TEXT_TOO_LONG);
    assert_outcome(fixture_part(f, 2, BOB, 2, &f->lobby), DONE);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "uno"), NOT_JOINED);
    assert_outcome(talk_withdraw(f, BOB, 2, &f->lobby, 1), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->desk, "x", NULL), DONE);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MEMBER, true), DONE);
    assert_outcome(talk_withdraw(f, BOB, 2, &f->desk, 1), NOT_A_MEMBER);
}

/* What is withdrawn has no text any more, stays withdrawn, and is not
 * corrected; asking twice is no fault and leaves no second trace. */
static void test_message_withdraw__takes_it_back(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_withdraw(f, BOB, 2, &f->lobby, 2), DONE);
    assert_int_equal(talk_said(f, &f->lobby, 2).state, REVISION_WITHDRAWN);
    assert_int_equal(talk_said(f, &f->lobby, 2).text.len, 0);
    assert_outcome(talk_withdraw(f, BOB, 2, &f->lobby, 2), DONE);
    assert_no_trace(f);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 2, "due"),
                   MESSAGE_TAKEN_BACK);
}

/* Administrators redact several at once, in whatever order they name them, and
 * replace; what is so already is not done twice. */
static void test_message_redact__several(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t ids[] = {3, 1, 3};

    assert_outcome(talk_redact(f, &f->lobby, 3, ids, "secrets", NULL), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_int_equal(f->effects.n_ids, 2);
    assert_int_equal(f->effects.ids[0], 1);
    assert_int_equal(f->effects.ids[1], 3);
    assert_int_equal(fixture_event(f, EVENT_MESSAGES_REVISED)->position, 2);
    assert_int_equal(talk_said(f, &f->lobby, 2).state, REVISION_NONE);
    assert_outcome(talk_redact(f, &f->lobby, 3, ids, "secrets", NULL), DONE);
    assert_int_equal(f->applied.value, 0);
    assert_no_trace(f);
    assert_outcome(talk_redact(f, &f->lobby, 1, ids, "better", "see below"),
                   DONE);
    assert_int_equal(talk_said(f, &f->lobby, 3).state, REVISION_REPLACED);
    assert_slice_text(talk_said(f, &f->lobby, 3).text, "see below");
    assert_outcome(talk_correct(f, ALICE, 1, &f->lobby, 3, "no!"),
                   MESSAGE_TAKEN_BACK);
    assert_outcome(talk_withdraw(f, ALICE, 1, &f->lobby, 3),
                   MESSAGE_TAKEN_BACK);
}

/* One message that is unknown refuses all, and is named by its position. */
static void test_message_redact__all_or_nothing(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t ids[REDACTIONS_MAX + 1] = {1, 9};

    assert_outcome(talk_redact(f, &f->lobby, 2, ids, "why", NULL),
                   MESSAGE_UNKNOWN);
    assert_int_equal(f->applied.value, 1);
    assert_no_trace(f);
    assert_outcome(talk_redact(f, &f->lobby, 0, ids, "why", NULL),
                   REDACTIONS_NONE);
    assert_outcome(
        talk_redact(f, &f->lobby, REDACTIONS_MAX + 1, ids, "why", NULL),
        REDACTIONS_TOO_MANY);
    assert_outcome(talk_redact(f, &f->trade, 1, ids, "why", NULL),
                   ROOM_UNKNOWN);
}

/* What is taken out of sight is so for a reason, of one line. */
static void test_reason_check__of_one_line(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t ids[] = {1};
    char text[REPLACEMENT_CHARACTERS_MAX + 2] = "";

    assert_outcome(talk_redact(f, &f->lobby, 1, ids, "", NULL), REASON_MISSING);
    assert_outcome(talk_redact(f, &f->lobby, 1, ids, "a\nb", NULL),
                   REASON_CHARACTER);
    memset(text, 'r', sizeof(text) - 1);
    assert_outcome(talk_redact(f, &f->lobby, 1, ids, text, NULL),
                   REASON_TOO_LONG);
    assert_outcome(talk_redact(f, &f->lobby, 1, ids, "why", text),
                   REPLACEMENT_TOO_LONG);
    assert_outcome(talk_redact(f, &f->lobby, 1, ids, "why", ""), TEXT_EMPTY);
    assert_no_trace(f);
}

/* A room that is cleared up to a message shows nothing up to it, and nothing of
 * it can be named; clearing less than that changes nothing. */
static void test_room_clear__up_to_a_message(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t ids[] = {2};

    assert_outcome(talk_clear(f, &f->lobby, 2, ""), REASON_MISSING);
    assert_outcome(talk_clear(f, &f->lobby, 4, "old"), MESSAGE_UNKNOWN);
    assert_outcome(talk_clear(f, &f->lobby, 0, "old"), MESSAGE_UNKNOWN);
    assert_outcome(talk_clear(f, &f->lobby, 2, "old"), DONE);
    assert_int_equal(fixture_view(f, &f->lobby).cleared_upto, 2);
    assert_int_equal(fixture_event(f, EVENT_ROOM_CLEARED)->message_id, 2);
    assert_int_equal(f->effects.n_ids, 1);
    assert_int_equal(f->effects.ids[0], 0);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 2, "x"), MESSAGE_UNKNOWN);
    assert_outcome(talk_redact(f, &f->lobby, 1, ids, "why", NULL),
                   MESSAGE_UNKNOWN);
    assert_outcome(talk_correct(f, ALICE, 1, &f->lobby, 3, "x"), DONE);
    assert_outcome(talk_clear(f, &f->lobby, 1, "old"), DONE);
    assert_no_trace(f);
    assert_int_equal(f->applied.value, 2);
}

/* Nothing of all this is known before the pool has raised its rules. */
static void test_message_correct__later_rules(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t ids[] = {1};

    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "x"), COMMAND_UNKNOWN);
    assert_outcome(talk_withdraw(f, NULL, 0, &f->lobby, 1), COMMAND_UNKNOWN);
    assert_outcome(talk_redact(f, &f->lobby, 1, ids, "why", NULL),
                   COMMAND_UNKNOWN);
    assert_outcome(talk_clear(f, &f->lobby, 1, "why"), COMMAND_UNKNOWN);
    assert_outcome(talk_purge(f, &f->lobby, 0, 1), COMMAND_UNKNOWN);
    assert_outcome(talk_hold(f, "case", &f->lobby, NULL), COMMAND_UNKNOWN);
    assert_outcome(talk_retain(f, &f->lobby, 1), COMMAND_UNKNOWN);
    assert_outcome(fixture_set(f, SETTING_CORRECTION_WINDOW_S, 0),
                   SETTING_UNKNOWN);
}

static enum outcome tell_story(struct chat_fixture *f, const char *text)
{
    Perch__Post post = PERCH__POST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&post, room, fixture_guid_bytes(&f->lobby));
    CODEC_SET_BYTES(&post, text, slice_of_text(text));
    CODEC_SET(&post, story, true);
    CODEC_SET(&command, user, fixture_text(BOB));
    CODEC_SET(&command, session, 2);
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    return fixture_apply(f, 2, &command);
}

/* A story has a limit of its own and a title, which is its first line; its
 * corrections are stories, too. */
static void test_post__story(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_set(f, SETTING_MESSAGE_CHARACTERS_MAX, 10), DONE);
    assert_outcome(fixture_set(f, SETTING_STORY_CHARACTERS_MAX, 20), DONE);
    assert_outcome(tell_story(f, "Title\nand 14 more."), DONE);
    assert_true(talk_said(f, &f->lobby, 4).story);
    assert_outcome(tell_story(f, "Title\nand 15 and more."), TEXT_TOO_LONG);
    assert_outcome(tell_story(f, " \t\r\nno title"), STORY_UNTITLED);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "12345678901", NULL),
                   TEXT_TOO_LONG);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 4, "Title\nand 13 more"),
                   DONE);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 4, "\nuntitled"),
                   STORY_UNTITLED);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "12345678901"),
                   TEXT_TOO_LONG);
}

#define IN(function)                                                           \
    cmocka_unit_test_setup_teardown(test_##function, talk_setup,               \
                                    fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(message_correct__says_it_better),
        IN(message_correct__again),
        IN(message_correct__the_authors_alone),
        IN(message_correct__within_the_window),
        IN(message_correct__unknown),
        IN(message_correct__as_a_post),
        IN(message_withdraw__takes_it_back),
        IN(message_redact__several),
        IN(message_redact__all_or_nothing),
        IN(reason_check__of_one_line),
        IN(room_clear__up_to_a_message),
        IN(post__story),
        cmocka_unit_test_setup_teardown(test_message_correct__later_rules,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
