/* Rooms: who is in, what was said, once and in order, also through a lost
 * connection; and questions. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/client/scene.h"

static void say_many(struct scene *scene, int room, int n)
{
    char text[32];

    for (int i = 0; i < n; i++) {
        snprintf(text, sizeof(text), "text %d", i);
        pool_say(scene->pool, room, "tomas", text);
    }
}

/* History first, then what is said. */
static void test_join__history_then_live(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    const struct told *joined;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    say_many(scene, room, 5);
    owner = scene_online(scene, "ingrid");
    scene_join(owner, room, 3);
    joined = told_nth(owner, CLIENT_EVENT_JOINED, 0);
    assert_string_equal(joined->text, "Tide Desk");
    assert_string_equal(joined->list, "sip:ingrid@" POOL_DOMAIN);
    assert_false(joined->is_again);
    pool_say(scene->pool, room, "tomas", "six");
    scene_ids(owner, room, "3 4 5 6");
    assert_false(told_nth(owner, CLIENT_EVENT_MESSAGE, 2)->is_live);
    assert_true(told_nth(owner, CLIENT_EVENT_MESSAGE, 3)->is_live);
    assert_false(told_nth(owner, CLIENT_EVENT_MESSAGE, 3)->is_own);
}

static bool history_was_asked(struct scene *scene, const void *by)
{
    return pool_count(scene->pool, "cmd:bccontext", -1) >= *(const int *)by;
}

/* JOINED promises that nothing is missed from then on. So it waits for the
 * first history; the connection that is lost before it is not told of. */
static void test_join__lost_before_history(void **state)
{
    static const int once = 1;
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    say_many(scene, room, 3);
    owner = scene_online(scene, "ingrid");
    scene_fault(scene, "cmd:bccontext", 0, 1, POOL_SILENT, 0);
    client_join(owner->client, room_uri(scene, room), 0);
    assert_true(scene_until(scene, history_was_asked, &once));
    pool_say(scene->pool, room, "tomas", "four");
    scene_run(scene, 50);
    assert_int_equal(told_count(owner, CLIENT_EVENT_JOINED), 0);
    pool_drop(scene->pool, 0);
    pool_say_unheard(scene->pool, room, "tomas", "five");
    assert_false(scene_told(owner, CLIENT_EVENT_JOINED, 0)->is_again);
    pool_say_unheard(scene->pool, room, "tomas", "six");
    pool_drop(scene->pool, 0);
    scene_ids(owner, room, "4 5 6");
    assert_true(scene_told(owner, CLIENT_EVENT_JOINED, 1)->is_again);
    assert_int_equal(told_count(owner, CLIENT_EVENT_JOINED), 2);
}

/* A message said between the join and the history is told once. */
static void test_join__live_before_history(void **state)
{
    static const int once = 1;
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    say_many(scene, room, 2);
    owner = scene_online(scene, "ingrid");
    pool_add_rule(scene->pool, (struct pool_rule){.what = "cmd:bccontext",
                                                  .node = 0,
                                                  .times = 1,
                                                  .fault = POOL_DELAY,
                                                  .delay_ms = 100});
    client_join(owner->client, room_uri(scene, room), 9);
    assert_true(scene_until(scene, history_was_asked, &once));
    pool_say(scene->pool, room, "tomas", "three");
    scene_ids(owner, room, "1 2 3");
}

