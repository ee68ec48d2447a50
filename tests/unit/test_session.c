#include "tests/unit/test.h"

#include "tests/unit/chat_fixture.h"

#define PHONE "epid=0011223344aa"

static enum outcome mark(struct chat_fixture *f, uint8_t node, uint64_t index,
                         uint64_t serial, uint64_t serial_index)
{
    Perch__NodeMark mark = PERCH__NODE_MARK__INIT;
    Perch__NodeMark__Exception one = PERCH__NODE_MARK__EXCEPTION__INIT;
    Perch__NodeMark__Exception *list[] = {&one};
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&mark, delivered_index, index);
    CODEC_SET(&one, serial, serial);
    CODEC_SET(&one, delivered_index, serial_index);
    mark.n_exceptions = serial == 0 ? 0 : 1;
    mark.exceptions = list;
    command.kind_case = PERCH__COMMAND__KIND_NODE_MARK;
    command.node_mark = &mark;
    return fixture_apply(f, node, &command);
}

static enum outcome lose(struct chat_fixture *f, uint8_t node, uint64_t epoch)
{
    Perch__NodeLost lost = PERCH__NODE_LOST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&lost, node, node);
    CODEC_SET(&lost, epoch, epoch);
    command.kind_case = PERCH__COMMAND__KIND_NODE_LOST;
    command.node_lost = &lost;
    return fixture_apply(f, 1, &command);
}

/* What is remembered of bob's phone; 0 for nothing. */
static uint64_t delivered(struct chat_fixture *f)
{
    const struct user *bob = query_user(f->machine, slice_of_text(BOB));
    uint64_t index = 0;

    view_delivered(f->machine, bob, SLICE_LITERAL(PHONE), &index);
    return index;
}

/* bob's phone signs in on node 2 as session 5 and enters the lobby. */
static void enter(struct chat_fixture *f)
{
    assert_outcome(fixture_open_at(f, 2, BOB, 5, PHONE), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->lobby), DONE);
}

/* A session is opened once, by a user who exists and may. */
static void test_session_open__needs_a_user(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_open(f, 1, "sip:mallory@example.com", 1),
                   USER_UNKNOWN);
    assert_outcome(fixture_open(f, 1, "", 1), NOT_A_USER);
    assert_outcome(fixture_open(f, 1, ALICE, 0), SESSION_UNKNOWN);
    assert_outcome(fixture_open_at(f, 1, ALICE, 1, ""), ENDPOINT_ID_INVALID);
    assert_outcome(fixture_open_at(f, 1, ALICE, 1, "a b"), ENDPOINT_ID_INVALID);
    assert_no_trace(f);
    assert_outcome(fixture_open(f, 1, "sip:ALICE@example.com", 1), DONE);
    assert_int_equal(fixture_count(f, EVENT_SESSION_OPENED), 1);
    assert_outcome(fixture_open(f, 1, ALICE, 1), SESSION_EXISTS);
    assert_outcome(fixture_open(f, 2, ALICE, 1), DONE); /* Another node's. */
}

/* A user has at most USER_SESSIONS_MAX sessions, the pool SESSIONS_MAX. */
static void test_session_open__is_bounded(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_set(f, SETTING_USER_SESSIONS_MAX, 1), DONE);
    assert_outcome(fixture_set(f, SETTING_SESSIONS_MAX, 2), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 2), USER_SESSIONS_FULL);
    assert_outcome(fixture_open(f, 1, BOB, 3), DONE);
    assert_outcome(fixture_open(f, 1, CAROL, 4), SESSIONS_FULL);
    assert_no_trace(f);
    assert_outcome(fixture_close(f, 1, 1, 0), DONE);
    assert_outcome(fixture_open(f, 1, CAROL, 4), DONE);
}

static enum outcome expel(struct chat_fixture *f, uint8_t node, uint64_t epoch,
                          uint64_t serial)
{
    Perch__SessionExpel expel = PERCH__SESSION_EXPEL__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&expel, node, node);
    CODEC_SET(&expel, epoch, epoch);
    CODEC_SET(&expel, serial, serial);
    command.kind_case = PERCH__COMMAND__KIND_SESSION_EXPEL;
    command.session_expel = &expel;
    return fixture_administer(f, &command);
}

/* An administrator ends a session of whichever node, named with its epoch:
 * after a restart the same serial is someone else's. */
