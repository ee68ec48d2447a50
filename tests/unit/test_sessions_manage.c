/* Rooms that users create and change: what is answered, and who hears of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, setup, stage_teardown)
#define TRADE    "ma-cat://example.com/99999999-9999-9999-9999-999999999999"

#define TIDES_ID "77777777-7777-7777-7777-777777777777"

#define ASK(verb, data)                                                        \
    "<xccos ver=\"1\" envid=\"31\" xmlns=\"urn:parlano:xml:ns:xccos\">"        \
    "<cmd id=\"cmd:" verb "\" seqid=\"1\"><data>" data "</data></cmd></xccos>"

#define PROP(name, value)                                                      \
    "<prop id=\"urn:parlano:ma:prop:" name "\">" value "</prop>"

#define NIGHT                                                                  \
    "<chanib name=\"Night\" description=\"late\" parent=\"" TRADE              \
    "\" visibility=\"PRIVATE\" behavior=\"AUDITORIUM\">"                       \
    "<uib uri=\"" BOB "\" role=\"member\"/>"                                   \
    "<uib uri=\"" BOB "\" role=\"presenter\"/></chanib>"

/* Alice manages the desk, of which bob is a member, and creates rooms. */
static int setup(void **state)
{
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    ProtobufCBinaryData names[] = {codec_bytes(SLICE_LITERAL(ALICE))};

    if (stage_setup(state) != 0) {
        return -1;
    }
    stage_raise(*state);
    change.n_creators_add = 1;
    change.creators_add = names;
    stage_category(*state, &change);
    return 0;
}

/* Ask; gives the reply, which has this in it. */
static const char *ask(struct stage *s, edge_ref dialog, const char *body,
                       const char *part)
{
    stage_say(s, dialog, body);
    return stage_expect(s, dialog, part);
}

/* Before the rules are raised no user changes rooms. */
static void test_chanmodify__waits_for_the_rules(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    ask(s, alice, ASK("chanmodify", "<chanib uri=\"" DESK "\" name=\"x\"/>"),
        "403\">ERROR_PERMISSION: only an administrator may do this");
    stage_raise(s);
    ask(s, alice, ASK("chanmodify", "<chanib uri=\"" DESK "\" name=\"x\"/>"),
        "200\">SUCCESS_OK");
}

/* A creator's room is as asked, and its creator manages it. */
static void test_chancreate__makes_the_room(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    const char *reply =
        ask(s, alice, ASK("chancreate", NIGHT), "200\">SUCCESS_OK");

    assert_non_null(strstr(reply, "name=\"Night\" description=\"late\""));
    assert_non_null(strstr(reply, "behavior=\"AUDITORIUM\""));
    assert_non_null(strstr(reply, "visibility=\"PRIVATE\""));
    assert_non_null(strstr(reply, "version=\"1\""));
    ask(s, alice, ASK("chansrch", "<qib qtype=\"MANAGED\" criteria=\"\"/>"),
        "name=\"Night\"");
    ask(s, bob, ASK("chansrch", "<qib criteria=\"night\"/>"), "name=\"Night\"");
    ask(s, alice, ASK("chancreate", NIGHT), "409\">ERROR_DUPLICATE_NAME");
}

/* Whoever is to present in a new auditorium does. */
static void test_chancreate__has_presenters(void **state)
{
    static const char scheme[] = "ma-chan://example.com/";
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    const char *at = strstr(
        ask(s, alice, ASK("chancreate", NIGHT), "200\">SUCCESS_OK"), scheme);
    char uri[sizeof(scheme) + GUID_TEXT_BYTES];
    uint64_t token;

    assert_non_null(at);
    snprintf(uri, sizeof(uri), "%.*s", (int)sizeof(uri) - 1, at);
    stage_join(s, bob, uri + sizeof(scheme) - 1, NULL);
    token = stage_post(s, bob, BOB, uri, "good evening");
    stage_commit(s);
    assert_int_equal(stage_answer(s, bob, token)->status, 200);
}

/* Others are told which rule refused, and nothing is made. */
static void test_chancreate__refusals(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    ask(s, bob, ASK("chancreate", NIGHT),
        "403\">ERROR_PERMISSION: the user may not create rooms");
    ask(s, alice, ASK("chancreate", "<chanib name=\"x\"/>"),
        "400\">ERROR_INVALID_ARGUMENT: a chanib with the new room's name and "
        "parent");
    ask(s, alice,
        ASK("chancreate", "<chanib name=\"x\" parent=\"ma-cat://other.org/"
                          "99999999-9999-9999-9999-999999999999\"/>"),
        "404\">ERROR_NO_SUCH_NODE: there is no such category");
    ask(s, alice, ASK("chancreate", "<chanib name=\"x\" parent=\"" DESK "\"/>"),
        "400\">ERROR_INVALID_ARGUMENT: the chanib parent");
    ask(s, alice, ASK("chansrch", "<qib criteria=\"night\"/>"), "<data/>");
}