/* People come and go, each told once; the list of a room is kept. */
static void test_join__people(void **state)
{
    struct scene *scene = *state;
    struct owner *ingrid, *tomas, *again;
    struct client_room view;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    ingrid = scene_online(scene, "ingrid");
    scene_join(ingrid, room, 0);
    tomas = scene_online(scene, "tomas");
    scene_join(tomas, room, 0);
    assert_string_equal(told_nth(tomas, CLIENT_EVENT_JOINED, 0)->list,
                        "sip:ingrid@" POOL_DOMAIN " sip:tomas@" POOL_DOMAIN);
    assert_string_equal(scene_told(ingrid, CLIENT_EVENT_ENTERED, 0)->text,
                        "sip:tomas@" POOL_DOMAIN);
    again = scene_online(scene, "tomas");
    scene_join(again, room, 0);
    client_look(ingrid->client, room_uri(scene, room), &view);
    assert_int_equal(view.people->n, 2);
    assert_slice_text(view.name, "Tide Desk");
    client_part(tomas->client, room_uri(scene, room));
    assert_int_equal(scene_told(tomas, CLIENT_EVENT_LEFT, 0)->why,
                     CLIENT_LEFT_ASKED);
    client_part(again->client, room_uri(scene, room));
    assert_string_equal(scene_told(ingrid, CLIENT_EVENT_GONE, 0)->text,
                        "sip:tomas@" POOL_DOMAIN);
    scene_run(scene, 30);
    assert_int_equal(told_count(ingrid, CLIENT_EVENT_ENTERED), 1);
    assert_int_equal(told_count(ingrid, CLIENT_EVENT_GONE), 1);
    assert_int_equal(client_look(tomas->client, room_uri(scene, room), &view),
                     ERROR_NOT_FOUND);
    assert_int_equal(client_part(tomas->client, room_uri(scene, room)),
                     ERROR_NOT_FOUND);
}

/* A refusal comes with the pool's code and words. */
static void test_join__refused(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    const struct told *left;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Closed");
    scene->pool->rooms[room].is_closed = true;
    owner = scene_online(scene, "ingrid");
    assert_int_equal(client_join(owner->client, room_uri(scene, room), 0),
                     ERROR_NONE);
    assert_int_equal(client_join(owner->client, room_uri(scene, room), 0),
                     ERROR_EXISTS);
    left = scene_told(owner, CLIENT_EVENT_LEFT, 0);
    assert_int_equal(left->why, CLIENT_LEFT_REFUSED);
    assert_int_equal(left->code, 403);
    assert_non_null(strstr(left->text, "not a member"));
    assert_int_equal(client_join(owner->client, SLICE_LITERAL("Tide Desk"), 0),
                     ERROR_INVALID);
    assert_int_equal(client_join(owner->client, room_uri(scene, room), 501),
                     ERROR_INVALID);
}

/* Several rooms are joined by one bjoin, whatever becomes of each. */
static void test_join__several_at_once(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int rooms[3];

    scene_nodes(scene, 1);
    owner = scene_client(scene, "ingrid", NULL);
    for (int i = 0; i < 3; i++) {
        rooms[i] = pool_add_room(scene->pool, "Room");
        client_join(owner->client, room_uri(scene, rooms[i]), 5);
    }
    scene->pool->rooms[rooms[1]].is_closed = true;
    client_start(owner->client);
    scene_told(owner, CLIENT_EVENT_JOINED, 1);
    assert_string_equal(scene_told(owner, CLIENT_EVENT_LEFT, 0)->room,
                        scene->pool->rooms[rooms[1]].uri);
    assert_int_equal(pool_count(scene->pool, "cmd:bjoin", 0), 1);
    assert_string_equal(pool_nth(scene->pool, "cmd:bjoin", 0)->note, "rooms=3");
    scene_run(scene, 50);
    assert_int_equal(pool_count(scene->pool, "cmd:bccontext", 0), 2);
}

/* Rooms a bjoin leaves out are rooms one is not in. */
static void test_join__left_out(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 1);
    owner = scene_client(scene, "ingrid", NULL);
    for (int i = 0; i < 2; i++) {
        client_join(owner->client,
                    room_uri(scene, pool_add_room(scene->pool, "Room")), 5);
    }
    scene_fault(scene, "cmd:bjoin", 0, 1, POOL_LEAVE_OUT, 0);
    client_start(owner->client);
    assert_int_equal(scene_told(owner, CLIENT_EVENT_LEFT, 1)->why,
                     CLIENT_LEFT_REFUSED);
}

/* After a lost connection: one bjoin for all rooms, then the history since the
 * last message of each; everything once, in order, nothing missing. */
