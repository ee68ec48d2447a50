#include "ops/bench/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ops/bench/complain.h"

enum kind {
    KIND_FLAG,
    KIND_TEXT,
    KIND_COUNT,
    KIND_DECIMAL,
    KIND_SERVER, /* May be given several times. */
    KIND_PID,
    KIND_LIST,
};

struct row {
    const char *name;
    const char *value; /* As help calls it. */
    enum kind kind;
    size_t offset;
    double least, most;
    const char *help;
};

#define AT(field) offsetof(struct options, field)

static const struct row rows[] = {
    {"--pool", "PROGRAM", KIND_TEXT, AT(pool_tool), 0, 0,
     "ask \"PROGRAM status --json\" for the servers (ops/pool)"},
    {"--server", "ADDRESS:PORT", KIND_SERVER, 0, 0, 0,
     "a server instead; once per node, in the order of --pid"},
    {"--pid", "PID", KIND_PID, 0, 1, 4194304,
     "its process, for CPU and memory; once per node"},
    {"--tls", NULL, KIND_FLAG, AT(tls), 0, 0, "connect by TLS (else TCP)"},
    {"--domain", "NAME", KIND_TEXT, AT(domain), 0, 0,
     "SIP domain of the users (fjord.example)"},
    {"--pool-uri", "URI", KIND_TEXT, AT(pool_uri), 0, 0,
     "what clients invite (sip:GC-1-PersistentChatService-1@DOMAIN)"},
    {"--users-named", "PREFIX", KIND_TEXT, AT(users_named), 0, 0,
     "users are PREFIX00001@DOMAIN and on (bench)"},
    {"--users", "N", KIND_COUNT, AT(users), 1, 99999,
     "how many of them there are (400); sessions share them in turn"},
    {"--password", "TEXT", KIND_TEXT, AT(password), 0, 0,
     "their password, where one is asked for (perch-bench)"},
    {"--rooms-named", "PREFIX", KIND_TEXT, AT(rooms_named), 0, 0,
     "post in rooms whose names begin so (bench-)"},
    {"--rooms", "N", KIND_COUNT, AT(rooms), 1, 10000, "use so many of them"},
    {"--messages", "N", KIND_COUNT, AT(messages), 1000, 100000000,
     "search: so many of them (1000000)"},
    {"--sessions", "N", KIND_COUNT, AT(sessions), 1, 60000,
     "clients signed in, spread over the servers"},
    {"--outstanding", "N[,N...]", KIND_LIST, 0, 1, 100000,
     "operations under way at once (1,64,1024)"},
    {"--rate", "N", KIND_DECIMAL, AT(rate), 0.001, 10000000,
     "operations per second where a mode is paced; overload: sign-ins (16)"},
    {"--scale", "X", KIND_DECIMAL, AT(scale), 0.001, 1000,
     "mixed, model: times the published rates of the whole pool (1)"},
    {"--seconds", "S", KIND_DECIMAL, AT(seconds), 0.1, 3600,
     "how long each figure is measured (5)"},
    {"--warm", "S", KIND_DECIMAL, AT(warm_seconds), 0, 600,
     "how long it runs unmeasured before (1)"},
    {"--bytes", "N", KIND_COUNT, AT(bytes), 20, 8000,
     "text of a post, value of a put, block of a write (256)"},
    {"--passes", "N", KIND_COUNT, AT(passes), 1, 100,
     "compare, archive: times that all are measured in turn (3)"},
    {"--compliance", "MODE", KIND_TEXT, AT(compliance), 0, 0,
     "posts: with the archive off, on or required (as it is)"},
    {"--to-leader", NULL, KIND_FLAG, AT(to_leader), 0, 0,
     "etcd and commands: all to the leader (else spread)"},
    {"--directory", "PATH", KIND_TEXT, AT(directory), 0, 0,
     "where disk, etcd, commands and search write (beside the pool's data)"},
    {"--bench-node", "PROGRAM", KIND_TEXT, AT(bench_node), 0, 0,
     "the replica that commands starts (beside perch-bench)"},
    {"--json", NULL, KIND_FLAG, AT(json), 0, 0, "one JSON object at the end"},
};

