#include "node/config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "node/config_table.h"
#include "proto/base/check.h"

/* Where the reader stands, for messages. */
struct reader {
    const struct setting_table *table;
    void *config;
    bool given[SETTINGS_MAX]; /* Set by a file; a second time is an error. */
    const char *path;
    int line;
    char section[64];
    int depth; /* Of include. */
    char *error;
};

static enum error complain(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum error complain(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    int len = snprintf(reader->error, CONFIG_ERROR_BYTES,
                       "%s:%d: ", reader->path, reader->line);

    if (len > 0 && len < CONFIG_ERROR_BYTES) {
        va_start(arguments, format);
        vsnprintf(reader->error + len, CONFIG_ERROR_BYTES - (size_t)len, format,
                  arguments);
        va_end(arguments);
    }
    return ERROR_INVALID;
}

static enum error unknown_key(struct reader *reader, const char *key)
{
    const struct setting *nearest =
        config_setting_nearest(reader->table, reader->section, key);

    return complain(reader, "[%s] has no key \"%s\"; the nearest is %s in [%s]",
                    reader->section, key, nearest->key, nearest->section);
}

/* Hand a value to its setting; a key that is no list is set once. */
static enum error read_value(struct reader *reader,
                             const struct setting *setting, const char *text)
{
    bool *given = &reader->given[setting - reader->table->settings];
    char why[CONFIG_ERROR_BYTES];

    if (*given && setting->kind != SETTING_LIST) {
        return complain(reader, "%s is set a second time", setting->key);
    }
    *given = true;
    if (config_setting_set(setting, reader->config, text, why) != ERROR_NONE) {
        return complain(reader, "%s", why);
    }
    return ERROR_NONE;
}

static char *trim(char *text)
{
    char *end;

    while (isspace((unsigned char)*text)) {
        text++;
    }
    end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1])) {
        end--;
    }
    *end = '\0';
    return text;
}

/* Take quotes off, or cut a comment that follows the value. */
static enum error plain_value(struct reader *reader, char **value)
{
    char *text = *value;
    size_t len;

    if (text[0] == '"') {
        char *end = strchr(text + 1, '"');

        if (end == NULL) {
            return complain(reader, "the quote is never closed");
        }
        if (end[1 + strspn(end + 1, " \t")] != '\0' &&
            end[1 + strspn(end + 1, " \t")] != '#') {
            return complain(reader, "text follows the closing quote");
        }
        *end = '\0';
        *value = text + 1;
    } else {
        char *comment = strstr(text, " #");

        if (comment != NULL) {
            *comment = '\0';
        }
        *value = trim(text);
    }
    len = strlen(*value);
    if (len > CONFIG_TEXT_BYTES_MAX) {
        return complain(reader, "a value of %zu bytes; %d are the most", len,
                        CONFIG_TEXT_BYTES_MAX);
    }
    return ERROR_NONE;
}

static enum error read_folder(struct reader *reader, const char *folder);

static enum error read_pair(struct reader *reader, char *line)
{
    char *equals = strchr(line, '=');
    const struct setting *setting;
    char *key, *value;

    if (equals == NULL) {
        return complain(reader, "neither [section] nor key = value");
    }
    *equals = '\0';
    key = trim(line);
    value = trim(equals + 1);
    TRY(plain_value(reader, &value));
    if (strcmp(reader->section, "config") == 0 && strcmp(key, "include") == 0) {
        return read_folder(reader, value);
    }
    setting = config_setting_find(reader->table, reader->section, key);
    return setting == NULL ? unknown_key(reader, key)
                           : read_value(reader, setting, value);
}

static enum error read_section(struct reader *reader, char *line)
{
    char *end = strchr(line, ']');

    if (end == NULL || trim(end + 1)[0] != '\0') {
        return complain(reader, "a section looks like [name]");
    }
    *end = '\0';
    line = trim(line + 1);
    if (!config_setting_section_known(reader->table, line) &&
        strcmp(line, "config") != 0) {
        return complain(reader, "there is no section [%s]", line);
    }
    snprintf(reader->section, sizeof(reader->section), "%s", line);
    return ERROR_NONE;
}

static enum error read_line(struct reader *reader, char *line)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#') {
        return ERROR_NONE;
    }
    return line[0] == '[' ? read_section(reader, line)
                          : read_pair(reader, line);
}

/* Read a whole file, so that its size can be refused before its lines. */
static enum error read_text(struct reader *reader, char **text_out)
{
    FILE *file = fopen(reader->path, "re");
    int number = errno; /* Writing the message may change errno. */
    char *text = NULL;
    size_t len;