static void test_rejoin__all_rooms(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int tide, storm;

    scene_nodes(scene, 2);
    tide = pool_add_room(scene->pool, "Tide Desk");
    storm = pool_add_room(scene->pool, "Storm Line");
    say_many(scene, tide, 2);
    owner = scene_online(scene, "ingrid");
    scene_join(owner, tide, 1);
    scene_join(owner, storm, 1);
    say_many(scene, tide, 2);
    say_many(scene, storm, 1);
    scene_ids(owner, tide, "2 3 4");
    scene_ids(owner, storm, "1");
    pool_kill(scene->pool, 0);
    say_many(scene, tide, 3);
    say_many(scene, storm, 2);
    scene_ids(owner, tide, "2 3 4 5 6 7");
    scene_ids(owner, storm, "1 2 3");
    pool_say(scene->pool, tide, "tomas", "live again");
    scene_ids(owner, tide, "2 3 4 5 6 7 8");
    assert_int_equal(pool_count(scene->pool, "cmd:bjoin", 1), 1);
    assert_int_equal(pool_count(scene->pool, "cmd:join", 1), 0);
    assert_string_equal(pool_nth(scene->pool, "cmd:bjoin", 0)->note, "rooms=2");
    assert_string_equal(pool_nth(scene->pool, "cmd:bccontext", 2)->note,
                        "last=0 after=4 most=500");
    assert_true(told_nth(owner, CLIENT_EVENT_JOINED, 2)->is_again);
    assert_int_equal(told_count(owner, CLIENT_EVENT_GAP), 0);
}

/* More was said meanwhile than one reply holds: page after page. */
static void test_rejoin__long_absence(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    owner = scene_in_room(scene, 2, 1, &room);
    pool_kill(scene->pool, 0);
    scene->pool->history_max = 50;
    say_many(scene, room, 1230);
    scene_told(owner, CLIENT_EVENT_MESSAGE, 1229);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_MESSAGE, 1229)->id, 1230);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_MESSAGE, 600)->id, 601);
    assert_int_equal(told_count(owner, CLIENT_EVENT_GAP), 0);
}

/* A room one may not enter any more is left, and said so. */
static void test_rejoin__refused(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room, other;

    scene_nodes(scene, 2);
    room = pool_add_room(scene->pool, "Tide Desk");
    other = pool_add_room(scene->pool, "Storm Line");
    owner = scene_online(scene, "ingrid");
    scene_join(owner, room, 1);
    scene_join(owner, other, 1);
    scene->pool->rooms[room].is_closed = true;
    pool_kill(scene->pool, 0);
    assert_int_equal(scene_told(owner, CLIENT_EVENT_LEFT, 0)->why,
                     CLIENT_LEFT_REFUSED);
    scene_told(owner, CLIENT_EVENT_JOINED, 2);
}

/* A copy that is lost is fetched; one that comes twice is told once. */
static void test_live__lost_and_repeated(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    owner = scene_in_room(scene, 1, 1, &room);
    pool_say(scene->pool, room, "tomas", "one");
    pool_say_unheard(scene->pool, room, "tomas", "two");
    pool_say_unheard(scene->pool, room, "tomas", "three");
    pool_say(scene->pool, room, "tomas", "four");
    scene_ids(owner, room, "1 2 3 4");
    scene_fault(scene, "grpchat", 0, 1, POOL_TWICE, 0);
    scene_end(owner, scene_post(owner, room, "five", 3000));
    pool_say(scene->pool, room, "tomas", "six");
    scene_ids(owner, room, "1 2 3 4 5 6");
}

/* What history does not have is told as a gap. */
static void test_live__gap(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    owner = scene_online(scene, "ingrid");
    pool_say(scene->pool, room, "tomas", "one");
    scene_join(owner, room, 1);
    pool_say_unheard(scene->pool, room, "tomas", "two");
    pool_say_unheard(scene->pool, room, "tomas", "three");
    pool_purge(scene->pool, room, 2);
    pool_purge(scene->pool, room, 3);
    pool_say(scene->pool, room, "tomas", "four");
    scene_ids(owner, room, "1 2-3 4");
}

