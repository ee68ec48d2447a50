/* The core's messages and the frames that carry them (proto/peer.h).
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_WIRE_H
#define RAFT_REPLICA_WIRE_H

#include "proto/base/buffer.h"
#include "proto/peer.h"
#include "raft/core_message.h"

/* What a translated message borrows from, until the next one. Zeroed at
 * first. */
struct wire_scratch {
    struct peer_entry *to_peer;
    struct core_entry *to_core;
    struct core_members members;
    struct buffer bytes;
};

/** Free what is held. */
void wire_scratch_free(struct wire_scratch *scratch);

/**
 * Turn a core's message into a peer's.
 *
 * Returns TOO_LARGE for more entries than a frame may have, NO_MEMORY.
 */
enum error wire_write(const struct core_message *from,
                      struct wire_scratch *scratch, struct peer_message *to);

/**
 * Turn a peer's message into a core's.
 *
 * @raft_id  Whose it is.
 *
 * Returns NOT_FOUND when it is not one for a core, MALFORMED when it makes no
 * sense, NO_MEMORY.
 */
enum error wire_read(const struct peer_message *from, uint64_t raft_id,
                     struct wire_scratch *scratch, struct core_message *to);

/** Write a configuration as the log and frames carry it. */
void wire_write_members(const struct core_members *members, struct buffer *to);

/** Read one. MALFORMED for bytes that are none. */
enum error wire_read_members(struct slice from,
                             struct core_members *members_out);

#endif
