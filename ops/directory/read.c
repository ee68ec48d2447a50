#include "ops/directory/read.h"

/* The three searches. */
struct reading {
    const struct directory_settings *settings;
    struct mapping mapping;
    struct server *server;
    struct entries users, groups, units;
    char *why;
};

static enum error read_users(struct reading *reading)
{
    const char *asked[MAPPING_ATTRIBUTES_MAX + 1];
    const struct search search = {reading->settings->users_base,
                                  reading->settings->users_filter, asked};

    mapping_ask_users(&reading->mapping, asked);
    return server_search(reading->server, &search, &reading->users,
                         reading->why);
}

static enum error read_groups(struct reading *reading)
{
    const char *asked[MAPPING_ATTRIBUTES_MAX + 1];
    const struct search search = {reading->settings->groups_base,
                                  reading->settings->groups_filter, asked};

    if (!reading->settings->groups) {
        return ERROR_NONE;
    }
    mapping_ask_groups(&reading->mapping, asked);
    return server_search(reading->server, &search, &reading->groups,
                         reading->why);
}

static enum error read_units(struct reading *reading)
{
    static const char *const asked[] = {"ou", NULL};
    const struct search search = {reading->settings->units_base,
                                  reading->settings->units_filter, asked};

    return reading->settings->units
               ? server_search(reading->server, &search, &reading->units,
                               reading->why)
               : ERROR_NONE;
}

static enum error read_all(struct reading *reading)
{
    TRY(server_open(reading->settings, &reading->server, reading->why));
    TRY(read_users(reading));
    TRY(read_groups(reading));
    return read_units(reading);
}

enum error read_directory(const struct directory_settings *settings,
                          struct roster *wanted, char why[SERVER_WHY_BYTES])
{
    struct reading reading = {.settings = settings,
                              .mapping = settings_mapping(settings),
                              .why = why};
    enum error error;

    entries_init(&reading.users);
    entries_init(&reading.groups);
    entries_init(&reading.units);
    error = read_all(&reading);
    if (error == ERROR_NONE) {
        const struct mapping_source source = {&reading.users, &reading.groups,
                                              &reading.units};

        mapping_make(&reading.mapping, &source, wanted);
    }
    server_close(reading.server);
    entries_deinit(&reading.users);
    entries_deinit(&reading.groups);
    entries_deinit(&reading.units);
    return error;
}
