#include "tests/unit/test.h"

#include <stdlib.h>

#include "node/chat/post.h"
#include "proto/store.pb-c.h"
#include "tests/unit/chat_fixture.h"

/* alice (session 1) and bob (2) are in lobby and desk; carol (3) in lobby. */
static int setup(void **state)
{
    struct chat_fixture *f;

    fixture_setup(state);
    f = *state;
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 2), DONE);
    assert_outcome(fixture_open(f, 2, CAROL, 3), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 2, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 2, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, CAROL, 3, &f->lobby), DONE);
    return 0;
}

static enum outcome say(struct chat_fixture *f, Perch__Post *post)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(post, room, fixture_guid_bytes(&f->lobby));
    CODEC_SET_BYTES(&command, user, slice_of_text(ALICE));
    CODEC_SET(&command, session, 1);
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = post;
    return fixture_apply(f, 1, &command);
}

static bool ask_retry(const struct chat_fixture *f, const char *user,
                      const char *retry_id, struct retry_view *view_out)
{
    return query_retry(f->machine, slice_of_text(user), slice_of_text(retry_id),
                       view_out);
}

/* A post gets the room's next message id, 1-based and without gaps, is told
 * once, and its row says who, when and what. */
static void test_post__gets_the_rooms_next_message_id(void **state)
{
    struct chat_fixture *f = *state;

    for (uint64_t id = 1; id <= 3; id++) {
        assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "hi", NULL), DONE);
        assert_int_equal(f->applied.value, id);
        assert_int_equal(f->effects.n_events, 1);
        assert_int_equal(fixture_event(f, EVENT_POSTED)->message_id, id);
    }
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->desk, "hi", NULL), DONE);
    assert_int_equal(f->applied.value, 1);
    assert_true(f->effects.has_message);
    assert_int_equal(f->effects.message.log_index, f->index);
    assert_slice_text(f->effects.message.author_uri, ALICE);
    assert_int_equal(fixture_view(f, &f->lobby).message_id_last, 3);
    assert_int_equal(fixture_view(f, &f->desk).message_id_last, 1);
}

/* The commit time is the leader's stamp, but always later than the post before,
 * whatever the clock did. */
static void test_post__commit_times_strictly_increase(void **state)
{
    struct chat_fixture *f = *state;
    int64_t first;

    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "1", NULL), DONE);
    first = f->effects.message.sent_at_us;
    assert_int_equal(first, f->now_us - 1000000);
    f->now_us = 5; /* A new leader whose clock is at 1970. */
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "2", NULL), DONE);
    assert_int_equal(f->effects.message.sent_at_us, first + 1);
    f->now_us = INT64_MAX - 1000000; /* No moment at all. */
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "3", NULL), DONE);
    assert_int_equal(f->effects.message.sent_at_us, first + 2);
    f->now_us = first + 1000;
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "4", NULL), DONE);
    assert_int_equal(f->effects.message.sent_at_us, first + 1000);
}

/* A closed room takes posts from its members and managers alone, and a refused
 * post leaves no trace: no message id is used up, no event, no row. */
static void test_post__closed_room_refuses_who_is_no_member(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_post(f, 2, CAROL, 3, &f->desk, "hi", NULL),
                   NOT_A_MEMBER);
    assert_no_trace(f);
    assert_int_equal(fixture_view(f, &f->desk).message_id_last, 0);
}

/* Only a session that has joined the room posts there, also when another
 * session of the same user has. */
static void test_post__only_joined_sessions(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_open(f, 1, BOB, 9), DONE);
    assert_outcome(fixture_post(f, 1, BOB, 9, &f->lobby, "hi", NULL),
                   NOT_JOINED);
    assert_no_trace(f);
    assert_outcome(fixture_part(f, 2, BOB, 2, &f->lobby), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "hi", NULL),
                   NOT_JOINED);
}

/* Nobody posts under another's name, and nobody without a session of the node
 * that proposes. */
static void test_post__refuses_a_forged_author(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_post(f, 2, ALICE, 2, &f->lobby, "hi", NULL),
                   NOT_THE_SESSIONS_USER);
    assert_outcome(fixture_post(f, 1, BOB, 2, &f->lobby, "hi", NULL),
                   SESSION_UNKNOWN);
    assert_outcome(fixture_post(f, 2, "", 2, &f->lobby, "hi", NULL),
                   NOT_A_USER);
    assert_no_trace(f);
    /* One name in two spellings is the same user. */
    assert_outcome(
        fixture_post(f, 2, "SIP:BOB@Example.COM", 2, &f->lobby, "hi", NULL),
        DONE);
}

/* There is no posting to what is no room: unknown, malformed, a category. */
static void test_post__refuses_what_is_no_room(void **state)
{
    struct chat_fixture *f = *state;
    struct guid none = fixture_guid(99), nil = fixture_guid(0);

    assert_outcome(fixture_post(f, 2, BOB, 2, &none, "hi", NULL), ROOM_UNKNOWN);
    assert_outcome(fixture_post(f, 2, BOB, 2, &nil, "hi", NULL), ROOM_UNKNOWN);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->trade, "hi", NULL),
                   ROOM_UNKNOWN);
    assert_no_trace(f);
}

