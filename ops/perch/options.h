/* The command line of perch, and what the environment adds to it.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_OPTIONS_H
#define OPS_PERCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops/client/limits.h"

/* What perch exits with; scripts must be able to tell 1 from 6. */
enum perch_exit {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,   /* For a stated reason: nothing has come of it. */
    EXIT_USAGE = 2,     /* The command line is wrong. */
    EXIT_UNREACHED = 3, /* No server in time: nothing has come of it. */
    EXIT_BUSY = 4,      /* The pool answers 503: no quorum, no leader. */
    EXIT_UNKNOWN = 6,   /* Sent, and what came of it is not known. */
    EXIT_INTERRUPTED = 130,
};

enum {
    OPTIONS_SERVERS_BYTES =
        CLIENT_SERVERS_MAX * (CLIENT_HOST_BYTES_MAX + 10), /* With commas. */
    OPTIONS_TIMEOUT_S = 30,
    OPTIONS_TIMEOUT_S_MAX = 24 * 3600,
    OPTIONS_LAST = 20, /* Messages shown where nobody says how many. */
};

struct command;

/* What "perch search" looks for, besides words; the authors of a feed. */
struct options_search {
    const char *rooms[CLIENT_SEARCH_ROOMS_MAX];
    size_t rooms_n;
    const char *authors[CLIENT_SEARCH_AUTHORS_MAX];
    size_t authors_n;
    int64_t from_us, to_us; /* Both inclusive. */
    bool has_from, has_to;
    bool is_exact, match_case, oldest_first;
};

struct options {
    const char *user, *login, *authority, *password_file, *instance, *retry_id;
    const char *transcript; /* File of what was delivered; NULL: none. */
    char servers[OPTIONS_SERVERS_BYTES]; /* With commas between. */
    bool is_secure;                      /* TLS */
    bool takes_any;                      /* Whatever certificate. */
    bool is_json, is_quiet;
    bool locates;
    bool is_alert, is_story, has_lines, is_mine, is_managed, is_forever;
    bool is_watching, is_back, is_removing;
    uint32_t timeout_ms;

    const struct command *command;
    char *const *words; /* What follows the command. */
    size_t words_n;
    uint64_t last; /* History: the newest so many. */
    uint64_t after_id;
    uint64_t count; /* Follow: messages until the end; 0: no end. */
    bool has_last, has_after, wants_all;
    struct options_search search;
};

/**
 * Read the command line and the environment.
 *
 * Prints what is wrong, or the help that was asked for.
 *
 * @exit_out  What to exit with when false is returned.
 *
 * Returns whether there is something to do.
 */
bool options_read(int argc, char *argv[], struct options *options,
                  int *exit_out);

#endif
