/* Servers that close, are silent, or send what nobody can read, at every step:
 * the client goes to the next and loses nothing. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/client/scene.h"

/* Every step at which a server can fail, from the first to a post. */
static const char *const steps[] = {
    "REGISTER",  "SUBSCRIBE",     "INVITE",  "cmd:requri",
    "cmd:bjoin", "cmd:bccontext", "grpchat",
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

/* Goes through all steps with the fault on node 0, and must end with both
 * rooms joined and the post taken once, by node 1. */
static void survive(struct scene *scene, struct pool_rule rule,
                    enum client_cause cause)
{
    struct client_settings settings = {.locates = true};
    int room = pool_add_room(scene->pool, "Tide Desk");
    int other = pool_add_room(scene->pool, "Storm Line");
    struct owner *owner;
    uint64_t token;

    pool_say(scene->pool, room, "tomas", "before");
    rule.node = 0;
    rule.times = 1;
    pool_add_rule(scene->pool, rule);
    owner = scene_client(scene, "ingrid", &settings);
    client_join(owner->client, room_uri(scene, room), 5);
    client_join(owner->client, room_uri(scene, other), 5);
    client_start(owner->client);
    token = scene_post(owner, room, "mine", 9000);
    assert_int_equal(scene_end(owner, token)->result, CLIENT_DONE);
    scene_ids(owner, room, "1 2");
    assert_int_equal(scene->pool->rooms[room].n, 2);
    assert_int_equal(told_count(owner, CLIENT_EVENT_POSTED), 1);
    assert_int_equal(pool_count(scene->pool, "grpchat", 1), 1);
    for (int i = 0; i < owner->n; i++) {
        if (owner->told[i].state == CLIENT_WAITING) {
            assert_int_equal(owner->told[i].cause, cause);
        }
    }
    client_stop(owner->client);
    scene_state(owner, CLIENT_STOPPED);
}

/* A scene per step, since each uses up a node. */
static void at_every_step(struct pool_rule rule, enum client_cause cause)
{
    for (int i = 0; i < STEPS; i++) {
        void *state;
        struct scene *scene;

        assert_int_equal(scene_setup(&state), 0);
        scene = state;
        scene_nodes(scene, 2);
        rule.what = steps[i];
        survive(scene, rule, cause);
        scene_teardown(&state);
    }
}

static void test_server__closes_at_every_step(void **state)
{
    (void)state;
    at_every_step((struct pool_rule){.fault = POOL_CLOSE}, CLIENT_CAUSE_LOST);
}

static void test_server__is_silent_at_every_step(void **state)
{
    (void)state;
    at_every_step((struct pool_rule){.fault = POOL_SILENT},
                  CLIENT_CAUSE_SILENT);
}

static void test_server__sends_rubbish_at_every_step(void **state)
{
    static const char *const rubbish[] = {
        "HTTP/1.0 400 Bad Request\r\n\r\n",
        "\x16\x03\x01\x02 hello\r\n\r\n",
        "SIP/2.0 200 OK\r\nContent-Length: 99999999\r\nCSeq: 1 X\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
        at_every_step(
            (struct pool_rule){.fault = POOL_RAW, .lines = rubbish[i]},
            CLIENT_CAUSE_MALFORMED);
    }
}

/* Answers in single bytes are as good as whole ones. */
static void test_server__answers_byte_by_byte(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    for (int i = 0; i < STEPS; i++) {
        pool_add_rule(scene->pool, (struct pool_rule){.what = steps[i],
                                                      .node = 0,
                                                      .times = 9,
                                                      .fault = POOL_SPLIT});
    }
    owner = scene_online(scene, "ingrid");
    scene_join(owner, room, 0);
    assert_int_equal(
        scene_end(owner, scene_post(owner, room, "one", 5000))->result,
        CLIENT_DONE);
    assert_int_equal(pool_count(scene->pool, "REGISTER", -1), 1);
}

/* Slow answers, within what is waited for, are no reason to leave. */
static void test_server__is_slow_at_every_step(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    scene_nodes(scene, 2);
    room = pool_add_room(scene->pool, "Tide Desk");
    for (int i = 0; i < STEPS; i++) {
        pool_add_rule(scene->pool, (struct pool_rule){.what = steps[i],
                                                      .node = 0,
                                                      .times = 9,
                                                      .fault = POOL_DELAY,
                                                      .delay_ms = 200});
    }
    owner = scene_online(scene, "ingrid");
    scene_join(owner, room, 0);
    assert_int_equal(
        scene_end(owner, scene_post(owner, room, "one", 5000))->result,
        CLIENT_DONE);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 1), 0);
}

