/* perch-sim-node: pools of whole nodes under virtual time and seeded mishaps.
 * perch-sim --level node runs it. */
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
#include "tests/sim/town/town.h"

enum { JOBS_MAX = 64, HANG_SECONDS = 120, SECOND = 1000000 };

static const char usage[] =
    "perch-sim --level node: run simulated pools of whole nodes\n"
    "\n"
    "  --seed N       first seed (1)\n"
    "  --runs N       how many seeds from there (1)\n"
    "  --nodes N      nodes (3)\n"
    "  --mix M        calm, base, disks, all; or mishaps, as loss,crash\n"
    "                 (base)\n"
    "  --seconds N    virtual seconds of mishaps (30)\n"
    "  --heal N       virtual seconds of quiet after them, at most (60)\n"
    "  -j N           runs at a time (1)\n"
    "  --guests-only  do not compare hosts' states, only what guests see and\n"
    "                 what is said at the end\n"
    "  --trace        tell what happens; one run\n"
    "  --list         list mishaps\n";

struct runs {
    struct town_settings town; /* Its seed is the first one. */
    uint64_t n;
    unsigned jobs;
};

/* A run under way in a child. */
struct job {
    pid_t pid;
    int pipe;
    uint64_t seed;
};

#define BIT(name) (UINT32_C(1) << MISHAP_##name)
#define BASE                                                                   \
    (BIT(LOSS) | BIT(DELAY) | BIT(ONEWAY) | BIT(PARTITION) | BIT(CRASH) |      \
     BIT(RESTART) | BIT(OUTAGE) | BIT(PAUSE) | BIT(SLOW) | BIT(TRANSFER) |     \
     BIT(SNAPSHOT) | BIT(FLUSH) | BIT(CHANGE))
#define DISKS (BIT(FULL) | BIT(ERRORS) | BIT(ROT) | BIT(STALE) | BIT(EMPTY))

static bool read_mix(char *text, struct town_settings *settings)
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

        while (i < MISHAPS && strcmp(word, mishap_word(i)) != 0) {
            i++;
        }
        if (i == MISHAPS) {
            return false;
        }
        settings->always |= UINT32_C(1) << i;
    }
    return true;
}

/* Nobody reads what the hosts write; how often they took a copy of the state
 * is told by nothing else. */
static void swallow(void *context, enum journal_level level, const char *line)
{
    (void)level;
    *(uint64_t *)context += strstr(line, "state_restored") != NULL;
}

static struct town_result run_one(const struct runs *runs, uint64_t seed)
{
    struct town_settings settings = runs->town;
    struct town_result result;
    uint64_t restores = 0;
    struct town *town;

    settings.seed = seed;
    if (!settings.trace) {
        journal_capture(swallow, &restores);
    }
    town = town_new(&settings);
    result = town_run(town);
    town_free(town);
    result.restores = restores;
    return result;
}

