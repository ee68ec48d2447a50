/* The client side of bench_node: takes commands from connections, and answers
 * them in the order in which they are applied. See node_protocol.h.
 *
 * Thread: the owner's loop.
 */
#ifndef OPS_BENCH_NODE_SERVE_H
#define OPS_BENCH_NODE_SERVE_H

#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/loop.h"
#include "proto/base/slice.h"

enum {
    SERVE_CONNECTIONS_MAX = 16,
    SERVE_WAITING_MAX = 4096, /* Commands unanswered; a power of two. */
};

struct serve;

struct serve_owner {
    void *context;
    /* Propose a command. Anything but NONE answers it BUSY. */
    enum error (*propose)(void *context, struct slice command);
    /* The leader's number; 0 while nothing may be proposed here. */
    uint32_t (*leader)(void *context);
};

/** Listen on a port of 127.0.0.1. Returns IO, with a complaint, or NO_MEMORY.
 */
enum error serve_open(struct serve **serve_out, struct loop *loop,
                      uint16_t port, const struct serve_owner *owner);

/** The oldest command that waits has been applied: answer it. */
void serve_applied(struct serve *serve);

#endif