/* A change is answered, told to all who are in the room, and refused when
 * someone else has changed it in the meantime. */
static void test_chanmodify__is_told_to_all(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    stage_join(s, bob, DESK_ID, NULL);
    ask(s, alice,
        ASK("chanmodify", "<chanib uri=\"" DESK
                          "\" description=\"all night\" version=\"2\"/>"),
        "rpl:chanmodify");
    assert_non_null(
        strstr(stage_expect(s, bob, "ntc:chanmodify"), "all night"));
    ask(s, alice,
        ASK("chanmodify",
            "<chanib uri=\"" DESK "\" description=\"x\" version=\"2\"/>"),
        "409\">ERROR_COLLISION");
    ask(s, alice,
        ASK("chanmodify", "<chanib uri=\"" DESK "\" visibility=\"OPEN\"/>"),
        "visibility=\"OPEN\"");
    stage_expect(s, bob, "ntc:chanmodify");
    ask(s, bob, ASK("chanmodify", "<chanib uri=\"" DESK "\" name=\"mine\"/>"),
        "403\">ERROR_PERMISSION: the user does not manage the room");
    stage_expect_none(s, alice);
}

/* Whoever is put out hears it like any other, then why; the one let in may
 * join. */
static void test_permadd__and_permdel(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1"),
             carol = stage_dial(s, CAROL, "c1");

    stage_join(s, bob, DESK_ID, NULL);
    ask(s, alice,
        ASK("permadd", "<chanib uri=\"" DESK "\"><uib uri=\"" CAROL
                       "\" role=\"member\"/></chanib>"),
        "rpl:permadd");
    stage_expect(s, bob, "ntc:chanmodify");
    stage_join(s, carol, DESK_ID, NULL);
    stage_expect(s, bob, "ntc:join");
    ask(s, alice,
        ASK("permdel",
            "<chanib uri=\"" DESK "\"><uib uri=\"" BOB "\"/></chanib>"),
        "rpl:permdel");
    stage_expect(s, bob, "ntc:part");
    stage_expect(s, bob, "ntc:kick");
    stage_expect_none(s, bob);
    stage_expect(s, carol, "ntc:part");
    stage_expect(s, carol, "ntc:chanmodify");
    ask(s, alice,
        ASK("permadd", "<chanib uri=\"" DESK "\"><uib uri=\"sip:x@y.z\"/>"
                       "</chanib>"),
        "404\">ERROR_NO_SUCH_PRINCIPAL");
    ask(s, alice, ASK("permadd", "<chanib uri=\"" DESK "\"/>"),
        "400\">ERROR_INVALID_ARGUMENT: a uib with a role");
    ask(s, bob,
        ASK("permadd",
            "<chanib uri=\"" DESK "\"><uib uri=\"" BOB "\"/></chanib>"),
        "403\">ERROR_PERMISSION");
}

/* They change who has which role, and nothing else of the room. */
static void test_permadd__changes_roles_alone(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    const char *reply = ask(s, alice,
                            ASK("permadd", "<chanib uri=\"" DESK
                                           "\" name=\"mine\"><uib uri=\"" BOB
                                           "\" role=\"manager\"/></chanib>"),
                            "rpl:permadd");

    assert_null(strstr(reply, "mine"));
    ask(s, bob,
        ASK("chanmodify", "<chanib uri=\"" DESK "\" description=\"by bob\"/>"),
        "by bob");
    ask(s, alice,
        ASK("permdel", "<chanib uri=\"" DESK "\"><uib uri=\"" BOB
                       "\" role=\"manager\"/></chanib>"),
        "rpl:permdel");
    ask(s, bob,
        ASK("chanmodify", "<chanib uri=\"" DESK "\" description=\"again\"/>"),
        "403\">ERROR_PERMISSION: the user does not manage the room");
    stage_join(s, bob, DESK_ID, NULL); /* A member he stays. */
}

