/* Who is at the other end, and may it stay.
 *
 * The dialing side says Hello as soon as it can; the other side judges it and
 * answers with its own Hello or with a Reject; the dialing side judges in
 * turn. Who may stay is connected.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_GREETING_H
#define RAFT_PEER_GREETING_H

#include "raft/peer/connection.h"

/** Judge the certificate's name, and say Hello when this side dialed. */
void greeting_begin(struct connection *connection);

/** Take the other side's Hello or Reject. */
void greeting_take(struct connection *connection,
                   const struct peer_message *message);

#endif
