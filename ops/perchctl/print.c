#include "ops/perchctl/print.h"

#include <stdarg.h>
#include <string.h>

#include "ops/perchctl/text.h"
#include "proto/base/time_text.h"

enum {
    CELL_BYTES_MAX = 2048,
    COLUMNS_MAX = 16,
    KEY_BYTES_MAX = 64,
    SECONDS_TEXT_BYTES = 19, /* 2031-02-03T07:31:09 */
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void write_time(char cell[CELL_BYTES_MAX], json_int_t at_us)
{
    char text[TIME_TEXT_BYTES + 1];

    time_write(at_us, text);
    snprintf(cell, CELL_BYTES_MAX, "%.*sZ", SECONDS_TEXT_BYTES, text);
}

/* Moments lose their unit, which their text does not need. */
static void write_key(char to[KEY_BYTES_MAX], const char *key)
{
    size_t len = strlen(key);

    len -= ends_with(key, "_at_us") ? strlen("_us") : 0;
    snprintf(to, KEY_BYTES_MAX, "%.*s", (int)len, key);
}

static void write_words(char cell[CELL_BYTES_MAX], const json_t *words)
{
    size_t i, len = 0;
    json_t *word;

    snprintf(cell, CELL_BYTES_MAX, "none");
    json_array_foreach (words, i, word) {
        int more = snprintf(cell + len, CELL_BYTES_MAX - len, "%s%s",
                            i == 0 ? "" : "; ", json_string_value(word));

        if (more < 0 || (size_t)more >= CELL_BYTES_MAX - len) {
            return; /* Cut short: people have seen enough of it. */
        }
        len += (size_t)more;
    }
}

/* A value as a word. What is not there is a dash. */
static void write_cell(char cell[CELL_BYTES_MAX], const char *key,
                       const json_t *value)
{
    const char *text = json_string_value(value);

    if (text != NULL) {
        snprintf(cell, CELL_BYTES_MAX, "%s", text);
    } else if (json_is_integer(value) && ends_with(key, "_at_us")) {
        write_time(cell, json_integer_value(value));
    } else if (json_is_integer(value)) {
        snprintf(cell, CELL_BYTES_MAX, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
    } else if (json_is_real(value)) {
        snprintf(cell, CELL_BYTES_MAX, "%.3f", json_real_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(cell, CELL_BYTES_MAX, "%s",
                 json_is_true(value) ? "yes" : "no");
    } else if (json_is_array(value)) {
        write_words(cell, value);
    } else {
        snprintf(cell, CELL_BYTES_MAX, "-");
    }
}

static void print_padded(FILE *to, const char *text, size_t width)
{
    size_t has = text_width(text);

    text_print(to, text);
    for (; has < width; has++) {
        fputc(' ', to);
    }
}

struct table {
    size_t n;
    char keys[COLUMNS_MAX][KEY_BYTES_MAX];
    size_t widths[COLUMNS_MAX];
};

static void begin_table(struct table *table, const char *columns)
{
    table->n = 0;
    while (*columns != '\0' && table->n < COLUMNS_MAX) {
        size_t len = strcspn(columns, " ");

        snprintf(table->keys[table->n], KEY_BYTES_MAX, "%.*s", (int)len,
                 columns);
        table->widths[table->n++] = len;
        columns += len + strspn(columns + len, " ");
    }
}

static void measure(struct table *table, const json_t *rows)
{
    char cell[CELL_BYTES_MAX];
    size_t i;
    json_t *row;

    json_array_foreach (rows, i, row) {
        for (size_t column = 0; column < table->n; column++) {
            const char *key = table->keys[column];
            size_t width;

            write_cell(cell, key, json_object_get(row, key));
            width = text_width(cell);
            if (width > table->widths[column]) {
                table->widths[column] = width;
            }
        }
    }
}

static void print_heading(FILE *to, const struct table *table)
{
    for (size_t column = 0; column < table->n; column++) {
        char heading[KEY_BYTES_MAX];

        write_key(heading, table->keys[column]);
        for (char *c = heading; *c != '\0'; c++) {
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c & ~0x20) : *c;
        }
        print_padded(to, heading,
                     column + 1 < table->n ? table->widths[column] + 2 : 0);
    }
    fputc('\n', to);
}

static void print_row(FILE *to, const struct table *table, const json_t *row)
{
    char cell[CELL_BYTES_MAX];

    for (size_t column = 0; column < table->n; column++) {
        const char *key = table->keys[column];

        write_cell(cell, key, json_object_get(row, key));
        print_padded(to, cell,
                     column + 1 < table->n ? table->widths[column] + 2 : 0);
    }
    fputc('\n', to);
}

static void print_table(FILE *to, const char *columns, const json_t *rows)
{
    struct table table;
    size_t i;
    json_t *row;

    begin_table(&table, columns);
    measure(&table, rows);
    print_heading(to, &table);
    json_array_foreach (rows, i, row) {
        print_row(to, &table, row);
    }
}

/* "voters 3, connected 3": an object on one line. */
static void print_inline(FILE *to, const json_t *object)
{
    char cell[CELL_BYTES_MAX], name[KEY_BYTES_MAX];
    const char *key, *between = "";
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
        write_cell(cell, key, value);
        write_key(name, key);
        fprintf(to, "%s%s ", between, name);
        text_print(to, cell);
        between = ", ";
    }
}

/* Things of one kind below each other, with all that they have. */
static void print_things(FILE *to, const json_t *things)
{
    char columns[COLUMNS_MAX * KEY_BYTES_MAX] = "";
    const char *key;
    json_t *value;

    json_object_foreach (json_array_get(things, 0), key, value) {
        size_t len = strlen(columns);

        snprintf(columns + len, sizeof(columns) - len, "%s%s",
                 len == 0 ? "" : " ", key);
    }
    fputc('\n', to);
    print_table(to, columns, things);
}

static void print_value(FILE *to, const char *key, const json_t *value)
{
    char cell[CELL_BYTES_MAX];

    if (json_is_object(value)) {
        print_inline(to, value);
    } else if (json_is_object(json_array_get(value, 0))) {
        print_things(to, value);
        return;
    } else {
        write_cell(cell, key, value);
        text_print(to, cell);
    }
    fputc('\n', to);
}

/* Fields of every reply, which are not what was asked for. */
static bool is_of_reply(const char *key)
{
    static const char *const keys[] = {"result",  "outcome",   "code",
                                       "text",    "advice",    "already",
                                       "dry_run", "log_index", "next"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static void print_lines(FILE *to, const json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
        char name[KEY_BYTES_MAX];

        write_key(name, key);
        fprintf(to, "%s: ", name);
        print_value(to, key, value);
    }
}

/* A thing that is all of the reply is shown by itself. */
static void print_body(FILE *to, const json_t *reply)
{
    json_t *body = json_object();
    const char *key;
    json_t *value, *only = NULL;

    json_object_foreach ((json_t *)(uintptr_t)reply, key, value) {
        if (!is_of_reply(key)) {
            json_object_set(body, key, value);
            only = value;
        }
    }
    print_lines(to, json_object_size(body) == 1 && json_is_object(only) ? only
                                                                        : body);
    json_decref(body);
}

void print_reply(FILE *to, const struct command *command, const json_t *reply)
{
    const char *text = json_string_value(json_object_get(reply, "text"));
    const char *next = json_string_value(json_object_get(reply, "next"));
    const char *page = json_string_value(json_object_get(reply, "page"));

    if (page != NULL) {
        fputs(page, to);
    } else if (text != NULL) {
        text_print(to, text);
        fputc('\n', to);
    } else if (command->list != NULL) {
        print_table(to, command->columns,
                    json_object_get(reply, command->list));
    } else {
        print_body(to, reply);
    }
    if (next != NULL) {
        fputs("There is more: --after '", to);
        text_print(to, next);
        fputs("'\n", to);
    }
}

void print_trouble(FILE *to, const json_t *reply)
{
    const char *text = json_string_value(json_object_get(reply, "text"));
    const char *outcome = json_string_value(json_object_get(reply, "outcome"));
    const char *advice = json_string_value(json_object_get(reply, "advice"));

    fputs("perchctl: ", to);
    text_print(to, text == NULL ? "refused" : text);
    fprintf(to, " [%s]\n", outcome == NULL ? "?" : outcome);
    if (advice != NULL && advice[0] != '\0') {
        fputs("  ", to);
        text_print(to, advice);
        fputc('\n', to);
    }
}
