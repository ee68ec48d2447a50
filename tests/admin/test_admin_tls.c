/* Administration from another machine: a certificate on both sides. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/admin/scene.h"
#include "tests/unit/test.h"

#define HAS(text, part) assert_non_null(strstr(text, part))

enum { WORDS_BYTES = 2048 };

/* Run by TLS as somebody whose certificate lies in a folder. */
static int run_as(struct scene *scene, const char *folder, const char *name,
                  const char *authority, const char *words)
{
    char line[WORDS_BYTES];

    snprintf(line, sizeof(line),
             "--tls 127.0.0.1:%u --authority " CERTIFICATES_DIR
             "/%s/ca.pem --certificate " CERTIFICATES_DIR
             "/%s/%s.pem --key " CERTIFICATES_DIR "/%s/%s.key %s",
             (unsigned)server_port(admin_server(scene->admin)), authority,
             folder, name, folder, name, words);
    return scene_run(scene, line, NULL);
}

/* An administrator's certificate is all it takes, and the change is recorded
 * under the name in it. */
static void test_tls__serves_administrators(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        run_as(scene, "admin", "admin-alice", "admin", "users create dave"), 0);
    HAS(scene->out, "sip:dave@example.com is created");
    assert_int_equal(
        run_as(scene, "admin", "admin-alice", "admin", "users list"), 0);
    HAS(scene->out, "sip:dave@example.com");
    assert_int_equal(scene_run(scene, "users list", NULL), 0);
    assert_int_equal(run_as(scene, "admin", "admin-alice", "admin", "metrics"),
                     0);
}

/* A node's certificate is of the same authority and names no administrator. */
static void test_tls__refuses_nodes(void **state)
{
    struct scene *scene = *state;
    uint64_t hash = scene_hash(scene);

    assert_int_equal(
        run_as(scene, "admin", "node2", "admin", "users create dave"), 3);
    HAS(scene->err, "does not name an administrator");
    assert_true(scene_hash(scene) == hash);
    assert_int_equal(server_meters(admin_server(scene->admin))->strangers.value,
                     1);
}

/* Another authority's administrator is none, and is sure that nothing was
 * changed: the node was asked before it was given anything. */
static void test_tls__refuses_other_authorities(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        run_as(scene, "other", "admin-mallory", "admin", "users create dave"),
        3);
    HAS(scene->err, "[UNREACHABLE]");
    assert_int_equal(scene->proposals, 0);
    assert_true(server_meters(admin_server(scene->admin))->strangers.value > 0);
}

/* Where administrators have an authority of their own, theirs alone counts:
 * who may issue to nodes makes no administrators. */
static void test_tls__keeps_authorities_apart(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        run_as(scene, "other", "admin-mallory", "admin", "users create dave"),
        0);
    assert_int_equal(
        run_as(scene, "admin", "admin-alice", "admin", "users create erin"), 3);
    HAS(scene->err, "[UNREACHABLE]");
    assert_int_equal(scene->proposals, 1);
    assert_true(server_meters(admin_server(scene->admin))->strangers.value > 0);
}

/* perchctl gives nothing to a node of another authority. */
static void test_tls__knows_its_nodes(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        run_as(scene, "admin", "admin-alice", "other", "users create dave"), 3);
    HAS(scene->err, "certificate verify failed");
    assert_int_equal(scene->proposals, 0);
}

/* A port that nobody has. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* Somebody with a certificate of the nodes' authority who is no node. */
static pid_t begin_impostor(uint16_t port)
{
    pid_t child = fork();
    char accept[32];

    assert_true(child >= 0);
    if (child > 0) {
        return child;
    }
    snprintf(accept, sizeof(accept), "127.0.0.1:%u", (unsigned)port);
    execlp("timeout", "timeout", "60", "openssl", "s_server", "-quiet",
           "-accept", accept, "-cert",
           CERTIFICATES_DIR "/admin/sip-localhost.pem", "-key",
           CERTIFICATES_DIR "/admin/sip-localhost.key", NULL);
    _exit(127);
}

/* A certificate for clients' connections is of the same authority, and on a
 * machine that may be another's: perchctl gives it nothing. */
static void test_tls__gives_impostors_nothing(void **state)
{
    struct scene *scene = *state;
    uint16_t port = free_port();
    pid_t impostor = begin_impostor(port);
    char words[WORDS_BYTES];

    snprintf(words, sizeof(words),
             "--timeout 2 --tls 127.0.0.1:%u --authority " CERTIFICATES_DIR
             "/admin/ca.pem --certificate " CERTIFICATES_DIR
             "/admin/admin-alice.pem --key " CERTIFICATES_DIR
             "/admin/admin-alice.key ping",
             (unsigned)port);
    do {
        usleep(20000);
        assert_int_equal(scene_run(scene, words, NULL), 3);
    } while (strstr(scene->err, "refused") != NULL);
    HAS(scene->err, "names no node");
    assert_int_equal(kill(impostor, SIGTERM), 0);
    assert_int_equal(waitpid(impostor, NULL, 0), impostor);
}

