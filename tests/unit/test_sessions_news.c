/* What a client is told of rooms it follows: unread counts, mentions, feeds,
 * notices, and marks that move by reading. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/buffer.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, setup, stage_teardown)

static int setup(void **state)
{
    if (stage_setup(state) != 0) {
        return -1;
    }
    stage_raise(*state);
    return 0;
}

#define ASK(verb, data)                                                        \
    "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:" verb "\" seqid=\"1\"><data>" data "</data></cmd></xccos>"

/* Ask; gives the reply, which must have this in it. */
static const char *ask(struct stage *s, edge_ref dialog, const char *body,
                       const char *part)
{
    stage_say(s, dialog, body);
    return stage_expect(s, dialog, part);
}

#define NEWS(s, dialog) ask(s, dialog, ASK("getnews", ""), "rpl:getnews")

static const char *mark(struct stage *s, edge_ref dialog, const char *room,
                        const char *news, const char *part)
{
    struct buffer body = BUFFER_EMPTY;
    const char *reply;

    buffer_printf(&body, ASK("markread", "<chanib uri=\"%s\">%s</chanib>"),
                  room, news);
    buffer_append(&body, "", 1);
    reply = ask(s, dialog, (const char *)body.data, part);
    buffer_deinit(&body);
    return reply;
}

/* A user follows a room, by an item of the presence document; version 0. */
static void follow(struct stage *s, const char *user, uint8_t room,
                   uint32_t version, bool remove)
{
    static uint8_t guids[4][GUID_BYTES];
    Perch__Publish__Item item = PERCH__PUBLISH__ITEM__INIT;
    Perch__Publish__Item *list[] = {&item};
    Perch__Publish publish = PERCH__PUBLISH__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    memset(guids[room], room * 0x11, GUID_BYTES);
    CODEC_SET(&item, instance, room);
    CODEC_SET(&item, version, version);
    CODEC_SET(&item, remove, remove);
    CODEC_SET_BYTES(&item, room, slice_of(guids[room], GUID_BYTES));
    publish.n_items = 1;
    publish.items = list;
    CODEC_SET_BYTES(&command, user, slice_of_text(user));
    command.kind_case = PERCH__COMMAND__KIND_PUBLISH;
    command.publish = &publish;
    stage_other(s, &command);
}

enum { OF_LOBBY = 1, OF_DESK = 2 };

/* Whether a room's news in a reply says this. */
static void assert_news(const char *reply, const char *room, const char *says)
{
    const char *at = strstr(reply, room), *end;
    const char *found;

    assert_non_null(at);
    end = strstr(at, "</chanib>");
    found = strstr(at, says);
    if (found == NULL || end == NULL || found > end) {
        print_error("%s\nsays not: %s\n", at, says);
    }
    assert_true(found != NULL && end != NULL && found < end);
}

/* Following begins with nothing unread; what is said after counts, until it is
 * marked, and once more when the mark is put back. */
static void test_getnews__counts_what_is_unread(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "before");
    assert_null(strstr(NEWS(s, bob), "chanib"));
    follow(s, BOB, OF_LOBBY, 0, false);
    assert_news(NEWS(s, bob), LOBBY,
                "last=\"1\" read=\"1\" unread=\"0\" mentions=\"0\" "
                "followed=\"true\" cut=\"false\"");
    stage_talk(s, alice, ALICE, LOBBY, "one");
    stage_talk(s, alice, ALICE, LOBBY, "two");
    assert_news(NEWS(s, bob), LOBBY, "read=\"1\" unread=\"2\"");
    mark(s, bob, LOBBY, "<news read=\"2\"/>", "unread=\"1\"");
    stage_expect(s, bob, "ntc:markread");
    mark(s, bob, LOBBY, "", "last=\"3\" read=\"3\" unread=\"0\"");
    stage_expect(s, bob, "ntc:markread");
    mark(s, bob, LOBBY, "<news read=\"1\"/>", "read=\"3\"");
    mark(s, bob, LOBBY, "<news read=\"1\" back=\"true\"/>", "unread=\"2\"");
    stage_expect(s, bob, "ntc:markread");
    mark(s, bob, LOBBY, "<news read=\"4\"/>", "404\">ERROR_NO_SUCH_NODE");
    assert_news(NEWS(s, bob), LOBBY, "unread=\"2\"");
}

