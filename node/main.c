/* perchd: one node of a pool. The command line, and nothing else. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/config.h"
#include "node/daemon.h"
#include "node/plan.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"
#include "raft/replica_open.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "perchd: one node of a perch pool\n"
    "\n"
    "  perchd --config FILE                  run the node\n"
    "  perchd init --config FILE [--founding]\n"
    "                                        make its data directory\n"
    "  perchd --config FILE --check-config   say what is wrong with the file\n"
    "  perchd --config FILE --print-config   show every setting in effect\n"
    "  perchd --describe-config              list all settings\n"
    "  perchd --version\n"
    "\n"
    "A pool begins with `init --founding` on each of its first nodes, before "
    "any is\n"
    "started. A node whose directory was not founded so asks the pool to take "
    "it in.\n"
    "\n"
    "SIGTERM drains the node and ends it, a second one ends it at once. SIGHUP "
    "loads\n"
    "certificates and the journal's settings again.\n"
    "\n"
    "Exit codes: 0 ended as told, 1 the node could not begin or go on (the "
    "journal\n"
    "says why), 2 wrong arguments or configuration.\n";

enum deed { RUN, INIT, CHECK_CONFIG, PRINT_CONFIG, DESCRIBE_CONFIG };

struct order {
    enum deed deed;
    const char *config_path;
    bool founding;
};

static int complain(const char *what, const char *about)
{
    fprintf(stderr, "perchd: %s%s; perchd --help says more\n", what, about);
    return EXIT_USAGE;
}

/* Read the options. Returns -1 to go on, else an exit code. */
static int read_options(int argc, char *argv[], struct order *order)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"founding", no_argument, NULL, 'f'},
        {"check-config", no_argument, NULL, 'k'},
        {"print-config", no_argument, NULL, 'p'},
        {"describe-config", no_argument, NULL, 'd'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "hv", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            order->config_path = optarg;
            break;
        case 'f':
            order->founding = true;
            break;
        case 'k':
            order->deed = CHECK_CONFIG;
            break;
        case 'p':
            order->deed = PRINT_CONFIG;
            break;
        case 'd':
            order->deed = DESCRIBE_CONFIG;
            break;
        case 'v':
            puts(DAEMON_SOFTWARE);
            return EXIT_SUCCESS;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE; /* getopt_long has said why. */
        }
    }
    return -1;
}

static int read_words(int argc, char *argv[], struct order *order)
{
    for (int i = optind; i < argc; i++) {
        if (strcmp(argv[i], "init") != 0 || order->deed != RUN) {
            return complain("not understood: ", argv[i]);
        }
        order->deed = INIT;
    }
    if (order->founding && order->deed != INIT) {
        return complain("--founding goes with init", "");
    }
    if (order->deed != DESCRIBE_CONFIG && order->config_path == NULL) {
        return complain("--config FILE is missing", "");
    }
    return -1;
}

static int init(const struct order *order, const struct config *config,
                const struct plan *plan)
{
    struct loop *loop = loop_new();
    struct replica_settings settings;
    enum error error = ERROR_NO_MEMORY;

    daemon_replica_settings(config, plan, &settings);
    settings.founding = order->founding;
    settings.owner_loop = settings.raft_loop = loop;
    if (loop != NULL) {
        error = replica_format(&settings);
    }
    loop_free(loop);
    if (error != ERROR_NONE) {
        fprintf(stderr, "perchd: %s: %s\n", config->data_dir,
                error_text(error));
        return DAEMON_EXIT_FATAL;
    }
    printf("%s is made: node %u%s\n", config->data_dir, plan->node,
           order->founding ? ", a founder of the pool" : "");
    return EXIT_SUCCESS;
}

static int run(const struct order *order, const struct config *config,
               const struct plan *plan)
{
    struct daemon *daemon;
    int code;

    if (daemon_new(&daemon, order->config_path, config, plan) != ERROR_NONE) {
        return DAEMON_EXIT_FATAL;
    }
    code = daemon_run(daemon);
    daemon_free(daemon);
    journal_notice("ended", "node=%u exit=%d", plan->node, code);
    return code;
}

static int carry_out(const struct order *order, const struct config *config,
                     const struct plan *plan)
{
    switch (order->deed) {
    case CHECK_CONFIG:
        return EXIT_SUCCESS;
    case PRINT_CONFIG:
        config_print(config, stdout);
        return EXIT_SUCCESS;
    case INIT:
        return init(order, config, plan);
    default:
        return run(order, config, plan);
    }
}

static int with_config(const struct order *order)
{
    struct config config;
    struct plan plan;
    char error[CONFIG_ERROR_BYTES];
    int code = EXIT_USAGE;

    if (config_load(order->config_path, &config, error) != ERROR_NONE ||
        plan_make(&config, &plan, error) != ERROR_NONE) {
        fprintf(stderr, "perchd: %s\n", error);
    } else {
        /* systemd sets JOURNAL_STREAM when its journal reads standard error:
         * only there does the priority's prefix mean something. */
        journal_configure(plan.journal_level, getenv("JOURNAL_STREAM") != NULL,
                          config.journal_stamp);
        code = carry_out(order, &config, &plan);
    }
    config_deinit(&config);
    return code;
}

int main(int argc, char *argv[])
{
    struct order order = {.deed = RUN};
    int code = read_options(argc, argv, &order);

    if (code < 0) {
        code = read_words(argc, argv, &order);
    }
    if (code >= 0) {
        return code;
    }
    if (order.deed == DESCRIBE_CONFIG) {
        config_describe(stdout);
        return EXIT_SUCCESS;
    }
    return with_config(&order);
}
