/* TCP of the simulator: hosts, sockets and what goes between two of them.
 *
 *   uv_sim.c        libuv's calls, as far as raft/peer makes them
 *   tcp_socket.c    hosts and sockets: listen, connect, close
 *   tcp_stream.c    one connection: bytes in order, a window, its end
 *   tcp_segment.c   what is on its way between its sides
 *
 * Functions of libuv that only compute are libuv's own.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TCP_SIM_H
#define TESTS_SIM_TCP_SIM_H

#include <bsd/sys/queue.h>
#include <uv.h>

#include "proto/base/slice.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/transport_sim.h"

struct stream;

/* A machine: a loop at an end of a network. */
struct host {
    LIST_ENTRY(host) link;
    struct loop *loop;
    struct network *network;
    unsigned end;
    uint16_t next_port; /* For whoever asks for none. */
    LIST_HEAD(, socket) sockets;
};

/* A stream that waits to be accepted. */
struct caller {
    STAILQ_ENTRY(caller) link;
    struct stream *stream;
};

/* What stands behind a uv_tcp_t. Freed when that is closed. */
struct socket {
    LIST_ENTRY(socket) link;
    struct host *host; /* NULL when the host has left. */
    uv_tcp_t *handle;
    struct actor *actor;       /* Of the host's loop, */
    struct schedule *schedule; /* also when the host has left. */
    uint16_t port;             /* 0: not bound. */
    uint16_t peer_port;
    bool closing;

    uv_connection_cb on_connection; /* A listener's. */
    bool listening;
    STAILQ_HEAD(, caller) backlog; /* Not yet accepted. */
    bool offered; /* The first of them was told, and is to be accepted. */

    struct stream *stream; /* NULL: not connected, nor on its way. */
    unsigned side;         /* Of the stream: 0 dialed, 1 accepted. */
    uv_connect_t *connecting;
    uv_alloc_cb alloc; /* NULL: it does not read. */
    uv_read_cb read;
    uv_write_t *writing; /* Waits for the window, */
    uv_write_cb written;
    struct slice unsent; /* with these bytes. */
    uv_shutdown_t *shutting;
    uv_shutdown_cb shut;
    bool fin_sent;
    int error; /* Once set, no byte goes either way any more. */
};

/** Borrow the socket behind a handle. */
struct socket *socket_of(const void *handle);

/** Find the host of a loop. NULL when it has not joined. */
struct host *host_of(const struct loop *loop);

/** Find who listens on a port of a network. NULL when nobody does. */
struct socket *socket_listening(const struct network *network, uint16_t port);

/** Make the socket behind a new handle. */
struct socket *socket_new(struct host *host, uv_tcp_t *handle);

/** Tell a listener of a stream that wants to be accepted. */
void socket_offer(struct socket *listener, struct stream *stream);

/** Accept the next of a listener's callers. UV_EAGAIN when there is none. */
int socket_accept(struct socket *listener, struct socket *socket);

/** Close: what waits is told so, then @closed, later, from the loop; or when
 * the loop runs no more. */
void socket_close(struct socket *socket, uv_close_cb closed);

/** Call a function later, on an actor, or when it is dead. */
void call_later(struct schedule *schedule, struct actor *actor,
                void (*call)(void *context), void *context);

/** Begin to connect a socket to a port. */
void stream_dial(struct socket *socket, uint16_t port);

/** Give the accepting side of a stream its socket. */
void stream_accept(struct stream *stream, struct socket *socket);

/** Hand a socket what has come, as far as it reads. From the loop only. */
void stream_pump(struct stream *stream, unsigned side);

/** A socket begins to read: it gets what has come, soon. */
void stream_wake(struct stream *stream, unsigned side);

/** Send as many bytes as the window takes; how many they were. */
size_t stream_send(struct stream *stream, unsigned side, struct slice bytes);

/** Say that no more bytes come. */
void stream_finish(struct stream *stream, unsigned side);

/**
 * The socket of a side is gone: what still comes for it is thrown away.
 *
 * @broken  The other side is told so, else it sees the end of the bytes.
 */
void stream_leave(struct stream *stream, unsigned side, bool broken);

/** Let a machine vanish: nothing of this side is sent any more. */
void stream_vanish(struct stream *stream, unsigned side);

#endif
