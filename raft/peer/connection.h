/* One connection to another node, or to a stranger who says so.
 *
 *   CONNECTING --tcp--> SECURING --tls--> GREETING --Hello--> OPEN
 *        |                 |                 |                  |
 *        |                 +----last words---+------------------+
 *        |                           |                          |
 *        |                           v                          |
 *        +-----------------------> LEAVING -----said----> CLOSED
 *        +--------------------nothing to say------------------->
 *
 * SECURING  Also without TLS, then for no time.
 * GREETING  Hello and Reject may come, nothing else.
 * OPEN      Both have accepted the other. Its node's one connection.
 * LEAVING   Its fate is decided and told; a Reject or a TLS alert is on its
 *           way. What comes is not read.
 * CLOSED    The socket is closing; memory goes with it.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_CONNECTION_H
#define RAFT_PEER_CONNECTION_H

#include "proto/frame.h"
#include "raft/peer/outgoing.h"
#include "raft/peer/tls.h"
#include "raft/peer/transport_uv.h"

enum connection_state {
    CONNECTION_CONNECTING,
    CONNECTION_SECURING,
    CONNECTION_GREETING,
    CONNECTION_OPEN,
    CONNECTION_LEAVING,
    CONNECTION_CLOSED,
    CONNECTION_STATES
};

struct connection {
    TAILQ_ENTRY(connection) link;
    struct transport *transport;
    struct remote *remote; /* NULL until a stranger's Hello is believed. */
    enum connection_state state;
    bool dialed;        /* By this side. */
    char address[64];   /* Of the other side, for the journal. */
    uint64_t began_us;  /* When the socket was made. */
    uint64_t opened_us; /* When it became OPEN; 0 before. */
    uint64_t left_us;   /* When it became LEAVING. */
    uint64_t heard_us;  /* When bytes last came. */
    uint64_t asked_us;  /* When a keep-alive was last sent. */
    uint64_t moved_us;  /* When the socket was last seen to take bytes. */

    uv_tcp_t tcp;
    uv_connect_t connecting;
    uv_write_t write;
    uv_shutdown_t shutdown;
    bool writing; /* libuv has bytes of ours that wait for the socket. */
    bool shut;    /* All was said; the other side may close. */
    size_t stuck; /* Bytes libuv had when we looked last. */

    struct tls *tls; /* NULL without TLS. */
    bool tls_failed; /* It can say nothing but its alert. */
    struct frame_reader reader;
    struct outgoing outgoing;
    struct buffer batch; /* Frames on their way through TLS, */
    size_t batch_done;   /* and how many bytes of them went. */
    struct buffer out;   /* Bytes for the socket. */
    bool to_flush;
};

/**
 * Make a connection with a socket, not yet connected.
 *
 * @remote  The node that is dialed; NULL to accept a stranger.
 *
 * Returns NULL when memory is out. Belongs to the transport.
 */
struct connection *peer_connection_new(struct transport *transport,
                                       struct remote *remote);

/** The socket is connected: begin TLS, or without it the greeting. */
void peer_connection_secure(struct connection *connection);

/** TLS is done, where there is any. */
void peer_connection_greet(struct connection *connection);

/** The other side's Hello is accepted: it is @remote. */
void peer_connection_open(struct connection *connection, struct remote *remote,
                          const struct peer_hello *hello);

/** Queue a message and have it flushed; errors as outgoing_put. */
enum error peer_connection_send(struct connection *connection,
                                const struct peer_message *message);

/** Have what waits flushed at the end of the turn. */
void peer_connection_touch(struct connection *connection);

/**
 * End it and tell why. Does nothing when it has ended before.
 *
 * @detail  For the journal; may be empty.
 */
void peer_connection_end(struct connection *connection,
                         enum transport_reason reason, const char *detail);

/** End it because the system reports this error of libuv's. */
void peer_connection_fail(struct connection *connection, int uv_error);

/** End it with a Reject, and tell. */
void peer_connection_refuse(struct connection *connection,
                            enum peer_refusal refusal, const char *detail);

/** End it because the other side sent a Reject, and tell. */
void peer_connection_rejected(struct connection *connection,
                              const struct peer_reject *reject);

/** Close the socket without a word. Does nothing the second time. */
void peer_connection_close(struct connection *connection);

/** Do what is due by the clock: give up, or ask whether it is alive. */
void peer_connection_check(struct connection *connection, uint64_t now_us);

/** Borrow the counts it adds to: its node's or the strangers'. */
struct transport_stats *peer_connection_stats(struct connection *connection);

#endif
