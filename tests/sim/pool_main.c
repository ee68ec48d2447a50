/* perch-sim-replica: pools of whole replicas under virtual time and seeded
 * troubles. perch-sim --level replica runs it. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/sim/pool_sim.h"
#include "tests/sim/runs.h"

enum { SECOND = 1000000 };

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
    "  --first        stop at the first failure\n"
    "  --trace        tell what happens; one run\n"
    "  --list         list troubles\n";

static void run(void *own, const struct runs *runs, uint64_t seed,
                void *result_out, struct runs_verdict *verdict)
{
    struct pool_sim_settings settings = {.seed = seed,
                                         .nodes = runs->nodes,
                                         .fault_us = runs->fault_us,
                                         .heal_us = runs->heal_us,
                                         .always = runs->mix.always,
                                         .sometimes = runs->mix.sometimes,
                                         .trace = runs->trace};
    struct pool_sim *pool = pool_sim_new(&settings);
    struct pool_sim_result result = pool_sim_run(pool);

    (void)own;
    pool_sim_free(pool);
    snprintf(verdict->kind, sizeof(verdict->kind), "%s", result.violation.kind);
    snprintf(verdict->text, sizeof(verdict->text), "%s", result.violation.text);
    *(struct pool_sim_result *)result_out = result;
}

static void add(void *sum_out, const void *result)
{
    struct pool_sim_result *sum = sum_out;
    const struct pool_sim_result *more = result;

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

static void tell(const struct runs_summary *summary, const void *sums)
{
    const struct pool_sim_result *sum = sums;

    printf("%" PRIu64 " runs, %" PRIu64 " failed; %" PRIu64 " starts, %" PRIu64
           " elections, %" PRIu64 " proposed, %" PRIu64
           " acknowledged, %" PRIu64 " taken back, %" PRIu64
           " unknown, %" PRIu64 " reads (%" PRIu64 " in vain), %" PRIu64
           " states copied, %" PRIu64 " new incarnations, %" PRIu64
           " resent late, trace %016" PRIx64 "\n",
           summary->runs, summary->failed, sum->starts, sum->elections,
           sum->sums.proposed, sum->sums.acknowledged, sum->sums.taken_back,
           sum->sums.unknown, sum->sums.reads, sum->sums.reads_failed,
           sum->restores, sum->incarnations, sum->resent_late, sum->trace_hash);
}

int main(int argc, char **argv)
{
    const struct runs_level level = {.name = "replica",
                                     .usage = usage,
                                     .faults = &trouble_names,
                                     .standard = {.seed = 1,
                                                  .n = 1,
                                                  .jobs = 1,
                                                  .nodes = 3,
                                                  .fault_us = 30 * SECOND,
                                                  .heal_us = 60 * SECOND},
                                     .nodes_max = POOL_SIM_NODES_MAX,
                                     .heal_s_min = 1,
                                     .result_bytes =
                                         sizeof(struct pool_sim_result),
                                     .run = run,
                                     .add = add,
                                     .tell = tell};

    return runs_main(&level, argc, argv);
}