/* A room whose history may not be read, or that keeps none, has live messages
 * all the same. */
static void test_live__no_history(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int unread, deaf;

    scene_nodes(scene, 1);
    unread = pool_add_room(scene->pool, "Unread");
    deaf = pool_add_room(scene->pool, "Deaf");
    scene->pool->rooms[unread].is_unread = true;
    scene->pool->rooms[deaf].is_deaf = true;
    say_many(scene, unread, 3);
    say_many(scene, deaf, 3);
    owner = scene_online(scene, "ingrid");
    scene_join(owner, unread, 9);
    scene_join(owner, deaf, 9);
    assert_int_equal(pool_count(scene->pool, "cmd:bccontext", 0), 1);
    say_many(scene, unread, 2);
    say_many(scene, deaf, 2);
    scene_ids(owner, unread, "4 5");
    scene_ids(owner, deaf, "4 5");
    scene_end(owner, scene_post(owner, deaf, "mine", 3000));
    scene_ids(owner, deaf, "4 5 6");
}

/* Who loses his membership, or whose room is disabled, is out of it. */
static void test_notice__put_out(void **state)
{
    struct scene *scene = *state;
    struct xccos_room where = {0};
    struct xccos_primitive notice = {.kind = XCCOS_KIND_NOTICE,
                                     .seqid = 1,
                                     .verb = XCCOS_VERB_CHANDISABLE,
                                     .data.rooms = &where};
    struct owner *ingrid, *tomas;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    ingrid = scene_online(scene, "ingrid");
    tomas = scene_online(scene, "tomas");
    scene_join(ingrid, room, 0);
    scene_join(tomas, room, 0);
    pool_kick(scene->pool, room, "tomas");
    assert_int_equal(scene_told(tomas, CLIENT_EVENT_LEFT, 0)->why,
                     CLIENT_LEFT_KICKED);
    scene_told(ingrid, CLIENT_EVENT_GONE, 0);
    assert_int_equal(told_count(ingrid, CLIENT_EVENT_LEFT), 0);
    where.uri = room_uri(scene, room);
    pool_notice(scene->pool, room, &notice);
    assert_int_equal(scene_told(ingrid, CLIENT_EVENT_LEFT, 0)->why,
                     CLIENT_LEFT_DISABLED);
}

/* A room's new name is its name. */
static void test_notice__changed(void **state)
{
    struct scene *scene = *state;
    struct xccos_room where = {.name = SLICE_LITERAL("Ebb Desk")};
    struct xccos_primitive notice = {.kind = XCCOS_KIND_NOTICE,
                                     .seqid = 1,
                                     .verb = XCCOS_VERB_CHANMODIFY,
                                     .data.rooms = &where};
    struct client_room view;
    struct owner *owner;
    int room;

    owner = scene_in_room(scene, 1, 0, &room);
    where.uri = room_uri(scene, room);
    pool_notice(scene->pool, room, &notice);
    assert_string_equal(scene_told(owner, CLIENT_EVENT_CHANGED, 0)->text,
                        "Ebb Desk");
    client_look(owner->client, room_uri(scene, room), &view);
    assert_slice_text(view.description, "About Tide Desk");
}

static uint64_t ask(struct owner *owner, struct client_question question)
{
    uint64_t token = 0;

    question.within_ms = question.within_ms == 0 ? 5000 : question.within_ms;
    assert_int_equal(client_ask(owner->client, &question, &token), ERROR_NONE);
    return token;
}

