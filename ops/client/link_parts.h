/* What the two halves of a link share: link.c finds and connects, link_bytes.c
 * moves bytes.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_LINK_PARTS_H
#define OPS_CLIENT_LINK_PARTS_H

#include "ops/client/link.h"
#include "proto/base/buffer.h"
#include "proto/base/os/loop_uv.h"

enum link_state {
    LINK_LOOKING_UP,
    LINK_CONNECTING,
    LINK_SECURING,
    LINK_OPEN,
    LINK_FAILED,
    LINK_CLOSED,
    LINK_STATES
};

/* A socket in memory of its own: closing takes until after the link has
 * turned to the next address. */
struct plug {
    uv_tcp_t tcp;
    uv_connect_t connecting;
    uv_write_t write;
    struct buffer sent; /* Given to the socket, not yet taken by it. */
    bool is_writing;
    struct link *link;
};

struct link {
    struct loop *loop;
    const struct link_events *events;
    void *context;
    enum link_state state;
    char host[CLIENT_HOST_BYTES_MAX + 1];
    uint16_t port;
    const struct trust *trust;
    uint32_t connect_ms;

    uv_getaddrinfo_t lookup;
    bool is_looking_up;
    struct addrinfo *addresses;
    const struct addrinfo *address; /* The one being tried. */
    unsigned turn;
    unsigned left; /* Addresses not yet tried. */
    uv_timer_t patience;

    struct plug *plug; /* NULL while there is no socket. */
    unsigned handles;  /* Of libuv, not yet closed. */
    struct secure *secure;
    bool is_receiving; /* What is sent waits for the end of received. */
    struct buffer out; /* Not yet given to the socket. */
};

/** The one place a link changes state. */
void link_move(struct link *link, enum link_state next);

/** It is over: close the socket and tell the owner. Does nothing twice. */
void link_fail(struct link *link, enum error error, const char *reason);

/** This address is of no use: try the next, or fail. */
void link_give_up_address(struct link *link, enum error error,
                          const char *reason);

/** The socket is connected: read, begin TLS, or be OPEN without it. */
void link_secure(struct link *link);

/** Write what can be written at once, and forget the rest. */
void link_say_last(struct link *link);

#endif
