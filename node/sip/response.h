/* Writes SIP answers: a status line, what must be echoed exactly as it came,
 * and headers in the shape real clients need.
 *
 * What is echoed is copied from the request's bytes, never rebuilt: Via,
 * From, To (with a tag where it has none), Call-ID and CSeq.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_RESPONSE_H
#define NODE_SIP_RESPONSE_H

#include "node/sip/connection.h"
#include "node/sip/head.h"

/* Numbers of ms-diagnostics(-public), which texts go with. */
enum diagnostic {
    DIAGNOSTIC_PASSWORD = 4101,
    DIAGNOSTIC_DISABLED = 4102,
    DIAGNOSTIC_UNKNOWN_USER = 4103, /* Only without authentication. */
    DIAGNOSTIC_SIGN_IN_FIRST = 4104,
    DIAGNOSTIC_SPOOFED = 4105,
    DIAGNOSTIC_TOO_MANY = 4106,
    DIAGNOSTIC_NOT_ENABLED = 4107,
    DIAGNOSTIC_BUSY = 20000, /* As OCS 2007 R2 says it. */
};

/** Copy what an answer echoes. @to_tag is added to a To without a tag. */
void echo_write(struct buffer *out, const struct head *head,
                const char *to_tag);

/** Tell whether there is enough in a head to answer it at all. */
bool echo_is_possible(const struct head *head);

/** Begin an answer whose echo was kept. */
struct buffer *response_begin_kept(struct connection *connection, int status,
                                   struct slice echo);

/** Begin an answer outside of dialogs: its tag is the connection's. */
struct buffer *response_begin(struct connection *connection,
                              const struct head *head, int status);

/** Begin an answer whose To tag is given. */
struct buffer *response_begin_tagged(struct connection *connection,
                                     const struct head *head, int status,
                                     const char *to_tag);

/** Say why, for the user's eyes. */
void response_explain(struct buffer *out, enum diagnostic number,
                      const char *text);

/** Say why, for logs, and how long to stay away (0: not said). */
void response_busy(struct connection *connection, struct buffer *out,
                   unsigned retry_after_s, struct slice reason);

/** End an answer that has no body. */
void response_end(struct buffer *out);

/** End an answer with a body. */
void response_end_body(struct buffer *out, const char *type, struct slice body);

/** Name a status as RFC 3261 does. */
const char *response_phrase(int status);

#endif
