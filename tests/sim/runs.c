#include "tests/sim/runs.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "tests/sim/runs_options.h"

enum { HANG_SECONDS = 120 }; /* Of real time, for one run. */

/* A run under way in a child. */
struct job {
    pid_t pid; /* 0: none. */
    int pipe;
    uint64_t seed;
};

/* All of them. */
struct crew {
    const struct runs_level *level;
    const struct runs *runs;
    struct job jobs[RUNS_JOBS_MAX];
    struct runs_summary summary;
    void *result, *sum; /* level->result_bytes each. */
};

/* --- One run, in the child --- */

static void hear(void *context, enum journal_level level, const char *line)
{
    const struct crew *crew = context;

    (void)level;
    if (crew->level->hear != NULL) {
        crew->level->hear(crew->result, line);
    }
}

static bool write_all(int pipe, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;

    while (len > 0) {
        ssize_t put = write(pipe, from, len);

        if (put <= 0) {
            return false;
        }
        from += put;
        len -= (size_t)put;
    }
    return true;
}

static bool run_here(struct crew *crew, uint64_t seed, int pipe)
{
    struct runs_verdict verdict = {.kind = ""};
    const struct runs_level *level = crew->level;

    alarm(HANG_SECONDS);
    if (!crew->runs->trace) {
        journal_capture(hear, crew);
    }
    level->run(level->own, crew->runs, seed, crew->result, &verdict);
    return write_all(pipe, &verdict, sizeof(verdict)) &&
           write_all(pipe, crew->result, level->result_bytes);
}

static struct job start_job(struct crew *crew, uint64_t seed)
{
    struct job job = {.seed = seed};
    int ends[2];

    CHECK(pipe(ends) == 0);
    job.pipe = ends[0];
    job.pid = fork();
    CHECK(job.pid >= 0);
    if (job.pid == 0) {
        close(ends[0]);
        memset(crew->result, 0, crew->level->result_bytes);
        _exit(run_here(crew, seed, ends[1]) ? 0 : 1);
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

/* What is wrong with a run that has no result. */
static struct runs_verdict verdict_of(int status)
{
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    struct runs_verdict verdict;

    snprintf(verdict.kind, sizeof(verdict.kind),
             number == SIGALRM ? "hang" : "crash");
    snprintf(verdict.text, sizeof(verdict.text), "signal %d", number);
    return verdict;
}

static void end_job(struct crew *crew, struct job *job)
{
    struct runs_verdict verdict;
    bool whole = read_all(job->pipe, &verdict, sizeof(verdict)) &&
                 read_all(job->pipe, crew->result, crew->level->result_bytes);
    int status = 0;

    close(job->pipe);
    CHECK(waitpid(job->pid, &status, 0) == job->pid);
    job->pid = 0;
    crew->summary.runs++;
    if (whole) {
        crew->level->add(crew->sum, crew->result);
    } else {
        verdict = verdict_of(status);
    }
    if (verdict.kind[0] != '\0') {
        crew->summary.failed++;
        printf("seed %" PRIu64 ": %s: %s\n", job->seed, verdict.kind,
               verdict.text);
        fflush(stdout);
    }
}

/* The oldest run is awaited first: runs take about as long as each other, and
 * the order of the output is the order of the seeds. */
static void run_jobs(struct crew *crew)
{
    const struct runs *runs = crew->runs;

    for (uint64_t i = 0; i < runs->n + runs->jobs; i++) {
        struct job *job = &crew->jobs[i % runs->jobs];

        if (job->pid != 0) {
            end_job(crew, job);
        }
        if (i < runs->n && !(runs->stop_at_first && crew->summary.failed > 0)) {
            *job = start_job(crew, runs->seed + i);
        }
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_all(const struct runs_level *level, const struct runs *runs)
{
    struct crew crew = {.level = level, .runs = runs};
    double began_s = seconds();

    CHECK(runs->jobs > 0 && runs->jobs <= RUNS_JOBS_MAX);
    crew.result = calloc(1, level->result_bytes);
    crew.sum = calloc(1, level->result_bytes);
    CHECK(crew.result != NULL && crew.sum != NULL);
    run_jobs(&crew);
    crew.summary.took_s = seconds() - began_s;
    level->tell(&crew.summary, crew.sum);
    free(crew.result);
    free(crew.sum);
    return crew.summary.failed == 0 ? 0 : 1;
}

int runs_main(const struct runs_level *level, int argc, char **argv)
{
    struct runs runs;

    switch (runs_read_options(level, argc, argv, &runs)) {
    case RUNS_WORDS_GOOD:
        return run_all(level, &runs);
    case RUNS_WORDS_LIST:
        return 0;
    default:
        return 2;
    }
}
