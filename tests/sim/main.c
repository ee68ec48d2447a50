/* perch-sim: a pool in one process, under virtual time and seeded faults. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "raft/guard/rules.h"
#include "tests/sim/runs.h"
#include "tests/sim/world.h"

static const char usage[] =
    "perch-sim: run a simulated pool under faults that a seed decides\n"
    "\n"
    "  --level L      core: the log's core and guard; replica: whole "
    "replicas;\n"
    "                 node: whole nodes, the latter two with options of their "
    "own\n"
    "                 (core)\n"
    "  --seed N       first seed (1)\n"
    "  --runs N       how many seeds from there (1)\n"
    "  --nodes N      nodes in all (3)\n"
    "  --voters N     of them voters at first (all)\n"
    "  --mix M        calm, base, members, errors, all; or faults, as\n"
    "                 loss,crash,pause (base)\n"
    "  --rules-off R  switch rules of the guard off: FIG8,HOLD, or all\n"
    "  --seconds N    virtual seconds of faults (60)\n"
    "  --heal N       virtual seconds of quiet after them (32)\n"
    "  -j N           runs at a time (1)\n"
    "  --first        stop at the first failure\n"
    "  --trace        tell what happens; one run\n"
    "  --list         list rules and faults\n";

enum { PATH_BYTES_MAX = 4096 };

/* What this level's own options say. */
struct own {
    uint64_t voters; /* 0: all nodes. */
    uint64_t rules;  /* Of the guard. */
};

/* --- The command line --- */

static bool read_rules_off(void *own, const char *text)
{
    uint64_t *rules = &((struct own *)own)->rules;

    if (strcmp(text, "all") == 0 || strcmp(text, "none") == 0) {
        *rules = text[0] == 'a' ? GUARD_RULES_NONE : GUARD_RULES_ALL;
        return true;
    }
    for (;;) {
        size_t len = strcspn(text, ",");
        unsigned i = 0;

        while (i < GUARD_RULE_COUNT &&
               (strlen(guard_rule_name(i)) != len ||
                memcmp(guard_rule_name(i), text, len) != 0)) {
            i++;
        }
        if (i == GUARD_RULE_COUNT) {
            return false;
        }
        *rules &= ~guard_rule_bit(i);
        if (text[len] == '\0') {
            return true;
        }
        text += len + 1;
    }
}

static bool read_voters(void *own, const char *text)
{
    return runs_read_number(text, 1, WORLD_NODES_MAX,
                            &((struct own *)own)->voters);
}

static const char *check(void *own, const struct runs *runs)
{
    return ((struct own *)own)->voters > runs->nodes ? "more voters than nodes"
                                                     : NULL;
}

static void list(void)
{
    printf("rules of the guard, and what goes wrong without:\n");
    for (unsigned i = 0; i < GUARD_RULE_COUNT; i++) {
        printf("  %-12s %s\n", guard_rule_name(i), guard_rule_fault(i));
    }
    printf("faults:\n");
}

/* --- Runs --- */

static void run(void *own, const struct runs *runs, uint64_t seed,
                void *result_out, struct runs_verdict *verdict)
{
    const struct own *options = own;
    struct world_settings settings = {.seed = seed,
                                      .nodes = runs->nodes,
                                      .voters = options->voters == 0
                                                    ? runs->nodes
                                                    : (unsigned)options->voters,
                                      .fault_us = runs->fault_us,
                                      .heal_us = runs->heal_us,
                                      .mix = runs->mix,
                                      .rules = options->rules,
                                      .trace = runs->trace};
    struct world *world = world_new(&settings);
    struct world_result result = world_run(world);

    world_free(world);
    if (result.violation.kind != NULL) {
        snprintf(verdict->kind, sizeof(verdict->kind), "%s",
                 result.violation.kind);
        snprintf(verdict->text, sizeof(verdict->text), "%s",
                 result.violation.text);
    }
    *(struct world_result *)result_out = result;
}

static void add(void *sum_out, const void *more)
{
    struct world_result *sum = sum_out;
    const struct world_result *result = more;

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

static void tell(const struct runs_summary *summary, const void *sums)
{
    const struct world_result *sum = sums;

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

/* --- The program --- */

/* Whole replicas and whole nodes link another disk, so they are programs of
 * their own, beside this one. */
static int run_level(const char *level, char **argv)
{
    char path[PATH_BYTES_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

    if (n > 0 && (size_t)n + strlen(level) + 2 <= sizeof(path)) {
        path[n] = '-';
        strcpy(path + n + 1, level);
        execv(path, argv);
    }
    fprintf(stderr, "perch-sim-%s: %s\n", level, strerror(errno));
    return 2;
}

/* A level other than this program's own; NULL: none is asked for. */
static const char *find_level(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--level") == 0 &&
            (strcmp(argv[i + 1], "replica") == 0 ||
             strcmp(argv[i + 1], "node") == 0)) {
            return argv[i + 1];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct own own = {.voters = 0, .rules = GUARD_RULES_ALL};
    const struct runs_level level = {
        .name = "core",
        .usage = usage,
        .faults = &fault_names,
        .standard = {.seed = 1,
                     .n = 1,
                     .jobs = 1,
                     .nodes = 3,
                     .fault_us = 60000000,
                     .heal_us = 32000000},
        .nodes_max = WORLD_NODES_MAX,
        .heal_s_min = 10,
        .n_options = 2,
        .options = {{"voters", true, read_voters},
                    {"rules-off", true, read_rules_off}},
        .result_bytes = sizeof(struct world_result),
        .own = &own,
        .check = check,
        .run = run,
        .add = add,
        .tell = tell,
        .list = list};

    if (find_level(argc, argv) != NULL) {
        return run_level(find_level(argc, argv), argv);
    }
    return runs_main(&level, argc, argv);
}
