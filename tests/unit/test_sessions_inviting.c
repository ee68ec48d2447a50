/* What a client is told of rooms it was invited to: once, on any device, in the
 * words of getinv. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, setup, stage_teardown)

#define ASK(verb, data)                                                        \
    "<xccos ver=\"1\" envid=\"31\" xmlns=\"urn:parlano:xml:ns:xccos\">"        \
    "<cmd id=\"cmd:" verb "\" seqid=\"1\"><data>" data "</data></cmd></xccos>"
#define GETINV ASK("getinv", "<inv inviteId=\"1\" domain=\"example.com\"/>")
#define NONE                                                                   \
    "<rpl id=\"rpl:getinv\" seqid=\"1\"><commandid seqid=\"1\" "               \
    "envid=\"31\"/><resp code=\"200\">SUCCESS_OK</resp><data/></rpl>"

static void send_invitations(struct stage *s)
{
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;

    CODEC_SET(&change, invitations, true);
    stage_category(s, &change);
}

static int setup(void **state)
{
    if (stage_setup(state) != 0) {
        return -1;
    }
    stage_raise(*state);
    send_invitations(*state);
    return 0;
}

/* Ask for what is new, and take the reply. */
static const char *ask(struct stage *s, edge_ref dialog)
{
    stage_forget(s); /* Word of it. */
    stage_send(s, dialog, GETINV);
    stage_reads(s, ERROR_NONE);
    stage_commit(s);
    return stage_expect(s, dialog, "rpl:getinv");
}

/* One who is made a member is told which room it is, with an id above the one
 * that clients begin with and the time, and is told once: not again, and not on
 * another device. */
static void test_getinv__once_on_any_device(void **state)
{
    struct stage *s = *state;
    edge_ref desk = stage_dial(s, CAROL, "desk"),
             phone = stage_dial(s, CAROL, "phone");
    const char *reply;

    assert_non_null(strstr(ask(s, desk), NONE));
    stage_member(s, DESK_ID, CAROL, false);
    reply = ask(s, desk);
    assert_non_null(strstr(reply, "<data><inv inviteId=\""));
    assert_null(strstr(reply, "inviteId=\"1\""));
    assert_non_null(strstr(reply, "domain=\"example.com\" createdOn=\""));
    assert_non_null(strstr(reply, "<chanib uri=\"" DESK "\" name=\"Desk\""));
    assert_non_null(strstr(ask(s, phone), NONE));
    assert_non_null(strstr(ask(s, desk), NONE));
}

/* Those of a user's clients that are there get word; it counts as nothing, and
 * others get none. */
static void test_inv__gives_word(void **state)
{
    struct stage *s = *state;
    edge_ref desk = stage_dial(s, CAROL, "desk"),
             phone = stage_dial(s, CAROL, "phone"),
             bob = stage_dial(s, BOB, "b1");
    const char *word;

    stage_member(s, DESK_ID, CAROL, false);
    word = stage_expect(s, desk,
                        "<ntc id=\"ntc:inv\" seqid=\"1\">"
                        "<data><inv inviteId=\"");
    assert_non_null(strstr(word, "<chanib uri=\"" DESK "\" name=\"Desk\""));
    stage_expect(s, phone, "ntc:inv");
    stage_expect_none(s, bob);
    assert_non_null(strstr(ask(s, phone), DESK));
    stage_member(s, DESK_ID, CAROL, true);
    stage_expect_none(s, desk);
    stage_group(s, "group:pilots", NULL, CAROL);
    stage_member(s, DESK_ID, "group:pilots", false);
    stage_expect_none(s, desk);
    assert_non_null(strstr(ask(s, desk), DESK));
}

/* Two devices that ask at the same time get it once between them. */
static void test_getinv__at_the_same_time(void **state)
{
    struct stage *s = *state;
    edge_ref desk = stage_dial(s, CAROL, "desk"),
             phone = stage_dial(s, CAROL, "phone");
    unsigned told;

    stage_member(s, DESK_ID, CAROL, false);
    stage_forget(s);
    stage_send(s, desk, GETINV);
    stage_send(s, phone, GETINV);
    stage_reads(s, ERROR_NONE);
    stage_commit(s);
    told = strstr(stage_expect(s, desk, "rpl:getinv"), DESK) != NULL;
    told += strstr(stage_expect(s, phone, "rpl:getinv"), DESK) != NULL;
    assert_int_equal(told, 1);
}

/* Nothing is proposed where there is nothing new: a sign-in costs the log
 * nothing. Without a leader it cannot be known. */
static void test_getinv__asks_the_log_only_for_what_is_new(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "desk");

    stage_send(s, carol, GETINV);
    stage_reads(s, ERROR_NONE);
    assert_non_null(strstr(stage_expect(s, carol, "rpl:getinv"), NONE));
    stage_member(s, DESK_ID, CAROL, false);
    stage_expect(s, carol, "ntc:inv");
    stage_send(s, carol, GETINV);
    stage_reads(s, ERROR_NO_LEADER);
    stage_expect(s, carol, "503\">ERROR_BUSY");
    stage_send(s, carol, GETINV);
    stage_reads(s, ERROR_NONE);
    stage_expect_none(s, carol);
    stage_commit(s);
    stage_expect(s, carol, DESK);
}

/* A node that takes over shows nothing twice, and loses nothing. */
static void test_getinv__after_a_restart(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "desk");
    const char *reply;

    stage_member(s, DESK_ID, CAROL, false);
    assert_non_null(strstr(ask(s, carol), DESK));
    stage_member(s, LOBBY_ID, CAROL, false);
    stage_end(s, STAGE_KILLED);
    stage_start(s);
    fake_replica_replay(s->replica, 1, 1000);
    stage_commit(s);
    carol = stage_dial(s, CAROL, "desk");
    reply = ask(s, carol);
    assert_non_null(strstr(reply, LOBBY));
    assert_null(strstr(reply, DESK));
    assert_non_null(strstr(ask(s, carol), NONE));
}

/* A search finds what one was invited to, shown or not; not what others were.
 */
static void test_chansrch__invited(void **state)
{
    static const char search[] =
        ASK("chansrch", "<qib qtype=\"INVITED\" criteria=\"\"/>");
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "desk"),
             bob = stage_dial(s, BOB, "b1");

    stage_member(s, DESK_ID, CAROL, false);
    stage_forget(s);
    stage_say(s, carol, search);
    stage_expect(s, carol, "<data><chanib uri=\"" DESK);
    ask(s, carol);
    stage_say(s, carol, search);
    stage_expect(s, carol, "<data><chanib uri=\"" DESK);
    stage_say(s, bob, search);
    stage_expect(s, bob, "<data/>");
}

/* Where the rules know of none, nobody has one and nothing is asked. */
static void test_getinv__before_the_rules(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "desk");

    stage_send(s, carol, GETINV);
    assert_non_null(strstr(stage_expect(s, carol, "rpl:getinv"), NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_getinv__once_on_any_device),
        IN(test_inv__gives_word),
        IN(test_getinv__at_the_same_time),
        IN(test_getinv__asks_the_log_only_for_what_is_new),
        IN(test_getinv__after_a_restart),
        IN(test_chansrch__invited),
        RUN_IN(test_getinv__before_the_rules, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