/* A message has 1 to MESSAGE_CHARACTERS_MAX characters of any plane. */
static void test_post__counts_characters_not_bytes(void **state)
{
    struct chat_fixture *f = *state;
    char text[4 * 11 + 1] = "";

    assert_outcome(fixture_set(f, SETTING_MESSAGE_CHARACTERS_MAX, 10), DONE);
    for (int i = 0; i < 10; i++) {
        strcat(text, "\xf0\x9f\x98\x80");
    }
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, text, NULL), DONE);
    strcat(text, ".");
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, text, NULL),
                   TEXT_TOO_LONG);
    assert_no_trace(f);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "", NULL), TEXT_EMPTY);
}

/* By default a message may have 8,000 characters. */
static void test_post__takes_8000_characters(void **state)
{
    struct chat_fixture *f = *state;
    char *text = calloc(1, 8002);

    memset(text, 'x', 8000);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, text, NULL), DONE);
    text[8000] = 'x';
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, text, NULL),
                   TEXT_TOO_LONG);
    free(text);
}

/* What XML cannot carry is refused, in the text and in what comes with it. */
static void test_post__refuses_what_xml_cannot_carry(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Post post = PERCH__POST__INIT;

    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a\x01", NULL),
                   TEXT_CHARACTER);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a\xff", NULL),
                   TEXT_NOT_UTF8);
    CODEC_SET_BYTES(&post, text, SLICE_LITERAL("fine"));
    CODEC_SET_BYTES(&post, extra, SLICE_LITERAL("<rtf>\x02</rtf>"));
    assert_outcome(say(f, &post), TEXT_CHARACTER);
    assert_no_trace(f);
    CODEC_SET_BYTES(&post, extra, SLICE_LITERAL("<rtf>\xc3</rtf>"));
    assert_outcome(say(f, &post), TEXT_NOT_UTF8);
}

/* Children not understood are carried verbatim up to EXTRA_BYTES_MAX. */
static void test_post__bounds_what_it_carries(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Post post = PERCH__POST__INIT;
    char *extra = malloc(EXTRA_BYTES_MAX + 1);

    memset(extra, ' ', EXTRA_BYTES_MAX + 1);
    CODEC_SET_BYTES(&post, text, SLICE_LITERAL("fine"));
    CODEC_SET_BYTES(&post, extra, slice_of(extra, EXTRA_BYTES_MAX));
    assert_outcome(say(f, &post), DONE);
    assert_int_equal(f->effects.message.post->extra.len, EXTRA_BYTES_MAX);
    CODEC_SET_BYTES(&post, extra, slice_of(extra, EXTRA_BYTES_MAX + 1));
    assert_outcome(say(f, &post), EXTRA_TOO_LONG);
    assert_no_trace(f);
    free(extra);
}

/* The same retry id is the same post: its first message id comes back and
 * nothing is added, from whatever session, node or state of rights. */
static void test_post__retried_is_one_post(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_post(f, 2, BOB, 2, &f->desk, "a", "r-1"), DONE);
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->desk, "b", NULL), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->desk, "a", "r-1"), REPEATED);
    assert_int_equal(f->applied.value, 1);
    assert_no_trace(f);

    assert_outcome(fixture_open(f, 1, BOB, 9), DONE);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MEMBER, true), DONE);
    assert_outcome(fixture_post(f, 1, BOB, 9, &f->desk, "a", "r-1"), REPEATED);
    assert_int_equal(f->applied.value, 1);
    assert_int_equal(fixture_view(f, &f->desk).message_id_last, 2);
}

/* Retry ids belong to their author: another's is another post. */
static void test_post__retry_ids_are_per_author(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), DONE);
    assert_outcome(fixture_post(f, 2, CAROL, 3, &f->lobby, "a", "r-1"), DONE);
    assert_int_equal(f->applied.value, 2);
}

/* A retry id that stands for a message of another room is a mistake that must
 * not look like success. */
static void test_post__refuses_a_retry_id_of_another_room(void **state)
{
    struct chat_fixture *f = *state;
    struct guid none = fixture_guid(99);

    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->desk, "a", "r-1"),
                   RETRY_ID_REUSED);
    assert_no_trace(f);
    assert_outcome(fixture_post(f, 2, BOB, 2, &none, "a", "r-1"),
                   RETRY_ID_REUSED);
}

/* A retry id is 1 to 64 visible ASCII characters. */
static void test_post__refuses_an_invalid_retry_id(void **state)
{
    struct chat_fixture *f = *state;
    char id[RETRY_ID_BYTES_MAX + 2] = "";

    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", ""),
                   RETRY_ID_INVALID);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "a b"),
                   RETRY_ID_INVALID);
    memset(id, 'x', RETRY_ID_BYTES_MAX);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", id), DONE);
    id[RETRY_ID_BYTES_MAX] = 'x';
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", id),
                   RETRY_ID_INVALID);
    assert_no_trace(f);
}

