/* The rooms a user follows, as the pool keeps them in the user's presence
 * document: the same on every device.
 *
 *   asked --online--> SUBSCRIBE --> known --change--> SERVICE --> known
 *                        ^                               |
 *                        +------ 409: another device ----+
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_FOLLOWED_H
#define OPS_CLIENT_FOLLOWED_H

#include "ops/client/client_parts.h"

/** Forget all. */
void followed_deinit(struct client *client);

/** Go on: there is a connection. */
void followed_online(struct client *client);

/** Take the document. */
void followed_document(struct client *client, struct slice body);

/** Take a refusal of the document, or of a change. */
void followed_refused(struct client *client, const struct visit_answer *answer);

/** Do what is due by the clock. */
void followed_tick(struct client *client, uint64_t now_us);

#endif
