/* The leader's duty to purge: what retention has ended for is found in the
 * store, a few rooms at a time, also those that were deleted, and proposed to
 * be erased, one purge after the other. The rules decide by themselves
 * (node/chat/retention.h).
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_KEEPING_H
#define NODE_SESSION_KEEPING_H

#include "node/session/proposer.h"
#include "proto/base/error.h"
#include "storage/store.h"

enum {
    KEEPING_ROOMS_MAX = 16,   /* Whose messages are looked at in one tick, */
    KEEPING_PASSED_MAX = 512, /* and rooms that are passed over. */
};

struct sessions;
struct room;

struct keeping {
    struct proposal purge;
    bool purging;
    uint32_t room; /* The last one that was looked at, place number. */
};

/** Do what is due; every DUTIES_TICK_MS. */
void keeping_tick(struct sessions *hub);

/**
 * Find up to which message a room is to be purged next.
 *
 * @now_us    Wall clock.
 * @upto_out  0: nothing is due.
 *
 * Returns what the store says.
 */
enum error keeping_due(struct store *store, const struct room *room,
                       int64_t now_us, uint64_t *upto_out);

#endif
