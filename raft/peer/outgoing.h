/* What waits to be sent to one node: a bounded queue of frames per class, and
 * the order in which classes go.
 *
 * Classes go strictly by rank, frame by frame: while a heartbeat waits no
 * snapshot chunk is taken. A lower class may starve under a flood of a higher
 * one; that is meant, for each class is bounded and the higher ones keep the
 * pool alive.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_OUTGOING_H
#define RAFT_PEER_OUTGOING_H

#include <stddef.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/peer.h"

struct outgoing {
    struct {
        struct buffer frames; /* Whole frames. */
        size_t taken;         /* Bytes of them that are gone. */
    } classes[PEER_CLASSES];
    const size_t *bytes_max; /* Per class. Borrowed. */
};

/** Start empty. @bytes_max has PEER_CLASSES members. */
void outgoing_init(struct outgoing *outgoing, const size_t *bytes_max);

/** Free what waits. */
void outgoing_deinit(struct outgoing *outgoing);

/**
 * Queue a message behind others of its class.
 *
 * Returns BUSY when the class would hold more than its bound, else as
 * peer_write; the queue is then as it was.
 */
enum error outgoing_put(struct outgoing *outgoing,
                        const struct peer_message *message);

/**
 * Move frames by rank to the end of a buffer: up to bytes_max bytes in all,
 * but one frame at least.
 *
 * Returns the number of frames moved. When memory is out the buffer has failed.
 */
size_t outgoing_take(struct outgoing *outgoing, struct buffer *to,
                     size_t bytes_max);

/** Count the bytes that wait in a class. */
size_t outgoing_bytes(const struct outgoing *outgoing, enum peer_class class);

#endif
