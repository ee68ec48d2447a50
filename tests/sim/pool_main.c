/* perch-sim-replica: pools of whole replicas under virtual time and seeded
 * troubles. perch-sim --level replica runs it. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "tests/sim/pool_sim.h"

enum { JOBS_MAX = 64, HANG_SECONDS = 120, SECOND = 1000000 };

static const char usage[] =
    "perch-sim --level replica: run simulated pools of whole replicas\n"
    "\n"
    "  --seed N       first seed (1)\n"
    "  --runs N       how many seeds from there (1)\n"
    "  --nodes N      nodes (3)\n"
    "  --mix M        calm, base, disks, all; or troubles, as loss,crash\n"
    "                 (base)\n"
    "  --seconds N    virtual seconds of troubles (30)\n"
    "  --heal N       virtual seconds of quiet after them, at most (60)\n"
    "  -j N           runs at a time (1)\n"
    "  --trace        tell what happens; one run\n"
    "  --list         list troubles\n";

struct runs {
    struct pool_sim_settings pool; /* Its seed is the first one. */
    uint64_t n;
    unsigned jobs;
};

/* A run under way in a child. */
struct job {
    pid_t pid;
    int pipe;
    uint64_t seed;
};

#define BIT(name) (UINT32_C(1) << TROUBLE_##name)
#define BASE                                                                   \
    (BIT(LOSS) | BIT(DELAY) | BIT(ONEWAY) | BIT(PARTITION) | BIT(CRASH) |      \
     BIT(OUTAGE) | BIT(PAUSE) | BIT(SLOW) | BIT(TRANSFER) | BIT(SNAPSHOT) |    \
     BIT(BEHIND) | BIT(WITHDRAW))
#define DISKS (BIT(FULL) | BIT(ROT) | BIT(EMPTY) | BIT(OLD))

static bool read_mix(char *text, struct pool_sim_settings *settings)
{
    settings->always = 0;
    settings->sometimes = 0;
    if (strcmp(text, "calm") == 0) {
        return true;
    }
    if (strcmp(text, "base") == 0 || strcmp(text, "all") == 0) {
        settings->sometimes = text[0] == 'a' ? BASE | DISKS : BASE;
        return true;
    }
    if (strcmp(text, "disks") == 0) {
        settings->always = DISKS;
        settings->sometimes = BASE;
        return true;
    }
    for (char *word = strtok(text, ","); word != NULL;
         word = strtok(NULL, ",")) {
        unsigned i = 0;

        while (i < TROUBLES && strcmp(word, trouble_word(i)) != 0) {
            i++;
        }
        if (i == TROUBLES) {
            return false;
        }
        settings->always |= UINT32_C(1) << i;
    }
    return true;
}

