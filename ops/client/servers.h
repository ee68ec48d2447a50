/* Which server to try next, and when.
 *
 * A failure moves on to the next server; a success stays where it was, so the
 * last good one is tried first. Each round of all servers doubles the wait
 * between attempts; every wait is jittered, so that clients of a node that
 * died do not come to its neighbours in step. A server that asked for time
 * (Retry-After) is passed over until then.
 *
 * Pure: time and random numbers are arguments.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_SERVERS_H
#define OPS_CLIENT_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops/client/limits.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    SERVER_PORT_TCP = 5060,
    SERVER_PORT_TLS = 5061,
    SERVER_TEXT_BYTES_MAX = CLIENT_HOST_BYTES_MAX + 9, /* [host]:65535 */
};

struct server {
    char host[CLIENT_HOST_BYTES_MAX + 1]; /* IPv6 without brackets. */
    uint16_t port;
    uint64_t held_until_us; /* Not before; 0: any time. */
    unsigned turns;         /* Times it was left for another: which of its
                               addresses comes first. */
};

struct servers {
    struct server list[CLIENT_SERVERS_MAX];
    size_t n;
    size_t at;         /* The one in use, or to try next. */
    unsigned failures; /* In a row. */
};

/**
 * Read one server: "host", "host:port", "192.0.2.1:5060", "[2001:db8::1]:5061".
 *
 * Returns INVALID.
 */
enum error server_read(struct server *server, struct slice text,
                       uint16_t default_port);

/** Write "host:port", IPv6 in brackets. */
void server_write(const struct server *server,
                  char text[SERVER_TEXT_BYTES_MAX + 1]);

/** Read servers with commas between. INVALID; TOO_LARGE when too many. */
enum error servers_read(struct servers *servers, struct slice text,
                        uint16_t default_port);

/**
 * Choose the server for the next attempt.
 *
 * @random  Any number: the jitter.
 *
 * Returns how long to wait before it, in microseconds.
 */
uint64_t servers_choose(struct servers *servers,
                        const struct client_limits *limits, uint64_t now_us,
                        uint32_t random);

/** The one in use, or last chosen. */
const struct server *servers_current(const struct servers *servers);

/** It failed, or its connection was lost: move on. */
void servers_fail(struct servers *servers);

/** It is not to be tried again before that time. */
void servers_hold(struct servers *servers, uint64_t until_us);

/** It let us in: failures are forgotten. */
void servers_succeed(struct servers *servers);

#endif
