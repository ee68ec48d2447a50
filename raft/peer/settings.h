/* Which settings of a transport are sound.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_SETTINGS_H
#define RAFT_PEER_SETTINGS_H

#include "raft/transport.h"

/**
 * Check settings; what is wrong is told by a journal line.
 *
 * Returns INVALID when they cannot be used.
 */
enum error transport_settings_check(const struct transport_settings *settings);

/** Put the default in each limit that is 0. */
struct transport_limits transport_limits_of(
    const struct transport_limits *limits);

#endif
