/* One stay with one server: one connection, from sign-in to its end.
 *
 *   OPENING --> REGISTERING --> PROVISIONING --> INVITING --> READY
 *      |             |                |           |  ^  |      |  \
 *      |             |                |       LOCATING--+      |   LEAVING
 *      +-------------+----------------+-----------+------------+----> OVER
 *
 * REGISTERING   With Digest when asked for; again before it expires.
 * PROVISIONING  Where is the chat? Without an answer: ocschat@ the domain.
 * LOCATING      Only when wanted: cmd:requri may name another URI to invite.
 * READY         INFOs go both ways; keep-alives and UPDATEs are sent.
 * LEAVING       BYE and REGISTER with Expires 0 are out.
 * OVER          The owner was told why, once; it waits to be closed.
 *
 * Requests of the server are answered at once. A request of ours that is not
 * answered in time ends the stay: a server that is stuck is left for another.
 *
 * Spec: RFC 3261, RFC 4028; MS-SIPREGE 2.2.2.5.11, MS-CONMGMT (keep-alive).
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_VISIT_H
#define OPS_CLIENT_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/client/cause.h"
#include "ops/client/secure.h"
#include "ops/client/servers.h"
#include "proto/base/loop.h"
#include "proto/base/slice.h"

enum { VISIT_TEXT_BYTES_MAX = 240 };

struct visit;

/* Who comes, and how. All is borrowed for as long as the visit lasts. */
struct visitor {
    const char *user;          /* alice@example */
    const char *login;         /* For Digest; alice@example as a rule. */
    const char *password;      /* NULL: there is none. */
    const char *instance;      /* A guid's text: names the device. */
    const struct trust *trust; /* NULL: without TLS. */
    const struct client_limits *limits;
    bool locates; /* Ask requri. */
};

/* How an INFO was answered. */
struct visit_answer {
    int status;
    uint32_t retry_after_ms; /* 0: not told. */
    struct slice reason;     /* In the server's words; may be empty. */
};

struct visit_end {
    enum client_cause cause;
    int status; /* The SIP answer that ended it; 0: none did. */
    uint32_t retry_after_ms;
    struct server moved_to; /* With cause MOVED. */
    char text[VISIT_TEXT_BYTES_MAX];
};

/* What a visit tells its owner; nothing within visit_open. */
struct visit_events {
    void (*ready)(void *context);
    void (*body)(void *context, struct slice body);
    void (*answered)(void *context, uint64_t token,
                     const struct visit_answer *answer);
    void (*over)(void *context, const struct visit_end *end);

    /* The user's own presence document, asked for by visit_watch: whenever it
     * is another. */
    void (*document)(void *context, struct slice body);

    /* How visit_watch, or visit_publish, was answered, unless by a document. */
    void (*unpublished)(void *context, const struct visit_answer *answer);
};

/**
 * Begin to connect to a server.
 *
 * Returns NULL when memory is out. Ended by visit_close.
 */
struct visit *visit_open(struct loop *loop, const struct visitor *visitor,
                         const struct server *server,
                         const struct visit_events *events, void *context);

/** Tell whether an INFO may be sent: READY, and not too many unanswered. */
bool visit_has_room(const struct visit *visit);

/**
 * Send a body as INFO.
 *
 * @token  Comes back with the answer; not 0.
 */
void visit_send(struct visit *visit, struct slice body, uint64_t token);

/** Ask for the user's own presence document, and for what becomes of it. */
void visit_watch(struct visit *visit);

/** Publish items of it; document or unpublished follows. One at a time: false
 * while one is under way. */
bool visit_publish(struct visit *visit, struct slice body);

/** Do what is due by the clock. */
void visit_tick(struct visit *visit, uint64_t now_us);

/** Sign out; over follows. */
void visit_leave(struct visit *visit);

/** Give it up without a word: something that should have come did not. */
void visit_fail(struct visit *visit, enum client_cause cause, const char *text);

/** Close and forget; no event follows. It frees itself. Accepts NULL. */
void visit_close(struct visit *visit);

#endif