static void test_session_expel__ends_a_session_of_any_node(void **state)
{
    struct chat_fixture *f = *state;

    enter(f);
    assert_outcome(expel(f, 1, f->epochs[1], 5), SESSION_UNKNOWN);
    assert_outcome(expel(f, 2, f->epochs[2] + 1, 5), SESSION_UNKNOWN);
    assert_outcome(expel(f, 2, f->epochs[2], 6), SESSION_UNKNOWN);
    assert_outcome(expel(f, 9, f->epochs[2], 5), SESSION_UNKNOWN);
    assert_no_trace(f);
    assert_outcome(expel(f, 2, f->epochs[2], 5), DONE);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave, LEAVE_EXPELLED);
    assert_int_equal(fixture_event(f, EVENT_SESSION_CLOSED)->leave,
                     LEAVE_EXPELLED);
    assert_int_equal(fixture_view(f, &f->lobby).endpoints_present, 0);
    assert_outcome(expel(f, 2, f->epochs[2], 5), SESSION_UNKNOWN);
}

/* A session that ends leaves its rooms, one part each, before it is told as
 * closed. */
static void test_session_close__parts_its_rooms(void **state)
{
    struct chat_fixture *f = *state;

    enter(f);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->desk), DONE);
    assert_outcome(fixture_close(f, 2, 5, 0), DONE);
    assert_int_equal(f->effects.n_events, 3);
    assert_int_equal(f->effects.events[0].kind, EVENT_PARTED);
    assert_memory_equal(&f->effects.events[0].guid, &f->lobby, GUID_BYTES);
    assert_int_equal(f->effects.events[1].kind, EVENT_PARTED);
    assert_int_equal(f->effects.events[2].kind, EVENT_SESSION_CLOSED);
    assert_int_equal(f->effects.events[2].leave, LEAVE_DROPPED);
    assert_int_equal(fixture_view(f, &f->lobby).endpoints_present, 0);
    assert_outcome(fixture_close(f, 2, 5, 0), SESSION_UNKNOWN);
    assert_no_trace(f);
}

/* Each node ends its own sessions, for a reason that is known. */
static void test_session_close__needs_its_node_and_a_reason(void **state)
{
    struct chat_fixture *f = *state;
    Perch__SessionClose close = PERCH__SESSION_CLOSE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    enter(f);
    assert_outcome(fixture_close(f, 1, 5, 0), SESSION_UNKNOWN);
    CODEC_SET(&close, serial, 5);
    CODEC_SET(&close, reason, 9);
    command.kind_case = PERCH__COMMAND__KIND_SESSION_CLOSE;
    command.session_close = &close;
    assert_outcome(fixture_apply(f, 2, &command), REASON_INVALID);
    assert_no_trace(f);
}

/* A closed endpoint is remembered with how far it had been told, by its own
 * word first. */
static void test_session_close__remembers_the_endpoint(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t told;

    enter(f);
    told = f->index;
    assert_int_equal(delivered(f), 0);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "hi", NULL), DONE);
    assert_outcome(mark(f, 2, f->index, 0, 0), DONE);
    assert_outcome(fixture_close(f, 2, 5, told), DONE);
    assert_int_equal(delivered(f), told);
}

/* Without its own word, the node's mark counts, and of a session excepted from
 * it, the exception. */
static void test_node_mark__tells_how_far_sessions_are(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t first, second;

    enter(f);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "hi", NULL), DONE);
    first = f->index;
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "ho", NULL), DONE);
    second = f->index;
    assert_outcome(mark(f, 2, second, 0, 0), DONE);
    assert_outcome(fixture_close(f, 2, 5, 0), DONE);
    assert_int_equal(delivered(f), second);

    enter(f);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "hi", NULL), DONE);
    first = f->index;
    assert_outcome(mark(f, 2, f->index + 1, 5, first), DONE);
    assert_outcome(fixture_close(f, 2, 5, 0), DONE);
    assert_int_equal(delivered(f), first);
}

/* Each mark replaces the one before, exceptions and all. */
static void test_node_mark__replaces_the_one_before(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t last;

    enter(f);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "hi", NULL), DONE);
    assert_outcome(mark(f, 2, f->index, 5, 1), DONE);
    last = f->index;
    assert_outcome(mark(f, 2, last, 0, 0), DONE);
    assert_outcome(fixture_close(f, 2, 5, 0), DONE);
    assert_int_equal(delivered(f), last);
}

/* A mark moves neither back nor ahead of the log. */
static void test_node_mark__neither_backward_nor_ahead(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(mark(f, 2, f->index + 1, 0, 0), DONE);
    assert_outcome(mark(f, 2, f->index - 1, 0, 0), MARK_BACKWARD);
    assert_no_trace(f);
    assert_outcome(mark(f, 2, f->index + 2, 0, 0), MARK_AHEAD);
    assert_no_trace(f);
}

/* A session that confirmed nothing leaves what was known of its endpoint before
 * it: the next history must not miss what neither was told. */
