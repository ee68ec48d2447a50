/* A web server on a thread of its own, for the tests of node/web: four routes.
 *
 * Thread: the test's.
 */
#ifndef TESTS_UNIT_HTTP_SCENE_H
#define TESTS_UNIT_HTTP_SCENE_H

#include "tests/unit/test.h"

#include <pthread.h>
#include <stdint.h>

#include "node/web/http.h"
#include "proto/base/os/loop_uv.h"

enum {
    WAIT_MS = 400, /* What the hasty server waits for a client. */
    BIG_BYTES = 16 * 1024 * 1024, /* Of /big: more than sockets buffer. */
};

/* Stands in every reply that is ours and in none of the library's own. */
#define OURS "\r\nX-Content-Type-Options: nosniff\r\n"

struct scene {
    struct loop *loop;
    struct http *http;
    struct waker *ender;
    pthread_t thread;
    uint16_t port;
    struct buffer reply; /* What was read last, with a NUL behind it. */
};

/** Start the server: GET /hello (?loud), POST /hello, GET /big, GET /poor. */
int http_set_up(void **state);

/** The same, waiting WAIT_MS for its clients instead of a busy machine's. */
int http_set_up_hasty(void **state);

/** Stop it, whoever is connected. */
int http_tear_down(void **state);

/** Read CLOCK_MONOTONIC in milliseconds. */
uint64_t now_ms(void);

/** Borrow the last reply as text. */
const char *text_of(const struct scene *scene);

/** The last reply has this status. */
void assert_status(const struct scene *scene, unsigned status);

/** The last reply holds these words, in any case of letters. */
void assert_holds(const struct scene *scene, const char *words);

/** Ask on a connection of its own; request_line is "GET /hello". */
void ask(struct scene *scene, const char *request_line);

/** The server answers as if nothing had happened. */
void assert_serves(struct scene *scene);

#endif