    if (file == NULL) {
        complain(reader, "cannot be read: %s", strerror(number));
        return error_from_errno(number);
    }
    text = malloc(CONFIG_FILE_BYTES_MAX + 1);
    len = text == NULL ? 0 : fread(text, 1, CONFIG_FILE_BYTES_MAX + 1, file);
    fclose(file);
    if (text == NULL || len > CONFIG_FILE_BYTES_MAX ||
        memchr(text, '\0', len) != NULL) {
        free(text);
        return complain(reader, "not a text of at most %d bytes",
                        CONFIG_FILE_BYTES_MAX);
    }
    text[len] = '\0';
    *text_out = text;
    return ERROR_NONE;
}

static enum error read_file(struct reader *reader, const char *path)
{
    struct reader outer = *reader;
    char *text = NULL, *line, *rest;
    enum error error;

    reader->path = path;
    reader->line = 0;
    reader->section[0] = '\0';
    TRY(read_text(reader, &text));
    rest = text;
    error = ERROR_NONE;
    while (error == ERROR_NONE && (line = strsep(&rest, "\n")) != NULL) {
        reader->line++;
        error = read_line(reader, line);
    }
    free(text);
    reader->path = outer.path;
    reader->line = outer.line;
    memcpy(reader->section, outer.section, sizeof(reader->section));
    return error;
}

static int is_conf(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

static enum error read_folder(struct reader *reader, const char *folder)
{
    struct dirent **names;
    enum error error = ERROR_NONE;
    int n;

    if (reader->depth > 0) {
        return complain(reader, "an included file may not include again");
    }
    n = scandir(folder, &names, is_conf, alphasort);
    if (n < 0) {
        return complain(reader, "cannot list %s: %s", folder, strerror(errno));
    }
    reader->depth++;
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        if (error == ERROR_NONE) {
            error = read_file(reader, path);
        }
        free(names[i]);
    }
    reader->depth--;
    free(names);
    return error;
}

static void set_defaults(const struct setting_table *table, void *config)
{
    char why[CONFIG_ERROR_BYTES];

    for (size_t i = 0; i < table->n; i++) {
        const struct setting *setting = &table->settings[i];

        if (setting->initial != NULL) {
            CHECK(config_setting_set(setting, config, setting->initial, why) ==
                  ERROR_NONE);
        }
    }
}

enum error config_table_load(const struct setting_table *table,
                             const char *path, void *config,
                             char error_out[CONFIG_ERROR_BYTES])
{
    struct reader reader = {
        .table = table, .config = config, .path = path, .error = error_out};

    CHECK(table->n <= SETTINGS_MAX);
    error_out[0] = '\0';
    set_defaults(table, config);
    return read_file(&reader, path);
}

/* What holds between settings. */
static enum error check_whole(struct reader *reader)
{
    const struct config *config = reader->config;

    reader->line = 0;
    if (config->node_id == 0) {
        return complain(reader, "[node] id is missing");
    }
    if (config->peer_nodes.n == 0) {
        return complain(reader, "[peer] node is missing: one line per node");
    }
    if (config->pool_id == NULL) {
        return complain(reader, "[pool] id is missing: a GUID, the same on "
                                "all nodes; uuidgen makes one");
    }
    if (config->raft_heartbeat_ms * 5 > config->raft_election_ms) {
        return complain(reader,
                        "[raft] election must be at least 5 heartbeats");
    }
    return ERROR_NONE;
}

enum error config_load(const char *path, struct config *config,
                       char error_out[CONFIG_ERROR_BYTES])
{
    struct reader reader = {.config = config, .path = path, .error = error_out};

    memset(config, 0, sizeof(*config));
    TRY(config_table_load(&config_settings, path, config, error_out));
    return check_whole(&reader);
}

void config_deinit(struct config *config)
{
    config_table_free(&config_settings, config);
    memset(config, 0, sizeof(*config));
}

void config_print(const struct config *config, FILE *to)
{
    config_table_print(&config_settings, config, to);
}

void config_describe(FILE *to)
{
    config_table_describe(&config_settings, to);
}

enum error config_split_address(const char *address, char host_out[256],
                                uint16_t *port_out)
{
    const char *colon = strrchr(address, ':');
    const char *host = address;
    size_t len;
    char *end;
    unsigned long port;

    if (colon == NULL || !isdigit((unsigned char)colon[1])) {
        return ERROR_INVALID;
    }
    port = strtoul(colon + 1, &end, 10);
    len = (size_t)(colon - address);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(host, ':', len) != NULL) {
        return ERROR_INVALID;
    }
    if (*end != '\0' || port == 0 || port > UINT16_MAX || len == 0 ||
        len > 255) {
        return ERROR_INVALID;
    }
    memcpy(host_out, host, len);
    host_out[len] = '\0';
    *port_out = (uint16_t)port;
    return ERROR_NONE;
}