static void test_session_close__unconfirmed_keeps_the_older_mark(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t told;

    enter(f);
    told = f->index;
    assert_outcome(fixture_close(f, 2, 5, told), DONE);
    assert_int_equal(delivered(f), told);
    enter(f);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "hi", NULL), DONE);
    assert_outcome(fixture_close(f, 2, 5, 0), DONE);
    assert_int_equal(delivered(f), told);
}

/* An endpoint never seen before that confirmed nothing is owed everything from
 * its opening on; a mark ahead of the log confirms nothing. */
static void test_session_close__unconfirmed_first_is_owed_all(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t opened;

    enter(f);
    opened = f->index - 1;
    assert_outcome(fixture_close(f, 2, 5, f->index + 1000), DONE);
    assert_int_equal(delivered(f), opened);
}

/* A mark says nothing of a room that was joined after it: by a session that
 * ends so, the endpoint was told no more than before it, or that room's next
 * history would begin too late. The next mark holds again. */
static void test_session_close__mark_knows_no_later_room(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t told, marked;

    fixture_raise(f);
    enter(f);
    told = f->index;
    assert_outcome(fixture_close(f, 2, 5, told), DONE);
    enter(f);
    assert_outcome(mark(f, 2, f->index, 0, 0), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->desk), DONE);
    assert_outcome(fixture_close(f, 2, 5, 0), DONE);
    assert_int_equal(delivered(f), told);

    enter(f);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->desk), DONE);
    marked = f->index;
    assert_outcome(mark(f, 2, marked, 0, 0), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->desk, "hi", NULL), DONE);
    assert_outcome(fixture_close(f, 2, 5, 0), DONE);
    assert_int_equal(delivered(f), marked);
}

/* What is remembered lies in rows: before the rules are raised, a mark stands
 * for a room that was joined after it, as in programs of rules version 1. */
static void test_session_close__mark_knew_later_rooms_at_first(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t marked;

    enter(f);
    marked = f->index;
    assert_outcome(mark(f, 2, marked, 0, 0), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->desk), DONE);
    assert_outcome(fixture_close(f, 2, 5, 0), DONE);
    assert_int_equal(delivered(f), marked);
}

/* What bob's phone was told before session 9 of node 1; 0 for nothing. */
static uint64_t told_before(struct chat_fixture *f)
{
    struct session_id id = {1, f->epochs[1], 9};
    uint64_t index = 0;

    view_told(f->machine, query_session(f->machine, &id), &index);
    return index;
}

/* An endpoint that comes back before its old session's end is known was told
 * what that session has confirmed, or what was known before it; of several
 * sessions the least counts, and those that entered no room do not. */
static void test_view_told__asks_sessions_that_are_open_still(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t remembered, marked;

    assert_outcome(fixture_open_at(f, 1, BOB, 9, PHONE), DONE);
    assert_int_equal(told_before(f), 0);
    enter(f);
    remembered = f->index;
    assert_outcome(fixture_close(f, 2, 5, remembered), DONE);
    assert_int_equal(told_before(f), remembered);
    enter(f);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "hi", NULL), DONE);
    assert_int_equal(told_before(f), remembered);
    marked = f->index;
    assert_outcome(mark(f, 2, marked, 0, 0), DONE);
    assert_int_equal(told_before(f), marked);
    assert_outcome(fixture_open_at(f, 2, BOB, 6, PHONE), DONE);
    assert_outcome(fixture_open_at(f, 1, BOB, 7, "another"), DONE);
    assert_int_equal(told_before(f), marked);
    assert_outcome(fixture_join(f, 2, BOB, 6, &f->lobby), DONE);
    assert_int_equal(told_before(f), remembered);
    assert_outcome(fixture_close(f, 2, 6, marked), DONE);
    assert_int_equal(told_before(f), marked);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->desk), DONE);
    assert_int_equal(told_before(f), remembered);
}

/* A session that entered no room was told nothing of rooms and leaves what was
 * known of its endpoint alone. */
static void test_session_close__without_rooms_remembers_nothing(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_open_at(f, 2, BOB, 5, PHONE), DONE);
    assert_outcome(fixture_close(f, 2, 5, f->index), DONE);
    assert_int_equal(delivered(f), 0);
}

/* Endpoints are remembered for 24 hours after they closed, and at most
 * ENDPOINTS_MAX of them. */
