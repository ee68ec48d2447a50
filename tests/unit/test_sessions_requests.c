/* What clients ask that is answered by a reply: the bytes of each, and who gets
 * which refusal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/session/identity.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, stage_setup, stage_teardown)

#define ASK(verb, data)                                                        \
    "<xccos ver=\"1\" envid=\"31\" xmlns=\"urn:parlano:xml:ns:xccos\">"        \
    "<cmd id=\"cmd:" verb "\" seqid=\"1\"><data>" data "</data></cmd></xccos>"

/* A reply, from its verb on. */
#define REPLY(verb, resp, data)                                                \
    "<rpl id=\"rpl:" verb "\" seqid=\"1\"><commandid seqid=\"1\" "             \
    "envid=\"31\"/><resp code=\"" resp "</resp><data" data "</rpl></xccos>"
#define FINE       "200\">SUCCESS_OK"
#define NOTHING    "/>"
#define DATA(data) ">" data "</data>"

#define ROOM(uri, name, texts, visibility, version, presences, n)              \
    "<chanib uri=\"" uri "\" name=\"" name "\"" texts                          \
    " parent=\"ma-cat://example.com/99999999-9999-9999-9999-999999999999\" "   \
    "behavior=\"NORMAL\" visibility=\"" visibility                             \
    "\" disabled=\"false\" version=\"" version "\">" presences                 \
    "<info id=\"urn:parlano:ma:info:ucnt\">" n "</info>"                       \
    "<info id=\"urn:parlano:ma:info:visibilty\">" visibility "</info>"         \
    "<info id=\"urn:parlano:ma:info:visibility\">" visibility "</info>"        \
    "<prop id=\"urn:parlano:ma:prop:filepost\">False</prop>"                   \
    "<prop id=\"urn:parlano:ma:prop:invite\">False</prop>"                     \
    "<prop id=\"urn:parlano:ma:prop:logged\">True</prop></chanib>"
#define THE_LOBBY(presences, n)                                                \
    ROOM(LOBBY, "Lobby",                                                       \
         " description=\"Where all meet\" topic=\"Where all meet\"", "OPEN",   \
         "1", presences, n)
#define THE_DESK(presences, n)                                                 \
    ROOM(DESK, "Desk", "", "SCOPED", "2", presences, n)
#define THE_USER(id, name)                                                     \
    "<uib id=\"" id "\" uri=\"sip:" name "@example.com\" uname=\"" name        \
    "\" type=\"5\" disabled=\"false\"/>"
#define ROOM_ID(key, id)                                                       \
    "<chanid key=\"" key "\" domain=\"example.com\" value=\"" id "\"/>"

struct sample {
    const char *ask, *reply;
};

/* Asks in turn, as alice. */
static void check(struct stage *s, const struct sample *samples, size_t n)
{
    edge_ref alice = stage_dial(s, ALICE, "a1");

    for (size_t i = 0; i < n; i++) {
        stage_say(s, alice, samples[i].ask);
        stage_expect(s, alice, samples[i].reply);
    }
    stage_expect_none(s, alice);
}

#define CHECK_SAMPLES(s, samples)                                              \
    check(s, samples, sizeof(samples) / sizeof((samples)[0]))

/* What a client asks about the server at sign-in. */
static void test_requests__about_the_server(void **state)
{
    static const struct sample samples[] = {
        {ASK("requri", ""),
         REPLY("requri", FINE, DATA("<uib uri=\"" POOL_URI "\"/>"))},
        {ASK("getserverinfo", "<sib domain=\"example.com\" infoType=\"123\"/>"),
         REPLY("getserverinfo", FINE,
               DATA("<sib infoType=\"123\" "
                    "serverTime=\"1970-01-01T00:00:00.0000000Z\" "
                    "searchLimit=\"999\" messageSizeLimit=\"8000\" "
                    "storySizeLimit=\"8000\" rootUri=\"ma-cat://example.com/"
                    "00000000-0000-0000-0000-000000000000\" "
                    "dbVersion=\"6f1d3a52-8e47-4b09-9c60-27d5e1b47001\" "
                    "displayName=\"Example\"/>"))},
        {ASK("getinv", "<inv inviteId=\"1\" domain=\"example.com\"/>"),
         REPLY("getinv", FINE, NOTHING)},
        {ASK("nodespermcreatechild", ""),
         REPLY("nodespermcreatechild", FINE, NOTHING)},
    };

    CHECK_SAMPLES(*state, samples);
}

/* A verb nobody serves is answered under its own name, and what lacks
 * something is refused by what it lacks. */
