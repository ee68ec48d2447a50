#include "tests/edge/whole.h"

#include <pthread.h>
#include <sofia-sip/auth_digest.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/state_loop.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"
#include "storage/files.h"
#include "tests/unit/fake_replica.h"
#include "tests/unit/test.h"

struct whole {
    struct loop *loop; /* The state loop's. */
    struct waker *ender, *pump;
    pthread_t thread;
    char data[FILES_PATH_BYTES_MAX];
    struct state_loop *state;
    struct replica *replica;
    struct edge *edge;
    uint64_t epoch, number; /* Of node 2, who founds the pool. */
};

static void on_end(void *context)
{
    struct whole *whole = context;

    loop_stop(whole->loop);
}

/* The pool: a turn's proposals are committed and its reads answered. */
static void on_turn(void *context)
{
    struct whole *whole = context;

    fake_replica_answer_reads(whole->replica, ERROR_NONE);
    fake_replica_commit(whole->replica, SIZE_MAX);
    if (fake_replica_waiting(whole->replica) > 0) {
        waker_wake(whole->pump);
    }
}

static void on_pump(void *context)
{
    (void)context; /* The turn's end does it. */
}

static void *run(void *context)
{
    struct whole *whole = context;

    loop_run(whole->loop);
    return NULL;
}

static void on_fatal(void *context, enum error error, const char *reason)
{
    (void)context;
    fprintf(stderr, "fatal: %s, %s\n", error_name(error), reason);
    abort();
}

static ProtobufCBinaryData bytes_of(const char *text)
{
    return codec_bytes(slice_of_text(text));
}

static void found(struct whole *whole, Perch__Command *command)
{
    CODEC_SET(command, administrator, bytes_of("root"));
    CODEC_SET(command, source, bytes_of("socket"));
    fake_replica_add(whole->replica, 2, whole->epoch, ++whole->number, command);
}

static void found_pool_itself(struct whole *whole)
{
    Perch__NodeStarted started = PERCH__NODE_STARTED__INIT;
    Perch__PoolPut put = PERCH__POOL_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&started, start_id, bytes_of("another-start-id"));
    CODEC_SET(&started, raft_id, 2);
    CODEC_SET(&started, rules_known, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &started;
    fake_replica_add(whole->replica, 2, 0, 0, &command);
    whole->epoch = fake_replica_last(whole->replica);
    perch__command__init(&command);
    CODEC_SET(&put, domain, bytes_of(DOMAIN));
    CODEC_SET(&put, pool_uri, bytes_of(POOL_URI));
    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = &put;
    found(whole, &command);
}

static void found_rules(struct whole *whole)
{
    Perch__RulesRaise raise = PERCH__RULES_RAISE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&raise, version, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_RULES_RAISE;
    command.rules_raise = &raise;
    found(whole, &command);
}

/* The password is the name. */
static void found_user(struct whole *whole, const char *name)
{
    Perch__UserCreate user = PERCH__USER_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    char uri[64], login[64];
    uint8_t ha1[HA1_BYTES];
    auth_hexmd5_t hex;

    snprintf(uri, sizeof(uri), "sip:%s@" DOMAIN, name);
    snprintf(login, sizeof(login), "%s@" DOMAIN, name);
    auth_digest_ha1(hex, login, DOMAIN, name);
    for (size_t i = 0; i < HA1_BYTES; i++) {
        unsigned byte;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        ha1[i] = (uint8_t)byte;
    }
    CODEC_SET(&user, uri, bytes_of(uri));
    CODEC_SET(&user, ha1, codec_bytes(slice_of(ha1, sizeof(ha1))));
    command.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command.user_create = &user;
    found(whole, &command);
}

static void found_room(struct whole *whole)
{
    Perch__CategoryCreate category = PERCH__CATEGORY_CREATE__INIT;
    Perch__RoomCreate room = PERCH__ROOM_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid lobby;

    CHECK(guid_read(SLICE_LITERAL(LOBBY_ID), &lobby) == ERROR_NONE);
    CODEC_SET(&category, category, bytes_of("sixteen bytes id"));
    CODEC_SET(&category, name, bytes_of("Trade"));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command.category_create = &category;
    found(whole, &command);
    perch__command__init(&command);
    CODEC_SET(&room, room, codec_bytes(slice_of(lobby.bytes, GUID_BYTES)));
    CODEC_SET(&room, category, bytes_of("sixteen bytes id"));
    CODEC_SET(&room, name, bytes_of("Lobby"));
    CODEC_SET(&room, visibility, PERCH__VISIBILITY__OPEN);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CREATE;
    command.room_create = &room;
    found(whole, &command);
}