/* A user is mentioned by either name, as a word, in any case and script, by
 * others. */
static void test_getnews__finds_mentions(void **state)
{
    static const char *const said[] = {
        "BOB, come here",
        "ask bob's boss",
        "the bobsled is here",
        "a kebob",
        "bob@example.com?",
        "sip:bob_2@example.com",
        "\345\217\253bob\343\201\225\343\202\223", /* Bob-san. */
    };
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    follow(s, BOB, OF_LOBBY, 0, false);
    stage_join(s, alice, LOBBY_ID, NULL);
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        stage_talk(s, alice, ALICE, LOBBY, said[i]);
    }
    assert_news(NEWS(s, bob), LOBBY,
                "unread=\"7\" mentions=\"4\" chatId=\"7\"");
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_forget(s);
    stage_talk(s, bob, BOB, LOBBY, "bob says bob");
    stage_forget(s);
    assert_news(NEWS(s, bob), LOBBY, "mentions=\"4\" chatId=\"7\"");
}

static void clear_lobby(struct stage *s, uint64_t upto_id)
{
    Perch__RoomClear clear = PERCH__ROOM_CLEAR__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid guid;

    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &guid), ERROR_NONE);
    CODEC_SET_BYTES(&clear, room, slice_of(guid.bytes, GUID_BYTES));
    CODEC_SET(&clear, upto_id, upto_id);
    CODEC_SET_BYTES(&clear, reason, SLICE_LITERAL("because"));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CLEAR;
    command.room_clear = &clear;
    stage_administer(s, &command);
}

/* What a room was cleared of is no news: it is neither counted nor looked
 * through. */
static void test_getnews__not_what_was_cleared(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    follow(s, BOB, OF_LOBBY, 0, false);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "bob?");
    stage_talk(s, alice, ALICE, LOBBY, "bob!");
    clear_lobby(s, 1);
    assert_news(NEWS(s, bob), LOBBY,
                "last=\"2\" read=\"0\" unread=\"1\" mentions=\"1\" "
                "chatId=\"2\"");
}

#define SET(version, feeds)                                                    \
    ASK("setfeeds", "<feeds version=\"" version "\">" feeds "</feeds>")

/* Feeds pick by words or authors what is unread, on the server; they are
 * changed by who has seen their last version. */
static void test_feeds__pick_what_is_unread(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    const char *reply;

    ask(s, bob, ASK("getfeeds", ""), "<feeds version=\"0\"/>");
    ask(s, bob,
        SET("0", "<feed name=\"ice\"><word>is bl\xc3\xa5</word></feed>"
                 "<feed name=\"boss\"><author uri=\"" ALICE "\"/></feed>"
                 "<feed name=\"none\"><word>ferry</word>"
                 "<author uri=\"" CAROL "\"/></feed>"),
        "<feeds version=\"1\"><feed name=\"ice\">");
    ask(s, bob, SET("0", ""), "409\">ERROR_COLLISION");
    ask(s, bob, SET("1", "<feed name=\"ice\"/>"), "400\">ERROR_INVALID");
    ask(s, bob, ASK("setfeeds", ""), "400\">ERROR_INVALID");
    ask(s, bob, ASK("getfeeds", ""),
        "<word>is bl\xc3\xa5</word></feed><feed name=\"boss\">"
        "<author uri=\"" ALICE "\"/>");
    follow(s, BOB, OF_LOBBY, 0, false);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "IS BL\xc3\x85 today");
    stage_talk(s, alice, ALICE, LOBBY, "the ferry");
    reply = NEWS(s, bob);
    assert_news(reply, LOBBY, "<hits feed=\"ice\" cnt=\"1\" chatId=\"1\"/>");
    assert_news(reply, LOBBY, "<hits feed=\"boss\" cnt=\"2\" chatId=\"2\"/>");
    assert_null(strstr(reply, "feed=\"none\""));
}

/* Of a room one may not read, or that keeps nothing, nothing is told: no
 * count, no notice; and not why. */