/* A manager switches off what the category has on, one thing at a time. */
static void test_chanmodify__switches(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    const char *reply;

    CODEC_SET(&change, invitations, true);
    CODEC_SET(&change, file_upload, true);
    stage_category(s, &change);
    reply = ask(s, alice,
                ASK("chanmodify", "<chanib uri=\"" DESK "\" name=\"n\"/>"),
                PROP("invite", "True"));
    assert_non_null(strstr(reply, PROP("filepost", "True")));
    reply = ask(s, alice,
                ASK("chanmodify", "<chanib uri=\"" DESK
                                  "\">" PROP("invite", "False") "</chanib>"),
                PROP("invite", "False"));
    assert_non_null(strstr(reply, PROP("filepost", "True")));
    ask(s, alice,
        ASK("chanmodify",
            "<chanib uri=\"" DESK "\">" PROP("filepost", "False") "</chanib>"),
        PROP("filepost", "False"));
}

/* A room is shown with the add-in it carries, which its managers give it and
 * take away, and by which it is found. */
static void test_chanmodify__addins(void **state)
{
    static const char shown[] = " siopid=\"" TIDES_ID "\" sioname=\"Tides\" "
                                "siourl=\"https://tides.example/?a&amp;b\"";
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    stage_addin(s, TIDES_ID, "Tides", "https://tides.example/?a&b");
    ask(s, alice,
        ASK("chanmodify", "<chanib uri=\"" DESK "\" siopid=\"" TIDES_ID "\"/>"),
        shown);
    stage_say(s, bob, ASK("chansrch", "<qib criteria=\"\" addin=\"tides\"/>"));
    assert_non_null(strstr(stage_expect(s, bob, "<data><chanib"), shown));
    stage_say(s, bob, ASK("chansrch", "<qib criteria=\"\" addin=\"Ebb\"/>"));
    stage_expect(s, bob, "<data/>");
    ask(s, alice,
        ASK("chanmodify", "<chanib uri=\"" DESK "\" siopid=\"Tides\"/>"),
        "400\">ERROR_INVALID_ARGUMENT: the chanib siopid");
    ask(s, alice,
        ASK("chanmodify", "<chanib uri=\"" DESK "\" siopid=\"" DESK_ID "\"/>"),
        "404\">ERROR_NO_SUCH_NODE: there is no such add-in");
    ask(s, bob, ASK("chanmodify", "<chanib uri=\"" DESK "\" siopid=\"none\"/>"),
        "403\">ERROR_PERMISSION");
    ask(s, alice,
        ASK("chanmodify", "<chanib uri=\"" DESK "\" siopid=\"none\"/>"),
        "rpl:chanmodify");
    stage_say(s, bob, ASK("chansrch", "<qib criteria=\"desk\"/>"));
    assert_null(strstr(stage_expect(s, bob, "<chanib"), "siopid"));
    ask(s, alice,
        ASK("chancreate", "<chanib name=\"Night\" parent=\"" TRADE
                          "\" siopid=\"" TIDES_ID "\"/>"),
        shown);
}

/* To one outside, a secret room is no room to change either. */
static void test_chanmodify__of_a_secret_room(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;

    CODEC_SET(&change, visibility, PERCH__VISIBILITY__SECRET);
    stage_change(s, DESK_ID, &change);
    ask(s, carol, ASK("chanmodify", "<chanib uri=\"" DESK "\" name=\"x\"/>"),
        "404\">ERROR_NO_SUCH_NODE: there is no such room");
}

/* Rooms are deleted by administrators, if by anyone. */
static void test_chandelete__is_for_administrators(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    ask(s, alice, ASK("chandelete", "<chanib uri=\"" DESK "\"/>"),
        "403\">ERROR_PERMISSION: only an administrator may do this");
}

/* A room that is deleted puts everybody out, tells them so, and is not found
 * any more. */
static void test_deleted_room__is_told(void **state)
{
    Perch__RoomDelete delete = PERCH__ROOM_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    struct guid guid;
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_expect(s, alice, "ntc:join");
    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &guid), ERROR_NONE);
    CODEC_SET_BYTES(&delete, room, slice_of(guid.bytes, GUID_BYTES));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_DELETE;
    command.room_delete = &delete;
    stage_administer(s, &command);
    stage_commit(s);
    stage_expect(s, alice, "ntc:part");
    stage_expect(s, alice, "ntc:chandisable");
    stage_expect(s, bob, "<uib uri=\"" ALICE "\""); /* Went before him. */
    stage_expect(s, bob, "<uib uri=\"" BOB "\"");
    stage_expect(s, bob, "ntc:chandisable");
    token = stage_post(s, alice, ALICE, LOBBY, "gone?");
    assert_int_equal(stage_answer(s, alice, token)->status, 404);
}

/* Who is deleted is cut off, also where the pool knew of no session: a dialog
 * must not become that of the next one of the same URI. */
