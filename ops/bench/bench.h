/* What every mode of perch-bench starts from.
 *
 * Thread: the main thread; there is no other.
 */
#ifndef OPS_BENCH_BENCH_H
#define OPS_BENCH_BENCH_H

#include "ops/bench/client.h"
#include "ops/bench/options.h"
#include "ops/bench/pool.h"
#include "ops/bench/report.h"

struct bench {
    const struct options *options;
    struct pool pool; /* Empty for modes that need none. */
    struct report *report;
};

/* The rooms that clients post in. */
struct rooms {
    size_t n;
    char **uris;
};

/**
 * Find n rooms by the prefix of their names (--rooms-named), asking a server
 * as a client does.
 *
 * Returns NOT_FOUND, with a complaint that says how to make them, when there
 * are fewer.
 */
enum error rooms_find(struct rooms *rooms, const struct bench *bench, size_t n);

/** Free. Accepts zeroed rooms. */
void rooms_deinit(struct rooms *rooms);

/** A handler that ignores everything. Modes replace what they need. */
struct client_handler handler_ignoring(void *context);

/** Use what an option says, or the mode's own choice where it says 0. */
static inline unsigned chosen(unsigned option, unsigned choice)
{
    return option != 0 ? option : choice;
}

#endif
