/* Posts: each is one message and has one result, whatever happens to it on its
 * way. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/client/scene.h"

/* One POSTED for a token, and never another. */
static const struct told *assert_posted(struct owner *owner, uint64_t token,
                                        enum client_result result, uint64_t id)
{
    const struct told *end = scene_end(owner, token);
    int n = 0;

    scene_run(owner->scene, 30);
    for (int i = 0; i < owner->n; i++) {
        n += owner->told[i].kind == CLIENT_EVENT_POSTED &&
             owner->told[i].token == token;
    }
    assert_int_equal(n, 1);
    assert_int_equal(end->result, result);
    assert_int_equal(end->id, id);
    return end;
}

/* All that arrived under one retry id. */
static int sent_as(const struct scene *scene, const char *retry_id)
{
    int n = 0;

    for (int i = 0; i < scene->pool->seen_n; i++) {
        n += strcmp(scene->pool->seen[i].what, "grpchat") == 0 &&
             strcmp(scene->pool->seen[i].note, retry_id) == 0;
    }
    return n;
}

/* Accepted, with the id of its copy, whichever comes first. */
static void test_post__acknowledged(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);
    const struct told *end;

    end = assert_posted(owner, scene_post(owner, room, "one", 3000),
                        CLIENT_DONE, 1);
    assert_int_equal(strlen(end->retry_id), 32);
    scene->pool->copies_first = true;
    assert_posted(owner, scene_post(owner, room, "two", 3000), CLIENT_DONE, 2);
    scene_ids(owner, room, "1 2");
    assert_true(told_nth(owner, CLIENT_EVENT_MESSAGE, 0)->is_own);
    assert_true(told_nth(owner, CLIENT_EVENT_MESSAGE, 0)->is_live);
}

/* Without a copy it is accepted all the same, a little later; its message is
 * told when history shows it. */
static void test_post__no_copy(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);

    scene_fault(scene, "grpchat", 0, 1, POOL_NO_COPY, 0);
    assert_posted(owner, scene_post(owner, room, "one", 3000), CLIENT_DONE, 0);
    assert_int_equal(told_count(owner, CLIENT_EVENT_MESSAGE), 0);
    assert_posted(owner, scene_post(owner, room, "two", 3000), CLIENT_DONE, 2);
    scene_ids(owner, room, "1 2");
}

/* A pool that replies with the message id need not send a copy. */
static void test_post__replied(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);

    scene->pool->replies_to_posts = true;
    scene_fault(scene, "grpchat", 0, 1, POOL_NO_COPY, 0);
    assert_posted(owner, scene_post(owner, room, "one", 3000), CLIENT_DONE, 1);
}

/* The same words said before, by the same user, are another message. */
static void test_post__same_text_as_before(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    pool_say(scene->pool, room, "ingrid", "ok");
    owner = scene_online(scene, "ingrid");
    assert_int_equal(client_join(owner->client, room_uri(scene, room), 10),
                     ERROR_NONE);
    /* Asked before the room's past is known: it waits for it. */
    assert_posted(owner, scene_post(owner, room, "ok", 3000), CLIENT_DONE, 2);
    assert_posted(owner, scene_post(owner, room, "ok", 3000), CLIENT_DONE, 3);
    scene_ids(owner, room, "1 2 3");
}

/* What the pool refuses is told with its code and words, and not repeated. */
static void test_post__refused(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);
    const struct told *end;

    pool_add_rule(scene->pool,
                  (struct pool_rule){
                      .what = "grpchat",
                      .node = -1,
                      .times = 1,
                      .fault = POOL_REFUSE,
                      .status = 413,
                      .lines = "ms-diagnostics: 1;reason=\"Too long\"\r\n"});
    end = assert_posted(owner, scene_post(owner, room, "long", 3000),
                        CLIENT_REFUSED, 0);
    assert_int_equal(end->code, 413);
    assert_string_equal(end->text, "Too long");
    assert_int_equal(pool_count(scene->pool, "grpchat", -1), 1);
    assert_int_equal(scene->pool->rooms[room].n, 0);
}

/* A busy pool is asked again with the same retry id, no sooner than it said.
 */
static void test_post__busy(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);
    uint64_t began_us = loop_now_us(scene->loop);

    pool_add_rule(scene->pool, (struct pool_rule){.what = "grpchat",
                                                  .node = -1,
                                                  .times = 1,
                                                  .fault = POOL_REFUSE,
                                                  .status = 503,
                                                  .lines = "Retry-After: 1"
                                                           "\r\n"});
    scene_fault(scene, "grpchat", -1, 1, POOL_REFUSE, 503);
    assert_posted(owner, scene_post(owner, room, "one", 9000), CLIENT_DONE, 1);
    assert_true(loop_now_us(scene->loop) - began_us >= 1500000);
    assert_int_equal(pool_count(scene->pool, "grpchat", -1), 3);
    assert_int_equal(sent_as(scene, pool_nth(scene->pool, "grpchat", 0)->note),
                     3);
    assert_int_equal(pool_count(scene->pool, "REGISTER", -1), 1);
}

