/* Searches of rooms: what is found, in which order, for whom; and that those
 * who look do not hold up those who post. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/session/looking.h"
#include "proto/base/buffer.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define TRADE "ma-cat://example.com/99999999-9999-9999-9999-999999999999"

#define IN(test) RUN_IN(test, stage_setup, stage_teardown)

#define ASK(verb, data)                                                        \
    "<xccos ver=\"1\" envid=\"31\" xmlns=\"urn:parlano:xml:ns:xccos\">"        \
    "<cmd id=\"cmd:" verb "\" seqid=\"1\"><data>" data "</data></cmd></xccos>"

static void search(struct stage *s, edge_ref dialog, const char *qib,
                   const char *part)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body, ASK("chansrch", "%s"), qib);
    buffer_append(&body, "", 1);
    stage_say(s, dialog, (const char *)body.data);
    stage_expect(s, dialog, part);
    buffer_deinit(&body);
}

#define STRASSE "33333333-3333-3333-3333-333333333333"

/* Case is set aside by Unicode's rules, composed and decomposed letters are
 * the same, all words must be there; a new name is found at once. */
static void test_chansrch__unicode(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");

    stage_room(s, STRASSE,
               "\xc3\x84rger in der Stra\xc3\x9f"
               "e",
               "\xce\x9f\xce\xb4\xcf\x8c\xcf\x82", true);
    search(s, bob, "<qib criteria=\"\xc3\xa4rGER\"/>", STRASSE);
    search(s, bob, "<qib criteria=\"A\xcc\x88rger\"/>", STRASSE);
    search(s, bob, "<qib criteria=\"STRASSE \xc3\x84\"/>", STRASSE);
    search(s, bob, "<qib criteria=\"strasse lobby\"/>", "<data/>");
    search(s, bob, "<qib criteria=\"strasse lobby\" matchall=\"false\"/>",
           "Lobby");
    search(s, bob, "<qib criteria=\"der strasse\" exact=\"true\"/>", STRASSE);
    search(s, bob, "<qib criteria=\"strasse der\" exact=\"true\"/>", "<data/>");
    search(s, bob, "<qib criteria=\"\xce\x9f\xce\x94\xce\x8c\xce\xa3\"/>",
           "<data/>");
    search(s, bob,
           "<qib criteria=\"\xce\x9f\xce\x94\xce\x8c\xce\xa3\" "
           "extended=\"true\"/>",
           STRASSE);
}

/* The other ways to search look at who asks, and at who is asked for. */
static void test_chansrch__by_other_things(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), carol = stage_dial(s, CAROL, "c1");

    stage_join(s, carol, LOBBY_ID, NULL);
    search(s, bob, "<qib qtype=\"MINE\" criteria=\"\"/>", DESK);
    search(s, bob, "<qib qtype=\"MANAGED\" criteria=\"\"/>", "<data/>");
    search(s, bob, "<qib qtype=\"BYMANAGER\" criteria=\"" ALICE "\"/>", DESK);
    search(s, bob, "<qib qtype=\"BYMEMBER\" criteria=\"" CAROL "\"/>",
           "<data/>");
    search(s, bob, "<qib qtype=\"BYMEMBER\" criteria=\"sip:x@y.z\"/>",
           "<data/>");
    search(s, bob, "<qib qtype=\"BYJOINED\" criteria=\"" CAROL "\"/>", LOBBY);
    search(s, bob, "<qib qtype=\"BYJOINED\" criteria=\"" ALICE "\"/>",
           "<data/>");
    search(s, bob, "<qib qtype=\"INVITED\" criteria=\"\"/>", "<data/>");
    search(s, bob, "<qib criteria=\"\" privacy=\"SCOPED\"/>",
           "<data><chanib uri=\"" DESK "\"");
    search(s, bob,
           "<qib qtype=\"BYCATEGORY\" criteria=\"ma-cat://example.com/"
           "99999999-9999-9999-9999-999999999999\"/>",
           LOBBY);
    search(s, bob,
           "<qib criteria=\"\" categoryUri=\"ma-cat://example.com/"
           "88888888-8888-8888-8888-888888888888\"/>",
           "<data/>");
    stage_disable(s, LOBBY_ID);
    search(s, bob, "<qib criteria=\"lobby\"/>", "<data/>");
}

