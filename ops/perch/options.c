#include "ops/perch/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/perch/command.h"
#include "ops/perch/help.h"
#include "proto/base/time_text.h"

enum {
    OPTION_LOGIN = 256,
    OPTION_TLS,
    OPTION_CA,
    OPTION_INSECURE,
    OPTION_PASSWORD_FILE,
    OPTION_INSTANCE,
    OPTION_TRANSCRIPT,
    OPTION_LOCATE,
    OPTION_AFTER,
    OPTION_ALL,
    OPTION_COUNT,
    OPTION_LINES,
    OPTION_ALERT,
    OPTION_STORY,
    OPTION_RETRY_ID,
    OPTION_MINE,
    OPTION_MANAGED,
    OPTION_WATCH,
    OPTION_BACK,
    OPTION_REMOVE,
    OPTION_FOREVER,
    OPTION_ROOM,
    OPTION_AUTHOR,
    OPTION_FROM,
    OPTION_TO,
    OPTION_EXACT,
    OPTION_CASE,
    OPTION_OLDEST,
};

static const struct option long_options[] = {
    {"server", required_argument, NULL, 's'},
    {"user", required_argument, NULL, 'u'},
    {"login", required_argument, NULL, OPTION_LOGIN},
    {"tls", no_argument, NULL, OPTION_TLS},
    {"ca", required_argument, NULL, OPTION_CA},
    {"insecure", no_argument, NULL, OPTION_INSECURE},
    {"password-file", required_argument, NULL, OPTION_PASSWORD_FILE},
    {"instance", required_argument, NULL, OPTION_INSTANCE},
    {"transcript", required_argument, NULL, OPTION_TRANSCRIPT},
    {"locate", no_argument, NULL, OPTION_LOCATE},
    {"timeout", required_argument, NULL, 't'},
    {"forever", no_argument, NULL, OPTION_FOREVER},
    {"json", no_argument, NULL, 'j'},
    {"quiet", no_argument, NULL, 'q'},
    {"last", required_argument, NULL, 'n'},
    {"after", required_argument, NULL, OPTION_AFTER},
    {"all", no_argument, NULL, OPTION_ALL},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"lines", no_argument, NULL, OPTION_LINES},
    {"alert", no_argument, NULL, OPTION_ALERT},
    {"story", no_argument, NULL, OPTION_STORY},
    {"retry-id", required_argument, NULL, OPTION_RETRY_ID},
    {"mine", no_argument, NULL, OPTION_MINE},
    {"managed", no_argument, NULL, OPTION_MANAGED},
    {"room", required_argument, NULL, OPTION_ROOM},
    {"author", required_argument, NULL, OPTION_AUTHOR},
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"exact", no_argument, NULL, OPTION_EXACT},
    {"case", no_argument, NULL, OPTION_CASE},
    {"oldest", no_argument, NULL, OPTION_OLDEST},
    {"watch", no_argument, NULL, OPTION_WATCH},
    {"back", no_argument, NULL, OPTION_BACK},
    {"remove", no_argument, NULL, OPTION_REMOVE},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* Reading it, until something is wrong. */
struct reading {
    struct options *options;
    bool wants_help, wants_version;
    bool is_wrong; /* It has been said why. */
};

static void wrong(struct reading *reading, const char *what, const char *value)
{
    if (!reading->is_wrong) {
        fprintf(stderr, "perch: %s%s%s\n", what, value == NULL ? "" : ": ",
                value == NULL ? "" : value);
        fputs("perch: \"perch --help\" shows what there is\n", stderr);
    }
    reading->is_wrong = true;
}

static uint64_t read_number(struct reading *reading, const char *text,
                            uint64_t most, const char *what)
{
    char *end;
    unsigned long long number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text < '0' ||
        *text > '9' || number > most) {
        wrong(reading, what, text);
        return 0;
    }
    return number;
}

static void add_servers(struct reading *reading, const char *text)
{
    char *servers = reading->options->servers;
    size_t len = strlen(servers);
    int wrote = snprintf(servers + len, OPTIONS_SERVERS_BYTES - len, "%s%s",
                         len == 0 ? "" : ",", text);

    if ((size_t)wrote >= OPTIONS_SERVERS_BYTES - len) {
        wrong(reading, "there are more servers than can be tried", NULL);
    }
}

