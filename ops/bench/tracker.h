/* Follows posts from their sender to those who are told: how long each delivery
 * took, apart for clients of the sender's own server and of others.
 *
 * Thread: the crowd's.
 */
#ifndef OPS_BENCH_TRACKER_H
#define OPS_BENCH_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/histogram.h"

enum { TRACKER_POSTS = 1 << 18 }; /* Followed at once; older are forgotten. */

struct tracked {
    uint32_t serial; /* 0: none. */
    uint32_t server;
    uint64_t due_ns;
};

struct tracker {
    uint32_t serial; /* Last given out. */
    struct tracked *posts;
    bool counting;       /* Else deliveries go by unnoticed. */
    uint64_t deliveries; /* Of posts that were followed. */
    struct histogram same;
    struct histogram other;
};

/** Start with nothing followed. NO_MEMORY. */
enum error tracker_init(struct tracker *tracker);

/** Follow a post; returns its serial. */
uint32_t tracker_post(struct tracker *tracker, uint32_t server,
                      uint64_t due_ns);

/** Note a delivery to a client of a server. */
void tracker_delivered(struct tracker *tracker, uint32_t serial,
                       uint32_t server);

/** Forget deliveries, not posts, and begin to count them; or end that. */
void tracker_count(struct tracker *tracker, bool on);

/** Free. Accepts a zeroed tracker. */
void tracker_deinit(struct tracker *tracker);

#endif