/* Busy until the deadline is a refusal: nothing has come of it. */
static void test_post__busy_for_too_long(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);

    scene_fault(scene, "grpchat", -1, 100, POOL_REFUSE, 503);
    assert_int_equal(assert_posted(owner, scene_post(owner, room, "one", 1200),
                                   CLIENT_REFUSED, 0)
                         ->code,
                     503);
}

/* The connection breaks after the pool has taken it: the next node gets it
 * under the same retry id, and it stays one message with one result. */
static void test_post__lost_after_commit(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 2, 0, &room);

    scene_fault(scene, "grpchat", 0, 1, POOL_ACT_CLOSE, 0);
    assert_posted(owner, scene_post(owner, room, "one", 5000), CLIENT_DONE, 1);
    assert_int_equal(pool_count(scene->pool, "grpchat", 0), 1);
    assert_int_equal(pool_count(scene->pool, "grpchat", 1), 1);
    assert_int_equal(sent_as(scene, pool_nth(scene->pool, "grpchat", 0)->note),
                     2);
    assert_int_equal(scene->pool->rooms[room].n, 1);
    scene_ids(owner, room, "1");
}

/* The same when the node dies whole. */
static void test_post__node_dies(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 3, 0, &room);
    uint64_t token;

    scene_fault(scene, "grpchat", 0, 1, POOL_SILENT, 0);
    token = scene_post(owner, room, "one", 5000);
    scene_run(scene, 20);
    pool_kill(scene->pool, 0);
    pool_kill(scene->pool, 1);
    assert_posted(owner, token, CLIENT_DONE, 1);
    assert_int_equal(pool_count(scene->pool, "grpchat", 2), 1);
}

/* The connection breaks before the pool has taken it. */
static void test_post__lost_before_commit(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 2, 0, &room);

    scene_fault(scene, "grpchat", 0, 1, POOL_CLOSE, 0);
    assert_posted(owner, scene_post(owner, room, "one", 5000), CLIENT_DONE, 1);
    assert_int_equal(scene->pool->rooms[room].n, 1);
}

/* A node that takes it and never answers is left for another. The copy that
 * came meanwhile is no answer. */
static void test_post__never_answered(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 2, 0, &room);

    scene_fault(scene, "grpchat", 0, 1, POOL_ACT_SILENT, 0);
    assert_posted(owner, scene_post(owner, room, "one", 5000), CLIENT_DONE, 1);
    assert_int_equal(pool_count(scene->pool, "grpchat", 1), 1);
    assert_int_equal(scene->pool->rooms[room].n, 1);
    scene_ids(owner, room, "1");
}

/* A late answer, within what is waited for, is an answer. */
static void test_post__slow_server(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 2, 0, &room);

    pool_add_rule(scene->pool, (struct pool_rule){.what = "grpchat",
                                                  .node = 0,
                                                  .times = 1,
                                                  .fault = POOL_DELAY,
                                                  .delay_ms = 400});
    assert_posted(owner, scene_post(owner, room, "one", 5000), CLIENT_DONE, 1);
    assert_int_equal(pool_count(scene->pool, "grpchat", -1), 1);
}

/* Sent, and then no server any more: nobody knows. */
static void test_post__unknown(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);
    uint64_t token;

    scene_fault(scene, "grpchat", 0, 1, POOL_ACT_SILENT, 0);
    token = scene_post(owner, room, "one", 300);
    scene_run(scene, 20);
    pool_kill(scene->pool, 0);
    assert_posted(owner, token, CLIENT_UNKNOWN, 0);
}

/* Its deadline passes while the server still thinks about it. */
static void test_post__deadline_while_sent(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);

    pool_add_rule(scene->pool, (struct pool_rule){.what = "grpchat",
                                                  .node = 0,
                                                  .times = 1,
                                                  .fault = POOL_DELAY,
                                                  .delay_ms = 300});
    assert_posted(owner, scene_post(owner, room, "one", 100), CLIENT_UNKNOWN,
                  0);
    scene_run(scene, 300); /* The answer comes, to nobody. */
    assert_posted(owner, scene_post(owner, room, "two", 3000), CLIENT_DONE, 2);
    scene_ids(owner, room, "1 2");
}

/* Never sent: nothing has come of it, and that is known. */
static void test_post__unsent(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);

    pool_kill(scene->pool, 0);
    scene_state(owner, CLIENT_WAITING);
    assert_posted(owner, scene_post(owner, room, "one", 200), CLIENT_UNSENT, 0);
}