static unsigned count_given(const struct stage *s, const char *part)
{
    unsigned n = 0;

    for (size_t i = 0; i < s->n_given; i++) {
        n += strstr(s->given[i].text, part) != NULL;
    }
    return n;
}

/* Rooms come by name, as people look them up: marks on letters and case set
 * aside, whatever the bytes. */
static void test_chansrch__is_sorted(void **state)
{
    static const char *const names[] = {"zebra", "\xc3\x84rger", "arbour",
                                        "\xc3\xa9toile", "ASIA"};
    static const char *const sorted[] = {"\"arbour\"", "rger\"", "\"ASIA\"",
                                         "\"Lobby\"", "\"zebra\""};
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    const char *reply, *at;
    char guid[40];

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(guid, sizeof(guid), "33333333-3333-3333-3333-33333333333%u",
                 i);
        stage_room(s, guid, names[i], NULL, true);
    }
    stage_say(s, carol, ASK("chansrch", "<qib criteria=\"\"/>"));
    reply = at = stage_expect(s, carol, "rpl:chansrch");
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        at = strstr(at, sorted[i]);
        assert_non_null(at);
    }
    assert_true(strstr(reply, "toile\"") < strstr(reply, "\"Lobby\""));
}

/* Disabled rooms are shown to those who manage them and ask for them, and to
 * nobody else. */
static void test_chansrch__disabled(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    stage_disable(s, DESK_ID);
    search(s, alice, "<qib criteria=\"\"/>", LOBBY);
    search(s, alice, "<qib criteria=\"desk\"/>", "<data/>");
    search(s, alice, "<qib criteria=\"\" disabled=\"true\"/>",
           "<data><chanib uri=\"" DESK "\"");
    search(s, bob, "<qib criteria=\"\" disabled=\"true\"/>", "<data/>");
}

/* Whether invitations are sent is one of the things to ask for. */
static void test_chansrch__by_switches(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;

    search(s, bob, "<qib criteria=\"\" invite=\"true\"/>", "<data/>");
    search(s, bob, "<qib criteria=\"\" invite=\"false\"/>", LOBBY);
    stage_raise(s);
    CODEC_SET(&change, invitations, true);
    stage_category(s, &change);
    search(s, bob, "<qib criteria=\"\" invite=\"true\"/>", LOBBY);
    search(s, bob, "<qib criteria=\"\" invite=\"false\"/>", "<data/>");
}

static unsigned count_in(const char *text, const char *part)
{
    unsigned n = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part)) {
        n++;
    }
    return n;
}

/* A search of many rooms ends its turn when its time is over, and goes on in
 * the next where it was; what has become hidden meanwhile is not shown. */
static void test_chansrch__stops_and_goes_on(void **state)
{
    enum { ROOMS = LOOK_STEPS * 20 };
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    char guid[40], name[32];
    unsigned turns = 0;

    for (unsigned i = 0; i < ROOMS; i++) {
        snprintf(guid, sizeof(guid), "33333333-3333-3333-3333-%012u", i);
        snprintf(name, sizeof(name), "%s %04u", i % 4 == 0 ? "odd" : "even", i);
        stage_room(s, guid, name, NULL, true);
    }
    stage_send(s, bob, ASK("chansrch", "<qib criteria=\"odd\"/>"));
    fake_loop_look(s->loop, LOOK_SLICE_US / 4);
    fake_replica_answer_reads(s->replica, ERROR_NONE);
    fake_loop_settle(s->loop);
    stage_expect_none(s, bob);
    fake_loop_look(s->loop, 0);
    stage_disable(s, "33333333-3333-3333-3333-000000000000");
    fake_loop_look(s->loop, LOOK_SLICE_US / 4);
    while (count_given(s, "rpl:chansrch") == 0) {
        stage_pass(s, 1);
        turns += 1;
        assert_true(turns < 1000);
    }
    fake_loop_look(s->loop, 0);
    assert_true(turns > 3);
    assert_int_equal(count_in(stage_expect(s, bob, "rpl:chansrch"), "<chanib"),
                     ROOMS / 4 - 1);
}

/* Looks leave the loop its time: after each as long a rest as LOOK_REST of it;
 * and no more than LOOKS_WAITING_MAX wait. Searches of rooms and lists of
 * people take turns alike. */
