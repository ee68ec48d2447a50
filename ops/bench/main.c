/* perch-bench: puts load on a pool and says what it carries, how fast, and what
 * that costs. See README.md of this folder for how each figure is measured.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "ops/bench/bench.h"
#include "ops/bench/complain.h"
#include "ops/bench/interrupt.h"
#include "ops/bench/modes.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct mode {
    const char *name;
    enum error (*run)(const struct bench *bench);
    bool needs_pool;
    const char *help;
};

static const struct mode modes[] = {
    {"info", mode_info, true, "INFO round trips: command, 200, reply, 200"},
    {"posts", mode_posts, true,
     "durable posts through SIP, spread over the servers"},
    {"fanout", mode_fanout, true,
     "one room: from a post to its deliveries on other servers"},
    {"idle", mode_idle, true,
     "memory per idle session, 1,000 and 10,000 of them"},
    {"mixed", mode_mixed, true,
     "the published user model: three sizes of room, joins, history"},
    {"model", mode_model, true,
     "a pool loaded with the whole of that model: posts, joins, searches"},
    {"overload", mode_overload, true,
     "up to what the pool carries, then far beyond, with newcomers"},
    {"commands", mode_commands, false, "replicated commands without SIP"},
    {"etcd", mode_etcd, false, "puts to etcd, three members"},
    {"disk", mode_disk, false, "the same bytes written and synced in a loop"},
    {"search", mode_search, false,
     "searches in a million messages, by kind: no pool around them"},
    {"archive", mode_archive, true,
     "posts with the compliance archive off, on and required, in turn"},
    {"compare", mode_compare, true,
     "disk, etcd, commands and posts in turn, and their ratios"},
};

enum { MODES = sizeof(modes) / sizeof(modes[0]) };

static void print_help(void)
{
    printf("perch-bench MODE [OPTION...]: load on a pool, and what it costs\n"
           "\nModes:\n");
    for (size_t i = 0; i < MODES; i++) {
        printf("  %-26s %s\n", modes[i].name, modes[i].help);
    }
    printf("\nOptions (with their defaults):\n");
    options_print_help(stdout);
    printf("\nExamples:\n"
           "  ops/pool start && ops/bench/prepare\n"
           "  perch-bench posts --outstanding 64\n"
           "  perch-bench fanout --tls --sessions 100 --rate 50\n"
           "  perch-bench idle --tls --json >idle.json\n"
           "  perch-bench compare --passes 5\n"
           "  perch-bench archive --passes 5 --outstanding 64,1024\n"
           "  perch-bench info --server 127.0.0.1:5060 --pid 4711\n"
           "\nExit: 0 measured, 1 could not measure, 2 wrong usage.\n");
}

static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; i < MODES; i++) {
        if (strcmp(modes[i].name, name) == 0) {
            return &modes[i];
        }
    }
    complain(ERROR_INVALID, "no mode \"%s\"; see perch-bench --help", name);
    return NULL;
}

static enum error use_named_servers(const struct options *options,
                                    struct pool *pool)
{
    for (size_t i = 0; i < options->servers_n; i++) {
        struct pool_server *server = &pool->servers[i];

        TRY(pool_read_address(options->servers[i],
                              options->tls ? &server->tls : &server->tcp));
        server->pid = i < options->pids_n ? (pid_t)options->pids[i] : 0;
        pool->n++;
    }
    return ERROR_NONE;
}

/* A lane that only wants to write beside the pool's data does without. */
static enum error find_pool(const struct mode *mode,
                            const struct options *options, struct pool *pool)
{
    if (options->servers_n > 0) {
        return use_named_servers(options, pool);
    }
    if (mode->needs_pool) {
        return pool_ask(options->pool_tool, pool);
    }
    return ERROR_NONE;
}

static void allow_many_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int run(const struct mode *mode, const struct options *options)
{
    struct bench bench = {.options = options,
                          .report = report_new(options->json)};
    enum error error = ERROR_NO_MEMORY;

    if (bench.report == NULL) {
        return EXIT_FAILED;
    }
    error = find_pool(mode, options, &bench.pool);
    if (error == ERROR_NONE) {
        error = mode->run(&bench);
        report_finish(bench.report);
    }
    report_free(bench.report);
    return error == ERROR_NONE ? EXIT_DONE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct options options;
    const struct mode *mode;

    switch (options_read(argc, argv, &options)) {
    case OPTIONS_HELP:
        print_help();
        return EXIT_DONE;
    case OPTIONS_WRONG:
        return EXIT_USAGE;
    case OPTIONS_RUN:
        break;
    }
    mode = find_mode(options.mode);
    if (mode == NULL) {
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    interrupt_catch();
    allow_many_files();
    return run(mode, &options);
}
