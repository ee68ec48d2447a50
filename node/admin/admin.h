/* Administration of a node: a desk on the state loop that answers, and a server
 * on the web loop that administrators' tools connect to, by a local socket and,
 * where that is configured, by TLS with a client certificate.
 *
 *   perchctl --frame--> server (web loop) --ask--> desk (state loop)
 *     desk --read index--> decides --command--> log --applied--> told
 *     told --letter--> server --frame--> perchctl
 *
 * Thread: main's, before the loops run and after they have ended; the desk is
 * the state loop's.
 */
#ifndef NODE_ADMIN_ADMIN_H
#define NODE_ADMIN_ADMIN_H

#include <stdint.h>

#include "node/admin/desk.h"
#include "node/admin/server.h"
#include "node/admin/state.h"
#include "proto/base/error.h"
#include "proto/base/loop.h"

struct admin;

struct admin_options {
    struct loop *state_loop;
    struct admin_state state;
    struct loop *web_loop; /* libuv's (proto/base/os). */
    struct server_options server;
};

/**
 * Set up desk and server. Connections are taken once the web loop runs, and
 * requests answered once the state loop does.
 *
 * @options  Copied; what its pointers name outlives the admin.
 *
 * Returns what server_open returns, or NO_MEMORY. Owned by the caller.
 */
enum error admin_open(const struct admin_options *options,
                      struct admin **admin_out);

/**
 * Cut off all clients, remove the socket and free. Accepts NULL.
 *
 * Both loops have ended; they are freed after this.
 */
void admin_close(struct admin *admin);

/** Borrow the desk, to be told what it asked the state for (desk.h). */
struct desk *admin_desk(struct admin *admin);

/** Borrow the server, for its port and meters. */
struct server *admin_server(struct admin *admin);

#endif
