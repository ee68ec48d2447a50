/* perch-sim-node: pools of whole nodes under virtual time and seeded mishaps.
 * perch-sim --level node runs it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/runs.h"
#include "tests/sim/town/town.h"

static const char usage[] =
    "perch-sim --level node: run simulated pools of whole nodes\n"
    "\n"
    "  --seed N       first seed (1)\n"
    "  --runs N       how many seeds from there (1)\n"
    "  --nodes N      nodes (3)\n"
    "  --mix M        calm, base, disks, people, archive, all; or mishaps, as\n"
    "                 loss,crash (base)\n"
    "  --seconds N    virtual seconds of mishaps (30)\n"
    "  --heal N       virtual seconds of quiet after them, at most (60)\n"
    "  -j N           runs at a time (1)\n"
    "  --first        stop at the first failure\n"
    "  --guests-only  do not compare hosts' states, only what guests see and\n"
    "                 what is said at the end\n"
    "  --trace        tell what happens; one run\n"
    "  --list         list mishaps\n";

/* What this level's own option says. */
struct own {
    bool guests_only;
};

static bool read_guests_only(void *own, const char *value)
{
    (void)value;
    ((struct own *)own)->guests_only = true;
    return true;
}

/* How often hosts took a copy of the state is told by nothing else. */
static void hear(void *result, const char *line)
{
    ((struct town_result *)result)->restores +=
        strstr(line, "state_restored") != NULL;
}

static void run(void *own, const struct runs *runs, uint64_t seed,
                void *result_out, struct runs_verdict *verdict)
{
    struct town_settings settings = {.seed = seed,
                                     .hosts = runs->nodes,
                                     .fault_us = runs->fault_us,
                                     .heal_us = runs->heal_us,
                                     .always = runs->mix.always,
                                     .sometimes = runs->mix.sometimes,
                                     .guests_only =
                                         ((struct own *)own)->guests_only,
                                     .trace = runs->trace};
    struct town *town = town_new(&settings);
    struct town_result result = town_run(town);

    town_free(town);
    snprintf(verdict->kind, sizeof(verdict->kind), "%s", result.violation.kind);
    snprintf(verdict->text, sizeof(verdict->text), "%s", result.violation.text);
    result.restores = ((struct town_result *)result_out)->restores; /* Heard. */
    *(struct town_result *)result_out = result;
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
    sum->judged += more->judged;
    sum->deeds += more->deeds;
    sum->raises += more->raises;
    sum->club_copies += more->club_copies;
    sum->barred += more->barred;
    sum->shown += more->shown;
    sum->not_shown += more->not_shown;
    sum->revised += more->revised;
    sum->shown_revised += more->shown_revised;
    sum->purged += more->purged;
    sum->found += more->found;
}

static void add_archive(struct auditor_sums *sum,
                        const struct auditor_sums *more)
{
    sum->records += more->records;
    sum->compared += more->compared;
    sum->roots += more->roots;
    sum->delivered += more->delivered;
    sum->reads += more->reads;
    sum->denied += more->denied;
    sum->canaries += more->canaries;
    sum->cuts += more->cuts;
    sum->closed += more->closed;
    sum->shut += more->shut;
    sum->opened += more->opened;
}

static void add_sinks(struct sinks_sums *sum, const struct sinks_sums *more)
{
    sum->cuts += more->cuts;
    sum->records += more->records;
    sum->repeated += more->repeated;
    sum->failed += more->failed;
}

static void add(void *sum_out, const void *result)
{
    struct town_result *sum = sum_out;
    const struct town_result *more = result;

    sum->trace_hash ^= more->trace_hash;
    sum->starts += more->starts;
    sum->elections += more->elections;
    sum->restores += more->restores;
    sum->incarnations += more->incarnations;
    sum->upgrades += more->upgrades;
    sum->committed += more->committed;
    add_sums(&sum->sums, &more->sums);
    add_archive(&sum->archive, &more->archive);
    add_sinks(&sum->sinks, &more->sinks);
    sum->cosigned += more->cosigned;
    sum->tampered += more->tampered;
    sum->rebuilt += more->rebuilt;
}

