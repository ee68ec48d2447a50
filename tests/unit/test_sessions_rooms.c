/* Who is told that who came and went. */
#include <stdio.h>

#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, stage_setup, stage_teardown)

#define PART_ROOM(uri)                                                         \
    "<xccos ver=\"1\" envid=\"6\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:part\" seqid=\"1\"><data><chanib uri=\"" uri                \
    "\"/></data></cmd></xccos>"
#define PART_LOBBY PART_ROOM(LOBBY)

/* Those in a room are told of who enters, with role and place, and of who
 * leaves; the one who does so is not. */
static void test_notices__join_and_part(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), alice = stage_dial(s, ALICE, "a1");

    stage_join(s, bob, DESK_ID, NULL);
    stage_join(s, alice, DESK_ID, NULL);
    stage_expect_none(s, alice);
    stage_expect(s, bob,
                 "<ntc id=\"ntc:join\" seqid=\"1\"><data>"
                 "<uib uri=\"" ALICE "\" uname=\"alice\" type=\"5\" "
                 "disabled=\"false\"><aib key=\"12276\" "
                 "domain=\"example.com\" value=\"" DESK_ID "\"/></uib></data>"
                 "</ntc>");
    stage_hang_up(s, alice, DIALOG_DROPPED, 0, 0);
    stage_commit(s);
    stage_expect(s, bob,
                 "<ntc id=\"ntc:part\" seqid=\"1\"><data>"
                 "<chanib uri=\"" DESK "\"><uib uri=\"" ALICE "\"");
    stage_expect_none(s, bob);
}

/* Notices count users: only the first endpoint to come and the last to go is
 * told of, also when they are on several nodes. */
static void test_notices__count_users(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), first, second;

    stage_join(s, bob, LOBBY_ID, NULL);
    first = stage_dial(s, ALICE, "a1");
    stage_join(s, first, LOBBY_ID, NULL);
    stage_expect(s, bob, "ntc:join");
    second = stage_dial_on(s, 1, 0, ALICE, "a2", false);
    stage_join(s, second, LOBBY_ID, NULL);
    stage_other_join(s, ALICE, 4, LOBBY_ID);
    stage_expect_none(s, bob);
    stage_expect_none(s, first);
    stage_say(s, first, PART_LOBBY);
    stage_expect(s, first, "rpl:part");
    stage_hang_up(s, second, DIALOG_LEFT, 0, 0);
    stage_commit(s);
    stage_expect_none(s, bob);
    stage_join(s, second = stage_dial(s, ALICE, "a2"), LOBBY_ID, NULL);
    stage_expect_none(s, bob);
}

/* Joining twice is no news, and moves the join point. */
static void test_notices__joining_again(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), alice = stage_dial(s, ALICE, "a1");

    stage_join(s, bob, LOBBY_ID, NULL);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_expect(s, bob, "ntc:join");
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_expect_none(s, bob);
    stage_talk(s, bob, BOB, LOBBY, "one copy");
    stage_expect(s, alice, "one copy");
    stage_expect_none(s, alice);
}

/* Who has parted gets nothing more. */
static void test_part__ends_copies(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), alice = stage_dial(s, ALICE, "a1");
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, DESK_ID, NULL);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_say(s, bob, PART_LOBBY);
    stage_expect(s, bob, "rpl:part");
    stage_talk(s, alice, ALICE, LOBBY, "behind his back");
    stage_expect_none(s, bob);
    token = stage_post(s, bob, BOB, LOBBY, "still here");
    assert_int_equal(stage_answer(s, bob, token)->status, 412);
}

/* Whoever is out of a room already, put out or never in, is told that it has
 * left: pidgin-sipe takes itself to be in a room until it is told so, and
 * enters it no more. */
static void test_part__of_who_is_out_already(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1"), alice = stage_dial(s, ALICE, "a1");

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_disable(s, LOBBY_ID);
    stage_commit(s);
    stage_expect(s, alice, "ntc:part");
    stage_expect(s, alice, "ntc:chandisable");
    stage_say(s, alice, PART_LOBBY);
    stage_expect(s, alice,
                 "<resp code=\"200\">SUCCESS_OK</resp><data>"
                 "<chanib uri=\"" LOBBY "\"/></data></rpl>");
    stage_say(s, bob, PART_LOBBY);
    stage_expect(s, bob, "<resp code=\"200\">");
    stage_expect_none(s, bob);
}

/* A room of another domain is none of the pool's, and nobody's to leave. */
static void test_part__of_a_foreign_room(void **state)
{
    struct stage *s = *state;
    edge_ref bob = stage_dial(s, BOB, "b1");

    stage_say(s, bob, PART_ROOM("ma-chan://example.net/" LOBBY_ID));
    stage_expect(s, bob, "<resp code=\"412\">");
}

