/* How a client gets in: REGISTER (with Digest when asked), INVITE, ACK, and
 * the join of its rooms. The part of a client that runs once.
 *
 * Thread: the crowd's.
 */
#ifndef OPS_BENCH_SIGN_IN_H
#define OPS_BENCH_SIGN_IN_H

#include "ops/bench/client.h"
#include "ops/bench/packet.h"

enum { SIGN_IN_RETRY_MS = 500 }; /* After a 503 or a lost connection. */

/** Send the first REGISTER; the connection is established. */
void sign_in_begin(struct client *client);

/** Take the answer to REGISTER or INVITE and go on to what follows. */
void sign_in_answered(struct client *client, const struct packet *packet);

/** Take the reply to the join; the client is READY when it is in all rooms. */
void sign_in_joined(struct client *client, struct slice body);

#endif