/* Files that are missing, and a key that is another's, are named. */
static void test_tls__names_the_file(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(run_as(scene, "admin", "admin-bob", "admin", "ping"), 3);
    HAS(scene->err, "admin-bob.pem");
    assert_int_equal(run_as(scene, "admin", "admin-alice", "nix", "ping"), 3);
    HAS(scene->err, "nix/ca.pem");
    assert_int_equal(scene_run(scene, "--tls 127.0.0.1:1 ping", NULL), 2);
    HAS(scene->err, "--certificate");
    assert_int_equal(
        run_as(scene, "admin", "admin-alice", "admin", "--tls nowhere ping"),
        0);
}

/* Bytes that are no TLS end one connection. */
static void test_tls__survives_garbage(void **state)
{
    struct scene *scene = *state;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons(server_port(admin_server(scene->admin)))};
    char bytes[256];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    memset(bytes, 'x', sizeof(bytes));
    assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL),
                     sizeof(bytes));
    while (recv(fd, bytes, sizeof(bytes), 0) > 0) {
    }
    close(fd);
    assert_int_equal(run_as(scene, "admin", "admin-alice", "admin", "ping"), 0);
}

/* Replace one of the server's files, and have it look. */
static void replace(struct scene *scene, const char *from, const char *file)
{
    char command[WORDS_BYTES];

    snprintf(command, sizeof(command), "cp '" CERTIFICATES_DIR "/%s' '%s/%s'",
             from, scene->directory, file);
    assert_int_equal(system(command), 0);
    server_reload(admin_server(scene->admin));
    /* Who is answered now was greeted after the look. */
    assert_int_equal(scene_run(scene, "ping", NULL), 0);
}

static int ping_as(struct scene *scene, const char *folder, const char *name)
{
    return run_as(scene, folder, name, "admin", "ping");
}

/* A reload takes new files for connections to come: the node's certificate,
 * and whom it takes for an administrators' authority. */
static void test_tls__reloads_files(void **state)
{
    struct scene *scene = *state;
    const struct meter_gauge *expires_s =
        &server_meters(admin_server(scene->admin))->certificate_expires_s;
    int64_t before_s = meter_level(expires_s);

    assert_int_equal(system("'" MAKE_CERTS "' --dir '" CERTIFICATES_DIR
                            "/renewed' --nodes 1 --authority '" CERTIFICATES_DIR
                            "/admin' --days 800"),
                     0);
    assert_int_equal(ping_as(scene, "other", "admin-mallory"), 0);
    assert_int_equal(ping_as(scene, "admin", "admin-alice"), 3);
    replace(scene, "admin/ca.pem", "admins.pem");
    assert_int_equal(ping_as(scene, "other", "admin-mallory"), 3);
    assert_int_equal(ping_as(scene, "admin", "admin-alice"), 0);
    assert_true(meter_level(expires_s) == before_s);
    replace(scene, "renewed/node1.key", "node1.key");
    replace(scene, "renewed/node1.pem", "node1.pem");
    assert_int_equal(ping_as(scene, "admin", "admin-alice"), 0);
    assert_true(meter_level(expires_s) > before_s + 400 * 86400);
}

/* Files that cannot be used change nothing: what was in use stays so, and is
 * shown. */
static void test_tls__keeps_what_works(void **state)
{
    struct scene *scene = *state;
    const struct meter_gauge *expires_s =
        &server_meters(admin_server(scene->admin))->certificate_expires_s;
    int64_t before_s = meter_level(expires_s);

    replace(scene, "other/node1.pem", "node1.pem");
    replace(scene, "other/node1.key", "admins.pem");
    assert_int_equal(ping_as(scene, "other", "admin-mallory"), 0);
    assert_int_equal(ping_as(scene, "admin", "admin-alice"), 3);
    assert_true(meter_level(expires_s) == before_s);
}

int main(void)
{
#define TEST(name)    RUN_IN(name, scene_setup_tls, scene_teardown)
#define RENEWAL(name) RUN_IN(name, scene_setup_renewal, scene_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_tls__serves_administrators),
        TEST(test_tls__refuses_nodes),
        TEST(test_tls__refuses_other_authorities),
        RUN_IN(test_tls__keeps_authorities_apart, scene_setup_renewal,
               scene_teardown),
        TEST(test_tls__knows_its_nodes),
        TEST(test_tls__gives_impostors_nothing),
        TEST(test_tls__names_the_file),
        TEST(test_tls__survives_garbage),
        RENEWAL(test_tls__reloads_files),
        RENEWAL(test_tls__keeps_what_works),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
