/* One measurement: what was done in which time, how long each operation took,
 * and what it cost servers and client.
 *
 * Thread: the owner's.
 */
#ifndef OPS_BENCH_FIGURES_H
#define OPS_BENCH_FIGURES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ops/bench/process.h"
#include "ops/bench/report.h"
#include "proto/base/error.h"
#include "proto/base/histogram.h"

enum {
    /* Above this share of a core the client, not the server, may be what is
     * measured. */
    CLIENT_SHARE_PERCENT_MAX = 70,
};

struct figures {
    /* Filled by who measures. */
    uint64_t operations; /* Finished with success while measured. */
    uint64_t refused;    /* Answered 503. */
    uint64_t failed;     /* Answered otherwise, or lost with a connection. */
    uint64_t unanswered; /* Still open at the end of the patience. */
    struct histogram latency;

    /* Filled by figures_begin and figures_end. */
    double seconds;
    struct process_usage used; /* By the servers, together. */
    uint64_t client_ns;        /* CPU of perch-bench itself. */

    uint64_t begun_ns;
    uint64_t client_before_ns;
    size_t pids_n;
    pid_t pids[16];
    struct process_usage before;
};

/** Forget everything and begin to count, with the CPU of these processes. */
enum error figures_begin(struct figures *figures, const pid_t *pids, size_t n);

/** End: fill seconds, used and client_ns. */
enum error figures_end(struct figures *figures);

/** Operations per second. */
double figures_rate(const struct figures *figures);

/** Add rate, latencies, CPU per operation and failures to the report's row. */
void figures_report(const struct figures *figures, struct report *report);

/** Add the servers' and the client's CPU per n operations of a kind: NAME_us,
 * and the share of a core that the client used. */
void figures_report_cpu(const struct figures *figures, struct report *report,
                        const char *name, uint64_t n);

#endif
