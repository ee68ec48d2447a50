/* perch-sim: a pool in one process, under virtual time and seeded faults. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raft/guard/rules.h"
#include "tests/sim/runs.h"

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

/* --- The command line --- */

static bool read_rules_off(const char *text, uint64_t *rules)
{
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

static bool read_number(const char *text, uint64_t least, uint64_t most,
                        uint64_t *number_out)
{
    char *end;

    errno = 0;
    *number_out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number_out >= least &&
           *number_out <= most;
}

static void list(void)
{
    printf("rules of the guard, and what goes wrong without:\n");
    for (unsigned i = 0; i < GUARD_RULE_COUNT; i++) {
        printf("  %-12s %s\n", guard_rule_name(i), guard_rule_fault(i));
    }
    printf("faults:\n");
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        printf("  %-12s %s\n", fault_word(i), fault_text(i));
    }
}

enum { PATH_BYTES_MAX = 4096 };

enum option_code {
    OPTION_SEED = 256,
    OPTION_RUNS,
    OPTION_NODES,
    OPTION_VOTERS,
    OPTION_MIX,
    OPTION_RULES_OFF,
    OPTION_SECONDS,
    OPTION_HEAL,
    OPTION_FIRST,
    OPTION_TRACE,
    OPTION_LIST,
    OPTION_LEVEL,
};

static const struct option long_options[] = {
    {"seed", required_argument, NULL, OPTION_SEED},
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"nodes", required_argument, NULL, OPTION_NODES},
    {"voters", required_argument, NULL, OPTION_VOTERS},
    {"mix", required_argument, NULL, OPTION_MIX},
    {"rules-off", required_argument, NULL, OPTION_RULES_OFF},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"heal", required_argument, NULL, OPTION_HEAL},
    {"first", no_argument, NULL, OPTION_FIRST},
    {"trace", no_argument, NULL, OPTION_TRACE},
    {"list", no_argument, NULL, OPTION_LIST},
    {"level", required_argument, NULL, OPTION_LEVEL},
    {NULL, 0, NULL, 0},
};

static bool read_world(int option, const char *text,
                       struct world_settings *world)
{
    uint64_t number = 0;
    bool ok = true;

    switch (option) {
    case OPTION_SEED:
        ok = read_number(text, 0, UINT64_MAX, &world->seed);
        break;
    case OPTION_NODES:
        ok = read_number(text, 1, WORLD_NODES_MAX, &number);
        world->nodes = (unsigned)number;
        break;
    case OPTION_VOTERS:
        ok = read_number(text, 1, WORLD_NODES_MAX, &number);
        world->voters = (unsigned)number;
        break;
    case OPTION_MIX:
        ok = mix_read(text, &world->mix);
        break;
    case OPTION_RULES_OFF:
        ok = read_rules_off(text, &world->rules);
        break;
    case OPTION_SECONDS:
        ok = read_number(text, 1, 100000, &number);
        world->fault_us = number * 1000000;
        break;
    default:
        ok = read_number(text, 10, 100000, &number);
        world->heal_us = number * 1000000;
        break;
    }
    return ok;
}

static bool read_option(int option, const char *text, struct runs *runs)
{
    uint64_t number = 0;
    bool ok = true;

    switch (option) {
    case OPTION_RUNS:
        return read_number(text, 1, UINT64_MAX, &runs->n);
    case 'j':
        ok = read_number(text, 1, RUNS_JOBS_MAX, &number);
        runs->jobs = (unsigned)number;
        return ok;
    case OPTION_LEVEL:
        return strcmp(text, "core") == 0;
    case OPTION_FIRST:
        runs->stop_at_first = true;
        return true;
    case OPTION_TRACE:
        runs->world.trace = true;
        return true;
    default:
        return read_world(option, text, &runs->world);
    }
}

/* Returns false after saying what is wrong. */
static bool read_options(int argc, char **argv, struct runs *runs)
{
    int option;

    while ((option = getopt_long(argc, argv, "j:", long_options, NULL)) != -1) {
        if (option == '?') {
            fputs(usage, stderr);
            return false;
        }
        if (option == OPTION_LIST) {
            list();
            exit(0);
        }
        if (!read_option(option, optarg, runs)) {
            fprintf(stderr, "perch-sim: not a value for the option: %s\n",
                    optarg);
            return false;
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        return false;
    }
    if (runs->world.voters == 0) {
        runs->world.voters = runs->world.nodes;
    }
    if (runs->world.voters > runs->world.nodes) {
        fprintf(stderr, "perch-sim: more voters than nodes\n");
        return false;
    }
    return true;
}

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
    struct runs runs = {.world = {.seed = 1,
                                  .nodes = 3,
                                  .fault_us = 60000000,
                                  .heal_us = 32000000,
                                  .rules = GUARD_RULES_ALL},
                        .n = 1,
                        .jobs = 1};
    struct summary summary;

    if (find_level(argc, argv) != NULL) {
        return run_level(find_level(argc, argv), argv);
    }
    mix_read("base", &runs.world.mix);
    if (!read_options(argc, argv, &runs)) {
        return 2;
    }
    summary = runs_all(&runs);
    runs_print(&summary);
    return summary.failed == 0 ? 0 : 1;
}
