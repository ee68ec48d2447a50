/* What perch-sim calls a failed run, and what its command line may say. */
#include "tests/unit/test.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/runs.h"

enum { WRONG_SEED = 3, CRASHING_SEED = 5, WORDS_MAX = 16 };

struct result {
    uint64_t seeds; /* Added up. */
};

/* What the level was told last. */
static struct {
    struct runs_summary summary;
    uint64_t seeds;
    bool told, loud;
} told;

static const char *const words[] = {"rain", "wind"};
static const char *const whats[] = {"it rains", "it blows"};
static const struct mix_named mixes[] = {{"base", {0, 1}}};
static const struct mix_names weather = {2, words, whats, 1, mixes};

static bool read_loud(void *own, const char *value)
{
    *(bool *)own = strcmp(value, "yes") == 0;
    return *(bool *)own;
}

static const char *check(void *own, const struct runs *runs)
{
    return *(bool *)own && runs->nodes == 1 ? "nobody hears it" : NULL;
}

static void run(void *own, const struct runs *runs, uint64_t seed,
                void *result_out, struct runs_verdict *verdict)
{
    (void)own;
    if (seed == CRASHING_SEED) {
        raise(SIGKILL);
    }
    if (seed == WRONG_SEED) {
        strcpy(verdict->kind, "wet");
    }
    ((struct result *)result_out)->seeds = seed * runs->nodes;
}

static void add(void *sum, const void *result)
{
    ((struct result *)sum)->seeds += ((const struct result *)result)->seeds;
}

static void tell(const struct runs_summary *summary, const void *sum)
{
    told.told = true;
    told.summary = *summary;
    told.seeds = ((const struct result *)sum)->seeds;
}

/* Run the words of a command line. */
static int perch_sim(const char *line)
{
    char copy[256], *argv[WORDS_MAX] = {"test"};
    int argc = 1;
    const struct runs_level level = {
        .name = "sky",
        .usage = "",
        .faults = &weather,
        .standard = {.seed = 1, .n = 1, .jobs = 1, .nodes = 3},
        .nodes_max = 5,
        .heal_s_min = 10,
        .n_options = 1,
        .options = {{"loud", true, read_loud}},
        .result_bytes = sizeof(struct result),
        .own = &told.loud,
        .check = check,
        .run = run,
        .add = add,
        .tell = tell};

    memset(&told, 0, sizeof(told));
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok(copy, " "); word != NULL;
         word = strtok(NULL, " ")) {
        assert_true(argc + 1 < WORDS_MAX);
        argv[argc++] = word;
    }
    optind = 0; /* getopt begins anew. */
    return runs_main(&level, argc, argv);
}

/* Each seed counts once, whatever becomes of it and however many go side by
 * side; what a run that crashed had to say is not among the sums. */
static void test_runs_main__counts_all_seeds(void **state)
{
    static const char *const lines[] = {"--runs 7", "--runs 7 -j 3",
                                        "--runs 7 -j 20"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(perch_sim(lines[i]), 1);
        assert_int_equal(told.summary.runs, 7);
        assert_int_equal(told.summary.failed, 2);
        assert_int_equal(told.seeds, 3 * (1 + 2 + 3 + 4 + 6 + 7)); /* Not 5. */
    }
}

/* A run that is as it should be, and one that is told to stop. */
static void test_runs_main__stops_at_the_first(void **state)
{
    (void)state;
    assert_int_equal(perch_sim("--runs 2 --nodes 5 --loud yes"), 0);
    assert_int_equal(told.seeds, 5 * (1 + 2));
    assert_true(told.loud);
    assert_int_equal(perch_sim("--seed 2 --runs 7 --first"), 1);
    assert_int_equal(told.summary.runs, 2);
    assert_int_equal(told.summary.failed, 1);
}

/* What makes no sense runs nothing. */
static void test_runs_main__refuses(void **state)
{
    static const char *const lines[] = {"--runs 0",
                                        "--runs x",
                                        "--seed",
                                        "--nodes 6",
                                        "--mix snow",
                                        "--heal 9",
                                        "--level core",
                                        "-j 65",
                                        "--weather 1",
                                        "--loud no",
                                        "--runs 1 more",
                                        "--seconds 0",
                                        "--mix rain,",
                                        "--runs 1.5",
                                        "--seed 99999999999999999999",
                                        "--loud yes --nodes 1"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(perch_sim(lines[i]), 2);
        assert_false(told.told);
    }
    assert_int_equal(perch_sim("--list --runs 5"), 0);
    assert_false(told.told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_runs_main__counts_all_seeds),
        RUN(test_runs_main__stops_at_the_first),
        RUN(test_runs_main__refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