/* No server there: it is tried again and again, with waits that grow but never
 * beyond their bound, until one is. */
static void test_server__none_is_there(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 2);
    pool_kill(scene->pool, 0);
    pool_kill(scene->pool, 1);
    owner = scene_client(scene, "ingrid", NULL);
    client_start(owner->client);
    scene_run(scene, 500);
    assert_in_range(owner->n, 12, 100);
    for (int i = 0; i < owner->n; i++) {
        assert_true(owner->told[i].retry_in_ms <= scene->limits.backoff_max_ms);
        if (owner->told[i].state == CLIENT_WAITING) {
            assert_int_equal(owner->told[i].cause, CLIENT_CAUSE_UNREACHED);
            assert_non_null(strstr(owner->told[i].text, "refused"));
        }
    }
    pool_revive(scene->pool, 1);
    scene_state(owner, CLIENT_ONLINE);
}

/* A host without a name, and one whose second address is the right one. */
static void test_server__names(void **state)
{
    struct scene *scene = *state;
    struct client_settings settings = {.servers = "no.such.host.invalid:5060"};
    char localhost[64];
    struct owner *owner;

    scene_nodes(scene, 1);
    owner = scene_client(scene, "ingrid", &settings);
    client_start(owner->client);
    scene_state(owner, CLIENT_WAITING);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 1)->cause,
                     CLIENT_CAUSE_UNREACHED);
    client_stop(owner->client);
    scene_state(owner, CLIENT_STOPPED);

    snprintf(localhost, sizeof(localhost), "localhost:%u",
             scene->pool->nodes[0].port);
    settings.servers = localhost;
    owner = scene_client(scene, "tomas", &settings);
    client_start(owner->client);
    scene_state(owner, CLIENT_ONLINE);
}