static void test_session_close__endpoints_are_forgotten(void **state)
{
    struct chat_fixture *f = *state;
    int64_t closed_us;

    enter(f);
    assert_outcome(fixture_close(f, 2, 5, f->index), DONE);
    closed_us = f->effects.sent_at_us;
    f->now_us = closed_us + INT64_C(86400000000);
    assert_outcome(mark(f, 2, 0, 0, 0), DONE);
    assert_true(delivered(f) != 0);
    assert_outcome(mark(f, 2, 0, 0, 0), DONE);
    assert_int_equal(delivered(f), 0);

    assert_outcome(fixture_set(f, SETTING_ENDPOINTS_MAX, 1), DONE);
    enter(f);
    assert_outcome(fixture_close(f, 2, 5, f->index), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_true(delivered(f) != 0);
    assert_outcome(fixture_close(f, 1, 1, f->index), DONE);
    assert_int_equal(delivered(f), 0);
}

/* A node that starts anew ends the sessions of its older epochs, and no other
 * node's. */
static void test_node_started__ends_its_sessions(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t told;

    enter(f);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    told = f->index;
    assert_outcome(mark(f, 2, told, 0, 0), DONE);
    assert_outcome(fixture_start(f, 2), DONE);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave,
                     LEAVE_NODE_RESTARTED);
    assert_int_equal(fixture_count(f, EVENT_SESSION_CLOSED), 1);
    assert_int_equal(fixture_view(f, &f->lobby).endpoints_present, 1);
    assert_int_equal(delivered(f), told);
    assert_outcome(fixture_open_at(f, 2, BOB, 5, PHONE), DONE);
}

/* A lost node's sessions end by its last mark; the node itself goes on and may
 * open new ones. */
static void test_node_lost__ends_the_epochs_sessions(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t told;

    enter(f);
    told = f->index;
    assert_outcome(mark(f, 2, told, 0, 0), DONE);
    assert_outcome(lose(f, 2, f->epochs[2]), DONE);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave, LEAVE_NODE_LOST);
    assert_int_equal(fixture_count(f, EVENT_NODE_LOST), 1);
    assert_int_equal(fixture_view(f, &f->lobby).endpoints_present, 0);
    assert_int_equal(delivered(f), told);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "hi", NULL),
                   SESSION_UNKNOWN);
    assert_outcome(fixture_open_at(f, 2, BOB, 6, PHONE), DONE);
}

/* Giving up an epoch that is over already must not end the new one's. */
static void test_node_lost__of_an_older_epoch_is_refused(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t old = f->epochs[2];

    assert_outcome(fixture_start(f, 2), DONE);
    enter(f);
    assert_outcome(lose(f, 2, old), NODE_EPOCH_STALE);
    assert_no_trace(f);
    assert_int_equal(fixture_view(f, &f->lobby).endpoints_present, 1);
    assert_outcome(lose(f, 3, 1), NODE_UNKNOWN);
    assert_no_trace(f);
}

/* A disabled user is nowhere: the sessions on all nodes end, new ones are
 * refused, and so is everything the old ones still ask. */
static void test_user_change__disabling_ends_sessions(void **state)
{
    struct chat_fixture *f = *state;

    enter(f);
    assert_outcome(fixture_open(f, 1, BOB, 1), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 1, &f->lobby), DONE);
    assert_outcome(fixture_disable_user(f, BOB, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 2);
    assert_int_equal(fixture_count(f, EVENT_SESSION_CLOSED), 2);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave,
                     LEAVE_USER_DISABLED);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->lobby), SESSION_UNKNOWN);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "hi", NULL),
                   SESSION_UNKNOWN);
    assert_outcome(fixture_open(f, 2, BOB, 7), USER_DISABLED);
    assert_outcome(fixture_disable_user(f, BOB, false), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 7), DONE);
}

int main(void)
{
#define IN(name) RUN_IN(test_##name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IN(session_open__needs_a_user),
        IN(session_open__is_bounded),
        IN(session_close__parts_its_rooms),
        IN(session_close__needs_its_node_and_a_reason),
        IN(session_close__remembers_the_endpoint),
        IN(node_mark__tells_how_far_sessions_are),
        IN(node_mark__replaces_the_one_before),
        IN(node_mark__neither_backward_nor_ahead),
        IN(session_close__unconfirmed_keeps_the_older_mark),
        IN(session_close__unconfirmed_first_is_owed_all),
        IN(session_close__mark_knows_no_later_room),
        IN(session_close__mark_knew_later_rooms_at_first),
        IN(view_told__asks_sessions_that_are_open_still),
        IN(session_close__without_rooms_remembers_nothing),
        IN(session_close__endpoints_are_forgotten),
        IN(node_started__ends_its_sessions),
        IN(session_expel__ends_a_session_of_any_node),
        IN(node_lost__ends_the_epochs_sessions),
        IN(node_lost__of_an_older_epoch_is_refused),
        IN(user_change__disabling_ends_sessions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
