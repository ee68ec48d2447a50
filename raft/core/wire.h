/* Messages between the library's form and ours.
 *
 * Of the core binding alone. Thread: raft loop.
 */
#ifndef RAFT_CORE_WIRE_H
#define RAFT_CORE_WIRE_H

#include "raft/core/internal.h"

/** raft_io.send: the message in our form, to the network. */
int core_io_send(struct raft_io *io, struct raft_io_send *req,
                 const struct raft_message *message, raft_io_send_cb cb);

/** Call back for the messages that went out. */
void core_finish_sent(struct core *core);

#endif