static void swallow(void *context, enum journal_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

static struct pool_sim_result run_one(const struct runs *runs, uint64_t seed)
{
    struct pool_sim_settings settings = runs->pool;
    struct pool_sim_result result;
    struct pool_sim *pool;

    settings.seed = seed;
    if (!settings.trace) {
        journal_capture(swallow, NULL);
    }
    pool = pool_sim_new(&settings);
    result = pool_sim_run(pool);
    pool_sim_free(pool);
    return result;
}

static struct job start_job(const struct runs *runs, uint64_t seed)
{
    struct job job = {.seed = seed};
    struct pool_sim_result result;
    int ends[2];

    CHECK(pipe(ends) == 0);
    job.pipe = ends[0];
    job.pid = fork();
    CHECK(job.pid >= 0);
    if (job.pid == 0) {
        close(ends[0]);
        alarm(HANG_SECONDS);
        result = run_one(runs, seed);
        _exit(write(ends[1], &result, sizeof(result)) == sizeof(result) ? 0
                                                                        : 1);
    }
    close(ends[1]);
    return job;
}

static void add(struct pool_sim_result *sum, const struct pool_sim_result *more)
{
    sum->trace_hash ^= more->trace_hash;
    sum->starts += more->starts;
    sum->elections += more->elections;
    sum->restores += more->restores;
    sum->incarnations += more->incarnations;
    sum->resent_late += more->resent_late;
    sum->sums.proposed += more->sums.proposed;
    sum->sums.acknowledged += more->sums.acknowledged;
    sum->sums.taken_back += more->sums.taken_back;
    sum->sums.unknown += more->sums.unknown;
    sum->sums.reads += more->sums.reads;
    sum->sums.reads_failed += more->sums.reads_failed;
}

/* Returns whether the run was as it should be. */
static bool end_job(struct job *job, struct pool_sim_result *sum)
{
    struct pool_sim_result result = {.starts = 0};
    ssize_t got = read(job->pipe, &result, sizeof(result));
    int status = 0;

    close(job->pipe);
    CHECK(waitpid(job->pid, &status, 0) == job->pid);
    job->pid = 0;
    if (got != sizeof(result)) {
        printf("seed %" PRIu64 ": %s: signal %d\n", job->seed,
               WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "hang"
                                                                  : "crash",
               WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        return false;
    }
    add(sum, &result);
    if (result.violation.kind[0] != '\0') {
        printf("seed %" PRIu64 ": %s: %s\n", job->seed, result.violation.kind,
               result.violation.text);
    }
    fflush(stdout);
    return result.violation.kind[0] == '\0';
}

static uint64_t run_all(const struct runs *runs, struct pool_sim_result *sum)
{
    struct job jobs[JOBS_MAX] = {{0}};
    uint64_t failed = 0;

    for (uint64_t i = 0; i < runs->n + runs->jobs; i++) {
        struct job *job = &jobs[i % runs->jobs];

        if (job->pid != 0) {
            failed += !end_job(job, sum);
        }
        if (i < runs->n) {
            *job = start_job(runs, runs->pool.seed + i);
        }
    }
    return failed;
}

static int tell(const struct runs *runs, const struct pool_sim_result *sum,
                uint64_t failed)
{
    printf("%" PRIu64 " runs, %" PRIu64 " failed; %" PRIu64 " starts, %" PRIu64
           " elections, %" PRIu64 " proposed, %" PRIu64
           " acknowledged, %" PRIu64 " taken back, %" PRIu64
           " unknown, %" PRIu64 " reads (%" PRIu64 " in vain), %" PRIu64
           " states copied, %" PRIu64 " new incarnations, %" PRIu64
           " resent late, trace %016" PRIx64 "\n",
           runs->n, failed, sum->starts, sum->elections, sum->sums.proposed,
           sum->sums.acknowledged, sum->sums.taken_back, sum->sums.unknown,
           sum->sums.reads, sum->sums.reads_failed, sum->restores,
           sum->incarnations, sum->resent_late, sum->trace_hash);
    return failed == 0 ? 0 : 1;
}

static void list(void)
{
    for (unsigned i = 0; i < TROUBLES; i++) {
        printf("  %-12s %s\n", trouble_word(i), trouble_text(i));
    }
}

enum { SEED = 256, RUNS, NODES, MIX, SECONDS, HEAL, TRACE, LIST, LEVEL };

static const struct option options[] = {
    {"seed", 1, NULL, SEED},       {"runs", 1, NULL, RUNS},
    {"nodes", 1, NULL, NODES},     {"mix", 1, NULL, MIX},
    {"seconds", 1, NULL, SECONDS}, {"heal", 1, NULL, HEAL},
    {"trace", 0, NULL, TRACE},     {"list", 0, NULL, LIST},
    {"level", 1, NULL, LEVEL},     {NULL, 0, NULL, 0}};

static bool read_number(const char *text, uint64_t least, uint64_t most,
                        uint64_t *number_out)
{
    char *end;

    *number_out = strtoull(text, &end, 10);
    return end != text && *end == '\0' && *number_out >= least &&
           *number_out <= most;
}

/* Returns false when it makes no sense. */
static bool read_option(int code, struct runs *runs)
{
    struct pool_sim_settings *pool = &runs->pool;
    uint64_t number = 0;

    switch (code) {
    case SEED:
        return read_number(optarg, 0, UINT64_MAX, &pool->seed);
    case RUNS:
        return read_number(optarg, 1, 1000000000, &runs->n);
    case NODES:
        if (!read_number(optarg, 1, POOL_SIM_NODES_MAX, &number)) {
            return false;
        }
        pool->nodes = (unsigned)number;
        return true;
    case MIX:
        return read_mix(optarg, pool);
    case SECONDS:
        if (!read_number(optarg, 1, 100000, &number)) {
            return false;
        }
        pool->fault_us = number * SECOND;
        return true;
    case HEAL:
        if (!read_number(optarg, 1, 100000, &number)) {
            return false;
        }
        pool->heal_us = number * SECOND;
        return true;
    case 'j':
        if (!read_number(optarg, 1, JOBS_MAX, &number)) {
            return false;
        }
        runs->jobs = (unsigned)number;
        return true;
    case TRACE:
        pool->trace = true;
        return true;
    case LEVEL:
        return strcmp(optarg, "replica") == 0;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    struct runs runs = {.pool = {.seed = 1,
                                 .nodes = 3,
                                 .fault_us = 30 * SECOND,
                                 .heal_us = 60 * SECOND,
                                 .sometimes = BASE},
                        .n = 1,
                        .jobs = 1};
    struct pool_sim_result sum = {.starts = 0};
    int code;

    while ((code = getopt_long(argc, argv, "j:", options, NULL)) != -1) {
        if (code == LIST) {
            list();
            return 0;
        }
        if (!read_option(code, &runs)) {
            fputs(usage, stderr);
            return 2;
        }
    }
    if (optind != argc) {
        fputs(usage, stderr);
        return 2;
    }
    return tell(&runs, &sum, run_all(&runs, &sum));
}