/* A server that takes connections and never says a word. */
static void test_server__mute(void **state)
{
    struct scene *scene = *state;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct client_settings settings = {0};
    char servers[600];
    struct owner *owner;

    scene_nodes(scene, 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(servers, sizeof(servers), "127.0.0.1:%u,%s", ntohs(at.sin_port),
             scene->servers);
    settings.servers = servers;
    owner = scene_client(scene, "ingrid", &settings);
    client_start(owner->client);
    scene_state(owner, CLIENT_ONLINE);
    assert_int_equal(told_nth(owner, CLIENT_EVENT_STATE, 1)->cause,
                     CLIENT_CAUSE_SILENT);
    close(fd);
}

/* The server ends the chat: it is begun anew, rooms and all. */
static void test_server__says_bye(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    owner = scene_in_room(scene, 1, 1, &room);
    pool_bye_all(scene->pool);
    scene_told(owner, CLIENT_EVENT_JOINED, 1);
    assert_int_equal(scene->pool->answers[200] > 0, 1);
    pool_say(scene->pool, room, "tomas", "one");
    scene_ids(owner, room, "1");
}

#define REQUEST(method, extra)                                                 \
    method " sip:ingrid SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n"                     \
           "Via: SIP/2.0/TCP b\r\nFrom: <sip:x@y>;tag=1\r\n"                   \
           "To: <sip:ingrid@y>\r\nCall-ID: stranger\r\nCSeq: 1 " method        \
           "\r\n" extra "Content-Length: 0\r\n\r\n"

/* Requests of the server's are answered as they should be, and change
 * nothing. */
static void test_server__asks(void **state)
{
    static const struct {
        const char *request;
        int status; /* 0: no answer. */
    } rows[] = {
        {REQUEST("OPTIONS", ""), 200},
        {REQUEST("INFO", ""), 481},
        {REQUEST("BYE", ""), 481},
        {REQUEST("UPDATE", ""), 481},
        {REQUEST("NOTIFY", ""), 481},
        {REQUEST("CANCEL", ""), 481},
        {REQUEST("INVITE", ""), 501},
        {REQUEST("MESSAGE", ""), 501},
        {REQUEST("BREW", "Pot: 1\r\n"), 501},
        {REQUEST("ACK", ""), 0},
        {REQUEST("BENOTIFY", ""), 0},
    };
    struct scene *scene = *state;
    struct owner *owner;

    scene_nodes(scene, 1);
    owner = scene_online(scene, "ingrid");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(scene->pool->answers, 0, sizeof(scene->pool->answers));
        pool_send_raw(scene->pool, slice_of_text(rows[i].request));
        scene_run(scene, 20);
        for (int status = 100; status < 700; status++) {
            assert_int_equal(scene->pool->answers[status],
                             status == rows[i].status);
        }
    }
    /* Answers nobody waits for are passed over. */
    pool_send_raw(scene->pool,
                  SLICE_LITERAL("SIP/2.0 200 OK\r\nVia: a\r\nFrom: <b>\r\n"
                                "To: <c>\r\nCall-ID: stranger\r\n"
                                "CSeq: 9 INFO\r\nContent-Length: 0\r\n\r\n"));
    scene_run(scene, 20);
    assert_int_equal(client_state(owner->client), CLIENT_ONLINE);
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 1);
}

/* Bodies that cannot be read are told as a problem; the rest goes on. */
static void test_server__sends_malformed_bodies(void **state)
{
    static const char *const bodies[] = {
        "<xccos",
        "plain text",
        "<!DOCTYPE a><a/>",
        ("<xccos xmlns=\"urn:parlano:xml:ns:xccos\" ver=\"1\" envid=\"1\">"
         "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"\" author=\"\"/>"),
        "\xff\xfe",
    };
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    owner = scene_in_room(scene, 1, 0, &room);
    for (int i = 0; i < 5; i++) {
        pool_info(scene->pool, 0, bodies[i]);
        scene_told(owner, CLIENT_EVENT_PROBLEM, i);
    }
    pool_say(scene->pool, room, "tomas", "one");
    scene_ids(owner, room, "1");
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 1);
}

/* Bodies that are well-formed and make no sense here do no harm. */
static void test_server__sends_nonsense(void **state)
{
#define BODY(inner)                                                            \
    "<xccos xmlns=\"urn:parlano:xml:ns:xccos\" ver=\"1\" envid=\"1\">" inner   \
    "</xccos>"
    static const char *const bodies[] = {
        BODY(""),
        BODY("<cmd id=\"cmd:join\" seqid=\"1\"><data/></cmd>"),
        BODY("<ntc id=\"ntc:join\" seqid=\"1\"><data/></ntc>"),
        BODY("<ntc id=\"ntc:join\" seqid=\"1\"><data><uib uri=\"sip:a@b\">"
             "<aib key=\"1\" value=\"x\" domain=\"b\"/></uib></data></ntc>"),
        BODY("<ntc id=\"ntc:part\" seqid=\"1\"><data><chanib uri=\"x\"/>"
             "</data></ntc>"),
        BODY("<ntc id=\"ntc:kick\" seqid=\"1\"><data><chanib/></data></ntc>"),
        BODY("<ntc id=\"ntc:unheardof\" seqid=\"1\"><data/></ntc>"),
        BODY("<rpl id=\"rpl:join\" seqid=\"1\"><commandid seqid=\"1\" "
             "envid=\"77\"/><resp code=\"200\"/><data/></rpl>"),
        BODY("<rpl id=\"rpl:grpchat\" seqid=\"1\"><data/></rpl>"),
        BODY("<grpchat id=\"grpchat\" seqid=\"1\" author=\"sip:a@b\" "
             "chanUri=\"ma-chan://b/00000000-0000-0000-0000-000000000001\" "
             "chatId=\"1\" ts=\"2031-01-01T00:00:00Z\"><chat>x</chat>"
             "</grpchat>"),
    };
    struct scene *scene = *state;
    struct owner *owner;
    int room, n;

    owner = scene_in_room(scene, 1, 0, &room);
    n = owner->n;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        pool_info(scene->pool, 0, bodies[i]);
    }
    scene_run(scene, 50);
    assert_int_equal(owner->n, n);
    pool_say(scene->pool, room, "tomas", "one");
    scene_ids(owner, room, "1");
}

