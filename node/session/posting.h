/* grpchat: a client says something in a room.
 *
 * The answer is a SIP status, given when the post is committed and applied
 * here: 200 means that it is kept. What certainly cannot be posted is refused
 * at once. A post that was never sent to a leader is taken back after
 * POST_PATIENCE_MS and answered 503; one that was sent is waited for, and in
 * the end its connection closed (visit.h).
 *
 * Spec: MS-XCCOSIP grpchat.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_POSTING_H
#define NODE_SESSION_POSTING_H

#include "node/session/visit.h"

enum {
    POST_PATIENCE_MS = 10 * 1000,
    POST_RETRY_AFTER_S = 5, /* What a 503 tells the client to wait. */
};

/**
 * Serve the message of a visit, and answer its INFO.
 *
 * @message  The only one of its body.
 */
void posting_serve(struct visit *visit, const struct xccos_primitive *message);

/** Answer the INFO of a visit that posts nothing. */
void posting_refuse(struct visit *visit, int status, struct slice reason);

/** Put together for the log what is carried of a message. Lies in the arena. */
struct slice posting_extra(struct arena *arena, struct slice attributes,
                           struct slice children);

/** Split what was carried of a message into attributes and children, as it was
 * put together for the log. */
void posting_split_extra(struct slice extra, struct slice *attributes_out,
                         struct slice *children_out);

#endif
