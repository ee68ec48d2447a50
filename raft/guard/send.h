/* Messages on their way out.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_SEND_H
#define RAFT_GUARD_SEND_H

#include "raft/guard/internal.h"

/** raft_io.send: a message as it may go, or none at all. */
int guard_send(struct raft_io *io, struct raft_io_send *req,
               const struct raft_message *message, raft_io_send_cb cb);

/** Send the TimeoutNow that was kept back, if it may go now. */
void guard_hand_over(struct guard *guard);

/** Call back for sends that were dropped. */
void guard_finish_unsent(struct guard *guard);

#endif
