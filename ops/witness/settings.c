#include "ops/witness/settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/witness/book_file.h"
#include "proto/base/buffer.h"

void settings_init(struct witness_settings *settings)
{
    *settings = (struct witness_settings){.port = SETTINGS_PORT,
                                          .connections = SETTINGS_CONNECTIONS};
    snprintf(settings->host, sizeof(settings->host), "127.0.0.1");
    snprintf(settings->key, sizeof(settings->key), "/etc/perch/witness.key");
    snprintf(settings->state, sizeof(settings->state),
             "/var/lib/perch-witness/book");
}

static enum error refuse(char why[SETTINGS_WHY_BYTES], const char *word,
                         const char *value, const char *wanted)
{
    snprintf(why, SETTINGS_WHY_BYTES, "%s \"%.200s\": %s", word, value, wanted);
    return ERROR_INVALID;
}

static bool read_number(const char *text, unsigned long max,
                        unsigned long *number_out)
{
    char *end;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    *number_out = strtoul(text, &end, 10);
    return *end == '\0' && *number_out <= max;
}

/* HOST:PORT, of which an IPv6 address stands in brackets. */
static enum error set_listen(struct witness_settings *settings,
                             const char *value, char why[SETTINGS_WHY_BYTES])
{
    const char *colon = strrchr(value, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - value);
    unsigned long port;

    if (len == 0 || !read_number(colon + 1, UINT16_MAX, &port)) {
        return refuse(why, "listen", value, "HOST:PORT is wanted");
    }
    if (value[0] == '[' && len > 2 && value[len - 1] == ']') {
        value += 1;
        len -= 2;
    }
    snprintf(settings->host, sizeof(settings->host), "%.*s", (int)len, value);
    settings->port = (uint16_t)port;
    return ERROR_NONE;
}

static enum error add_log(struct witness_settings *settings, const char *value,
                          char why[SETTINGS_WHY_BYTES])
{
    struct note_verifier log;

    if (settings->n == WITNESS_LOGS_MAX) {
        return refuse(why, "log", value, "there are too many");
    }
    if (note_vkey_read(slice_of_text(value), &log) != ERROR_NONE) {
        return refuse(why, "log", value, "is no verifier key");
    }
    if (log.type != NOTE_ED25519) {
        return refuse(why, "log", value, "is no log's key (Ed25519)");
    }
    snprintf(settings->logs[settings->n], sizeof(settings->logs[0]), "%s",
             value);
    settings->n += 1;
    return ERROR_NONE;
}

static enum error set_connections(struct witness_settings *settings,
                                  const char *value,
                                  char why[SETTINGS_WHY_BYTES])
{
    unsigned long number;

    if (!read_number(value, SETTINGS_CONNECTIONS_MAX, &number) || number == 0) {
        return refuse(why, "connections", value, "1 to 1000 is wanted");
    }
    settings->connections = (unsigned)number;
    return ERROR_NONE;
}

static enum error set_text(char to[SETTINGS_VALUE_BYTES_MAX + 1],
                           const char *word, const char *value,
                           char why[SETTINGS_WHY_BYTES])
{
    if (value[0] == '\0' || strlen(value) > SETTINGS_VALUE_BYTES_MAX) {
        return refuse(why, word, value, "is empty or too long");
    }
    snprintf(to, SETTINGS_VALUE_BYTES_MAX + 1, "%s", value);
    return ERROR_NONE;
}

enum error settings_set(struct witness_settings *settings, const char *word,
                        const char *value, char why[SETTINGS_WHY_BYTES])
{
    if (strlen(value) > SETTINGS_VALUE_BYTES_MAX) {
        return refuse(why, word, value, "is too long");
    }
    if (strcmp(word, "name") == 0) {
        return note_name_allowed(slice_of_text(value))
                   ? set_text(settings->name, word, value, why)
                   : refuse(why, word, value, "no key may have this name");
    }
    if (strcmp(word, "listen") == 0) {
        return set_listen(settings, value, why);
    }
    if (strcmp(word, "key") == 0) {
        return set_text(settings->key, word, value, why);
    }
    if (strcmp(word, "state") == 0) {
        return set_text(settings->state, word, value, why);
    }
    if (strcmp(word, "log") == 0) {
        return add_log(settings, value, why);
    }
    if (strcmp(word, "connections") == 0) {
        return set_connections(settings, value, why);
    }
    return refuse(why, word, value, "there is no such setting");
}

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL) {
        len -= 1;
    }
    text[len] = '\0';
    return text;
}

static enum error set_line(struct witness_settings *settings, char *line,
                           char why[SETTINGS_WHY_BYTES])
{
    char *equals;

    line = trim(line);
    if (line[0] == '\0' || line[0] == '#') {
        return ERROR_NONE;
    }
    equals = strchr(line, '=');
    if (equals == NULL) {
        return refuse(why, "line", line, "WORD = VALUE is wanted");
    }
    *equals = '\0';
    return settings_set(settings, trim(line), trim(equals + 1), why);
}

static enum error set_lines(struct witness_settings *settings, const char *path,
                            char *text, char why[SETTINGS_WHY_BYTES])
{
    char reason[SETTINGS_WHY_BYTES];
    char *line;

    for (unsigned number = 1; (line = strsep(&text, "\n")) != NULL; number++) {
        if (set_line(settings, line, reason) != ERROR_NONE) {
            snprintf(why, SETTINGS_WHY_BYTES, "%.600s:%u: %.600s", path, number,
                     reason);
            return ERROR_INVALID;
        }
    }
    return ERROR_NONE;
}

enum error settings_load(struct witness_settings *settings, const char *path,
                         char why[SETTINGS_WHY_BYTES])
{
    struct buffer file = BUFFER_EMPTY;
    enum error error = book_file_read(path, SETTINGS_FILE_BYTES_MAX, &file);

    buffer_append(&file, "", 1);
    if (error == ERROR_NONE && buffer_failed(&file)) {
        error = ERROR_NO_MEMORY;
    }
    if (error != ERROR_NONE) {
        snprintf(why, SETTINGS_WHY_BYTES, "%.1000s: %s", path,
                 error_text(error));
    } else {
        error = set_lines(settings, path, (char *)file.data, why);
    }
    buffer_deinit(&file);
    return error;
}