static struct job start_job(const struct runs *runs, uint64_t seed)
{
    struct job job = {.seed = seed};
    struct town_result result;
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

static void add_sums(struct ledger_sums *sum, const struct ledger_sums *more)
{
    sum->posts += more->posts;
    sum->acknowledged += more->acknowledged;
    sum->refused += more->refused;
    sum->unknown += more->unknown;
    sum->copies += more->copies;
    sum->histories += more->histories;
    sum->reads += more->reads;
    sum->reads_failed += more->reads_failed;
    sum->compared += more->compared;
}

static void add(struct town_result *sum, const struct town_result *more)
{
    sum->trace_hash ^= more->trace_hash;
    sum->starts += more->starts;
    sum->elections += more->elections;
    sum->restores += more->restores;
    sum->incarnations += more->incarnations;
    sum->committed += more->committed;
    add_sums(&sum->sums, &more->sums);
}

/* Returns whether the run was as it should be. */
static bool end_job(struct job *job, struct town_result *sum)
{
    struct town_result result = {.starts = 0};
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

static uint64_t run_all(const struct runs *runs, struct town_result *sum)
{
    struct job jobs[JOBS_MAX] = {{0}};
    uint64_t failed = 0;

    for (uint64_t i = 0; i < runs->n + runs->jobs; i++) {
        struct job *job = &jobs[i % runs->jobs];

        if (job->pid != 0) {
            failed += !end_job(job, sum);
        }
        if (i < runs->n) {
            *job = start_job(runs, runs->town.seed + i);
        }
    }
    return failed;
}

static int tell(const struct runs *runs, const struct town_result *sum,
                uint64_t failed)
{
    const struct ledger_sums *sums = &sum->sums;

    printf("%" PRIu64 " runs, %" PRIu64 " failed; %" PRIu64 " starts, %" PRIu64
           " elections, %" PRIu64 " entries, %" PRIu64 " posts, %" PRIu64
           " acknowledged, %" PRIu64 " refused, %" PRIu64 " unknown, ",
           runs->n, failed, sum->starts, sum->elections, sum->committed,
           sums->posts, sums->acknowledged, sums->refused, sums->unknown);
    printf("%" PRIu64 " copies, %" PRIu64 " histories, %" PRIu64
           " reads (%" PRIu64 " in vain), %" PRIu64 " compared, %" PRIu64
           " states copied, %" PRIu64 " new incarnations, trace %016" PRIx64
           "\n",
           sums->copies, sums->histories, sums->reads, sums->reads_failed,
           sums->compared, sum->restores, sum->incarnations, sum->trace_hash);
    return failed == 0 ? 0 : 1;
}

static void list(void)
{
    for (unsigned i = 0; i < MISHAPS; i++) {
        printf("  %-12s %s\n", mishap_word(i), mishap_text(i));
    }
}

enum {
    SEED = 256,
    RUNS,
    NODES,
    MIX,
    SECONDS,
    HEAL,
    GUESTS_ONLY,
    TRACE,
    LIST,
    LEVEL
};

static const struct option options[] = {{"seed", 1, NULL, SEED},
                                        {"runs", 1, NULL, RUNS},
                                        {"nodes", 1, NULL, NODES},
                                        {"mix", 1, NULL, MIX},
                                        {"seconds", 1, NULL, SECONDS},
                                        {"heal", 1, NULL, HEAL},
                                        {"guests-only", 0, NULL, GUESTS_ONLY},
                                        {"trace", 0, NULL, TRACE},
                                        {"list", 0, NULL, LIST},
                                        {"level", 1, NULL, LEVEL},
                                        {NULL, 0, NULL, 0}};

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
    struct town_settings *town = &runs->town;
    uint64_t number = 0;

    switch (code) {
    case SEED:
        return read_number(optarg, 0, UINT64_MAX, &town->seed);
    case RUNS:
        return read_number(optarg, 1, 1000000000, &runs->n);
    case NODES:
        if (!read_number(optarg, 1, TOWN_HOSTS_MAX, &number)) {
            return false;
        }
        town->hosts = (unsigned)number;
        return true;
    case MIX:
        return read_mix(optarg, town);
    case SECONDS:
        if (!read_number(optarg, 1, 100000, &number)) {
            return false;
        }
        town->fault_us = number * SECOND;
        return true;
    case HEAL:
        if (!read_number(optarg, 1, 100000, &number)) {
            return false;
        }
        town->heal_us = number * SECOND;
        return true;
    case 'j':
        if (!read_number(optarg, 1, JOBS_MAX, &number)) {
            return false;
        }
        runs->jobs = (unsigned)number;
        return true;
    case GUESTS_ONLY:
        town->guests_only = true;
        return true;
    case TRACE:
        town->trace = true;
        return true;
    case LEVEL:
        return strcmp(optarg, "node") == 0;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    struct runs runs = {.town = {.seed = 1,
                                 .hosts = 3,
                                 .fault_us = 30 * SECOND,
                                 .heal_us = 60 * SECOND,
                                 .sometimes = BASE},
                        .n = 1,
                        .jobs = 1};
    struct town_result sum = {.starts = 0};
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