static void test_getnews__nothing_to_those_who_may_not(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    edge_ref carol = stage_dial(s, CAROL, "c1");
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    char none[4096];

    follow(s, CAROL, OF_DESK, 0, false);
    follow(s, BOB, OF_DESK, 0, false);
    stage_join(s, alice, DESK_ID, NULL);
    stage_talk(s, alice, ALICE, DESK, "carol and bob");
    assert_null(strstr(NEWS(s, carol), "chanib"));
    snprintf(none, sizeof(none), "%s",
             ask(s, carol,
                 ASK("getnews", "<chanid key=\"0\" domain=\"example.com\" "
                                "value=\"" DESK_ID "\"/>"),
                 "rpl:getnews"));
    assert_non_null(strstr(none, "<fib key=\"OPERATION_FAILED\""));
    assert_null(strstr(none, "chanib"));
    stage_pass(s, 1100);
    stage_expect_none(s, carol);
    stage_expect(s, bob, "ntc:news");
    mark(s, carol, DESK, "", "403\">ERROR_PERMISSION");
    /* A right that is lost takes the news with it, and gives them back. */
    stage_member(s, DESK_ID, BOB, true);
    stage_talk(s, alice, ALICE, DESK, "bob is gone");
    stage_pass(s, 1100);
    stage_expect_none(s, bob);
    assert_null(strstr(NEWS(s, bob), "chanib"));
    stage_member(s, DESK_ID, BOB, false);
    assert_news(NEWS(s, bob), DESK, "unread=\"2\" mentions=\"2\"");
    CODEC_SET(&change, history, false);
    stage_category(s, &change);
    stage_forget(s);
    assert_null(strstr(NEWS(s, bob), "chanib"));
    stage_talk(s, alice, ALICE, DESK, "off the record");
    stage_pass(s, 1100);
    stage_expect_none(s, bob);
}

/* However much is said, an endpoint that follows and has not joined hears once
 * a second that there is something; who is in the room hears it itself. */
static void test_news__once_a_second(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    edge_ref home = stage_dial(s, BOB, "b2"),
             carol = stage_dial(s, CAROL, "c1");

    follow(s, BOB, OF_LOBBY, 0, false);
    follow(s, ALICE, OF_LOBBY, 0, false);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, home, LOBBY_ID, NULL);
    stage_forget(s);
    for (int i = 0; i < 5; i++) {
        stage_talk(s, alice, ALICE, LOBBY, "hi");
    }
    stage_expect_none(s, bob);
    stage_pass(s, 1100);
    stage_expect(s, bob,
                 "<ntc id=\"ntc:news\" seqid=\"1\"><data><chanib "
                 "uri=\"" LOBBY "\" name=\"Lobby\"><news last=\"5\"/>");
    stage_expect_none(s, bob);
    stage_expect_none(s, carol);
    for (int i = 0; i < 5; i++) {
        stage_expect(s, home, "grpchat");
    }
    stage_expect_none(s, home);
    stage_pass(s, 3000);
    stage_expect_none(s, bob);
    follow(s, BOB, OF_LOBBY, 1, true);
    stage_talk(s, alice, ALICE, LOBBY, "hi");
    stage_pass(s, 1100);
    stage_expect_none(s, bob);
}

/* Who answers nothing is not told room by room without end: one word, when it
 * has answered. */
static void test_news__slow_endpoint_is_told_once(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    uint32_t told = 0;

    follow(s, BOB, OF_LOBBY, 0, false);
    stage_join(s, alice, LOBBY_ID, NULL);
    for (; told < 64; told++) {
        stage_talk(s, alice, ALICE, LOBBY, "hi");
        stage_pass(s, 1100);
        stage_expect(s, bob, "ntc:news");
    }
    for (int i = 0; i < 3; i++) {
        stage_talk(s, alice, ALICE, LOBBY, "hi");
        stage_pass(s, 1100);
        stage_expect_none(s, bob);
    }
    stage_confirm(s, bob, 0, told);
    stage_pass(s, 1100);
    stage_expect(s, bob, "<ntc id=\"ntc:news\" seqid=\"1\"><data/></ntc>");
    stage_expect_none(s, bob);
}

/* The client confirms all it was given. */
static void confirm(struct stage *s, edge_ref dialog, uint32_t replies)
{
    stage_confirm(s, dialog, UINT32_MAX, replies);
}