/* A refusal of the repeat does not tell what came of the first. */
static void test_post__repeat_refused(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 2, 0, &room);
    const struct told *end;

    scene_fault(scene, "grpchat", 0, 1, POOL_CLOSE, 0);
    scene_fault(scene, "grpchat", 1, 1, POOL_REFUSE, 403);
    end = assert_posted(owner, scene_post(owner, room, "one", 3000),
                        CLIENT_UNKNOWN, 0);
    assert_int_equal(end->code, 403);
}

static uint64_t post_once(struct owner *owner, int room, const char *text,
                          const char *retry_id)
{
    struct client_post post = {.room_uri = room_uri(owner->scene, room),
                               .text = slice_of_text(text),
                               .retry_id = slice_of_text(retry_id),
                               .within_ms = 3000,
                               .is_once = true};
    uint64_t token = 0;

    assert_int_equal(client_post(owner->client, &post, &token), ERROR_NONE);
    return token;
}

/* What is to be sent once is never sent twice: lost is unknown, busy is
 * refused, a reused retry id is what it was. */
static void test_post__once(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 2, 0, &room);

    scene_fault(scene, "grpchat", 0, 1, POOL_ACT_CLOSE, 0);
    assert_posted(owner, post_once(owner, room, "one", "r1"), CLIENT_UNKNOWN,
                  0);
    scene_state(owner, CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "grpchat", -1), 1);
    scene_fault(scene, "grpchat", 1, 1, POOL_REFUSE, 503);
    assert_posted(owner, post_once(owner, room, "two", "r2"), CLIENT_REFUSED,
                  0);
    assert_posted(owner, post_once(owner, room, "one", "r1"), CLIENT_DONE, 0);
    assert_int_equal(scene->pool->rooms[room].n, 1);
    scene_ids(owner, room, "1");
}

/* A pool that has forgotten that we are in the room is reminded. */
static void test_post__not_joined(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);

    scene_fault(scene, "grpchat", 0, 1, POOL_REFUSE, 412);
    assert_posted(owner, scene_post(owner, room, "one", 5000), CLIENT_DONE, 1);
    assert_int_equal(pool_count(scene->pool, "cmd:join", 0), 2);
    scene_fault(scene, "grpchat", 0, 100, POOL_REFUSE, 412);
    assert_int_equal(assert_posted(owner, scene_post(owner, room, "two", 9000),
                                   CLIENT_REFUSED, 0)
                         ->code,
                     412);
}

/* A room's posts keep their order through losses and delays. */
static void test_post__order(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 3, 0, &room);
    uint64_t tokens[50];
    char text[16];

    scene_fault(scene, "grpchat", 0, 1, POOL_REFUSE, 503);
    pool_add_rule(scene->pool, (struct pool_rule){.what = "grpchat",
                                                  .node = 0,
                                                  .skip = 10,
                                                  .times = 1,
                                                  .fault = POOL_ACT_CLOSE});
    pool_add_rule(scene->pool, (struct pool_rule){.what = "grpchat",
                                                  .node = 1,
                                                  .skip = 20,
                                                  .times = 1,
                                                  .fault = POOL_CLOSE});
    for (int i = 0; i < 50; i++) {
        snprintf(text, sizeof(text), "text %d", i);
        tokens[i] = scene_post(owner, room, text, 9000);
    }
    for (int i = 0; i < 50; i++) {
        assert_int_equal(scene_end(owner, tokens[i])->result, CLIENT_DONE);
        snprintf(text, sizeof(text), "text %d", i);
        assert_string_equal(scene->pool->rooms[room].messages[i].text, text);
    }
    assert_int_equal(scene->pool->rooms[room].n, 50);
    assert_int_equal(told_count(owner, CLIENT_EVENT_POSTED), 50);
}

/* Rooms do not wait for each other. */
static void test_post__rooms_side_by_side(void **state)
{
    struct scene *scene = *state;
    int room, other;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);
    uint64_t slow, quick;

    other = pool_add_room(scene->pool, "Storm Line");
    scene_join(owner, other, 0);
    pool_add_rule(scene->pool, (struct pool_rule){.what = "grpchat",
                                                  .node = 0,
                                                  .times = 1,
                                                  .fault = POOL_DELAY,
                                                  .delay_ms = 300});
    slow = scene_post(owner, room, "slow", 3000);
    quick = scene_post(owner, other, "quick", 3000);
    assert_int_equal(scene_end(owner, quick)->result, CLIENT_DONE);
    assert_null(told_nth(owner, CLIENT_EVENT_POSTED, 1));
    assert_int_equal(scene_end(owner, slow)->result, CLIENT_DONE);
}

