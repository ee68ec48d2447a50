/* A request on its way through the edge.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_REQUEST_H
#define NODE_SIP_REQUEST_H

#include "node/sip/connection.h"
#include "node/sip/framer.h"
#include "node/sip/parser.h"
#include "node/sip/response.h"

/* All is borrowed for the time the request is served. */
struct request {
    struct edge *edge;
    struct connection *connection;
    const struct frame *frame;
    const struct head *head; /* Of the frame. */
    const sip_t *sip;        /* The same head, as sofia-sip reads it. */
    enum method method;
    struct dialog *dialog; /* It names; NULL: none. */
};

/**
 * Begin an answer: its To tag is the dialog's or, outside of dialogs, the
 * connection's.
 */
struct buffer *request_answer(const struct request *request, int status);

/** Answer with a status alone. */
void request_reply(const struct request *request, int status);

/** Answer 403 and say why. */
void request_forbid(const struct request *request, enum diagnostic number,
                    const char *text);

/** Answer 503 with Retry-After and ms-diagnostics. */
void request_refuse_busy(const struct request *request, const char *reason);

#endif