/* Questions have answers. */
static void test_ask__answers(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    const struct told *end;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    pool_add_room(scene->pool, "Storm Line");
    say_many(scene, room, 9);
    owner = scene_online(scene, "ingrid");
    end = scene_end(owner, ask(owner, (struct client_question){
                                          .text = SLICE_LITERAL("storm")}));
    assert_int_equal(end->result, CLIENT_DONE);
    assert_string_equal(end->list, "Storm Line");
    end = scene_end(owner, ask(owner, (struct client_question){
                                          .text = SLICE_LITERAL("Tide"),
                                          .is_exact = true}));
    assert_int_equal(end->n, 0);
    end = scene_end(
        owner, ask(owner, (struct client_question){.kind = CLIENT_MY_ROOMS}));
    assert_string_equal(end->list, "Storm Line");
    end = scene_end(owner, ask(owner, (struct client_question){
                                          .kind = CLIENT_MANAGED_ROOMS}));
    assert_string_equal(end->list, "Tide Desk");
    end = scene_end(owner, ask(owner, (struct client_question){
                                          .kind = CLIENT_LAST,
                                          .room_uri = room_uri(scene, room),
                                          .most = 2}));
    assert_string_equal(end->list, "8 9");
    end = scene_end(owner, ask(owner, (struct client_question){
                                          .kind = CLIENT_AFTER,
                                          .room_uri = room_uri(scene, room),
                                          .message_id = 4,
                                          .most = 3}));
    assert_string_equal(end->list, "5 6 7");
    end = scene_end(owner, ask(owner, (struct client_question){
                                          .kind = CLIENT_BEFORE,
                                          .room_uri = room_uri(scene, room),
                                          .message_id = 4,
                                          .most = 2}));
    assert_string_equal(end->list, "2 3");
}

/* Refusals, and questions nobody can answer. */
static void test_ask__refused(void **state)
{
    struct scene *scene = *state;
    struct client_question bad = {
        .kind = CLIENT_LAST, .room_uri = SLICE_LITERAL("x"), .most = 1};
    struct owner *owner;
    const struct told *end;
    uint64_t token;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    owner = scene_online(scene, "ingrid");
    scene_fault(scene, "cmd:chansrch", 0, 1, POOL_CODE, 413);
    end = scene_end(owner, ask(owner, (struct client_question){0}));
    assert_int_equal(end->result, CLIENT_REFUSED);
    assert_int_equal(end->code, 413);
    assert_non_null(strstr(end->text, "told to say so"));
    scene_fault(scene, "cmd:chansrch", 0, 1, POOL_REFUSE, 415);
    end = scene_end(owner, ask(owner, (struct client_question){0}));
    assert_int_equal(end->code, 415);
    assert_int_equal(client_ask(owner->client, &bad, &token), ERROR_INVALID);
    bad.room_uri = room_uri(scene, room);
    bad.most = CLIENT_HISTORY_MAX + 1;
    assert_int_equal(client_ask(owner->client, &bad, &token), ERROR_INVALID);
}

/* A question outlives its connection, a stuck server and a busy one; but not
 * its deadline. */
static void test_ask__lasts(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    const struct told *end;

    scene_nodes(scene, 2);
    pool_add_room(scene->pool, "Tide Desk");
    owner = scene_online(scene, "ingrid");
    scene_fault(scene, "cmd:chansrch", 0, 1, POOL_CLOSE, 0);
    scene_fault(scene, "cmd:chansrch", 1, 1, POOL_NO_REPLY, 0);
    scene_fault(scene, "cmd:chansrch", 0, 1, POOL_REFUSE, 503);
    scene_fault(scene, "cmd:chansrch", 0, 1, POOL_CODE, 503);
    end = scene_end(owner,
                    ask(owner, (struct client_question){.within_ms = 9000}));
    assert_int_equal(end->result, CLIENT_DONE);
    assert_int_equal(pool_count(scene->pool, "cmd:chansrch", -1), 5);
    scene_fault(scene, "cmd:chansrch", -1, 99, POOL_NO_REPLY, 0);
    end = scene_end(owner,
                    ask(owner, (struct client_question){.within_ms = 300}));
    assert_int_equal(end->result, CLIENT_UNKNOWN);
    scene_fault(scene, "cmd:chansrch", -1, 1, POOL_CLOSE, 0);
    pool_kill(scene->pool, 0);
    pool_kill(scene->pool, 1);
    scene_state(owner, CLIENT_WAITING);
    end = scene_end(owner,
                    ask(owner, (struct client_question){.within_ms = 200}));
    assert_int_equal(end->result, CLIENT_UNSENT);
}

