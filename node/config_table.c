#include "node/config_table.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define KiB 1024ull
#define MiB (1024 * KiB)
#define GiB (1024 * MiB)

static void *field(void *config, const struct setting *setting)
{
    return (char *)config + setting->offset;
}

const struct setting *config_setting_find(const struct setting_table *table,
                                          const char *section, const char *key)
{
    for (size_t i = 0; i < table->n; i++) {
        if (strcmp(table->settings[i].section, section) == 0 &&
            strcmp(table->settings[i].key, key) == 0) {
            return &table->settings[i];
        }
    }
    return NULL;
}

bool config_setting_section_known(const struct setting_table *table,
                                  const char *section)
{
    for (size_t i = 0; i < table->n; i++) {
        if (strcmp(table->settings[i].section, section) == 0) {
            return true;
        }
    }
    return false;
}

/* Edit distance, small and quadratic: for "did you mean". */
static size_t distance(const char *a, const char *b)
{
    size_t row[64], len = strlen(b);

    if (len >= 63 || strlen(a) >= 63) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[len];
}

const struct setting *config_setting_nearest(const struct setting_table *table,
                                             const char *section,
                                             const char *key)
{
    const struct setting *nearest = NULL;
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < table->n; i++) {
        size_t far = distance(key, table->settings[i].key);

        far += strcmp(table->settings[i].section, section) == 0 ? 0 : 2;
        if (far < least) {
            least = far;
            nearest = &table->settings[i];
        }
    }
    return nearest;
}

/* Split a number from its unit and scale it. */
static bool read_scaled(const char *text, enum setting_kind kind,
                        uint64_t *value_out)
{
    static const struct {
        enum setting_kind kind;
        const char *unit;
        uint64_t scale;
    } units[] = {
        {SETTING_NUMBER, "", 1},          {SETTING_DURATION, "ms", 1},
        {SETTING_DURATION, "s", 1000},    {SETTING_DURATION, "min", 60000},
        {SETTING_DURATION, "h", 3600000}, {SETTING_SIZE, "B", 1},
        {SETTING_SIZE, "KiB", KiB},       {SETTING_SIZE, "MiB", MiB},
        {SETTING_SIZE, "GiB", GiB},
    };
    char *unit;
    uint64_t number;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    number = strtoull(text, &unit, 10);
    if (errno != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].kind == kind && strcmp(units[i].unit, unit) == 0) {
            return !__builtin_mul_overflow(number, units[i].scale, value_out);
        }
    }
    return false;
}

static const char *kind_words(enum setting_kind kind)
{
    switch (kind) {
    case SETTING_NUMBER:
        return "a whole number";
    case SETTING_DURATION:
        return "a duration such as 500ms, 10s, 5min or 1h";
    case SETTING_SIZE:
        return "a size such as 64MiB";
    case SETTING_BOOLEAN:
        return "yes or no";
    default:
        return "text";
    }
}

/* Say why a value is refused. */
static enum error refuse(char *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum error refuse(char *why, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(why, CONFIG_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return ERROR_INVALID;
}

static enum error set_text(char **to, const char *text, char *why)
{
    char *copy = strdup(text);

    if (copy == NULL) {
        return refuse(why, "out of memory");
    }
    free(*to);
    *to = copy;
    return ERROR_NONE;
}

static enum error set_list(const struct setting *setting,
                           struct config_list *list, const char *text,
                           char *why)
{
    if (list->n == CONFIG_LIST_MAX) {
        return refuse(why, "more than %d times %s", CONFIG_LIST_MAX,
                      setting->key);
    }
    TRY(set_text(&list->values[list->n], text, why));
    list->n++;
    return ERROR_NONE;
}

static enum error set_flag(const struct setting *setting, bool *flag,
                           const char *text, char *why)
{
    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0) {
        return refuse(why, "%s must be yes or no, not \"%s\"", setting->key,
                      text);
    }
    *flag = strcmp(text, "yes") == 0;
    return ERROR_NONE;
}

static enum error set_number(const struct setting *setting, uint64_t *number,
                             const char *text, char *why)
{
    uint64_t value;

    if (!read_scaled(text, setting->kind, &value)) {
        return refuse(why, "%s must be %s, not \"%s\"", setting->key,
                      kind_words(setting->kind), text);
    }
    if (value < setting->least || value > setting->most) {
        return refuse(
            why, "%s must lie between %" PRIu64 " and %" PRIu64 "%s, not at %s",
            setting->key, setting->least, setting->most,
            setting->kind == SETTING_DURATION ? " ms"
            : setting->kind == SETTING_SIZE   ? " bytes"
                                              : "",
            text);
    }
    *number = value;
    return ERROR_NONE;
}

enum error config_setting_set(const struct setting *setting, void *config,
                              const char *text, char why[CONFIG_ERROR_BYTES])
{
    void *at = field(config, setting);

    switch (setting->kind) {
    case SETTING_LIST:
        return set_list(setting, at, text, why);
    case SETTING_TEXT:
        return set_text(at, text, why);
    case SETTING_BOOLEAN:
        return set_flag(setting, at, text, why);
    default:
        return set_number(setting, at, text, why);
    }
}

void config_table_free(const struct setting_table *table, void *config)
{
    for (size_t i = 0; i < table->n; i++) {
        struct config_list *list = field(config, &table->settings[i]);

        if (table->settings[i].kind == SETTING_TEXT) {
            free(*(char **)field(config, &table->settings[i]));
        }
        for (size_t j = 0;
             table->settings[i].kind == SETTING_LIST && j < list->n; j++) {
            free(list->values[j]);
        }
    }
}

static void print_value(const struct setting *setting, const void *config,
                        FILE *to)
{
    const char *at = (const char *)config + setting->offset;
    const struct config_list *list = (const struct config_list *)at;
    const char *text = NULL;

    switch (setting->kind) {
    case SETTING_LIST:
        for (size_t j = 0; j < list->n; j++) {
            fprintf(to, "%s = \"%s\"\n", setting->key, list->values[j]);
        }
        return;
    case SETTING_TEXT:
        memcpy(&text, at, sizeof(text));
        if (text != NULL) {
            fprintf(to, "%s = \"%s\"\n", setting->key, text);
        }
        return;
    case SETTING_BOOLEAN:
        fprintf(to, "%s = %s\n", setting->key,
                *(const bool *)at ? "yes" : "no");
        return;
    default:
        fprintf(to, "%s = %" PRIu64 "%s\n", setting->key, *(const uint64_t *)at,
                setting->kind == SETTING_DURATION ? "ms"
                : setting->kind == SETTING_SIZE   ? "B"
                                                  : "");
        return;
    }
}

void config_table_print(const struct setting_table *table, const void *config,
                        FILE *to)
{
    const char *section = "";

    for (size_t i = 0; i < table->n; i++) {
        if (strcmp(section, table->settings[i].section) != 0) {
            section = table->settings[i].section;
            fprintf(to, "%s[%s]\n", i == 0 ? "" : "\n", section);
        }
        print_value(&table->settings[i], config, to);
    }
}
