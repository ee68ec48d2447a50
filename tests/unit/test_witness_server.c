#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ops/witness/server.h"
#include "ops/witness/settings.h"
#include "proto/tlog/submission.h"
#include "tests/unit/temp_directory.h"
#include "tests/unit/tree_log.h"

enum { REPLY_BYTES = 128 * 1024 };

struct scene {
    char directory[TEMP_DIRECTORY_BYTES];
    char path[TEMP_DIRECTORY_BYTES + 16];
    struct tree_log log;
    struct book *book;
    struct witness *witness;
    struct server *server;
    uint16_t port;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    const uint8_t key[NOTE_KEY_BYTES] = {9};
    struct buffer vkey = BUFFER_EMPTY;

    temp_directory_make(s->directory);
    snprintf(s->path, sizeof(s->path), "%s/book", s->directory);
    tree_log_init(&s->log, TREE_LOG_LEAVES);
    note_vkey_write(&s->log.verifier, &vkey);
    assert_int_equal(book_make(s->path), ERROR_NONE);
    assert_int_equal(book_open(s->path, &s->book), ERROR_NONE);
    assert_int_equal(witness_new(SLICE_LITERAL("witness.example/w1"), key,
                                 s->book, &s->witness),
                     ERROR_NONE);
    assert_int_equal(witness_add_log(s->witness, buffer_slice(&vkey)),
                     ERROR_NONE);
    assert_int_equal(
        server_open(s->witness, "127.0.0.1", 0, 8, &s->server, &s->port),
        ERROR_NONE);
    buffer_deinit(&vkey);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    server_close(s->server);
    witness_free(s->witness);
    book_close(s->book);
    temp_directory_remove(s->directory);
    free(s);
    return 0;
}

/* Send a request and read all that comes until the end. Returns the status. */
static int ask(const struct scene *s, const char *line, struct slice body,
               char reply[REPLY_BYTES])
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(s->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct buffer request = BUFFER_EMPTY;
    size_t len = 0;
    ssize_t got;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    buffer_printf(&request,
                  "%s HTTP/1.1\r\nHost: w\r\nConnection: close\r\n"
                  "Content-Length: %zu\r\n\r\n",
                  line, body.len);
    buffer_append_slice(&request, body);
    (void)!send(fd, request.data, request.len, MSG_NOSIGNAL);
    while (len < REPLY_BYTES - 1 &&
           (got = recv(fd, reply + len, REPLY_BYTES - 1 - len, 0)) > 0) {
        len += (size_t)got;
    }
    reply[len] = '\0';
    close(fd);
    buffer_deinit(&request);
    return len < 12 ? 0 : atoi(reply + 9);
}

static int submit(const struct scene *s, uint64_t old_size, uint64_t size,
                  char reply[REPLY_BYTES])
{
    struct buffer body = BUFFER_EMPTY;
    int status;

    tree_log_submission(&s->log, old_size, size, &body);
    status = ask(s, "POST /add-checkpoint", buffer_slice(&body), reply);
    buffer_deinit(&body);
    return status;
}

/* The statuses, the type of a size, and the paths. */
static void test_server__answers(void **state)
{
    static const char origin_path[] = "GET /3a1cb2e3a5b2a7ab/checkpoint";
    const struct scene *s = *state;
    char *reply = malloc(REPLY_BYTES);

    assert_int_equal(submit(s, 0, 10, reply), 200);
    assert_non_null(strstr(reply, "\r\n\r\n\xe2\x80\x94 witness.example/w1 "));
    assert_int_equal(submit(s, 0, 11, reply), 409);
    assert_non_null(strstr(reply, "Content-Type: text/x.tlog.size\r\n"));
    assert_non_null(strstr(reply, "\r\n\r\n10\n"));
    assert_int_equal(submit(s, 12, 11, reply), 400);
    assert_int_equal(ask(s, "POST /add-checkpoint", SLICE_LITERAL("x"), reply),
                     400);
    assert_int_equal(ask(s, "POST /else", SLICE_LITERAL("x"), reply), 404);
    assert_int_equal(ask(s, "PUT /add-checkpoint", SLICE_LITERAL("x"), reply),
                     405);
    assert_int_equal(ask(s, "GET /add-checkpoint", SLICE_NONE, reply), 404);
    assert_int_equal(ask(s, origin_path, SLICE_NONE, reply), 404);
    assert_int_equal(ask(s, "GET /metrics", SLICE_NONE, reply), 200);
    assert_non_null(strstr(
        reply, "\nperch_witness_requests_total{verdict=\"cosigned\"} 1\n"));
    assert_non_null(
        strstr(reply, "\nperch_witness_requests_total{verdict=\"stale\"} 1\n"));
    free(reply);
}

