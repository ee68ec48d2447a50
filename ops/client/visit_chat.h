/* The part of a visit that finds the chat and enters it, and the part that
 * answers the server.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_VISIT_CHAT_H
#define OPS_CLIENT_VISIT_CHAT_H

#include "ops/client/visit_parts.h"

/** Append the beginning of a Contact line, without its end. */
void chat_write_contact(const struct visit *visit, struct buffer *lines);

/**
 * Begin a call. Returns false when that ended the visit.
 */
bool chat_begin_call(struct visit *visit, struct call *call,
                     struct slice target, struct slice to);

/** Signed in: ask where the chat is. */
void chat_find(struct visit *visit);

/** Take the answer to that, and invite. */
void chat_found(struct visit *visit, const struct packet *answer);

/** Take the answer to the INVITE. */
void chat_invited(struct visit *visit, const struct packet *answer);

/** Acknowledge the INVITE's 200, which may come more than once. */
void chat_acknowledge(struct visit *visit, uint32_t cseq);

/** Take the body of an INFO while LOCATING. */
void chat_located(struct visit *visit, struct slice body);

/** Answer a request of the server's, and act on it. */
void serve_request(struct visit *visit, const struct packet *request);

#endif