/* In a large room nobody is told who comes and goes, and the roster is the
 * joiner alone; what is said is told as ever. */
static void test_large_room__is_quiet(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob, carol;
    const char *body;

    stage_set(s, SETTING_PARTICIPANTS_LISTED_MAX, 2);
    stage_join(s, alice, LOBBY_ID, NULL);
    bob = stage_dial(s, BOB, "b1");
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_expect(s, alice, "ntc:join");
    carol = stage_dial(s, CAROL, "c1");
    stage_say(s, carol,
              "<xccos ver=\"1\" envid=\"6\" xmlns=\"urn:parlano:xml:ns:xccos\">"
              "<cmd id=\"cmd:join\" seqid=\"1\"><data><chanid key=\"0\" "
              "domain=\"example.com\" value=\"" LOBBY_ID
              "\"/></data></cmd></xccos>");
    body = stage_expect(s, carol,
                        "<aib key=\"3984\" value=\"0\"/>"
                        "<info id=\"urn:parlano:ma:info:ucnt\">3</info>");
    assert_null(strstr(body, ALICE));
    stage_expect_none(s, alice);
    stage_expect_none(s, bob);
    stage_talk(s, carol, CAROL, LOBBY, "but this");
    stage_expect(s, alice, "but this");
    stage_hang_up(s, bob, DIALOG_LEFT, 0, 0);
    stage_commit(s);
    stage_expect(s, alice, "ntc:part"); /* Two are left: it is small again. */
}

/* Without a limit every room's people are listed, and everyone is told. */
static void test_large_room__without_a_limit(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    stage_set(s, SETTING_PARTICIPANTS_LISTED_MAX, 1);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_expect_none(s, alice);
    stage_set(s, SETTING_PARTICIPANTS_LISTED_MAX, 0);
    stage_join(s, stage_dial(s, CAROL, "c1"), LOBBY_ID, NULL);
    stage_expect(s, alice, "ntc:join");
    stage_expect(s, bob, "ntc:join");
}

/* Who is put out is told so at each endpoint, the others once. */
static void test_eviction__is_told(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    edge_ref b1 = stage_dial(s, BOB, "b1"), b2 = stage_dial(s, BOB, "b2");

    stage_join(s, alice, DESK_ID, NULL);
    stage_join(s, b1, DESK_ID, NULL);
    stage_join(s, b2, DESK_ID, NULL);
    stage_forget(s);
    stage_member(s, DESK_ID, BOB, true);
    stage_expect(s, b1, "ntc:part");
    stage_expect(s, b1, "ntc:kick");
    stage_expect(s, b2, "ntc:part");
    stage_expect(s, b2, "ntc:kick");
    stage_expect(s, alice, "ntc:part");
    stage_expect(s, alice, "ntc:chanmodify");
    stage_expect_none(s, alice);
    stage_expect_none(s, b1);
    stage_talk(s, alice, ALICE, DESK, "gone");
    stage_expect_none(s, b1);
}

/* A room that is disabled puts everybody out, and says why. */
static void test_disabled_room__is_told(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t token;

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_disable(s, LOBBY_ID);
    stage_expect(s, alice, "ntc:part");
    stage_expect(s, alice, "ntc:chandisable");
    stage_expect_none(s, alice);
    token = stage_post(s, alice, ALICE, LOBBY, "closed?");
    assert_int_equal(stage_answer(s, alice, token)->status, 423);
}

/* One room in a list of many: each has its own roster, users are shared. */
static void test_rosters__share_users(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");
    const char *body;

    stage_join(s, alice, LOBBY_ID, DESK_ID, NULL);
    stage_say(s, bob,
              "<xccos ver=\"1\" envid=\"6\" xmlns=\"urn:parlano:xml:ns:xccos\">"
              "<cmd id=\"cmd:bjoin\" seqid=\"1\"><data><chanid key=\"0\" "
              "domain=\"example.com\" value=\"" LOBBY_ID
              "\"/><chanid key=\"1\" domain=\"example.com\" value=\"" DESK_ID
              "\"/></data></cmd></xccos>");
    body = stage_expect(s, bob, "<aib key=\"3984\" value=\"0,1\"/>");
    assert_non_null(strstr(body, "<aib key=\"12276\" value=\"0\"/>"
                                 "<aib key=\"3984\" value=\"1\"/>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_notices__join_and_part),
        IN(test_notices__count_users),
        IN(test_notices__joining_again),
        IN(test_part__ends_copies),
        IN(test_part__of_who_is_out_already),
        IN(test_part__of_a_foreign_room),
        IN(test_large_room__is_quiet),
        IN(test_large_room__without_a_limit),
        IN(test_eviction__is_told),
        IN(test_disabled_room__is_told),
        IN(test_rosters__share_users),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