/* A body beyond all that may be asked is refused, not kept; and the witness
 * goes on. */
static void test_server__too_much(void **state)
{
    const struct scene *s = *state;
    char *reply = malloc(REPLY_BYTES);
    size_t len = SUBMISSION_BYTES_MAX + 1;
    char *body = malloc(len);

    memset(body, 'x', len);
    assert_int_equal(ask(s, "POST /add-checkpoint", slice_of(body, len), reply),
                     413);
    assert_int_equal(
        ask(s, "POST /add-checkpoint", slice_of(body, len - 1), reply), 400);
    assert_int_equal(submit(s, 0, 10, reply), 200);
    free(body);
    free(reply);
}

struct racer {
    const struct scene *scene;
    uint64_t old_size, size;
    int status;
};

static void *race(void *context)
{
    struct racer *racer = context;
    char *reply = malloc(REPLY_BYTES);

    racer->status = submit(racer->scene, racer->old_size, racer->size, reply);
    free(reply);
    return NULL;
}

/* Two that begin from the same size: one of them is cosigned, the other is told
 * that it is late; the book never goes back. */
static void test_server__two_race(void **state)
{
    const struct scene *s = *state;
    uint64_t old_size = 0;

    for (unsigned round = 0; round < 50; round++) {
        struct racer racers[2] = {{s, old_size, old_size + 3, 0},
                                  {s, old_size, old_size + 5, 0}};
        pthread_t threads[2];
        int won;

        for (int i = 0; i < 2; i++) {
            pthread_create(&threads[i], NULL, race, &racers[i]);
        }
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
        }
        won = racers[0].status == 200 ? 0 : 1;
        assert_int_equal(racers[won].status, 200);
        assert_int_equal(racers[1 - won].status, 409);
        old_size = racers[won].size;
        assert_int_equal(book_at(s->book, 0)->size, old_size);
    }
    assert_int_equal(witness_count(s->witness, WITNESS_COSIGNED), 50);
    assert_int_equal(witness_count(s->witness, WITNESS_STALE), 50);
}

static enum error load(const struct scene *s, const char *text,
                       struct witness_settings *settings,
                       char why[SETTINGS_WHY_BYTES])
{
    char path[TEMP_DIRECTORY_BYTES + 16];
    FILE *file;

    snprintf(path, sizeof(path), "%s/conf", s->directory);
    file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    settings_init(settings);
    return settings_load(settings, path, why);
}

/* A file of settings; and what is wrong in one is named with its line. */
static void test_settings_load__names_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"# a\n\nnmae = x\n", ":3: nmae \"x\": there is no such setting"},
        {"name = a b\n", ":1: name \"a b\": no key may have this name"},
        {"listen = 8380\n", ":1: listen \"8380\": HOST:PORT is wanted"},
        {"listen = a:70000\n", "HOST:PORT is wanted"},
        {"log = x+1+y\n", "is no verifier key"},
        {"connections = 0\n", "1 to 1000 is wanted"},
        {"state =\n", "is empty or too long"},
        {"name\n", "WORD = VALUE is wanted"},
    };
    struct scene *s = *state;
    struct witness_settings *settings = malloc(sizeof(*settings));
    struct buffer text = BUFFER_EMPTY;
    char why[SETTINGS_WHY_BYTES];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(load(s, wrong[i].text, settings, why), ERROR_INVALID);
        if (strstr(why, wrong[i].why) == NULL) {
            fail_msg("%s", why);
        }
    }
    buffer_append_text(&text, "name = w.example/1\nlisten = [::1]:99\n"
                              "  connections = 5 \nlog = ");
    note_vkey_write(&s->log.verifier, &text);
    buffer_append(&text, "\n", 2);
    assert_int_equal(load(s, (const char *)text.data, settings, why),
                     ERROR_NONE);
    assert_string_equal(settings->host, "::1");
    assert_int_equal(settings->port, 99);
    assert_int_equal(settings->connections, 5);
    assert_int_equal(settings->n, 1);
    buffer_deinit(&text);
    free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_server__answers, set_up, tear_down),
        RUN_IN(test_server__too_much, set_up, tear_down),
        RUN_IN(test_server__two_race, set_up, tear_down),
        RUN_IN(test_settings_load__names_what_is_wrong, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
