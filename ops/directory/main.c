/* perch-directory: keeps a pool's users and groups as an LDAP directory has
 * them. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "ops/directory/show.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

#define CONFIG_DEFAULT "/etc/perch/directory.conf"

enum { EXIT_USAGE = 2 };

struct order {
    const char *config_path;
    bool once, dry_run, json, print;
};

static void help(void)
{
    puts(
        "Usage: perch-directory [--config FILE] [--once] [--dry-run] [--json]\n"
        "       perch-directory --print | --settings | --help | --version\n\n"
        "Keeps a pool's users and groups as an LDAP directory has them.\n\n"
        "  --config FILE  settings; else " CONFIG_DEFAULT "\n"
        "  --once         one run; else one after each interval, and at\n"
        "                 SIGHUP\n"
        "  --dry-run      show what a run would do, once, and do nothing\n"
        "  --json         show a run as one JSON object\n"
        "  --print        show the settings in effect\n"
        "  --settings     list all settings: default, range, meaning\n\n"
        "Exit: 0 done, 1 failed or refused (nothing was taken away), 2 usage,\n"
        "3 directory or node not reached, 4 the pool has no leader, 5 held:\n"
        "too much would go (perchctl directory status), 6 another adapter is\n"
        "at work.");
}

static int finish_output(void)
{
    return fflush(stdout) == 0 ? 0 : 1;
}

/* Read the command line. Returns an exit code, or -1 to go on. */
static int read_order(struct order *order, int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"once", no_argument, NULL, 'o'},
        {"dry-run", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {"print", no_argument, NULL, 'p'},
        {"settings", no_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "hjv", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            order->config_path = optarg;
            break;
        case 'o':
            order->once = true;
            break;
        case 'n':
            order->dry_run = order->once = true;
            break;
        case 'j':
            order->json = true;
            break;
        case 'p':
            order->print = true;
            break;
        case 's':
            settings_describe(stdout);
            return finish_output();
        case 'h':
            help();
            return finish_output();
        case 'v':
            puts("perch-directory " PERCH_VERSION);
            return finish_output();
        default:
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "perch-directory: \"%s\" is no option; see --help\n",
                argv[optind]);
        return EXIT_USAGE;
    }
    return -1;
}

static bool set_journal(const char *name)
{
    static const char *const levels[] = {"error", "warning", "notice", "info",
                                         "debug"};

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcmp(levels[i], name) == 0) {
            journal_configure((enum journal_level)i, false, false);
            return true;
        }
    }
    return false;
}

/* Of the adapters on one machine one works: they share its name and files. */
static bool lock(const struct directory_settings *settings)
{
    char path[4096];
    int fd;

    snprintf(path, sizeof(path), "%.3900s/%s.lock", settings->state_dir,
             settings->name);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        fprintf(stderr, "perch-directory: %s: %s\n", path, strerror(errno));
        return false;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        fprintf(stderr,
                "perch-directory: %s: another one runs on this machine\n",
                path);
        close(fd);
        return false;
    }
    return true; /* Until the process ends. */
}

static int run_and_show(const struct order *order,
                        const struct directory_settings *settings)
{
    struct run run;
    enum run_end end = run_once(settings, order->dry_run, &run);

    if (order->json) {
        show_json(&run, stdout);
    } else if (order->once) {
        show_text(&run, stdout);
    }
    run_deinit(&run);
    if (finish_output() != 0 || end == RUN_BUSY) {
        return RUN_FAILED;
    }
    return (int)end;
}

/* SIGHUP is waited for; all other signals end the program wherever it is,
 * which does no harm. */
static void run_for_ever(const struct order *order,
                         const struct directory_settings *settings)
{
    const struct timespec interval = {(time_t)(settings->interval_ms / 1000),
                                      (long)(settings->interval_ms % 1000) *
                                          1000000};
    sigset_t hangup;

    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(SIG_BLOCK, &hangup, NULL);
    for (;;) {
        (void)run_and_show(order, settings);
        (void)sigtimedwait(&hangup, NULL, &interval);
    }
}

static int act(const struct order *order,
               const struct directory_settings *settings)
{
    if (!set_journal(settings->journal_level)) {
        fprintf(stderr,
                "perch-directory: [directory] journal_level must be error, "
                "warning, notice, info or debug\n");
        return EXIT_USAGE;
    }
    if (order->print) {
        settings_print(settings, stdout);
        return finish_output();
    }
    if (!order->dry_run && !lock(settings)) {
        return RUN_FAILED;
    }
    if (!order->once) {
        run_for_ever(order, settings);
    }
    return run_and_show(order, settings);
}

int main(int argc, char **argv)
{
    struct order order = {.config_path = CONFIG_DEFAULT};
    struct directory_settings settings;
    char why[SETTINGS_WHY_BYTES];
    int code = read_order(&order, argc, argv);

    /* A server that hangs up is an error of the library's call. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (code >= 0) {
        return code;
    }
    if (settings_load(order.config_path, &settings, why) != ERROR_NONE) {
        fprintf(stderr, "perch-directory: %s\n", why);
        code = EXIT_USAGE;
    } else {
        code = act(&order, &settings);
    }
    settings_deinit(&settings);
    return code;
}
