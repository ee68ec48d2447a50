/* The bytes of a connection: read, decrypted and cut into messages; gathered
 * for a turn, encrypted and written in one go.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_STREAM_H
#define NODE_SIP_STREAM_H

#include "node/sip/connection.h"

/** Begin to read. */
void stream_start(struct connection *connection);

/** Stop reading, and stop serving what was read, for one more reason. */
void stream_pause(struct connection *connection, enum pause why);

/** Drop a reason; with the last one gone, serve what is left and read on. */
void stream_resume(struct connection *connection, enum pause why);

/** Serve bytes that the peer said. */
void stream_take(struct connection *connection, struct slice said);

/**
 * Borrow the buffer of what this turn says to the peer; it is written when the
 * turn ends.
 */
struct buffer *stream_output(struct connection *connection);

/** Have a connection written when the turn ends. */
void stream_mark(struct connection *connection);

/** Take it out of that again. */
void stream_unmark(struct connection *connection);

/**
 * Let what this turn says wait up to DEFER_MS: for a command's 200, which then
 * goes out in one write with the reply that often follows at once. Whatever
 * else is said meanwhile takes it along.
 */
void stream_defer(struct connection *connection);

/** Have what was deferred written when this turn ends. */
void stream_undefer_all(struct edge *edge);

/** Count the bytes said that the kernel has not taken. */
size_t stream_unsent(const struct connection *connection);

/** Write what the connections of this edge have said in this turn. */
void stream_flush_all(struct edge *edge);

/** Free the connection's half of this module. */
void stream_deinit(struct connection *connection);

#endif
