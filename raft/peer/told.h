/* What of a node's comings and goings was told in the journal, so that a peer
 * that comes and goes all day does not fill it.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_TOLD_H
#define RAFT_PEER_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/peer.h"
#include "raft/transport.h"

/* One per reason, refusal of ours, refusal of theirs, and "connected". */
enum {
    TOLD_REFUSED = TRANSPORT_REASONS,
    TOLD_REJECTED = TOLD_REFUSED + PEER_REFUSALS,
    TOLD_CONNECTED = TOLD_REJECTED + PEER_REFUSALS,
    TOLD_KINDS
};

/* For uv_strerror_r: uv_strerror leaks what it says of numbers it does not
 * know, 0 among them. */
enum { TOLD_ERROR_BYTES_MAX = 96 };

struct told {
    struct {
        uint64_t at_us; /* The last line. 0 before the first. */
        uint32_t held;  /* Not told since. */
    } kinds[TOLD_KINDS];
    bool loss_told; /* Since the last line that it is there. */
};

/* Who it is about. */
struct told_about {
    uint8_t node; /* 0 for a stranger. */
    const char *address;
    const char *detail; /* May be empty. No quotes. */
};

/** Tell of a connection that ended for a reason that is no refusal. */
void told_ended(struct told *told, uint64_t now_us,
                const struct told_about *about, enum transport_reason reason);

/** Tell of a connection this node refused. */
void told_refused(struct told *told, uint64_t now_us,
                  const struct told_about *about, enum peer_refusal refusal);

/** Tell of a node that refuses this one. */
void told_rejected(struct told *told, uint64_t now_us,
                   const struct told_about *about, enum peer_refusal refusal);

/** Tell of a node that is there; always when its loss was told. */
void told_connected(struct told *told, uint64_t now_us,
                    const struct told_about *about,
                    const struct peer_hello *hello);

#endif
