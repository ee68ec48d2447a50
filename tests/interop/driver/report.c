#include "tests/interop/driver/report.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void report_take(const char *event, json_t *members)
{
    json_t *line = json_pack("{s:s}", "event", event);
    char *text;

    if (members != NULL) {
        json_object_update(line, members);
        json_decref(members);
    }
    text = json_dumps(line, JSON_COMPACT);
    if (text == NULL || printf("%s\n", text) < 0 || fflush(stdout) != 0) {
        _Exit(1); /* Who listened is gone. */
    }
    free(text);
    json_decref(line);
}

void report_refusal(const char *why, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, why);
    text = g_strdup_vprintf(why, arguments);
    va_end(arguments);
    report_take("refused", json_pack("{s:o}", "why", report_text(text)));
    g_free(text);
}

json_t *report_text(const char *text)
{
    char *valid;
    json_t *string;

    if (text == NULL) {
        return json_null();
    }
    valid = g_utf8_make_valid(text, -1);
    string = json_string(valid);
    g_free(valid);
    return string;
}
