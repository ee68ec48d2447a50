/* Errands: what is to be sent, until it is answered. See client_parts.h.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_ERRAND_H
#define OPS_CLIENT_ERRAND_H

#include "ops/client/client_parts.h"

/**
 * Make an errand that waits nowhere yet.
 *
 * Returns NULL when memory is out.
 */
struct errand *errand_new(struct client *client);

/** Put a command in the queue. Ownership passes. */
void errand_queue(struct client *client, struct errand *errand);

/** Send what may be sent. */
void errand_pump(struct client *client);

/**
 * Encode one that is in no list.
 *
 * Returns false when it cannot be; it is then ended and gone.
 */
bool errand_encode(struct client *client, struct errand *errand,
                   struct buffer *body);

/** Send one, and free its body. The connection may break under it. */
void errand_send(struct client *client, struct errand *errand,
                 struct buffer *body);

/** Let one wait because the pool is busy. It is in no list. */
void errand_put_off(struct client *client, struct errand *errand,
                    uint32_t retry_after_ms);

/** End one because the pool says no; UNKNOWN when it is in doubt. */
void errand_refuse(struct client *client, struct errand *errand, unsigned code,
                   struct slice sentence);

/** Take how an INFO was answered. */
void errand_answered(struct client *client, uint64_t token,
                     const struct visit_answer *answer);

/** Take a reply. */
void errand_replied(struct client *client, const struct xccos_primitive *reply);

/** The connection is gone: what was sent is to be sent again, or in doubt. */
void errand_lose_all(struct client *client);

/** Forget what a room asked for itself: it is gone. */
void errand_forget_seat(struct client *client, const struct seat *seat);

/** Nothing will be sent any more: end all, because of that. */
void errand_end_all(struct client *client, unsigned code, const char *reason);

/** Do what is due by the clock. */
void errand_tick(struct client *client, uint64_t now_us);

/** End an errand that is in no list, tell, and free it. */
void errand_finish(struct client *client, struct errand *errand,
                   const struct errand_end *end);

/** The end of one that was given up: UNKNOWN when in doubt, REFUSED when it
 * was refused last, else UNSENT. */
struct errand_end errand_give_up(const struct errand *errand);

#endif