static void test_deleted_user__is_cut_off(void **state)
{
    Perch__UserDelete delete = PERCH__USER_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct stage *s = *state;
    const struct given *dismissed;
    edge_ref idle = stage_dial(s, BOB, "b1"), busy = stage_dial(s, BOB, "b2");
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, busy, LOBBY_ID, NULL);
    stage_expect(s, alice, "ntc:join");
    CODEC_SET_BYTES(&delete, uri, SLICE_LITERAL(BOB));
    command.kind_case = PERCH__COMMAND__KIND_USER_DELETE;
    command.user_delete = &delete;
    stage_administer(s, &command);
    stage_commit(s);
    stage_expect(s, alice, "ntc:part");
    stage_expect_close(s, busy, "session_ended");
    stage_expect_close(s, idle, "user_deleted");
    dismissed = stage_next(s, edge_whole(edge_of(idle)));
    assert_int_equal(dismissed->kind, DELIVERY_DISMISS);
    assert_string_equal(dismissed->text, BOB);
}

/* The categories one may create rooms in, and no others. */
static void test_nodespermcreatechild__lists_them(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    stage_send(s, alice, ASK("nodespermcreatechild", ""));
    stage_reads(s, ERROR_NONE);
    assert_non_null(strstr(stage_expect(s, alice, "rpl:nodespermcreatechild"),
                           "<catib uri=\"" TRADE "\" name=\"Trade\""));
    stage_send(s, bob, ASK("nodespermcreatechild", ""));
    stage_reads(s, ERROR_NONE);
    stage_expect(s, bob, "<data/>");
}

/* Ask who is there, or who has a role; gives the reply. */
static const char *people(struct stage *s, edge_ref dialog, const char *asked,
                          const char *part)
{
    stage_send(s, dialog, asked);
    stage_reads(s, ERROR_NONE);
    return stage_expect(s, dialog, part);
}

#define WHO(room) ASK("getusers", "<chanib uri=\"" room "\"/>")
#define WITH(room, role)                                                       \
    ASK("getusers", "<chanib uri=\"" room "\">"                                \
                    "<uib role=\"" role "\"/></chanib>")

/* Who is in a room sees who else is; who manages it sees who has which role;
 * others are told why not. */
static void test_getusers__by_those_who_may(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1"),
             carol = stage_dial(s, CAROL, "c1");
    const char *reply;

    people(s, bob, WHO(DESK), "412\">ERROR_USER_NOT_JOINED");
    stage_join(s, bob, DESK_ID, NULL);
    reply = people(s, bob, WHO(DESK), "200\">SUCCESS_OK");
    assert_non_null(strstr(reply, "<uib uri=\"" BOB "\""));
    assert_null(strstr(reply, ALICE));
    assert_non_null(strstr(people(s, alice, WHO(DESK), "rpl:getusers"), BOB));
    reply = people(s, alice, WITH(DESK, "manager"), "200\">SUCCESS_OK");
    assert_non_null(strstr(reply, ALICE));
    assert_null(strstr(reply, BOB));
    assert_non_null(
        strstr(people(s, alice, WITH(DESK, "member"), "role=\"member\""), BOB));
    people(s, bob, WITH(DESK, "member"),
           "403\">ERROR_PERMISSION: the user does");
    people(s, carol,
           WHO("ma-chan://other.org/22222222-2222-2222-2222-"
               "222222222222"),
           "404\">ERROR_NO_SUCH_NODE");
}

/* A room that is too full is not listed. */
static void test_getusers__of_a_large_room(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    stage_set(s, SETTING_PARTICIPANTS_LISTED_MAX, 1);
    stage_join(s, bob, LOBBY_ID, NULL);
    people(s, bob, WHO(LOBBY), "200\">SUCCESS_OK");
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_forget(s);
    people(s, bob, WHO(LOBBY), "416\">ERROR_NO_PARTICIPANT_LIST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_chanmodify__waits_for_the_rules, stage_setup,
               stage_teardown),
        IN(test_chancreate__makes_the_room),
        IN(test_chancreate__has_presenters),
        IN(test_chancreate__refusals),
        IN(test_chanmodify__is_told_to_all),
        IN(test_permadd__and_permdel),
        IN(test_permadd__changes_roles_alone),
        IN(test_chanmodify__switches),
        IN(test_chanmodify__addins),
        IN(test_chanmodify__of_a_secret_room),
        IN(test_chandelete__is_for_administrators),
        IN(test_deleted_room__is_told),
        IN(test_deleted_user__is_cut_off),
        IN(test_nodespermcreatechild__lists_them),
        IN(test_getusers__by_those_who_may),
        IN(test_getusers__of_a_large_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
