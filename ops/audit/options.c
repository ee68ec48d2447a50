#include "ops/audit/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/record.h"

enum {
    OPTION_POLICY = 256,
    OPTION_PINS,
    OPTION_WITNESS_STATE,
    OPTION_EXPORTS,
    OPTION_MAX_AGE,
    OPTION_CANARY,
    OPTION_NOW,
    OPTION_ALL,
    OPTION_FROM,
    OPTION_TO,
    OPTION_KIND,
    OPTION_ROOM,
    OPTION_USER,
    OPTION_RECORD,
};

static const struct option long_options[] = {
    {"policy", required_argument, NULL, OPTION_POLICY},
    {"pins", required_argument, NULL, OPTION_PINS},
    {"witness-state", required_argument, NULL, OPTION_WITNESS_STATE},
    {"exports", required_argument, NULL, OPTION_EXPORTS},
    {"max-age", required_argument, NULL, OPTION_MAX_AGE},
    {"canary-interval", required_argument, NULL, OPTION_CANARY},
    {"now", required_argument, NULL, OPTION_NOW},
    {"all", no_argument, NULL, OPTION_ALL},
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"kind", required_argument, NULL, OPTION_KIND},
    {"room", required_argument, NULL, OPTION_ROOM},
    {"user", required_argument, NULL, OPTION_USER},
    {"record", required_argument, NULL, OPTION_RECORD},
    {"json", no_argument, NULL, 'j'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const char options_text[] =
    "\n"
    "Options:\n"
    "      --policy FILE          whose signatures count (C2SP tlog-policy);\n"
    "                             without it the archive's own keys/\n"
    "      --pins FILE            checkpoints kept elsewhere; may come again\n"
    "      --witness-state FILE   what a witness has seen: its note, or the\n"
    "                             book of perch-witness; may come again\n"
    "      --exports FOLDER       exported files and their sheets; may come\n"
    "                             again\n"
    "      --max-age SECONDS      the checkpoint must be cosigned that lately\n"
    "      --canary-interval SECONDS\n"
    "                             canaries must come that often\n"
    "      --now SECONDS          take this as the time, since 1970 UTC\n"
    "      --all                  print all findings, not the first 20 of\n"
    "                             each check\n"
    "      --from CSN, --to CSN   show: these records\n"
    "      --kind KIND            show: records of a kind, such as post\n"
    "      --room ROOM            show: of a room, by name or guid\n"
    "      --user URI             show: of a user\n"
    "      --record FILE          check-proof: the record itself, - is\n"
    "                             standard input\n"
    "  -j, --json                 JSON\n"
    "  -q, --quiet                no progress\n"
    "  -h, --help                 this\n"
    "  -V, --version\n"
    "\n"
    "Exit codes: 0 complete, the same, proved; 1 not; 2 usage; 3 unreadable.\n"
    "An auditor's guide is in ops/audit/auditors-guide.md.\n";

void options_help(void)
{
    printf("Usage: perch-audit [OPTION]... COMMAND [ARGUMENT]...\n"
           "\n"
           "Looks through copies of perch's compliance archives. It needs no "
           "pool, no\nnetwork and no secret, and writes nothing into them.\n"
           "\n"
           "Commands:\n");
    for (const struct audit_command *command = audit_commands();
         command->name != NULL; command++) {
        printf("  %-12s %-22s %s\n", command->name, command->arguments,
               command->meaning);
    }
    fputs(options_text, stdout);
}

static bool wrong(const char *what, const char *about)
{
    fprintf(stderr, "perch-audit: %s: %s\n", what, about);
    return false;
}

static bool read_number(const char *name, const char *text, uint64_t max,
                        uint64_t *number_out)
{
    char *end;

    errno = 0;
    *number_out = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 ||
        *number_out > max) {
        return wrong(name, "a number is wanted there");
    }
    return true;
}

static bool add_file(const char *name, struct option_files *files)
{
    if (files->n == OPTIONS_FILES_MAX) {
        return wrong(name, "given too often");
    }
    files->paths[files->n] = optarg;
    files->n++;
    return true;
}

static bool read_kind(struct options *options)
{
    for (unsigned kind = 1; kind <= UINT8_MAX; kind++) {
        if (strcmp(record_kind_name((enum record_kind)kind), optarg) == 0) {
            options->kind = optarg;
            return true;
        }
    }
    return wrong(optarg, "no kind of record has that name");
}

static bool take_number(struct options *options, int option)
{
    uint64_t number = 0;
    bool good;

    switch (option) {
    case OPTION_MAX_AGE:
        return read_number("--max-age", optarg, INT64_MAX, &options->max_age_s);
    case OPTION_FROM:
        return read_number("--from", optarg, INT64_MAX, &options->from);
    case OPTION_TO:
        return read_number("--to", optarg, INT64_MAX, &options->to);
    case OPTION_CANARY:
        good = read_number("--canary-interval", optarg, UINT32_MAX, &number);
        options->canary_s = (uint32_t)number;
        return good;
    default:
        good = read_number("--now", optarg, INT64_MAX, &number);
        options->now_s = (int64_t)number;
        return good;
    }
}

static bool take_option(struct options *options, int option)
{
    switch (option) {
    case OPTION_POLICY:
        options->policy = optarg;
        return true;
    case OPTION_PINS:
        return add_file("--pins", &options->pins);
    case OPTION_WITNESS_STATE:
        return add_file("--witness-state", &options->witness_states);
    case OPTION_EXPORTS:
        return add_file("--exports", &options->exports);
    case OPTION_ALL:
        options->wants_all = true;
        return true;
    case OPTION_KIND:
        return read_kind(options);
    case OPTION_ROOM:
        options->room = optarg;
        return true;
    case OPTION_USER:
        options->user = optarg;
        return true;
    case OPTION_RECORD:
        options->record = optarg;
        return true;
    case 'j':
        options->is_json = true;
        return true;
    case 'q':
        options->is_quiet = true;
        return true;
    default:
        return take_number(options, option);
    }
}

static bool find_command(struct options *options, const char *name)
{
    const struct audit_command *command = audit_commands();

    while (command->name != NULL && strcmp(command->name, name) != 0) {
        command++;
    }
    if (command->name == NULL) {
        return wrong(name, "no such command; --help lists them");
    }
    if (options->n_words < command->words_min ||
        options->n_words > command->words_max) {
        fprintf(stderr, "Usage: perch-audit %s %s\n", command->name,
                command->arguments);
        return false;
    }
    options->command = command;
    return true;
}

bool options_read(int argc, char *argv[], struct options *options,
                  int *exit_out)
{
    int option;

    *options = (struct options){.to = UINT64_MAX, .now_s = time(NULL)};
    *exit_out = AUDIT_EXIT_USAGE;
    while ((option = getopt_long(argc, argv, "jqhV", long_options, NULL)) !=
           -1) {
        if (option == 'h' || option == 'V') {
            *exit_out = AUDIT_EXIT_GOOD;
            if (option == 'h') {
                options_help();
            } else {
                puts("perch-audit " PERCH_VERSION);
            }
            return false;
        }
        if (option == '?' || !take_option(options, option)) {
            return false;
        }
    }
    if (optind == argc) {
        fputs("perch-audit: a command is wanted; --help lists them\n", stderr);
        return false;
    }
    options->words = argv + optind + 1;
    options->n_words = (size_t)(argc - optind - 1);
    return find_command(options, argv[optind]);
}
