#include "tests/sim/runs.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/guard/rules.h"

enum {
    HANG_SECONDS = 120, /* Of real time, for one run. */
    FAILURES_TOLD = 20,
};

/* A run under way in a child. */
struct job {
    pid_t pid;
    int pipe;
    uint64_t seed;
};

/* --- One run, in the child --- */

static void swallow(void *context, enum journal_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

struct world_result runs_one(const struct runs *runs, uint64_t seed)
{
    struct world_settings settings = runs->world;
    struct world_result result;
    struct world *world;

    settings.seed = seed;
    if (!settings.trace) {
        journal_capture(swallow, NULL);
    }
    world = world_new(&settings);
    result = world_run(world);
    world_free(world);
    return result;
}

static void write_result(int pipe, const struct world_result *result)
{
    const char *kind = result->violation.kind;
    char kind_text[32] = "";

    if (kind != NULL) {
        snprintf(kind_text, sizeof(kind_text), "%s", kind);
    }
    if (write(pipe, kind_text, sizeof(kind_text)) != sizeof(kind_text) ||
        write(pipe, result, sizeof(*result)) != sizeof(*result)) {
        _exit(1);
    }
}

static struct job start_job(const struct runs *runs, uint64_t seed)
{
    struct job job = {.seed = seed};
    int ends[2];

    CHECK(pipe(ends) == 0);
    job.pipe = ends[0];
    job.pid = fork();
    CHECK(job.pid >= 0);
    if (job.pid == 0) {
        struct world_result result;

        close(ends[0]);
        alarm(HANG_SECONDS);
        result = runs_one(runs, seed);
        write_result(ends[1], &result);
        _exit(0);
    }
    close(ends[1]);
    return job;
}

/* --- All runs, in the parent --- */

static bool read_all(int pipe, void *to, size_t len)
{
    uint8_t *bytes = to;

    while (len > 0) {
        ssize_t got = read(pipe, bytes, len);

        if (got <= 0) {
            return false;
        }
        bytes += got;
        len -= (size_t)got;
    }
    return true;
}

static void add(struct summary *summary, const struct world_result *result)
{
    struct world_result *sum = &summary->sum;

    sum->trace_hash ^= result->trace_hash;
    sum->events += result->events;
    sum->elections += result->elections;
    sum->acknowledged += result->acknowledged;
    sum->starts += result->starts;
    sum->snapshots_installed += result->snapshots_installed;
    sum->changes += result->changes;
    sum->reads += result->reads;
    for (unsigned i = 0; i < GUARD_RULE_COUNT; i++) {
        sum->rule_counts[i] += result->rule_counts[i];
    }
}

static void end_job(struct summary *summary, struct job *job)
{
    struct world_result result = {.events = 0};
    char kind[32] = "";
    bool whole = read_all(job->pipe, kind, sizeof(kind)) &&
                 read_all(job->pipe, &result, sizeof(result));
    int status = 0;

    close(job->pipe);
    CHECK(waitpid(job->pid, &status, 0) == job->pid);
    job->pid = 0;
    summary->runs++;
    if (whole) {
        add(summary, &result);
    } else {
        snprintf(kind, sizeof(kind), "%s",
                 WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "hang"
                                                                    : "crash");
        snprintf(result.violation.text, sizeof(result.violation.text),
                 "signal %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
    if (kind[0] == '\0') {
        return;
    }
    summary->failed++;
    if (summary->failed <= FAILURES_TOLD) {
        printf("seed %" PRIu64 ": %s: %s\n", job->seed, kind,
               result.violation.text);
        fflush(stdout);
    }
}

static size_t find_slot(const struct job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (jobs[i].pid == 0) {
            return i;
        }
    }
    return n;
}

static void run_jobs(const struct runs *runs, struct summary *summary)
{
    struct job jobs[RUNS_JOBS_MAX] = {{0}};
    uint64_t started = 0;
    size_t oldest = 0;

    /* The oldest run is awaited first: runs take about as long as each other,
     * and the order of the output is the order of the seeds. */
    while (started < runs->n || summary->runs < started) {
        size_t slot = find_slot(jobs, runs->jobs);
        bool stop = runs->stop_at_first && summary->failed > 0;

        if (started < runs->n && slot < runs->jobs && !stop) {
            slot = (size_t)(started % runs->jobs);
            jobs[slot] = start_job(runs, runs->world.seed + started);
            started++;
            continue;
        }
        if (summary->runs == started) {
            return;
        }
        end_job(summary, &jobs[oldest]);
        oldest = (oldest + 1) % runs->jobs;
    }
}

struct summary runs_all(const struct runs *runs)
{
    struct summary summary = {.runs = 0};
    struct timespec begin, end;

    CHECK(runs->jobs > 0 && runs->jobs <= RUNS_JOBS_MAX);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    run_jobs(runs, &summary);
    clock_gettime(CLOCK_MONOTONIC, &end);
    summary.took_s = (double)(end.tv_sec - begin.tv_sec) +
                     (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    return summary;
}

void runs_print(const struct summary *summary)
{
    const struct world_result *sum = &summary->sum;

    printf("%" PRIu64 " runs, %" PRIu64 " failed; %" PRIu64
           " elections, %" PRIu64 " acknowledged, %" PRIu64 " starts, %" PRIu64
           " snapshots installed, %" PRIu64 " member changes, %" PRIu64
           " reads\n",
           summary->runs, summary->failed, sum->elections, sum->acknowledged,
           sum->starts, sum->snapshots_installed, sum->changes, sum->reads);
    printf("%" PRIu64 " events, %.1f s, %.0f runs a minute, trace %016" PRIx64
           "\n",
           sum->events, summary->took_s,
           60.0 * (double)summary->runs / summary->took_s, sum->trace_hash);
    printf("rules acted:");
    for (unsigned i = 0; i < GUARD_RULE_COUNT; i++) {
        printf(" %s=%" PRIu64, guard_rule_name(i), sum->rule_counts[i]);
    }
    printf("\n");
}