static const struct options defaults = {
    .pool_tool = "ops/pool",
    .domain = "fjord.example",
    .users_named = "bench",
    .password = "perch-bench",
    .rooms_named = "bench-",
    .users = 400,
    .outstanding_n = 3,
    .outstanding = {1, 64, 1024},
    .scale = 1,
    .seconds = 5,
    .warm_seconds = 1,
    .bytes = 256,
    .passes = 3,
};

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool read_decimal(const struct row *row, const char *text,
                         double *number_out)
{
    char *end;

    errno = 0;
    *number_out = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 ||
        !(*number_out >= row->least && *number_out <= row->most)) {
        complain(ERROR_INVALID, "%s takes %g to %g, not \"%s\"", row->name,
                 row->least, row->most, text);
        return false;
    }
    return true;
}

static bool read_count(const struct row *row, const char *text,
                       unsigned *number_out)
{
    double number;

    if (!read_decimal(row, text, &number)) {
        return false;
    }
    *number_out = (unsigned)number;
    if ((double)*number_out != number) {
        complain(ERROR_INVALID, "%s takes whole numbers, not \"%s\"", row->name,
                 text);
        return false;
    }
    return true;
}

static bool is_full(const struct row *row, size_t n, size_t most)
{
    if (n == most) {
        complain(ERROR_TOO_LARGE, "%s takes at most %zu values", row->name,
                 most);
    }
    return n == most;
}

/* "1,64,1024" replaces what was there. */
static bool read_list(const struct row *row, const char *text,
                      struct options *options)
{
    char copy[128], *rest = copy, *part;

    snprintf(copy, sizeof(copy), "%s", text);
    options->outstanding_n = 0;
    while ((part = strsep(&rest, ",")) != NULL) {
        if (is_full(row, options->outstanding_n, OUTSTANDING_MAX) ||
            !read_count(row, part,
                        &options->outstanding[options->outstanding_n])) {
            return false;
        }
        options->outstanding_n++;
    }
    return true;
}

static bool read_value(const struct row *row, const char *text,
                       struct options *options)
{
    char *field = (char *)options + row->offset;

    switch (row->kind) {
    case KIND_TEXT:
        *(const char **)(void *)field = text;
        return true;
    case KIND_COUNT:
        return read_count(row, text, (unsigned *)(void *)field);
    case KIND_DECIMAL:
        return read_decimal(row, text, (double *)(void *)field);
    case KIND_LIST:
        return read_list(row, text, options);
    case KIND_SERVER:
        if (is_full(row, options->servers_n, POOL_SERVERS_MAX)) {
            return false;
        }
        options->servers[options->servers_n++] = text;
        return true;
    case KIND_PID:
        return !is_full(row, options->pids_n, POOL_SERVERS_MAX) &&
               read_count(row, text, &options->pids[options->pids_n++]);
    case KIND_FLAG:
        *(bool *)(void *)field = true;
        return true;
    }
    return false;
}

/* Read the argument at argv[*at] and its value, and move past both. */
static bool read_one(int argc, char **argv, int *at, struct options *options)
{
    const char *name = argv[*at];
    const struct row *row = find_row(name);

    if (row == NULL) {
        complain(ERROR_INVALID, "what is \"%s\"? See perch-bench --help", name);
        return false;
    }
    *at += 1;
    if (row->kind == KIND_FLAG) {
        return read_value(row, NULL, options);
    }
    if (*at == argc) {
        complain(ERROR_INVALID, "%s needs a value: %s", name, row->value);
        return false;
    }
    *at += 1;
    return read_value(row, argv[*at - 1], options);
}

enum options_wish options_read(int argc, char **argv, struct options *options)
{
    int at = 2;

    *options = defaults;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return OPTIONS_HELP;
        }
    }
    if (argc < 2 || argv[1][0] == '-') {
        complain(ERROR_INVALID, "say what to measure: perch-bench MODE "
                                "[OPTION...]; see perch-bench --help");
        return OPTIONS_WRONG;
    }
    options->mode = argv[1];
    while (at < argc) {
        if (!read_one(argc, argv, &at, options)) {
            return OPTIONS_WRONG;
        }
    }
    return OPTIONS_RUN;
}

void options_print_help(FILE *to)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char left[64];

        snprintf(left, sizeof(left), "%s %s", rows[i].name,
                 rows[i].value == NULL ? "" : rows[i].value);
        fprintf(to, "  %-26s %s\n", left, rows[i].help);
    }
}