/* A message without a number cannot be told in order: it is a problem. */
static void test_server__message_without_number(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    char body[512];
    int room;

    owner = scene_in_room(scene, 1, 0, &room);
    snprintf(body, sizeof(body),
             BODY("<grpchat id=\"grpchat\" seqid=\"1\" author=\"sip:a@b\" "
                  "chanUri=\"%s\" ts=\"2031-01-01T00:00:00Z\"><chat>x</chat>"
                  "</grpchat>"),
             scene->pool->rooms[room].uri);
    pool_info(scene->pool, 0, body);
    scene_told(owner, CLIENT_EVENT_PROBLEM, 0);
    assert_int_equal(told_count(owner, CLIENT_EVENT_MESSAGE), 0);
}

/* An INFO that comes twice is answered twice and acted on once; one with an
 * older number is refused. */
static void test_server__repeats_numbers(void **state)
{
    struct scene *scene = *state;
    struct owner *owner;
    int room;

    owner = scene_in_room(scene, 1, 0, &room);
    memset(scene->pool->answers, 0, sizeof(scene->pool->answers));
    pool_info(scene->pool, 100, "broken");
    pool_info(scene->pool, 100, "broken");
    pool_info(scene->pool, 99, "broken");
    scene_run(scene, 30);
    assert_int_equal(scene->pool->answers[200], 2);
    assert_int_equal(scene->pool->answers[500], 1);
    assert_int_equal(told_count(owner, CLIENT_EVENT_PROBLEM), 1);
}

/* A client that is freed in the middle of anything leaves nothing behind. */
static void test_free__in_any_state(void **state)
{
    struct scene *scene = *state;
    struct client_settings settings = {.servers = scene->servers};
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    for (uint32_t ms = 0; ms < 30; ms++) {
        struct owner *owner = scene_client(scene, "ingrid", &settings);

        client_join(owner->client, room_uri(scene, room), 3);
        client_start(owner->client);
        scene_post(owner, room, "one", 3000);
        scene_post(owner, room, "two", 3000);
        scene_run(scene, ms % 15);
        client_free(owner->client);
        scene->owners_n = 0;
        free(owner);
    }
}

int main(void)
{
#define IN(function) RUN_IN(function, scene_setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        RUN(test_server__closes_at_every_step),
        RUN(test_server__is_silent_at_every_step),
        RUN(test_server__sends_rubbish_at_every_step),
        IN(test_server__answers_byte_by_byte),
        IN(test_server__is_slow_at_every_step),
        IN(test_server__none_is_there),
        IN(test_server__names),
        IN(test_server__mute),
        IN(test_server__says_bye),
        IN(test_server__asks),
        IN(test_server__sends_malformed_bodies),
        IN(test_server__sends_nonsense),
        IN(test_server__message_without_number),
        IN(test_server__repeats_numbers),
        IN(test_free__in_any_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
