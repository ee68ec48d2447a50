/* The runner of every level of the simulator: the options they share, and many
 * runs, each seed in a process of its own, so that a crash is a result like any
 * other and no run sees another's heap.
 */
#ifndef TESTS_SIM_RUNS_H
#define TESTS_SIM_RUNS_H

#include "tests/sim/mix.h"

enum { RUNS_JOBS_MAX = 64, RUNS_OWN_OPTIONS_MAX = 4 };

/* What to run. */
struct runs {
    uint64_t seed; /* The first one. */
    uint64_t n;
    unsigned jobs; /* At a time. */
    unsigned nodes;
    uint64_t fault_us, heal_us; /* How long faults, then quiet. */
    struct mix mix;
    bool stop_at_first;
    bool trace; /* Tell what happens on standard error. */
};

/* What is wrong with a run. */
struct runs_verdict {
    char kind[32]; /* "": nothing. */
    char text[256];
};

struct runs_summary {
    uint64_t runs, failed;
    double took_s;
};

/* An option that one level alone has. */
struct runs_option {
    const char *name;
    bool has_value;
    bool (*read)(void *own, const char *value); /* False: not a value. */
};

/* A level. Its results are plain bytes, for they come from another process;
 * zeroed, they are the sum of none. */
struct runs_level {
    const char *name; /* As --level has it. */
    const char *usage;
    const struct mix_names *faults;
    struct runs standard; /* Without options; its mix is "base". */
    unsigned nodes_max;
    unsigned heal_s_min;
    size_t n_options;
    struct runs_option options[RUNS_OWN_OPTIONS_MAX];
    size_t result_bytes;

    /* The calls below are given what own points to. */
    void *own;

    /* See that options go together. Returns what is wrong; NULL: nothing. */
    const char *(*check)(void *own, const struct runs *runs);

    /* Run one seed. */
    void (*run)(void *own, const struct runs *runs, uint64_t seed,
                void *result_out, struct runs_verdict *verdict);

    /* Take a line of the journal of the run under way; NULL: nobody does. */
    void (*hear)(void *result, const char *line);

    void (*add)(void *sum, const void *result);
    void (*tell)(const struct runs_summary *summary, const void *sum);
    void (*list)(void); /* What comes before the faults; NULL: nothing. */
};

/** Read a whole number between two others. Returns false when it is none. */
bool runs_read_number(const char *text, uint64_t least, uint64_t most,
                      uint64_t *number_out);

/**
 * Run a level as a command line says: failing seeds, then the sums, are told
 * on standard output.
 *
 * Returns the program's exit status: 0, 1 when a run has failed, 2 when the
 * command line is wrong.
 */
int runs_main(const struct runs_level *level, int argc, char **argv);

#endif
