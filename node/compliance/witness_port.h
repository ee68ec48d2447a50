/* How a witness is reached: one HTTP request, one answer. Programs have
 * os/witness_http.h; simulations and tests their own.
 *
 * Thread: call a worker's, several at a time: it blocks.
 */
#ifndef NODE_COMPLIANCE_WITNESS_PORT_H
#define NODE_COMPLIANCE_WITNESS_PORT_H

#include <stdbool.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    WITNESS_WHY_BYTES = 300,
    WITNESS_TIMEOUT_MS = 10 * 1000,
    WITNESS_REPLY_BYTES_MAX = 64 * 1024,
};

struct witness_reply {
    unsigned status;             /* Of HTTP. */
    struct buffer body;          /* At most WITNESS_REPLY_BYTES_MAX. */
    char why[WITNESS_WHY_BYTES]; /* Of an error: for people. */
};

struct witness_port {
    void *context;
    /* Ask. body.data NULL: GET, else POST. Returns TIMED_OUT, CLOSED (not
     * reached), TLS, TOO_LARGE, NO_MEMORY or INVALID, with why. */
    enum error (*call)(void *context, const char *url, struct slice body,
                       struct witness_reply *reply);
};

#endif