/* What an endpoint in the room has confirmed is read, for all of the user's,
 * in one entry however many messages that were. */
static void test_reading__moves_the_mark(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    edge_ref home = stage_dial(s, BOB, "b2");

    follow(s, BOB, OF_LOBBY, 0, false);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_forget(s);
    for (int i = 0; i < 3; i++) {
        stage_talk(s, alice, ALICE, LOBBY, "hi");
    }
    stage_pass(s, 1100);
    stage_expect(s, home, "ntc:news");
    stage_pass(s, 5000);
    stage_commit(s);
    stage_expect_none(s, home); /* Nothing was confirmed. */
    confirm(s, bob, 1);
    stage_pass(s, 2500);
    stage_commit(s);
    stage_expect(s, home, "read=\"3\" unread=\"0\"");
    stage_expect_none(s, home);
    stage_forget(s);
    assert_news(NEWS(s, home), LOBBY, "read=\"3\"");
}

/* A mark does not jump over what was not shown: who joins without asking for
 * the past has not read it. */
static void test_reading__does_not_jump(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob;

    follow(s, BOB, OF_LOBBY, 0, false);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "missed");
    bob = stage_dial(s, BOB, "b1");
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "seen");
    stage_pass(s, 1100);
    confirm(s, bob, 1);
    stage_pass(s, 2500);
    stage_commit(s);
    stage_forget(s);
    assert_news(NEWS(s, bob), LOBBY, "read=\"0\" unread=\"2\"");
    /* The past is shown: all of it is read. */
    ask(s, bob,
        ASK("bccontext",
            "<chanib uri=\"" LOBBY "\"/><bcq><last cnt=\"25\"/></bcq>"),
        "missed");
    confirm(s, bob, 3);
    stage_pass(s, 2500);
    stage_commit(s);
    stage_pass(s, 2500);
    stage_commit(s);
    stage_forget(s);
    assert_news(NEWS(s, bob), LOBBY, "read=\"1\" unread=\"1\"");
    stage_talk(s, alice, ALICE, LOBBY, "and more");
    stage_pass(s, 1100);
    confirm(s, bob, 9);
    stage_pass(s, 2500);
    stage_commit(s);
    stage_forget(s);
    assert_news(NEWS(s, bob), LOBBY, "read=\"3\" unread=\"0\"");
}

/* Who follows nothing costs no entry by reading. */
static void test_reading__costs_nothing_without_following(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    uint64_t before;

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "hi");
    stage_talk(s, bob, BOB, LOBBY, "ho");
    stage_pass(s, 1100);
    stage_commit(s);
    stage_forget(s);
    before = proposer_meters(sessions_proposer(s->sessions))->proposed.value;
    stage_pass(s, 5000);
    stage_commit(s);
    stage_expect_none(s, alice);
    stage_expect_none(s, bob);
    assert_int_equal(
        proposer_meters(sessions_proposer(s->sessions))->proposed.value,
        before);
}

/* A read mark that is put back stays where it is for the sitting. */
static void test_reading__stays_back(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    follow(s, BOB, OF_LOBBY, 0, false);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "one");
    stage_talk(s, alice, ALICE, LOBBY, "two");
    stage_pass(s, 1100);
    confirm(s, bob, 1);
    stage_pass(s, 2500);
    stage_commit(s);
    stage_forget(s);
    mark(s, bob, LOBBY, "<news read=\"0\" back=\"true\"/>", "unread=\"2\"");
    stage_talk(s, alice, ALICE, LOBBY, "three");
    stage_pass(s, 1100);
    confirm(s, bob, 9);
    stage_pass(s, 2500);
    stage_commit(s);
    stage_forget(s);
    assert_news(NEWS(s, bob), LOBBY, "read=\"0\" unread=\"3\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_getnews__counts_what_is_unread),
        IN(test_getnews__finds_mentions),
        IN(test_getnews__not_what_was_cleared),
        IN(test_feeds__pick_what_is_unread),
        IN(test_getnews__nothing_to_those_who_may_not),
        IN(test_news__once_a_second),
        IN(test_news__slow_endpoint_is_told_once),
        IN(test_reading__moves_the_mark),
        IN(test_reading__does_not_jump),
        IN(test_reading__costs_nothing_without_following),
        IN(test_reading__stays_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
