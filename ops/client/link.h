/* One connection to a server: its name looked up, its addresses tried in
 * turn, TCP or TLS, bytes both ways.
 *
 *   LOOKING_UP --> CONNECTING --> SECURING --> OPEN
 *        |           |  ^ next address |         |
 *        +-----------+-----------------+---------+--> FAILED --link_close--+
 *                                                                          v
 *                                       any state --------link_close--> CLOSED
 *
 * SECURING  The TLS handshake; without TLS it takes no time.
 * FAILED    Its owner was told why, once. It waits to be closed.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_LINK_H
#define OPS_CLIENT_LINK_H

#include <stdbool.h>

#include "ops/client/limits.h"
#include "ops/client/secure.h"
#include "proto/base/error.h"
#include "proto/base/loop.h"
#include "proto/base/slice.h"

struct link;

struct link_target {
    const char *host;
    uint16_t port;
    unsigned turn;             /* Which of the name's addresses comes first. */
    const struct trust *trust; /* NULL: without TLS. */
    uint32_t connect_ms;       /* For each address. */
};

/* What a link tells its owner; nothing within link_open. */
struct link_events {
    void (*opened)(void *context);
    void (*received)(void *context, struct slice bytes);

    /* It is over: IO, TIMED_OUT, TLS, CLOSED, NOT_FOUND (no such host) or
     * NO_MEMORY, and in words. Nothing but closed comes after it. */
    void (*failed)(void *context, enum error error, const char *reason);

    /* After link_close, later: nothing is left of it. */
    void (*closed)(void *context);
};

/** Begin to connect. NULL when memory is out. */
struct link *link_open(struct loop *loop, const struct link_target *target,
                       const struct link_events *events, void *context);

/**
 * Send bytes. Does nothing unless the link is OPEN.
 *
 * What is sent within the event received leaves in one write.
 */
void link_send(struct link *link, struct slice bytes);

/** Write the own address and port of an OPEN link: "192.0.2.1:41822". */
void link_local(struct link *link, char *text, size_t room);

/** End it without waiting for what is unsent. No event but closed follows. */
void link_close(struct link *link);

#endif