static void test_looks__take_turns(void **state)
{
    enum { ASKED = LOOKS_WAITING_MAX * 3 };
    static const char people[] =
        ASK("getusers", "<chanib uri=\"" DESK "\"><uib role=\"member\"/>"
                        "</chanib>");
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    unsigned refused;

    for (int i = 0; i < ASKED; i++) {
        stage_send(s, alice,
                   i % 2 == 0 ? ASK("chansrch", "<qib criteria=\"desk\"/>")
                              : people);
    }
    fake_loop_look(s->loop, 100); /* As long as a look takes. */
    fake_replica_answer_reads(s->replica, ERROR_NONE);
    fake_loop_look(s->loop, 0);
    fake_loop_settle(s->loop);
    refused = count_given(s, "503\">ERROR_BUSY");
    assert_in_range(refused, 1, ASKED - LOOKS_WAITING_MAX);
    assert_in_range(count_given(s, DESK), 1, ASKED * 6 / 10);
    stage_pass(s, 1);
    assert_int_equal(count_given(s, DESK), ASKED - refused);
}

/* Whoever is gone when the turn comes gets no look: those who wait behind do
 * not pay for it. */
static void test_looks__cost_nothing_for_the_gone(void **state)
{
    enum { ASKED = 100 };
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    edge_ref carol = stage_dial(s, CAROL, "c1");

    for (int i = 0; i < ASKED; i++) {
        stage_send(s, bob, ASK("chansrch", "<qib criteria=\"lobby\"/>"));
    }
    stage_send(s, carol, ASK("chansrch", "<qib criteria=\"lobby\"/>"));
    stage_hang_up(s, bob, DIALOG_DROPPED, 0, 0);
    stage_reads(s, ERROR_NONE);
    stage_pass(s, 1);
    assert_int_equal(count_given(s, LOBBY), 1);
    stage_expect(s, carol, LOBBY);
    stage_expect_none(s, bob);
    assert_int_equal(meter_count(&sessions_meters(s->sessions)->requests), 1);
}

/* A search alone need not rest between its turns: what nobody used before is
 * there for it. */
static void test_chansrch__alone_does_not_rest(void **state)
{
    enum { ROOMS = LOOK_STEPS * 20, LOOK_US = 100 };
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    char guid[40], name[32];

    for (unsigned i = 0; i < ROOMS; i++) {
        snprintf(guid, sizeof(guid), "33333333-3333-3333-3333-%012u", i);
        snprintf(name, sizeof(name), "room %04u", i);
        stage_room(s, guid, name, NULL, true);
    }
    stage_pass(s, 1000);
    stage_send(s, bob, ASK("chansrch", "<qib criteria=\"0001\"/>"));
    fake_loop_look(s->loop, LOOK_US);
    fake_replica_answer_reads(s->replica, ERROR_NONE);
    fake_loop_settle(s->loop);
    stage_expect_none(s, bob); /* Its first turn is over: others come first. */
    for (int i = 0; i < 4; i++) {
        stage_pass(s, 1); /* A timer is as exact as that. */
    }
    fake_loop_look(s->loop, 0);
    assert_int_equal(count_given(s, "rpl:chansrch"), 1);
}

static void check_found(struct stage *s, edge_ref dialog, const char *qib,
                        const char *part)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body, ASK("usersrch", "<qib qtype=\"USERBYNAME\" %s/>"),
                  qib);
    buffer_append(&body, "", 1);
    stage_say(s, dialog, (const char *)body.data);
    stage_expect(s, dialog, part);
    buffer_deinit(&body);
}

static void disable_user(struct stage *s, const char *uri)
{
    Perch__UserChange change = PERCH__USER_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, uri, codec_bytes(slice_of_text(uri)));
    CODEC_SET(&change, disabled, true);
    command.kind_case = PERCH__COMMAND__KIND_USER_CHANGE;
    command.user_change = &change;
    stage_administer(s, &command);
}

/* People who may take a role are found by what they are called, groups too; by
 * name in the order of names; disabled users are not. */
