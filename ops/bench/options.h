/* The command line of perch-bench: one table makes parser, limits and help.
 *
 * Thread: the owner's.
 */
#ifndef OPS_BENCH_OPTIONS_H
#define OPS_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ops/bench/pool.h"

enum { OUTSTANDING_MAX = 8 };

/* Numbers of 0 mean that the mode chooses. */
struct options {
    const char *mode;

    const char *pool_tool; /* Asked for status when no --server is given. */
    size_t servers_n;
    const char *servers[POOL_SERVERS_MAX];
    size_t pids_n;
    unsigned pids[POOL_SERVERS_MAX];
    bool tls;

    const char *domain;
    const char *pool_uri; /* NULL: GC-1-PersistentChatService-1@domain. */
    const char *users_named;
    const char *password;
    const char *rooms_named;
    unsigned users;

    unsigned sessions;
    unsigned rooms;
    unsigned messages;
    size_t outstanding_n;
    unsigned outstanding[OUTSTANDING_MAX];
    double rate;
    double scale;
    double seconds;
    double warm_seconds;
    unsigned bytes;
    unsigned passes;

    bool to_leader;         /* etcd and commands: not spread. */
    const char *compliance; /* posts: in this mode; NULL: as it is. */
    const char *directory;  /* For disk, etcd and commands. */
    const char *bench_node; /* The program that commands starts. */
    bool json;
};

/* What options_read found. */
enum options_wish { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/**
 * Read a command line, the program's name first.
 *
 * @options  Strings stay the caller's.
 *
 * Returns OPTIONS_WRONG after a complaint that names the argument.
 */
enum options_wish options_read(int argc, char **argv, struct options *options);

/** Print the part of the help that describes the options. */
void options_print_help(FILE *to);

#endif
