/* What a client sees of who may do what: secret rooms, auditoriums, categories
 * that keep no history. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/buffer.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, setup, stage_teardown)
#define NONE_ID  "33333333-3333-3333-3333-333333333333"

static int setup(void **state)
{
    if (stage_setup(state) != 0) {
        return -1;
    }
    stage_raise(*state);
    return 0;
}

/* Ask something of a room; gives the reply, with the room's id made NONE_ID. */
static const char *ask(struct stage *s, edge_ref dialog, const char *verb,
                       const char *room, const char *more, char reply[4096])
{
    struct buffer body = BUFFER_EMPTY;
    char *at;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"5\" "
                  "xmlns=\"urn:parlano:xml:ns:xccos\">"
                  "<cmd id=\"cmd:%s\" seqid=\"1\"><data>%s%s%s%s</data></cmd>"
                  "</xccos>",
                  verb, "<chanib uri=\"ma-chan://example.com/", room, "\"/>",
                  more);
    buffer_append(&body, "", 1);
    stage_say(s, dialog, (const char *)body.data);
    buffer_deinit(&body);
    /* From the reply on: the envelope counts replies. */
    snprintf(reply, 4096, "%s",
             strstr(stage_expect(s, dialog, "rpl:"), "<rpl"));
    while ((at = strstr(reply, room)) != NULL && strcmp(room, NONE_ID) != 0) {
        memcpy(at, NONE_ID, strlen(NONE_ID));
    }
    return reply;
}

static const char *join(struct stage *s, edge_ref dialog, const char *room,
                        char reply[4096])
{
    struct buffer body = BUFFER_EMPTY;
    char *at;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"5\" "
                  "xmlns=\"urn:parlano:xml:ns:xccos\">"
                  "<cmd id=\"cmd:join\" seqid=\"1\"><data><chanid key=\"0\" "
                  "domain=\"example.com\" value=\"%s\"/></data></cmd></xccos>",
                  room);
    buffer_append(&body, "", 1);
    stage_say(s, dialog, (const char *)body.data);
    buffer_deinit(&body);
    snprintf(reply, 4096, "%s",
             strstr(stage_expect(s, dialog, "rpl:join"), "<rpl"));
    while ((at = strstr(reply, room)) != NULL && strcmp(room, NONE_ID) != 0) {
        memcpy(at, NONE_ID, strlen(NONE_ID));
    }
    return reply;
}

/* To one outside, a secret room's answers are those of a room that never was,
 * to the last byte. */
static void test_secret__answers_as_no_room(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    char secret[4096], none[4096];

    CODEC_SET(&change, visibility, PERCH__VISIBILITY__SECRET);
    stage_change(s, DESK_ID, &change);
    assert_string_equal(join(s, carol, DESK_ID, secret),
                        join(s, carol, NONE_ID, none));
    assert_string_equal(ask(s, carol, "bccontext", DESK_ID,
                            "<bcq><last cnt=\"5\"/></bcq>", secret),
                        ask(s, carol, "bccontext", NONE_ID,
                            "<bcq><last cnt=\"5\"/></bcq>", none));
    assert_non_null(strstr(none, "NO_SUCH_NODE"));
    assert_string_equal(ask(s, carol, "part", DESK_ID, "", secret),
                        ask(s, carol, "part", NONE_ID, "", none));
    assert_int_equal(stage_post(s, carol, CAROL, DESK, "x") != 0,
                     stage_post(s, carol, CAROL,
                                "ma-chan://example.com/" NONE_ID, "x") != 0);
    stage_commit(s);
}

/* Who is in a room that becomes secret and is not of it is put out of it; who
 * is of it hears what the room is now. */
static void test_secret__puts_out_those_outside(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"),
             carol = stage_dial(s, CAROL, "c1");
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;

    CODEC_SET(&change, visibility, PERCH__VISIBILITY__OPEN);
    stage_change(s, DESK_ID, &change);
    stage_join(s, alice, DESK_ID, NULL);
    stage_join(s, carol, DESK_ID, NULL);
    stage_forget(s);
    CODEC_SET(&change, visibility, PERCH__VISIBILITY__SECRET);
    stage_change(s, DESK_ID, &change);
    stage_expect(s, carol, "ntc:part");
    stage_expect(s, carol, "ntc:kick");
    stage_expect_none(s, carol);
    stage_expect(s, alice, "ntc:part");
    stage_expect(s, alice, "visibility=\"PRIVATE\"");
}