/* Options that say where to sign in, and as whom. */
static bool take_connection(struct reading *reading, int option,
                            const char *value)
{
    struct options *options = reading->options;

    switch (option) {
    case 's':
        add_servers(reading, value);
        return true;
    case 'u':
        options->user = value;
        return true;
    case OPTION_LOGIN:
        options->login = value;
        return true;
    case OPTION_CA:
        options->authority = value;
        options->is_secure = true;
        return true;
    case OPTION_INSECURE:
        options->takes_any = true;
        options->is_secure = true;
        return true;
    case OPTION_TLS:
        options->is_secure = true;
        return true;
    case OPTION_PASSWORD_FILE:
        options->password_file = value;
        return true;
    case OPTION_INSTANCE:
        options->instance = value;
        return true;
    case OPTION_TRANSCRIPT:
        options->transcript = value;
        return true;
    case OPTION_LOCATE:
        options->locates = true;
        return true;
    }
    return false;
}

/* Options with a number. */
static bool take_number(struct reading *reading, int option, const char *value)
{
    struct options *options = reading->options;

    switch (option) {
    case 't':
        options->timeout_ms =
            (uint32_t)read_number(reading, value, OPTIONS_TIMEOUT_S_MAX,
                                  "--timeout wants seconds, up to a day") *
            1000;
        if (options->timeout_ms == 0) {
            wrong(reading, "--timeout wants a second or more", value);
        }
        return true;
    case 'n':
        options->last = read_number(reading, value, UINT32_MAX,
                                    "--last wants a number of messages");
        options->has_last = true;
        return true;
    case OPTION_AFTER:
        options->after_id = read_number(reading, value, UINT64_MAX,
                                        "--after wants a message id");
        options->has_after = true;
        return true;
    case OPTION_COUNT:
        options->count = read_number(reading, value, UINT64_MAX,
                                     "--count wants a number of messages");
        return true;
    }
    return false;
}

static void take_name(struct reading *reading, const char **names, size_t *n,
                      size_t most, const char *value)
{
    if (*n == most) {
        wrong(reading, "so many cannot be named at once", value);
        return;
    }
    names[(*n)++] = value;
}

/* A whole day where no time of day is given: its beginning, or its end. */
static int64_t read_moment(struct reading *reading, const char *text,
                           bool is_end)
{
    char whole[64];
    int64_t us = 0;
    bool is_day = strlen(text) == strlen("2031-02-03");

    snprintf(whole, sizeof(whole), "%s%s", text,
             !is_day  ? ""
             : is_end ? "T23:59:59.999999Z"
                      : "T00:00:00Z");
    if (time_read(slice_of_text(whole), &us) != ERROR_NONE) {
        wrong(reading,
              "that is no day or moment (2031-02-03, 2031-02-03T07:31:00Z)",
              text);
    }
    return us;
}

/* Options that say what is searched for. */
static bool take_search(struct reading *reading, int option, const char *value)
{
    struct options_search *search = &reading->options->search;

    switch (option) {
    case OPTION_ROOM:
        take_name(reading, search->rooms, &search->rooms_n,
                  CLIENT_SEARCH_ROOMS_MAX, value);
        return true;
    case OPTION_AUTHOR:
        take_name(reading, search->authors, &search->authors_n,
                  CLIENT_SEARCH_AUTHORS_MAX, value);
        return true;
    case OPTION_FROM:
        search->from_us = read_moment(reading, value, false);
        search->has_from = true;
        return true;
    case OPTION_TO:
        search->to_us = read_moment(reading, value, true);
        search->has_to = true;
        return true;
    case OPTION_EXACT:
        search->is_exact = true;
        return true;
    case OPTION_CASE:
        search->match_case = true;
        return true;
    case OPTION_OLDEST:
        search->oldest_first = true;
        return true;
    }
    return false;
}

