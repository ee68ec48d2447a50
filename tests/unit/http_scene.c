#include "tests/unit/http_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/quiet.h"
#include "tests/unit/raw_http.h"

static void on_hello(void *context, const struct http_request *request,
                     struct http_reply *reply)
{
    (void)context;
    if (http_query_has(request, "loud")) {
        buffer_append_text(&reply->body, "HELLO\n");
        return;
    }
    buffer_append_text(&reply->body, "hello\n");
}

static void on_big(void *context, const struct http_request *request,
                   struct http_reply *reply)
{
    (void)context;
    (void)request;
    memset(buffer_reserve(&reply->body, BIG_BYTES), 'x', BIG_BYTES);
    reply->body.len = BIG_BYTES;
}

/* What a handler does whose buffer ran out of memory half-way. */
static void on_poor(void *context, const struct http_request *request,
                    struct http_reply *reply)
{
    (void)context;
    (void)request;
    buffer_append_text(&reply->body, "half of the tr");
    reply->body.failed = true;
}

static const struct http_route routes[] = {
    {"GET", "/hello", on_hello, NULL},
    {"POST", "/hello", on_hello, NULL},
    {"GET", "/big", on_big, NULL},
    {"GET", "/poor", on_poor, NULL},
};

static void on_end(void *context)
{
    loop_stop(context);
}

static void *run_loop(void *context)
{
    loop_run(context);
    return NULL;
}

static int set_up(void **state, uint64_t wait_ms)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    const struct http_options options = {.host = "127.0.0.1",
                                         .wait_ms = wait_ms};

    quiet_begin();
    scene->loop = loop_new();
    scene->ender = waker_new(scene->loop, on_end, scene->loop);
    assert_int_equal(http_open(&scene->http, scene->loop, &options, routes,
                               sizeof(routes) / sizeof(routes[0])),
                     ERROR_NONE);
    scene->port = http_port(scene->http);
    pthread_create(&scene->thread, NULL, run_loop, scene->loop);
    *state = scene;
    return 0;
}

int http_set_up(void **state)
{
    return set_up(state, 2 * RAW_WAIT_MS);
}

int http_set_up_hasty(void **state)
{
    return set_up(state, WAIT_MS);
}

int http_tear_down(void **state)
{
    struct scene *scene = *state;

    waker_wake(scene->ender);
    pthread_join(scene->thread, NULL);
    http_close(scene->http);
    waker_free(scene->ender);
    loop_free(scene->loop);
    buffer_deinit(&scene->reply);
    quiet_end();
    free(scene);
    return 0;
}

uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *text_of(const struct scene *scene)
{
    return (const char *)scene->reply.data;
}

/* The reply begins with this status. */
void assert_status(const struct scene *scene, unsigned status)
{
    char line[32];

    snprintf(line, sizeof(line), "HTTP/1.1 %u ", status);
    if (strncmp(text_of(scene), line, strlen(line)) != 0) {
        fail_msg("not %u: %.200s", status, text_of(scene));
    }
}

void assert_holds(const struct scene *scene, const char *words)
{
    if (strcasestr(text_of(scene), words) == NULL) {
        fail_msg("no \"%s\" in: %.400s", words, text_of(scene));
    }
}

/* One request on a connection of its own that the server keeps open. */
void ask(struct scene *scene, const char *request_line)
{
    char request[512];
    int connection = raw_connect(scene->port);

    assert_true(connection >= 0);
    snprintf(request, sizeof(request), "%s HTTP/1.1\r\nHost: x\r\n\r\n",
             request_line);
    raw_send_text(connection, request);
    assert_true(raw_read_reply(connection, strncmp(request, "HEAD", 4) == 0,
                               &scene->reply));
    close(connection);
}

void assert_serves(struct scene *scene)
{
    ask(scene, "GET /hello");
    assert_status(scene, 200);
    assert_holds(scene, "\r\n\r\nhello\n");
}
