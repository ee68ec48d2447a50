/* Who knocks: accepts connections at a pace, and not too many of those that
 * have not yet said who they are.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_LISTENER_H
#define RAFT_PEER_LISTENER_H

#include "raft/peer/transport_uv.h"

/**
 * Listen at an address.
 *
 * Returns what the system reports, which is told by a journal line too.
 */
enum error peer_listener_open(struct transport *transport, const char *host,
                              uint16_t port);

/** Accept what had to wait for this tick. */
void peer_listener_tick(struct transport *transport);

#endif