static void take_flag(struct reading *reading, int option, const char *value)
{
    struct options *options = reading->options;

    switch (option) {
    case 'j':
        options->is_json = true;
        break;
    case 'q':
        options->is_quiet = true;
        break;
    case 'h':
        reading->wants_help = true;
        break;
    case 'V':
        reading->wants_version = true;
        break;
    case OPTION_ALL:
        options->wants_all = true;
        break;
    case OPTION_LINES:
        options->has_lines = true;
        break;
    case OPTION_ALERT:
        options->is_alert = true;
        break;
    case OPTION_STORY:
        options->is_story = true;
        break;
    case OPTION_RETRY_ID:
        options->retry_id = value;
        break;
    case OPTION_MINE:
        options->is_mine = true;
        break;
    case OPTION_MANAGED:
        options->is_managed = true;
        break;
    case OPTION_WATCH:
        options->is_watching = true;
        break;
    case OPTION_BACK:
        options->is_back = true;
        break;
    case OPTION_REMOVE:
        options->is_removing = true;
        break;
    case OPTION_FOREVER:
        options->is_forever = true;
        break;
    default: /* getopt has said what is wrong. */
        wrong(reading, "that command line cannot be read", NULL);
        break;
    }
}

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* What the command line does not say. */
static void take_environment(struct reading *reading)
{
    struct options *options = reading->options;
    const char *servers = from_environment("PERCH_SERVERS");
    const char *authority = from_environment("PERCH_CA");

    if (options->servers[0] == '\0' && servers != NULL) {
        add_servers(reading, servers);
    }
    if (options->user == NULL) {
        options->user = from_environment("PERCH_USER");
    }
    if (options->login == NULL) {
        options->login = from_environment("PERCH_LOGIN");
    }
    if (options->authority == NULL && authority != NULL) {
        options->authority = authority;
        options->is_secure = true;
    }
    if (from_environment("PERCH_TLS") != NULL) {
        options->is_secure = true;
    }
}

static void take_words(struct reading *reading, int argc, char *argv[])
{
    struct options *options = reading->options;
    const struct command *command;

    if (optind >= argc) {
        wrong(reading, "what is to be done?", NULL);
        return;
    }
    command = command_find(argv[optind]);
    if (command == NULL) {
        wrong(reading, "there is no such command", argv[optind]);
        return;
    }
    options->command = command;
    options->words = argv + optind + 1;
    options->words_n = (size_t)(argc - optind - 1);
    if (options->words_n < command->words_min ||
        options->words_n > command->words_max) {
        fprintf(stderr, "perch: it is used so: perch [options] %s %s\n",
                command->name, command->usage);
        wrong(reading, "too few or too many words", command->name);
    }
}

static void check(struct reading *reading)
{
    const struct options *options = reading->options;

    if (options->servers[0] == '\0') {
        wrong(reading,
              "no server is named: --server host:port, or PERCH_SERVERS", NULL);
    } else if (options->user == NULL) {
        wrong(reading, "no user is named: --user name@domain, or PERCH_USER",
              NULL);
    } else if (options->takes_any && options->authority != NULL) {
        wrong(reading, "--ca and --insecure contradict each other", NULL);
    } else if (options->has_last + options->has_after + options->wants_all >
               1) {
        wrong(reading, "only one of --last, --after and --all can be", NULL);
    } else if (options->is_mine && options->is_managed) {
        wrong(reading, "only one of --mine and --managed can be", NULL);
    }
}

bool options_read(int argc, char *argv[], struct options *options,
                  int *exit_out)
{
    struct reading reading = {.options = options};
    int option;

    *options = (struct options){.timeout_ms = OPTIONS_TIMEOUT_S * 1000,
                                .last = OPTIONS_LAST};
    while ((option = getopt_long(argc, argv, "s:u:t:jqn:hV", long_options,
                                 NULL)) != -1) {
        if (!take_connection(&reading, option, optarg) &&
            !take_number(&reading, option, optarg) &&
            !take_search(&reading, option, optarg)) {
            take_flag(&reading, option, optarg);
        }
    }
    *exit_out = reading.is_wrong ? EXIT_USAGE : EXIT_DONE;
    if (!reading.is_wrong && (reading.wants_help || reading.wants_version)) {
        reading.wants_help ? help_print(stdout) : help_version(stdout);
        return false;
    }
    take_environment(&reading);
    if (!reading.is_wrong) {
        take_words(&reading, argc, argv);
    }
    if (!reading.is_wrong) {
        check(&reading);
    }
    *exit_out = reading.is_wrong ? EXIT_USAGE : EXIT_DONE;
    return !reading.is_wrong;
}