static void tell_archive(const struct auditor_sums *sums)
{
    if (sums->records > 0) {
        printf("%" PRIu64 " records, %" PRIu64 " compared, %" PRIu64
               " roots, %" PRIu64 " delivered, %" PRIu64 " reads, %" PRIu64
               " refusals, %" PRIu64 " canaries, %" PRIu64 " cuts, %" PRIu64
               " posts refused for the archive, shut %" PRIu64
               " times and opened %" PRIu64 ", ",
               sums->records, sums->compared, sums->roots, sums->delivered,
               sums->reads, sums->denied, sums->canaries, sums->cuts,
               sums->closed, sums->shut, sums->opened);
    }
}

static void tell_sinks(const struct sinks_sums *sums)
{
    if (sums->cuts > 0) {
        printf("%" PRIu64 " cuts in sinks with %" PRIu64 " records, %" PRIu64
               " came again, %" PRIu64 " runs of adapters failed, ",
               sums->cuts, sums->records, sums->repeated, sums->failed);
    }
}

static void tell(const struct runs_summary *summary, const void *result)
{
    const struct town_result *sum = result;
    const struct ledger_sums *sums = &sum->sums;

    printf("%" PRIu64 " runs, %" PRIu64 " failed; %" PRIu64 " starts, %" PRIu64
           " elections, %" PRIu64 " entries, %" PRIu64 " posts, %" PRIu64
           " acknowledged, %" PRIu64 " refused, %" PRIu64 " unknown, ",
           summary->runs, summary->failed, sum->starts, sum->elections,
           sum->committed, sums->posts, sums->acknowledged, sums->refused,
           sums->unknown);
    printf("%" PRIu64 " copies, %" PRIu64 " histories, %" PRIu64
           " reads (%" PRIu64 " in vain), %" PRIu64 " compared, %" PRIu64
           " states copied, %" PRIu64 " new incarnations, ",
           sums->copies, sums->histories, sums->reads, sums->reads_failed,
           sums->compared, sum->restores, sum->incarnations);
    printf("%" PRIu64 " entries judged, %" PRIu64 " changes, %" PRIu64
           " raises, %" PRIu64 " newer programs, %" PRIu64
           " club copies, %" PRIu64 " posts barred, %" PRIu64
           " club histories, %" PRIu64 " not shown, ",
           sums->judged, sums->deeds, sums->raises, sum->upgrades,
           sums->club_copies, sums->barred, sums->shown, sums->not_shown);
    printf("%" PRIu64 " revisions, %" PRIu64 " revised shown, %" PRIu64
           " purged, %" PRIu64 " found, ",
           sums->revised, sums->shown_revised, sums->purged, sums->found);
    tell_archive(&sum->archive);
    tell_sinks(&sum->sinks);
    printf("%" PRIu64 " checkpoints witnessed, %" PRIu64
           " archives changed, %" PRIu64 " made anew, ",
           sum->cosigned, sum->tampered, sum->rebuilt);
    printf("trace %016" PRIx64 "\n", sum->trace_hash);
}

int main(int argc, char **argv)
{
    struct own own = {.guests_only = false};
    const struct runs_level level = {
        .name = "node",
        .usage = usage,
        .faults = &mishap_names,
        .standard = {.seed = 1,
                     .n = 1,
                     .jobs = 1,
                     .nodes = 3,
                     .fault_us = 30 * TOWN_SECOND,
                     .heal_us = 60 * TOWN_SECOND},
        .nodes_max = TOWN_HOSTS_MAX,
        .heal_s_min = 1,
        .n_options = 1,
        .options = {{"guests-only", false, read_guests_only}},
        .result_bytes = sizeof(struct town_result),
        .own = &own,
        .run = run,
        .hear = hear,
        .add = add,
        .tell = tell};

    return runs_main(&level, argc, argv);
}