static void test_requests__not_served(void **state)
{
    static const struct sample samples[] = {
        {ASK("getpref", "<pref label=\"k\" seqid=\"1\"/>"),
         REPLY("getpref",
               "501\">ERROR_NOT_SUPPORTED: this server does not do that",
               NOTHING)},
        {ASK("frobnicate", ""),
         REPLY("frobnicate",
               "501\">ERROR_NOT_SUPPORTED: this server does not do that",
               NOTHING)},
        {ASK("bccontext", "<bcq><last cnt=\"3\"/></bcq>"),
         "<rpl id=\"rpl:bccontext\" seqid=\"1\"><commandid seqid=\"1\" "
         "envid=\"31\"/><resp code=\"400\">ERROR_INVALID_ARGUMENT: "},
        {ASK("join", ""), "<resp code=\"400\">ERROR_INVALID_ARGUMENT: "},
    };

    CHECK_SAMPLES(*state, samples);
}

/* Rooms by role, and rooms by name, each whole. */
static void test_requests__lists(void **state)
{
    static const struct sample samples[] = {
        {ASK("getassociations",
             "<association domain=\"x\" type=\"MANAGER\" maxResults=\"5\"/>"),
         REPLY("getassociations", FINE, DATA(THE_DESK("", "0")))},
        {ASK("getassociations",
             "<association domain=\"x\" type=\"MEMBER\" maxResults=\"5\"/>"),
         REPLY("getassociations", FINE, NOTHING)},
        {ASK("chansrch",
             "<qib qtype=\"BYNAME\" criteria=\"\" extended=\"false\"/>"),
         REPLY("chansrch", FINE, DATA(THE_DESK("", "0") THE_LOBBY("", "0")))},
        {ASK("chansrch", "<qib qtype=\"BYNAME\" criteria=\"\" "
                         "maxResults=\"1\"/>"),
         REPLY("chansrch",
               "413\">ERROR_LIMIT_EXCEEDED: too many rooms, ask for fewer",
               NOTHING)},
    };

    CHECK_SAMPLES(*state, samples);
}

/* Entering and leaving: rosters by role; each room that cannot be entered is
 * told of; joining again is fine. */
static void test_requests__joins(void **state)
{
    static const struct sample samples[] = {
        {ASK("join", ROOM_ID("0", DESK_ID)),
         REPLY("join", FINE,
               DATA(THE_DESK("<aib key=\"12276\" value=\"0\"/>", "1")
                        THE_USER("0", "alice")))},
        {ASK("bjoin",
             ROOM_ID("0", LOBBY_ID) ROOM_ID("1", DESK_ID) ROOM_ID(
                 "2",
                 "33333333-3333-3333-3333-333333333333") "<chanid key=\"3\" "
                                                         "domain=\"other."
                                                         "example\" "
                                                         "value=\"" DESK_ID
                                                         "\"/>"),
         REPLY(
             "bjoin", FINE,
             DATA(THE_LOBBY("<aib key=\"3984\" value=\"0\"/>", "1") THE_DESK(
                 "<aib key=\"12276\" value=\"0\"/>",
                 "1") "<fib key=\"OPERATION_FAILED\" "
                      "value=\"33333333-3333-3333-3333-333333333333\" "
                      "domain=\"example.com\"/>"
                      "<fib key=\"OPERATION_FAILED\" value=\"" DESK_ID
                      "\" domain=\"other.example\"/>" THE_USER("0", "alice")))},
        {ASK("part", "<chanib uri=\"" DESK "\"/>"),
         REPLY("part", FINE, DATA("<chanib uri=\"" DESK "\"/>"))},
        {ASK("part", "<chanib uri=\"" DESK "\"/>"),
         REPLY("part", FINE, DATA("<chanib uri=\"" DESK "\"/>"))},
        {ASK("join", ROOM_ID("0", "33333333-3333-3333-3333-333333333333")),
         REPLY("join", "404\">ERROR_NO_SUCH_NODE: there is no such room",
               NOTHING)},
        {ASK("join", "<chanid key=\"0\" domain=\"other.example\" "
                     "value=\"" DESK_ID "\"/>"),
         REPLY("join", "404\">ERROR_NO_SUCH_NODE: there is no such room",
               NOTHING)},
        {ASK("bjoin", ROOM_ID("0", "33333333-3333-3333-3333-333333333333")),
         REPLY("bjoin", FINE,
               DATA("<fib key=\"OPERATION_FAILED\" "
                    "value=\"33333333-3333-3333-3333-333333333333\" "
                    "domain=\"example.com\"/>"))},
    };

    CHECK_SAMPLES(*state, samples);
}

/* A closed room is for its members. */
static void test_requests__closed_room(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");

    stage_say(s, carol, ASK("join", ROOM_ID("0", DESK_ID)));
    stage_expect(s, carol,
                 "403\">ERROR_PERMISSION: the room is closed and the user is "
                 "neither member nor manager");
    stage_say(s, carol,
              ASK("bccontext",
                  "<chanib uri=\"" DESK "\"/><bcq><last cnt=\"1\"/></bcq>"));
    stage_expect(s, carol, "403\">ERROR_PERMISSION");
    stage_disable(s, DESK_ID);
    stage_member(s, DESK_ID, CAROL, false);
    stage_say(s, carol, ASK("join", ROOM_ID("0", DESK_ID)));
    stage_expect(s, carol, "423\">ERROR_NODE_DISABLED");
}

