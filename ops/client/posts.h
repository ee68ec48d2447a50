/* Posts: in the order given, one at a time per room, never twice.
 *
 * Each carries a retry id, so the pool takes a repeat for what it is. A post is
 * accepted by its SIP answer; the message id comes with the author's own copy
 * or, where the pool had the post before, with a reply. Until its room's past
 * is known, a post waits: its copy could not be told from an older message.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_POSTS_H
#define OPS_CLIENT_POSTS_H

#include "ops/client/client_parts.h"

/** Send the next post that may be sent. Returns false when there is none. */
bool posts_send_one(struct client *client);

/** Take how a post was answered; unknown tokens are passed over. */
void posts_answered(struct client *client, uint64_t token,
                    const struct visit_answer *answer);

/** Take a reply to a post, if it is one. Returns false when it is not. */
bool posts_replied(struct client *client, const struct xccos_primitive *reply);

/** See whether a message is the copy of a post that waits for it. */
void posts_heard(struct client *client, struct seat *seat,
                 const struct xccos_message *message);

/** The connection is gone: what was sent is in doubt. */
void posts_lose_all(struct client *client);

/** Nobody will post in the room any more: end its posts with a refusal; those
 * that may have been taken are UNKNOWN. */
void posts_end_seat(struct client *client, struct seat *seat, unsigned code,
                    struct slice reason);

/** Nothing will be sent any more; code 0: because the owner stops. */
void posts_end_all(struct client *client, unsigned code, const char *reason);

/** Do what is due by the clock. */
void posts_tick(struct client *client, uint64_t now_us);

#endif