/* A refused post does not use its retry id up: corrected, it is accepted. */
static void test_post__refused_keeps_no_retry_id(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "", "r-1"),
                   TEXT_EMPTY);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), DONE);
    assert_int_equal(f->applied.value, 1);
}

/* A retry id is remembered for RETRY_WINDOW_S by commit times, to the
 * microsecond, and is then another post. */
static void test_post__retry_ids_are_forgotten_after_their_window(void **state)
{
    struct chat_fixture *f = *state;
    int64_t posted_us;

    assert_outcome(fixture_set(f, SETTING_RETRY_WINDOW_S, 60), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), DONE);
    posted_us = f->effects.sent_at_us;
    f->now_us = posted_us + 60000000;
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), REPEATED);
    f->now_us = posted_us + 60000001;
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), DONE);
    assert_int_equal(f->applied.value, 2);
}

/* What a retry id stands for can be asked, by its author alone and as long as
 * a repeat would be one: the first message's id and time. */
static void test_query_retry__tells_the_first_message(void **state)
{
    struct chat_fixture *f = *state;
    struct retry_view view;
    int64_t posted_us;

    assert_outcome(fixture_set(f, SETTING_RETRY_WINDOW_S, 60), DONE);
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "b", NULL), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), DONE);
    posted_us = f->effects.sent_at_us;
    f->now_us = posted_us + 60000000;
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), REPEATED);
    assert_true(ask_retry(f, BOB, "r-1", &view));
    assert_int_equal(view.message_id, 2);
    assert_true(view.sent_at_us == posted_us);
    assert_false(ask_retry(f, BOB, "r-2", &view));
    assert_false(ask_retry(f, ALICE, "r-1", &view));
    assert_false(ask_retry(f, "sip:nobody@example.com", "r-1", &view));
    f->now_us = posted_us + 60000001;
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "b", NULL), DONE);
    assert_false(ask_retry(f, BOB, "r-1", &view));
}

/* At most RETRIES_MAX are remembered; the oldest makes room. */
static void test_post__newer_retry_ids_push_older_ones_out(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_set(f, SETTING_RETRIES_MAX, 2), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "b", "r-2"), DONE);
    assert_outcome(fixture_post(f, 2, CAROL, 3, &f->lobby, "c", "r-3"), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "b", "r-2"), REPEATED);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "a", "r-1"), DONE);
    assert_int_equal(f->applied.value, 4);
}

/* The message's row holds all that history and archive need, and its bytes do
 * not depend on who writes it. */
static void test_message_write__golden_row(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Post post = PERCH__POST__INIT;
    Perch__Stored__Message *row = NULL;
    struct buffer value = BUFFER_EMPTY;

    CODEC_SET_BYTES(&post, text, SLICE_LITERAL("sell"));
    CODEC_SET_BYTES(&post, extra, SLICE_LITERAL("<rtf/>"));
    CODEC_SET_BYTES(&post, retry_id, SLICE_LITERAL("r-1"));
    CODEC_SET(&post, alert, true);
    CODEC_SET(&post, client_at_us, -7);
    assert_outcome(say(f, &post), DONE);
    message_write(&f->effects.message, &value);
    assert_int_equal(codec_read(f->arena, &perch__stored__message__descriptor,
                                buffer_slice(&value), &row),
                     ERROR_NONE);
    assert_int_equal(row->log_index, f->index);
    assert_int_equal(row->message_id, 1);
    assert_int_equal(row->sent_at_us, f->effects.sent_at_us);
    assert_slice_text(codec_slice(row->author), ALICE);
    assert_slice_text(codec_slice(row->text), "sell");
    assert_slice_text(codec_slice(row->extra), "<rtf/>");
    assert_slice_text(codec_slice(row->retry_id), "r-1");
    assert_true(row->alert);
    assert_int_equal(row->client_at_us, -7);
    buffer_deinit(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define POST_TEST(name) RUN_IN(test_post__##name, setup, fixture_teardown)
        POST_TEST(gets_the_rooms_next_message_id),
        POST_TEST(commit_times_strictly_increase),
        POST_TEST(closed_room_refuses_who_is_no_member),
        POST_TEST(only_joined_sessions),
        POST_TEST(refuses_a_forged_author),
        POST_TEST(refuses_what_is_no_room),
        POST_TEST(counts_characters_not_bytes),
        POST_TEST(takes_8000_characters),
        POST_TEST(refuses_what_xml_cannot_carry),
        POST_TEST(bounds_what_it_carries),
        POST_TEST(retried_is_one_post),
        POST_TEST(retry_ids_are_per_author),
        POST_TEST(refuses_a_retry_id_of_another_room),
        POST_TEST(refuses_an_invalid_retry_id),
        POST_TEST(refused_keeps_no_retry_id),
        POST_TEST(retry_ids_are_forgotten_after_their_window),
        RUN_IN(test_query_retry__tells_the_first_message, setup,
               fixture_teardown),
        POST_TEST(newer_retry_ids_push_older_ones_out),
        RUN_IN(test_message_write__golden_row, setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
