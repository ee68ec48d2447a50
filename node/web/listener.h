/* A listening TCP socket.
 *
 * Thread: main, at start: a name is looked up, which may block.
 */
#ifndef NODE_WEB_LISTENER_H
#define NODE_WEB_LISTENER_H

#include <stdint.h>

#include "proto/base/error.h"

enum { LISTENER_BACKLOG = 64 };

/**
 * Listen at the first of the host's addresses that can be listened at.
 *
 * @host        A name or an address.
 * @port        0: any that is free.
 * @socket_out  Not blocking, closed on exec; owned by the caller.
 * @port_out    The port in use.
 *
 * Returns NOT_FOUND (no such host) or IO (in use, not permitted, no such
 * address here); the journal says why.
 */
enum error http_listener_open(const char *host, uint16_t port, int *socket_out,
                              uint16_t *port_out);

#endif