/* Several commands of one body are answered one by one, in their order. */
static void test_requests__several_in_a_body(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_say(s, alice,
              "<xccos ver=\"1\" envid=\"4\" xmlns=\"urn:parlano:xml:ns:xccos\">"
              "<cmd id=\"cmd:requri\" seqid=\"1\"><data/></cmd>"
              "<cmd id=\"cmd:nonsense\" seqid=\"2\"><data/></cmd>"
              "<rpl id=\"rpl:join\" seqid=\"3\"><resp code=\"200\"/></rpl>"
              "<cmd id=\"cmd:getinv\" seqid=\"4\"><data/></cmd></xccos>");
    stage_expect(s, alice, "<commandid seqid=\"1\" envid=\"4\"/>");
    stage_expect(s, alice, "<commandid seqid=\"2\" envid=\"4\"/>");
    stage_expect(s, alice, "<commandid seqid=\"4\" envid=\"4\"/>");
    stage_expect_none(s, alice);
}

/* An edge learns who signs in, with the hash of each name they may give;
 * accounts that are disabled are told apart, and nothing is said without a
 * leader. */
static void test_sign_in__looks_up(void **state)
{
    struct stage *s = *state;
    const struct given *given;
    uint64_t token = stage_sign_in(s, "sip:Alice@Example.com");

    stage_expect_none(s, 9);
    stage_reads(s, ERROR_NONE);
    given = stage_next(s, 9);
    assert_int_equal(given->kind, DELIVERY_SIGN_IN);
    assert_int_equal(given->token, token);
    assert_int_equal(given->sign_in, SIGN_IN_FOUND);
    assert_string_equal(given->text, ALICE);
    assert_string_equal(given->hashes[0], "30313233343536373839616263646566");
    assert_string_equal(given->hashes[1], "66656463626139383736353433323130");
    stage_sign_in(s, "sip:nobody@example.com");
    stage_reads(s, ERROR_NONE);
    assert_int_equal(stage_next(s, 9)->sign_in, SIGN_IN_UNKNOWN);
    stage_sign_in(s, ALICE);
    stage_reads(s, ERROR_TIMED_OUT);
    assert_int_equal(stage_next(s, 9)->sign_in, SIGN_IN_NOT_READY);
    fake_replica_busy(s->replica, true);
    stage_sign_in(s, ALICE);
    assert_int_equal(stage_next(s, 9)->sign_in, SIGN_IN_NOT_READY);
    fake_replica_busy(s->replica, false);
}

static void tell_leader(struct stage *s, uint8_t leader)
{
    const struct replica_events *events = fake_replica_events(s->replica);
    struct replica_status status = {.leader = leader, .n = 1};

    events->changed(events->context, &status);
}

/* While the pool may be electing, who signs in is held: a moment later there is
 * a leader to ask. Where there has been none for longer than elections take, he
 * is sent elsewhere at once; and is looked up again as soon as there is one. */
static void test_sign_in__without_a_leader(void **state)
{
    struct stage *s = *state;

    tell_leader(s, 2);
    stage_pass(s, 1000);
    tell_leader(s, 0);
    stage_pass(s, ELECTION_MS_MAX - 200);
    tell_leader(s, 0);
    stage_sign_in(s, ALICE);
    stage_expect_none(s, 9);
    stage_reads(s, ERROR_NONE);
    assert_int_equal(stage_next(s, 9)->sign_in, SIGN_IN_FOUND);
    stage_pass(s, 200);
    stage_sign_in(s, ALICE);
    assert_int_equal(stage_next(s, 9)->sign_in, SIGN_IN_NOT_READY);
    tell_leader(s, 2);
    stage_sign_in(s, ALICE);
    stage_reads(s, ERROR_NONE);
    assert_int_equal(stage_next(s, 9)->sign_in, SIGN_IN_FOUND);
}

/* From the rules that know files on, clients are told how large one may be. */
static void test_requests__file_size(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    const char *reply;

    stage_say(s, alice, ASK("getserverinfo", ""));
    assert_null(strstr(stage_expect(s, alice, "storySizeLimit"), "fileSize"));
    stage_raise(s);
    stage_set(s, SETTING_FILE_KIB_MAX, 512);
    stage_say(s, alice, ASK("getserverinfo", ""));
    reply = stage_expect(s, alice, "storySizeLimit");
    assert_non_null(strstr(reply, "fileSizeLimit=\"512\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_requests__about_the_server),
        IN(test_requests__not_served),
        IN(test_requests__lists),
        IN(test_requests__joins),
        IN(test_requests__closed_room),
        IN(test_requests__several_in_a_body),
        IN(test_requests__file_size),
        IN(test_sign_in__looks_up),
        IN(test_sign_in__without_a_leader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