/* What no pool would take is refused at once. */
static void test_post__refused_here(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);
    struct client_post post = {.room_uri = room_uri(scene, room),
                               .within_ms = 1000};
    uint64_t token;
    char *large = malloc(CLIENT_TEXT_BYTES_MAX + 1);

    assert_int_equal(client_post(owner->client, &post, &token), ERROR_INVALID);
    post.text = SLICE_LITERAL("bell \a");
    assert_int_equal(client_post(owner->client, &post, &token), ERROR_INVALID);
    post.text = SLICE_LITERAL("\xff");
    assert_int_equal(client_post(owner->client, &post, &token), ERROR_INVALID);
    memset(large, 'x', CLIENT_TEXT_BYTES_MAX + 1);
    post.text = slice_of(large, CLIENT_TEXT_BYTES_MAX + 1);
    assert_int_equal(client_post(owner->client, &post, &token),
                     ERROR_TOO_LARGE);
    post.text = SLICE_LITERAL("fine");
    post.retry_id = SLICE_LITERAL("not fine");
    assert_int_equal(client_post(owner->client, &post, &token), ERROR_INVALID);
    post.retry_id = SLICE_NONE;
    post.room_uri = SLICE_LITERAL("ma-chan://fjord.example/"
                                  "00000000-0000-0000-0000-000000000000");
    assert_int_equal(client_post(owner->client, &post, &token),
                     ERROR_NOT_FOUND);
    assert_int_equal(pool_count(scene->pool, "grpchat", -1), 0);
    free(large);
}

/* Texts of every kind come back as they were sent. */
static void test_post__texts(void **state)
{
    static const char *const texts[] = {
        "<chat>&amp;</chat> \"'",
        "line\r\nline\nline\rend",
        " blanks ",
        "\xf0\x9f\x8c\x8a \xe2\x80\xae tide",
        "]]>",
        "a\tb",
    };
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_posted(owner, scene_post(owner, room, texts[i], 3000),
                      CLIENT_DONE, i + 1);
        assert_string_equal(scene->pool->rooms[room].messages[i].text,
                            texts[i]);
        assert_string_equal(told_nth(owner, CLIENT_EVENT_MESSAGE, (int)i)->text,
                            texts[i]);
    }
}

/* Who stops is told what became of his posts. */
static void test_stop__ends_posts(void **state)
{
    struct scene *scene = *state;
    int room;
    struct owner *owner = scene_in_room(scene, 1, 0, &room);
    uint64_t sent, waiting;
    struct client_post late = {.room_uri = room_uri(scene, room),
                               .text = SLICE_LITERAL("late"),
                               .within_ms = 1000};
    uint64_t token;

    scene_fault(scene, "grpchat", 0, 1, POOL_SILENT, 0);
    sent = scene_post(owner, room, "one", 5000);
    waiting = scene_post(owner, room, "two", 5000);
    scene_run(scene, 20);
    client_stop(owner->client);
    assert_int_equal(scene_end(owner, sent)->result, CLIENT_UNKNOWN);
    assert_int_equal(scene_end(owner, waiting)->result, CLIENT_UNSENT);
    assert_int_equal(client_post(owner->client, &late, &token), ERROR_CLOSED);
    scene_state(owner, CLIENT_STOPPED);
}

/* A post for a room that cannot be entered is refused with it. */
static void test_post__room_refused(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    uint64_t token;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Closed");
    scene->pool->rooms[room].is_closed = true;
    owner = scene_online(scene, "ingrid");
    client_join(owner->client, room_uri(scene, room), 0);
    token = scene_post(owner, room, "one", 5000);
    assert_int_equal(scene_end(owner, token)->result, CLIENT_REFUSED);
    assert_int_equal(scene_end(owner, token)->code, 403);
}

int main(void)
{
#define IN(function) RUN_IN(function, scene_setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        IN(test_post__acknowledged),
        IN(test_post__no_copy),
        IN(test_post__replied),
        IN(test_post__same_text_as_before),
        IN(test_post__refused),
        IN(test_post__busy),
        IN(test_post__busy_for_too_long),
        IN(test_post__lost_after_commit),
        IN(test_post__node_dies),
        IN(test_post__lost_before_commit),
        IN(test_post__never_answered),
        IN(test_post__slow_server),
        IN(test_post__unknown),
        IN(test_post__deadline_while_sent),
        IN(test_post__unsent),
        IN(test_post__repeat_refused),
        IN(test_post__once),
        IN(test_post__not_joined),
        IN(test_post__order),
        IN(test_post__rooms_side_by_side),
        IN(test_post__refused_here),
        IN(test_post__texts),
        IN(test_stop__ends_posts),
        IN(test_post__room_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
