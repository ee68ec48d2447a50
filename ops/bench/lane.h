/* One way to make bytes durable: the disk alone, etcd, bare commands, posts
 * through SIP. All are measured by the same few calls, so that they can be
 * compared in one run.
 *
 * Thread: the main thread.
 */
#ifndef OPS_BENCH_LANE_H
#define OPS_BENCH_LANE_H

#include "ops/bench/bench.h"
#include "ops/bench/figures.h"

struct lane {
    const char *name;
    bool needs_pool;

    /* Start what is needed. The result is the lane's own. */
    enum error (*open)(const struct bench *bench, void **lane_out);

    /* Keep so many operations under way for as long as the options say. */
    enum error (*measure)(void *lane, unsigned outstanding,
                          struct figures *figures);

    /* Stop what was started and free. Accepts NULL. */
    void (*close)(void *lane);
};

extern const struct lane lane_disk;
extern const struct lane lane_etcd;
extern const struct lane lane_commands;
extern const struct lane lane_posts;

/** Measure one lane at every --outstanding, a row of the report each. */
enum error lane_run(const struct lane *lane, const struct bench *bench);

/**
 * Make a fresh directory for a lane: below --directory, else beside the first
 * server's data, else below /var/tmp; notes it when that is memory.
 *
 * @path  PATH_MAX bytes.
 */
enum error lane_directory(const struct bench *bench, const char *name,
                          char *path);

/** Remove a directory that lane_directory made, with all that is in it. */
void lane_remove_directory(const char *path);

#endif
