/* A connection's bytes: from the socket through TLS into messages, and from
 * queues through TLS into one write.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_STREAM_H
#define RAFT_PEER_STREAM_H

#include "raft/peer/connection.h"

/** Begin to read from the socket. Does nothing for a connection that ended. */
void peer_stream_start(struct connection *connection);

/**
 * Take bytes that came: handshake, Hello, messages, in this order.
 *
 * @bytes  None at the beginning of a TLS handshake.
 */
void peer_stream_receive(struct connection *connection, struct slice bytes);

/**
 * End a connection whose bytes cannot be made or read: CLOSED when TLS says
 * that the other side has ended, TLS, or for all else NO_MEMORY.
 */
void peer_stream_fail(struct connection *connection, enum error error);

/** Write what waits, batch by batch, until the socket takes no more. */
void peer_stream_flush(struct connection *connection);

#endif
