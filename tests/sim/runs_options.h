/* The command line of perch-sim, for runs.c alone. */
#ifndef TESTS_SIM_RUNS_OPTIONS_H
#define TESTS_SIM_RUNS_OPTIONS_H

#include "tests/sim/runs.h"

enum runs_words {
    RUNS_WORDS_GOOD,
    RUNS_WORDS_LIST, /* The list was asked for, and told. */
    RUNS_WORDS_BAD,  /* Said why on standard error. */
};

/** Read it. */
enum runs_words runs_read_options(const struct runs_level *level, int argc,
                                  char **argv, struct runs *runs_out);

#endif
