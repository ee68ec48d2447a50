/* The server against clients that are broken, slow, many or hostile: each is
 * told or cut off, and none keeps another from being served. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/admin/local.h"
#include "proto/admin.h"
#include "proto/base/endian.h"
#include "tests/admin/scene.h"
#include "tests/unit/test.h"

enum {
    WAIT_MS = 10000,
    /* What two sockets, one read and one reader hold at most, and some. */
    BYTES_HELD_MAX = 2 * 1024 * 1024,
};

/* A request as perchctl would send it. */
static struct buffer write_request(enum admin_kind kind, uint64_t id,
                                   const ProtobufCMessage *body)
{
    Perch__Admin__Request head = PERCH__ADMIN__REQUEST__INIT;
    Perch__Admin__Nothing nothing = PERCH__ADMIN__NOTHING__INIT;
    struct buffer bytes = BUFFER_EMPTY;

    CODEC_SET(&head, id, id);
    assert_int_equal(admin_write_request(kind, &head,
                                         body == NULL ? &nothing.base : body,
                                         &bytes),
                     ERROR_NONE);
    return bytes;
}

static void send_all(int fd, const void *data, size_t len)
{
    assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

static void send_request(int fd, enum admin_kind kind, uint64_t id,
                         const ProtobufCMessage *body)
{
    struct buffer bytes = write_request(kind, id, body);

    send_all(fd, bytes.data, bytes.len);
    buffer_deinit(&bytes);
}

/* Bytes that come, or 0 when the server has hung up. Fails when neither
 * happens. */
static size_t receive(int fd, uint8_t *to, size_t room)
{
    struct pollfd ready = {fd, POLLIN, 0};
    ssize_t n;

    assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
    n = recv(fd, to, room, 0);
    return n > 0 ? (size_t)n : 0;
}

struct talk {
    struct frame_reader reader;
    struct arena *arena;
    struct admin_reply reply;
};

static void talk_init(struct talk *talk)
{
    frame_reader_init(&talk->reader, admin_reply_limits());
    talk->arena = arena_new(4096);
}

static void talk_deinit(struct talk *talk)
{
    frame_reader_deinit(&talk->reader);
    arena_free(talk->arena);
}

/* The next reply; to a kind that is none, too, which has no body. */
static const Perch__Admin__Reply *hear(struct talk *talk, int fd, unsigned kind)
{
    uint8_t bytes[4096];
    struct frame frame;
    enum error error;

    while ((error = frame_reader_next(&talk->reader, &frame)) ==
           ERROR_TRUNCATED) {
        size_t n = receive(fd, bytes, sizeof(bytes));

        assert_true(n > 0);
        assert_int_equal(frame_reader_feed(&talk->reader, slice_of(bytes, n)),
                         ERROR_NONE);
    }
    assert_int_equal(error, ERROR_NONE);
    assert_int_equal(frame.kind, kind | ADMIN_REPLY);
    assert_int_equal(admin_read_reply(admin_fact(kind) == NULL
                                          ? ADMIN_PING
                                          : (enum admin_kind)kind,
                                      frame.payload, talk->arena, &talk->reply),
                     ERROR_NONE);
    return talk->reply.head;
}

static void assert_outcome_is(const Perch__Admin__Reply *reply,
                              const char *name)
{
    assert_int_equal(reply->outcome.len, strlen(name));
    assert_memory_equal(reply->outcome.data, name, strlen(name));
}

static void assert_hung_up(int fd)
{
    uint8_t byte;

    assert_int_equal(receive(fd, &byte, 1), 0);
}

static void assert_served(struct scene *scene)
{
    assert_int_equal(scene_run(scene, "users list", NULL), 0);
}

/* Header and payload of a frame of the test's own, in one: the server may hang
 * up when it has seen the header. */
static void send_raw(int fd, uint32_t len, uint8_t kind, uint8_t format,
                     const void *payload, size_t payload_len)
{
    uint8_t header[FRAME_HEADER_BYTES] = {0};
    struct buffer bytes = BUFFER_EMPTY;

    put_le32(header, len);
    header[4] = kind;
    header[5] = format;
    buffer_append(&bytes, header, sizeof(header));
    buffer_append(&bytes, payload, payload_len);
    send_all(fd, bytes.data, bytes.len);
    buffer_deinit(&bytes);
}

/* Whoever runs the node may use the socket and nobody else. */
static void test_socket__is_its_owners(void **state)
{
    struct scene *scene = *state;
    struct stat status;

    assert_int_equal(stat(scene->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

/* A node does not take the socket of one that runs, and does take that of one
 * that was killed. */
static void test_socket__is_taken_over_from_the_dead(void **state)
{
    struct scene *scene = *state;
    char path[TEMP_DIRECTORY_BYTES + 16];
    struct stat status;
    int listener;

    assert_int_equal(local_listen(scene->path, NULL, &listener), ERROR_EXISTS);
    assert_served(scene);
    snprintf(path, sizeof(path), "%s/dead.sock", scene->directory);
    assert_int_equal(local_listen(path, NULL, &listener), ERROR_NONE);
    close(listener);
    assert_int_equal(local_listen(path, "root", &listener), ERROR_NONE);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    close(listener);
    assert_int_equal(local_listen(path, "no-such-group", &listener),
                     ERROR_NOT_FOUND);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(local_listen("/nix/x", NULL, &listener), ERROR_NOT_FOUND);
}

/* Requests may come in pieces, and several at once: each has its reply, in
 * order. */
static void test_requests__come_in_any_pieces(void **state)
{
    struct scene *scene = *state;
    struct buffer bytes = BUFFER_EMPTY;
    int fd = scene_connect(scene);
    struct talk talk;

    talk_init(&talk);
    for (uint64_t id = 1; id <= 3; id++) {
        struct buffer one =
            write_request(id == 2 ? ADMIN_PING : ADMIN_STATUS, id, NULL);

        buffer_append_slice(&bytes, buffer_slice(&one));
        buffer_deinit(&one);
    }
    for (size_t i = 0; i < bytes.len; i++) {
        send_all(fd, bytes.data + i, 1);
    }
    assert_int_equal(hear(&talk, fd, ADMIN_STATUS)->id, 1);
    assert_int_equal(hear(&talk, fd, ADMIN_PING)->id, 2);
    assert_int_equal(hear(&talk, fd, ADMIN_STATUS)->id, 3);
    buffer_deinit(&bytes);
    talk_deinit(&talk);
    close(fd);
}

/* Bytes that are no frame, too large a frame and an unknown kind are told, and
 * end the connection: where the next frame begins is not known. */
static void test_headers__that_are_wrong_are_told(void **state)
{
    struct scene *scene = *state;
    const struct {
        uint32_t len;
        uint8_t kind, format;
        const char *outcome;
    } cases[] = {
        {0, ADMIN_PING, 9, "REQUEST_MALFORMED"},
        {ADMIN_SHORT_BYTES_MAX + 1, ADMIN_PING, 1, "REQUEST_TOO_LARGE"},
        {UINT32_MAX, ADMIN_ROOMS_CREATE, 1, "REQUEST_TOO_LARGE"},
        {0, 127, 1, "KIND_UNKNOWN"},
        {0, 0, 1, "KIND_UNKNOWN"},
        {0, ADMIN_PING | ADMIN_REPLY, 1, "KIND_UNKNOWN"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int fd = scene_connect(scene);
        const Perch__Admin__Reply *reply;
        struct talk talk;

        talk_init(&talk);
        send_raw(fd, cases[i].len, cases[i].kind, cases[i].format, "", 0);
        reply = hear(&talk, fd, cases[i].kind & (ADMIN_REPLY - 1u));
        assert_outcome_is(reply, cases[i].outcome);
        assert_hung_up(fd);
        talk_deinit(&talk);
        close(fd);
    }
    assert_served(scene);
}

/* A payload that is no message is told, and the next request served. */
static void test_payloads__that_are_wrong_are_told(void **state)
{
    struct scene *scene = *state;
    int fd = scene_connect(scene);
    struct talk talk;

    talk_init(&talk);
    send_raw(fd, 3, ADMIN_USERS_CREATE, 1, "\xff\xff\xff", 3);
    assert_outcome_is(hear(&talk, fd, ADMIN_USERS_CREATE), "REQUEST_MALFORMED");
    send_request(fd, ADMIN_PING, 5, NULL);
    assert_int_equal(hear(&talk, fd, ADMIN_PING)->id, 5);
    talk_deinit(&talk);
    close(fd);
}

/* Fields that must be there and are not are refused by name of the rule, not
 * taken for something. */
static void test_requests__may_lack_every_field(void **state)
{
    struct scene *scene = *state;
    int fd = scene_connect(scene);
    uint64_t hash = scene_hash(scene);
    struct talk talk;

    talk_init(&talk);
    FOR_EACH_ADMIN_KIND (kind) {
        const Perch__Admin__Reply *reply;

        if (kind == ADMIN_NODES_TRANSFER) {
            continue; /* It asks for nothing more. */
        }
        send_raw(fd, 0, (uint8_t)kind, 1, "", 0);
        reply = hear(&talk, fd, kind);
        if (admin_fact(kind)->access == ADMIN_CHANGE &&
            kind != ADMIN_NODES_POLICY && kind != ADMIN_POOL_RULES) {
            assert_int_not_equal(reply->result, PERCH__ADMIN__RESULT__DONE);
        }
    }
    assert_true(scene_hash(scene) == hash);
    assert_int_equal(scene->proposals, 0);
    talk_deinit(&talk);
    close(fd);
}

/* More users than a list may name are refused before any work is done. */
static void test_requests__with_long_lists_are_refused(void **state)
{
    struct scene *scene = *state;
    Perch__Admin__RoomsChange change = PERCH__ADMIN__ROOMS_CHANGE__INIT;
    ProtobufCBinaryData users[ADMIN_USERS_LISTED_MAX + 1];
    int fd = scene_connect(scene);
    struct talk talk;

    talk_init(&talk);
    for (size_t i = 0; i <= ADMIN_USERS_LISTED_MAX; i++) {
        users[i] = codec_bytes(SLICE_LITERAL("alice"));
    }
    CODEC_SET(&change, room, codec_bytes(SLICE_LITERAL("desk")));
    change.n_members_add = ADMIN_USERS_LISTED_MAX + 1;
    change.members_add = users;
    send_request(fd, ADMIN_ROOMS_CHANGE, 1, &change.base);
    assert_outcome_is(hear(&talk, fd, ADMIN_ROOMS_CHANGE), "USERS_LISTED");
    assert_int_equal(scene->proposals, 0);
    talk_deinit(&talk);
    close(fd);
}

/* A request that hardly fits in bytes and would cost much more memory to read
 * is refused. */
static void test_requests__that_swell_are_refused(void **state)
{
    static uint8_t body[500 * 1024];
    struct scene *scene = *state;
    Perch__Admin__Request head = PERCH__ADMIN__REQUEST__INIT;
    struct buffer bytes = BUFFER_EMPTY;
    int fd = scene_connect(scene);
    struct talk talk;
    size_t at, sent = 0;

    talk_init(&talk);
    for (size_t i = 0; i < sizeof(body); i += 2) {
        body[i] = 7 << 3 | 2; /* members: empty, 250,000 times. */
    }
    CODEC_SET(&head, body, codec_bytes(slice_of(body, sizeof(body))));
    at = frame_begin(&bytes, ADMIN_ROOMS_CREATE);
    codec_write(&head.base, &bytes);
    assert_int_equal(frame_end(&bytes, at, admin_request_limits()), ERROR_NONE);
    while (sent < bytes.len) {
        ssize_t n = send(fd, bytes.data + sent, bytes.len - sent, MSG_NOSIGNAL);

        assert_true(n > 0);
        sent += (size_t)n;
    }
    assert_outcome_is(hear(&talk, fd, ADMIN_ROOMS_CREATE), "REQUEST_TOO_LARGE");
    buffer_deinit(&bytes);
    talk_deinit(&talk);
    close(fd);
}

/* Whoever begins a request and does not end it is cut off, and so is whoever
 * says nothing. */
static void test_clients__that_dawdle_are_cut_off(void **state)
{
    struct scene *scene = *state;
    int silent = scene_connect(scene), half = scene_connect(scene);

    send_all(half, "\x10\0\0", 3);
    assert_hung_up(half);
    assert_hung_up(silent);
    close(half);
    close(silent);
    assert_served(scene);
    assert_int_equal(server_meters(admin_server(scene->admin))->timed_out.value,
                     2);
}

/* Whoever sends requests and reads no reply is cut off, and what is taken from
 * it meanwhile is what sockets hold, not what it sends. */
static void test_clients__that_do_not_read_are_cut_off(void **state)
{
    struct scene *scene = *state;
    struct buffer many = BUFFER_EMPTY;
    int fd = scene_connect(scene);
    struct pollfd writable = {fd, POLLOUT, 0};
    const struct server_meters *meters =
        server_meters(admin_server(scene->admin));
    size_t sent = 0;
    ssize_t n;

    for (int i = 0; i < 2000; i++) {
        struct buffer one = write_request(ADMIN_STATUS, 1, NULL);

        buffer_append_slice(&many, buffer_slice(&one));
        buffer_deinit(&one);
    }
    while (poll(&writable, 1, WAIT_MS) == 1 && sent < BYTES_HELD_MAX &&
           (n = send(fd, many.data, many.len, MSG_NOSIGNAL | MSG_DONTWAIT)) >
               0) {
        sent += (size_t)n;
    }
    assert_true(sent < BYTES_HELD_MAX);
    assert_int_equal(meters->timed_out.value, 1);
    buffer_deinit(&many);
    close(fd);
    assert_served(scene);
}

/* When all places are taken, who is idle longest makes room. */
static void test_clients__too_many_displace_the_idle(void **state)
{
    struct scene *scene = *state;
    int fds[SERVER_CLIENTS_MAX];

    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        fds[i] = scene_connect(scene);
    }
    assert_served(scene);
    assert_hung_up(fds[0]);
    assert_int_equal(server_meters(admin_server(scene->admin))->displaced.value,
                     1);
    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        close(fds[i]);
    }
}

/* Who waits for an answer is not displaced: then the newcomer goes. */
static void test_clients__who_wait_keep_their_place(void **state)
{
    struct scene *scene = *state;
    Perch__Admin__RoomsList list = PERCH__ADMIN__ROOMS_LIST__INIT;
    const struct server_meters *meters =
        server_meters(admin_server(scene->admin));
    int fds[SERVER_CLIENTS_MAX];

    scene->weather = WEATHER_STANDSTILL;
    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        fds[i] = scene_connect(scene);
        send_request(fds[i], ADMIN_ROOMS_LIST, 1, &list.base);
    }
    while (meters->requests.value < SERVER_CLIENTS_MAX) {
        usleep(1000);
    }
    assert_int_equal(scene_run(scene, "ping", NULL), 3);
    assert_int_equal(meters->displaced.value, 0);
    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        close(fds[i]);
    }
}

/* Whoever hangs up while its change is under way is not missed. */
static void test_clients__may_go_before_the_reply(void **state)
{
    struct scene *scene = *state;
    Perch__Admin__UsersCreate create = PERCH__ADMIN__USERS_CREATE__INIT;
    int fd = scene_connect(scene);

    CODEC_SET(&create, user, codec_bytes(SLICE_LITERAL("dave")));
    send_request(fd, ADMIN_USERS_CREATE, 1, &create.base);
    close(fd);
    while (scene->proposals == 0) {
        usleep(1000);
    }
    assert_int_equal(scene_run(scene, "users show dave", NULL), 0);
}

int main(void)
{
#define TEST(name)  RUN_IN(name, scene_setup, scene_teardown)
#define HASTY(name) RUN_IN(name, scene_setup_hasty, scene_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_socket__is_its_owners),
        TEST(test_socket__is_taken_over_from_the_dead),
        TEST(test_requests__come_in_any_pieces),
        TEST(test_headers__that_are_wrong_are_told),
        TEST(test_payloads__that_are_wrong_are_told),
        TEST(test_requests__may_lack_every_field),
        TEST(test_requests__with_long_lists_are_refused),
        TEST(test_requests__that_swell_are_refused),
        HASTY(test_clients__that_dawdle_are_cut_off),
        HASTY(test_clients__that_do_not_read_are_cut_off),
        TEST(test_clients__too_many_displace_the_idle),
        TEST(test_clients__who_wait_keep_their_place),
        TEST(test_clients__may_go_before_the_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