static void test_usersrch__by_name(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    const char *reply;

    stage_raise(s);
    stage_group(s, "group:albatross", "\xc3\x84lteste", BOB);
    stage_say(s, bob,
              ASK("usersrch", "<qib qtype=\"USERBYNAME\" "
                              "criteria=\"\"/>"));
    reply = stage_expect(s, bob, "rpl:usersrch");
    assert_non_null(strstr(reply, ALICE "\" uname=\"alice\""));
    assert_non_null(strstr(reply, BOB));
    assert_true(strstr(reply, "group:albatross") < strstr(reply, ALICE));
    assert_true(strstr(reply, ALICE) < strstr(reply, BOB));
    check_found(s, bob, "criteria=\"\xc3\xa4LTESTE group\"",
                "<data><uib uri=\"group:albatross\" "
                "dispname=\"\xc3\x84lteste\"/></data>");
    check_found(s, bob, "criteria=\"carol\"", "<data><uib uri=\"" CAROL "\"");
    check_found(s, bob, "criteria=\"carol alice\"", "<data/>");
    check_found(s, bob, "criteria=\"example.com\" maxResults=\"2\"",
                "413\">ERROR_LIMIT_EXCEEDED");
    disable_user(s, CAROL);
    check_found(s, bob, "criteria=\"carol\"", "<data/>");
}

/* Of a category, those whom it allows. */
static void test_usersrch__of_a_category(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    ProtobufCBinaryData allowed[] = {
        codec_bytes(slice_of_text("group:albatross"))};

    stage_raise(s);
    stage_group(s, "group:albatross", NULL, CAROL);
    change.n_allowed_add = 1;
    change.allowed_add = allowed;
    stage_category(s, &change);
    check_found(s, bob, "criteria=\"sip:\" categoryUri=\"" TRADE "\"",
                "<data><uib uri=\"" CAROL "\" uname=\"carol\" type=\"5\" "
                "disabled=\"false\"/></data>");
    check_found(s, bob, "criteria=\"alice\"", ALICE);
    check_found(s, bob,
                "criteria=\"\" categoryUri=\"ma-cat://example.com/"
                "88888888-8888-8888-8888-888888888888\"",
                "404\">ERROR_NO_SUCH_NODE");
}

/* A search of many people takes turns, too, and finds each once. */
static void test_usersrch__stops_and_goes_on(void **state)
{
    enum { PEOPLE = LOOK_STEPS * 12 };
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");
    char uri[64];
    unsigned turns = 0;

    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(uri, sizeof(uri), "sip:%s%u@example.com",
                 i % 4 == 0 ? "odd" : "even", i);
        stage_user(s, uri);
    }
    stage_send(s, bob,
               ASK("usersrch", "<qib qtype=\"USERBYNAME\" criteria=\"odd\"/>"));
    fake_loop_look(s->loop, LOOK_SLICE_US / 4);
    fake_replica_answer_reads(s->replica, ERROR_NONE);
    fake_loop_settle(s->loop);
    stage_expect_none(s, bob);
    while (count_given(s, "rpl:usersrch") == 0) {
        stage_pass(s, 1);
        turns += 1;
        assert_true(turns < 1000);
    }
    fake_loop_look(s->loop, 0);
    assert_int_equal(count_in(stage_expect(s, bob, "rpl:usersrch"), "<uib"),
                     PEOPLE / 4);
}

/* Lists wait for a read index, and for the state to get there; without a
 * leader they are refused. */
static void test_lists__are_not_stale(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");

    stage_send(s, bob, ASK("chansrch", "<qib criteria=\"\"/>"));
    stage_expect_none(s, bob);
    fake_replica_blind(s->replica, true);
    stage_room(s, STRASSE, "New", NULL, true);
    fake_replica_blind(s->replica, false);
    stage_reads(s, ERROR_NONE);
    stage_expect_none(s, bob); /* The index is that of the new room. */
    fake_replica_replay(s->replica, 1, 100);
    stage_expect(s, bob, STRASSE);
    stage_send(s, bob, ASK("chansrch", "<qib criteria=\"\"/>"));
    stage_reads(s, ERROR_NO_LEADER);
    stage_expect(s, bob, "503\">ERROR_BUSY");
    stage_send(s, bob, ASK("chansrch", "<qib criteria=\"\"/>"));
    stage_reads(s, ERROR_NONE);
    stage_expect(s, bob, STRASSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_chansrch__unicode),
        IN(test_chansrch__by_other_things),
        IN(test_chansrch__is_sorted),
        IN(test_chansrch__disabled),
        IN(test_chansrch__by_switches),
        IN(test_chansrch__stops_and_goes_on),
        IN(test_chansrch__alone_does_not_rest),
        IN(test_usersrch__by_name),
        IN(test_usersrch__of_a_category),
        IN(test_usersrch__stops_and_goes_on),
        IN(test_looks__take_turns),
        IN(test_looks__cost_nothing_for_the_gone),
        IN(test_lists__are_not_stale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
