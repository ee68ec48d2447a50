/* One connection of an administrator's tool: a request comes, its reply goes,
 * and not before that the next is read.
 *
 *   HANDSHAKING --TLS is up--> LISTENING --request--> ASKED
 *                                  ^  \                 |
 *                                  |   \--no, or at once| reply
 *                                  |    v               v
 *                                  +--- ANSWERING <-----+
 *   each of them --lost, cut off, last words taken--> CLOSED
 *
 * HANDSHAKING  TLS only.
 * LISTENING    Reads. Frames may have come already.
 * ASKED        The desk has the request. Nothing is read.
 * ANSWERING    The reply is not all taken. Nothing is read.
 *
 * Thread: the web loop's.
 */
#ifndef NODE_ADMIN_CLIENT_H
#define NODE_ADMIN_CLIENT_H

#include <bsd/sys/queue.h>
#include <uv.h>

#include "node/admin/letter.h"
#include "proto/frame.h"
#include "raft/peer/tls.h"

struct server;

enum client_state {
    CLIENT_HANDSHAKING,
    CLIENT_LISTENING,
    CLIENT_ASKED,
    CLIENT_ANSWERING,
    CLIENT_CLOSED,
    CLIENT_STATES,
};

struct client {
    TAILQ_ENTRY(client) link; /* server->clients, until it is closed. */
    struct server *server;
    uint64_t id;
    enum client_state state;
    uint64_t since_us; /* In this state. */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tcp_t tcp;
    } uv;
    struct tls *tls; /* NULL: the local socket. */
    struct frame_reader reader;
    struct admin_actor actor;
    bool ends; /* When the reply is taken. */
};

/** Take the connection that waits at a listener. */
void client_accept(struct server *server, uv_stream_t *listener);

/**
 * Send the reply to what was asked.
 *
 * @frame  Taken over; empty afterwards.
 */
void client_answer(struct client *client, struct buffer *frame);

/** The desk has its request. */
void client_asked(struct client *client);

/** End it now; freed once the loop has closed it. */
void client_close(struct client *client);

#endif