static void open_state(struct whole *whole)
{
    const struct state_loop_owner owner = {.context = whole, .fatal = on_fatal};
    const struct applier_settings applier = {.loop = whole->loop,
                                             .data = whole->data,
                                             .rules_known =
                                                 COMMAND_RULES_KNOWN};
    const struct sessions_settings sessions = {.loop = whole->loop,
                                               .node = 1,
                                               .raft_id = 1,
                                               .directory_id = 5,
                                               .rules_known =
                                                   COMMAND_RULES_KNOWN,
                                               .masks = XCCOS_MASKS_DEFAULT};

    snprintf(whole->data, sizeof(whole->data), "/tmp/perch-whole-%d",
             (int)getpid());
    files_remove(whole->data);
    assert_int_equal(files_make_directory(whole->data), ERROR_NONE);
    whole->state = state_loop_new(&owner);
    assert_non_null(whole->state);
    assert_int_equal(state_loop_open(whole->state, &applier, &sessions),
                     ERROR_NONE);
    whole->replica = fake_replica_new(1);
    fake_replica_own(whole->replica, state_loop_events(whole->state));
    state_loop_start(whole->state, whole->replica);
    found_pool_itself(whole);
    found_rules(whole);
    found_user(whole, "tomas");
    found_user(whole, "ingrid");
    found_room(whole);
}

static void open_edge(struct whole *whole)
{
    struct sessions *sessions = state_loop_sessions(whole->state);
    struct edge_listener listener = {.address = "127.0.0.1",
                                     .auth = EDGE_AUTH_DIGEST};
    struct edge_settings settings = {
        .edge = 1,
        .node = 1,
        .domain = DOMAIN,
        .host = "node1." DOMAIN,
        .node_uri = NODE_URI,
        .listeners = &listener,
        .n = 1,
        .limits = EDGE_LIMITS_DEFAULT,
    };

    assert_int_equal(
        edge_open(&whole->edge, &settings, sessions_intake(sessions)),
        ERROR_NONE);
    sessions_set_edge(sessions, 1, edge_deliveries(whole->edge));
}

int whole_set_up(void **state)
{
    struct whole *whole = calloc(1, sizeof(*whole));

    journal_configure(JOURNAL_ERROR, false, false);
    whole->loop = loop_new();
    whole->ender = waker_new(whole->loop, on_end, whole);
    whole->pump = waker_new(whole->loop, on_pump, whole);
    open_state(whole);
    open_edge(whole);
    loop_on_turn(whole->loop, on_turn, whole);
    waker_wake(whole->pump);
    assert_int_equal(pthread_create(&whole->thread, NULL, run, whole), 0);
    *state = whole;
    return 0;
}

int whole_tear_down(void **state)
{
    struct whole *whole = *state;

    waker_wake(whole->ender);
    pthread_join(whole->thread, NULL);
    sessions_set_edge(state_loop_sessions(whole->state), 1, NULL);
    edge_close(whole->edge);
    state_loop_close(whole->state);
    fake_replica_free(whole->replica);
    loop_on_turn(whole->loop, NULL, whole);
    waker_free(whole->ender);
    waker_free(whole->pump);
    loop_free(whole->loop);
    files_remove(whole->data);
    free(whole);
    return 0;
}

struct pidgin *whole_enter(struct whole *whole, const char *name,
                           struct call *call)
{
    struct pidgin *pidgin = calloc(1, sizeof(*pidgin));
    static unsigned serial;
    struct heard challenge;
    char login[64];

    pidgin->client = client_connect(edge_port(whole->edge, 0));
    pidgin->user = name;
    pidgin->register_cseq = 1;
    pidgin->serial = ++serial;
    pidgin_register(pidgin, "");
    challenge = client_expect(pidgin->client, 407);
    snprintf(login, sizeof(login), "%s@" DOMAIN, name);
    pidgin_register_again(pidgin, &challenge, login, name);
    heard_free(&challenge);
    client_await(pidgin->client, 200);
    memset(call, 0, sizeof(*call));
    call_invite(call, pidgin, POOL_URI);
    call_ack(call);
    return pidgin;
}

char *whole_hear(struct call *call, const char *part)
{
    for (;;) {
        struct heard heard = client_hear(call->pidgin->client, WAIT_MS);
        char *body = NULL;

        assert_non_null(heard.text);
        if (heard.status == 0) {
            pidgin_answer(call->pidgin, &heard, 200);
            body = strstr(heard.body, part) != NULL ? strdup(heard.body) : NULL;
        } else {
            assert_int_equal(heard.status, 200);
        }
        heard_free(&heard);
        if (body != NULL) {
            return body;
        }
    }
}

void whole_expect(struct call *call, const char *part)
{
    free(whole_hear(call, part));
}

void whole_say(struct call *call, const char *text)
{
    char body[1024];

    snprintf(body, sizeof(body),
             "<xccos ver=\"1\" envid=\"7\" xmlns=\"urn:parlano:xml:ns:xccos\">"
             "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" LOBBY
             "\" author=\"sip:%s@" DOMAIN "\" ts=\"2031-02-03T07:40:00Z\">"
             "<chat>%s</chat></grpchat></xccos>",
             call->pidgin->user, text);
    call_say(call, "INFO", body);
}

void whole_join(struct call *call)
{
    call_say(call, "INFO",
             ASK("bjoin", "<chanid key=\"0\" domain=\"" DOMAIN
                          "\" value=\"" LOBBY_ID "\"/>"));
    whole_expect(call, "rpl:bjoin");
}

uint64_t whole_overflows(const struct whole *whole)
{
    return edge_metric(whole->edge, EDGE_METRIC_OVERFLOWS);
}

uint16_t whole_port(const struct whole *whole)
{
    return edge_port(whole->edge, 0);
}