/* What is asked once is lost with its connection. */
static void test_ask__once(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 2);
    owner = scene_online(scene, "ingrid");
    scene_fault(scene, "cmd:chansrch", 0, 1, POOL_CLOSE, 0);
    assert_int_equal(
        scene_end(owner, ask(owner, (struct client_question){.is_once = true}))
            ->result,
        CLIENT_UNKNOWN);
    assert_int_equal(pool_count(scene->pool, "cmd:chansrch", -1), 1);
}

/* Parting in every state of a room leaves it, told once. */
static void test_part__any_state(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    owner = scene_client(scene, "ingrid", NULL);
    client_join(owner->client, room_uri(scene, room), 0);
    client_part(owner->client, room_uri(scene, room)); /* Not online. */
    assert_int_equal(told_count(owner, CLIENT_EVENT_LEFT), 1);
    client_start(owner->client);
    scene_state(owner, CLIENT_ONLINE);
    client_join(owner->client, room_uri(scene, room), 0);
    client_part(owner->client, room_uri(scene, room)); /* Joining. */
    scene_told(owner, CLIENT_EVENT_LEFT, 1);
    assert_int_equal(told_count(owner, CLIENT_EVENT_JOINED), 0);
    assert_int_equal(pool_count(scene->pool, "cmd:part", 0), 1);
    scene_join(owner, room, 0);
    scene_fault(scene, "cmd:part", 0, 1, POOL_SILENT, 0);
    client_part(owner->client, room_uri(scene, room));
    scene_run(scene, 20);
    pool_drop(scene->pool, -1); /* Parting. */
    assert_int_equal(scene_told(owner, CLIENT_EVENT_LEFT, 2)->why,
                     CLIENT_LEFT_ASKED);
    scene_state(owner, CLIENT_ONLINE);
    scene_run(scene, 30);
    assert_int_equal(told_count(owner, CLIENT_EVENT_LEFT), 3);
    assert_int_equal(pool_count(scene->pool, "cmd:join", 0), 2);
}

/* An owner that does everything from within events. */
static void act(struct owner *owner, const struct client_event *event)
{
    struct scene *scene = owner->scene;

    if (event->kind == CLIENT_EVENT_JOINED) {
        scene_post(owner, 0, "from within", 3000);
        client_join(owner->client, room_uri(scene, 1), 1);
    } else if (event->kind == CLIENT_EVENT_POSTED) {
        client_part(owner->client, room_uri(scene, 0));
        client_part(owner->client, room_uri(scene, 1));
    } else if (event->kind == CLIENT_EVENT_LEFT) {
        client_stop(owner->client);
    }
}

static void test_events__act_within(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 1);
    pool_add_room(scene->pool, "Tide Desk");
    pool_add_room(scene->pool, "Storm Line");
    say_many(scene, 0, 5);
    owner = scene_client(scene, "ingrid", NULL);
    owner->on_event = act;
    client_join(owner->client, room_uri(scene, 0), 5);
    client_start(owner->client);
    scene_state(owner, CLIENT_STOPPED);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_POSTED, 0)->result,
                     CLIENT_DONE);
}

int main(void)
{
#define IN(function) RUN_IN(function, scene_setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        IN(test_join__history_then_live),
        IN(test_join__lost_before_history),
        IN(test_join__live_before_history),
        IN(test_join__people),
        IN(test_join__refused),
        IN(test_join__several_at_once),
        IN(test_join__left_out),
        IN(test_rejoin__all_rooms),
        IN(test_rejoin__long_absence),
        IN(test_rejoin__refused),
        IN(test_live__lost_and_repeated),
        IN(test_live__gap),
        IN(test_live__no_history),
        IN(test_notice__put_out),
        IN(test_notice__changed),
        IN(test_ask__answers),
        IN(test_ask__refused),
        IN(test_ask__lasts),
        IN(test_ask__once),
        IN(test_part__any_state),
        IN(test_events__act_within),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