/* Search by what rooms are; gives the reply. */
static const char *search(struct stage *s, edge_ref dialog, const char *asked)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"5\" "
                  "xmlns=\"urn:parlano:xml:ns:xccos\">"
                  "<cmd id=\"cmd:chansrch\" seqid=\"1\"><data>"
                  "<qib criteria=\"\" %s/></data></cmd></xccos>",
                  asked);
    buffer_append(&body, "", 1);
    stage_send(s, dialog, (const char *)body.data);
    stage_reads(s, ERROR_NONE);
    buffer_deinit(&body);
    return stage_expect(s, dialog, "rpl:chansrch");
}

/* Rooms are found by what they are, and by those who may know of them. */
static void test_chansrch__by_kind(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), carol = stage_dial(s, CAROL, "c1");
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;

    assert_non_null(
        strstr(search(s, bob, "behavior=\"AUDITORIUM\""), "<data/>"));
    CODEC_SET(&change, behavior, PERCH__BEHAVIOR__AUDITORIUM);
    CODEC_SET(&change, visibility, PERCH__VISIBILITY__SECRET);
    stage_change(s, DESK_ID, &change);
    assert_non_null(strstr(search(s, bob, "behavior=\"AUDITORIUM\""), DESK));
    assert_null(strstr(search(s, bob, "behavior=\"NORMAL\""), DESK));
    assert_non_null(strstr(search(s, bob, "privacy=\"PRIVATE\""), DESK));
    assert_null(strstr(search(s, bob, "privacy=\"SCOPED\""), DESK));
    assert_non_null(strstr(search(s, carol, "privacy=\"PRIVATE\""), "<data/>"));
}

/* An auditorium is shown as one, and a reader's post is refused at once. */
static void test_auditorium__is_shown_and_refuses(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    ProtobufCBinaryData names[] = {codec_bytes(SLICE_LITERAL(ALICE))};
    uint64_t token;

    CODEC_SET(&change, behavior, PERCH__BEHAVIOR__AUDITORIUM);
    change.n_presenters_add = 1;
    change.presenters_add = names;
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_change(s, LOBBY_ID, &change);
    stage_expect(s, bob, "behavior=\"AUDITORIUM\"");
    token = stage_post(s, bob, BOB, LOBBY, "me too");
    stage_commit(s);
    assert_int_equal(stage_answer(s, bob, token)->status, 403);
}

/* What is said while a category keeps no history is heard and never shown
 * again; what was said before and after is. */
static void test_history__skips_what_was_not_to_be_kept(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    char reply[4096];

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "before");
    CODEC_SET(&change, history, false);
    stage_category(s, &change);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "between");
    CODEC_SET(&change, history, true);
    stage_category(s, &change);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "after");
    stage_expect(s, alice, "before");
    stage_expect(s, alice, "between");
    stage_expect(s, alice, "after");
    stage_join(s, bob, LOBBY_ID, NULL);
    ask(s, bob, "bccontext", LOBBY_ID, "<bcq><last cnt=\"5\"/></bcq>", reply);
    assert_non_null(strstr(reply, "before"));
    assert_null(strstr(reply, "between"));
    assert_non_null(strstr(reply, "after"));
}

/* Whoever the policy does not enable is told so at sign-in, and put out when
 * the policy comes later. */
static void test_policy__keeps_out(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    Perch__UserChange change = PERCH__USER_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    stage_join(s, bob, LOBBY_ID, NULL);
    stage_forget(s);
    CODEC_SET_BYTES(&change, uri, SLICE_LITERAL(BOB));
    CODEC_SET(&change, chat, PERCH__CHAT_POLICY__DISABLED);
    command.kind_case = PERCH__COMMAND__KIND_USER_CHANGE;
    command.user_change = &change;
    stage_administer(s, &command);
    stage_expect_close(s, bob, "session_ended");
    stage_hang_up(s, bob, DIALOG_DROPPED, 0, 0);
    stage_forget(s);
    stage_sign_in(s, BOB);
    stage_reads(s, ERROR_NONE);
    assert_int_equal(s->given[s->n_given - 1].sign_in, SIGN_IN_NOT_ENABLED);
    stage_sign_in(s, ALICE);
    stage_reads(s, ERROR_NONE);
    assert_int_equal(s->given[s->n_given - 1].sign_in, SIGN_IN_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_secret__answers_as_no_room),
        IN(test_secret__puts_out_those_outside),
        IN(test_chansrch__by_kind),
        IN(test_auditorium__is_shown_and_refuses),
        IN(test_history__skips_what_was_not_to_be_kept),
        IN(test_policy__keeps_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
