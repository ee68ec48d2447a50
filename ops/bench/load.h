/* Asks administrators' requests of a node, many at once: by its local socket,
 * over a few connections with one request under way on each.
 *
 * Thread: the main thread.
 */
#ifndef OPS_BENCH_LOAD_H
#define OPS_BENCH_LOAD_H

#include <stdbool.h>

#include "proto/admin.h"
#include "proto/base/arena.h"

enum {
    LOAD_AT_ONCE = 32,    /* Connections; a node takes twice as many. */
    LOAD_WAIT_MS = 30000, /* Patience with one reply. */
};

/* One request; the body lies in the arena it was made in. */
struct load_request {
    enum admin_kind kind;
    const ProtobufCMessage *body;
};

/** Make request i of a list. */
typedef void load_make(void *context, size_t i, struct arena *arena,
                       struct load_request *request_out);

/** Take the answer to the one request that was asked. */
typedef enum error load_take(void *context, const struct admin_reply *reply);

/**
 * Ask one request and look at its answer.
 *
 * @take  Its error is returned.
 *
 * Returns as load_ask.
 */
enum error load_ask_one(const char *socket, load_make *make, load_take *take,
                        void *context);

/**
 * Ask n requests, in any order; what is so already is as good as done.
 *
 * @socket  Path of the administrators' socket.
 *
 * Returns, with a complaint, what was wrong with the first that went wrong.
 */
enum error load_ask(const char *socket, size_t n, load_make *make,
                    void *context);

#endif
