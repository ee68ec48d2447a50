#include "node/compliance/export_order.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"

enum { TEXT_BYTES_MAX = 2048 };

static const char path_of_programs[] = "PATH=/usr/local/bin:/usr/bin:/bin";

static const char *print(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *print(struct arena *arena, const char *format, ...)
{
    char text[TEXT_BYTES_MAX];
    va_list arguments;
    char *copy;
    int len;

    va_start(arguments, format);
    len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    CHECK(len >= 0 && len < TEXT_BYTES_MAX);
    copy = arena_alloc(arena, (size_t)len + 1);
    CHECK(copy != NULL);
    memcpy(copy, text, (size_t)len + 1);
    return copy;
}

/* The next word of a line; empty at its end. */
static struct slice next_word(struct slice *rest)
{
    struct slice word;

    while (rest->len > 0 && rest->data[0] == ' ') {
        *rest = slice_after(*rest, 1);
    }
    word = *rest;
    while (rest->len > 0 && rest->data[0] != ' ') {
        *rest = slice_after(*rest, 1);
    }
    word.len -= rest->len;
    return word;
}

/* The words that a program's line has after its name. False for another's. */
static bool read_program(const char *line, struct slice name,
                         struct arena *arena, const char **words)
{
    struct slice rest = slice_of_text(line);
    size_t n = 0;

    if (!slice_equal(next_word(&rest), name)) {
        return false;
    }
    for (struct slice word = next_word(&rest);
         word.len > 0 && n < ADAPTER_WORDS_MAX; word = next_word(&rest)) {
        words[n++] = print(arena, "%.*s", SLICE_PRINT(word));
    }
    words[n] = NULL;
    return n > 0;
}

static enum error find_program(const struct exporting_settings *settings,
                               const struct adapter_view *adapter,
                               struct arena *arena, const char **words,
                               char why[ADAPTER_WHY_BYTES])
{
    if (adapter->type != PERCH__ADAPTER_TYPE__PROGRAM) {
        words[0] = settings->adapter_program;
        words[1] = NULL;
        return ERROR_NONE;
    }
    for (size_t i = 0; i < settings->n_programs; i++) {
        if (read_program(settings->programs[i], adapter->program, arena,
                         words)) {
            return ERROR_NONE;
        }
    }
    snprintf(why, ADAPTER_WHY_BYTES,
             "this node's [archive] program names no %.*s",
             SLICE_PRINT(adapter->program));
    return ERROR_NOT_FOUND;
}

/* Whether an output is no directory of the nodes: a connection, or mail. */
static bool is_elsewhere(const struct adapter_view *adapter)
{
    const struct slice scheme = SLICE_LITERAL("://");

    return adapter->type == PERCH__ADAPTER_TYPE__POSTGRESQL ||
           ((adapter->type == PERCH__ADAPTER_TYPE__EML ||
             adapter->type == PERCH__ADAPTER_TYPE__PROGRAM) &&
            memmem(adapter->output.data, adapter->output.len, scheme.data,
                   scheme.len) != NULL);
}

/* Whether a path is written as it is: no part is empty, ".", or "..". */
static bool is_plain(const char *path)
{
    const char *part = path;

    while (part != NULL) {
        size_t len = strcspn(part, "/");

        if (len == 0 || (len == 1 && part[0] == '.') ||
            (len == 2 && part[0] == '.' && part[1] == '.')) {
            return false;
        }
        part = part[len] == '\0' ? NULL : part + len + 1;
    }
    return true;
}

static bool is_below(const char *path, const char *directory)
{
    size_t len = strlen(directory);

    while (len > 1 && directory[len - 1] == '/') {
        len--;
    }
    return strncmp(path, directory, len) == 0 &&
           (path[len] == '\0' || path[len] == '/');
}

static enum error find_output(const struct exporting_settings *settings,
                              const struct adapter_view *adapter,
                              struct arena *arena, struct export_order *order,
                              char why[ADAPTER_WHY_BYTES])
{
    const char *path = print(arena, "%.*s", SLICE_PRINT(adapter->output));

    order->directory = NULL;
    order->output = slice_of_text(path);
    if (adapter->output.len == 0 || is_elsewhere(adapter)) {
        return ERROR_NONE;
    }
    if (is_plain(path) && settings->n_outputs > 0) {
        order->directory = print(arena, "%s/%s", settings->outputs[0], path);
        order->output = slice_of_text(order->directory);
        return ERROR_NONE;
    }
    for (size_t i = 0;
         path[0] == '/' && is_plain(path + 1) && i < settings->n_outputs; i++) {
        if (is_below(path, settings->outputs[i])) {
            order->directory = path;
            return ERROR_NONE;
        }
    }
    snprintf(why, ADAPTER_WHY_BYTES,
             "%.300s is not below this node's [archive] output", path);
    return ERROR_REFUSED;
}

enum error export_order_make(const struct exporting_settings *settings,
                             const struct adapter_view *adapter,
                             const struct cut_view *cut, struct arena *arena,
                             struct export_order *order,
                             char why[ADAPTER_WHY_BYTES])
{
    TRY(find_program(settings, adapter, arena, order->words, why));
    TRY(find_output(settings, adapter, arena, order, why));
    order->environment[0] = path_of_programs;
    order->environment[1] =
        print(arena, "PERCH_ADAPTER=%.*s", SLICE_PRINT(adapter->name));
    order->environment[2] =
        print(arena, "PERCH_FIRST_CSN=%" PRIu64, cut->first_csn);
    order->environment[3] =
        print(arena, "PERCH_LAST_CSN=%" PRIu64, cut->last_csn);
    order->environment[4] = NULL;
    return ERROR_NONE;
}
