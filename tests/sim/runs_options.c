#include "tests/sim/runs_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

enum { SECOND_US = 1000000, SECONDS_MAX = 100000, RUNS_MAX = 1000000000 };

enum {
    SEED = 256,
    RUNS,
    NODES,
    MIX,
    SECONDS,
    HEAL,
    FIRST,
    TRACE,
    LIST,
    HELP,
    LEVEL
};
enum { SHARED = LEVEL - SEED + 1, OWN = SEED + SHARED };

static const struct option shared[SHARED] = {
    {"seed", 1, NULL, SEED},       {"runs", 1, NULL, RUNS},
    {"nodes", 1, NULL, NODES},     {"mix", 1, NULL, MIX},
    {"seconds", 1, NULL, SECONDS}, {"heal", 1, NULL, HEAL},
    {"first", 0, NULL, FIRST},     {"trace", 0, NULL, TRACE},
    {"list", 0, NULL, LIST},       {"help", 0, NULL, HELP},
    {"level", 1, NULL, LEVEL}};

bool runs_read_number(const char *text, uint64_t least, uint64_t most,
                      uint64_t *number_out)
{
    char *end;

    errno = 0;
    *number_out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number_out >= least &&
           *number_out <= most;
}

static bool read_small(const char *text, unsigned most, unsigned *number_out)
{
    uint64_t number;

    if (!runs_read_number(text, 1, most, &number)) {
        return false;
    }
    *number_out = (unsigned)number;
    return true;
}

static bool read_seconds(const char *text, unsigned least, uint64_t *us_out)
{
    uint64_t seconds;

    if (!runs_read_number(text, least, SECONDS_MAX, &seconds)) {
        return false;
    }
    *us_out = seconds * SECOND_US;
    return true;
}

static bool read_switch(int code, struct runs *runs)
{
    runs->stop_at_first = runs->stop_at_first || code == FIRST;
    runs->trace = runs->trace || code == TRACE;
    return true;
}

/* Returns false when the value makes no sense. */
static bool read_option(const struct runs_level *level, int code,
                        const char *value, struct runs *runs)
{
    switch (code) {
    case SEED:
        return runs_read_number(value, 0, UINT64_MAX, &runs->seed);
    case RUNS:
        return runs_read_number(value, 1, RUNS_MAX, &runs->n);
    case NODES:
        return read_small(value, level->nodes_max, &runs->nodes);
    case MIX:
        return mix_read(level->faults, value, &runs->mix);
    case SECONDS:
        return read_seconds(value, 1, &runs->fault_us);
    case HEAL:
        return read_seconds(value, level->heal_s_min, &runs->heal_us);
    case LEVEL:
        return strcmp(value, level->name) == 0;
    case 'j':
        return read_small(value, RUNS_JOBS_MAX, &runs->jobs);
    default:
        return code >= OWN ? level->options[code - OWN].read(level->own, value)
                           : read_switch(code, runs);
    }
}

static void list_options(const struct runs_level *level, struct option *to)
{
    CHECK(level->n_options <= RUNS_OWN_OPTIONS_MAX);
    memcpy(to, shared, sizeof(shared));
    for (size_t i = 0; i < level->n_options; i++) {
        const struct runs_option *own = &level->options[i];

        to[SHARED + i] =
            (struct option){own->name, own->has_value, NULL, OWN + (int)i};
    }
    to[SHARED + level->n_options] = (struct option){NULL, 0, NULL, 0};
}

static enum runs_words refuse(const char *what, const char *value)
{
    fprintf(stderr, "perch-sim: %s%s; perch-sim --help says more\n", what,
            value);
    return RUNS_WORDS_BAD;
}

/* Name the option that has a value of no sense. */
static enum runs_words refuse_value(const struct option *options, int code,
                                    const char *value)
{
    fputs("perch-sim: ", stderr);
    if (code == 'j') {
        fputs("-j", stderr);
    }
    for (; options->name != NULL; options++) {
        if (options->val == code) {
            fprintf(stderr, "--%s", options->name);
        }
    }
    fprintf(stderr, ": %s is no value for it\n", value);
    return RUNS_WORDS_BAD;
}

static enum runs_words list(const struct runs_level *level)
{
    if (level->list != NULL) {
        level->list();
    }
    mix_list(level->faults);
    return RUNS_WORDS_LIST;
}

static enum runs_words help(const struct runs_level *level)
{
    fputs(level->usage, stdout);
    return RUNS_WORDS_LIST;
}

enum runs_words runs_read_options(const struct runs_level *level, int argc,
                                  char **argv, struct runs *runs_out)
{
    struct option options[SHARED + RUNS_OWN_OPTIONS_MAX + 1];
    const char *why;
    int code;

    list_options(level, options);
    *runs_out = level->standard;
    CHECK(mix_read(level->faults, "base", &runs_out->mix));
    while ((code = getopt_long(argc, argv, "j:", options, NULL)) != -1) {
        if (code == '?') {
            return RUNS_WORDS_BAD; /* getopt_long has said why. */
        }
        if (code == LIST || code == HELP) {
            return code == LIST ? list(level) : help(level);
        }
        if (!read_option(level, code, optarg, runs_out)) {
            return refuse_value(options, code, optarg);
        }
    }
    if (optind < argc) {
        return refuse("not understood: ", argv[optind]);
    }
    why = level->check == NULL ? NULL : level->check(level->own, runs_out);
    return why == NULL ? RUNS_WORDS_GOOD : refuse(why, "");
}
