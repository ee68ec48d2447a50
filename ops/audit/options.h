/* The command line of perch-audit.
 *
 * Thread: main.
 */
#ifndef OPS_AUDIT_OPTIONS_H
#define OPS_AUDIT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What perch-audit exits with. */
enum audit_exit {
    AUDIT_EXIT_GOOD = 0,       /* Complete; the same; proved; done. */
    AUDIT_EXIT_BAD = 1,        /* Not complete; different; not proved. */
    AUDIT_EXIT_USAGE = 2,      /* The command line is wrong. */
    AUDIT_EXIT_UNREADABLE = 3, /* Something named there cannot be read. */
};

enum { OPTIONS_FILES_MAX = 64 };

/* Files of an option that may be given again. */
struct option_files {
    const char *paths[OPTIONS_FILES_MAX];
    size_t n;
};

struct audit_command;

struct options {
    const struct audit_command *command;
    char *const *words; /* What follows the command. */
    size_t n_words;
    const char *policy, *record;
    struct option_files pins, witness_states, exports;
    uint64_t max_age_s; /* 0: not asked. */
    uint32_t canary_s;  /* 0: as the records tell. */
    int64_t now_s;      /* By the clock, or as told. */
    bool is_json, is_quiet, wants_all;
    uint64_t from, to; /* CSNs, both inclusive. */
    const char *kind, *room, *user;
};

/* What can be asked for. */
struct audit_command {
    const char *name, *arguments, *meaning;
    size_t words_min, words_max;
    int (*run)(const struct options *options);
};

/** Borrow the commands; the last has no name. */
const struct audit_command *audit_commands(void);

/**
 * Read the command line.
 *
 * Prints what is wrong, or the help that was asked for.
 *
 * @exit_out  What to exit with when false is returned.
 */
bool options_read(int argc, char *argv[], struct options *options,
                  int *exit_out);

/** Print how it is used. */
void options_help(void);

#endif
