#include "ops/bench/report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS_MAX = 24,
    NAME_BYTES = 32,
    TEXT_BYTES = 512,
    LABEL_WIDTH = 26,
    COLUMN_WIDTH_MIN = 9,
};

struct figure {
    char name[NAME_BYTES];
    double number;
    int decimals;
};

struct report {
    bool json;
    json_t *rows, *notes;
    char title[TEXT_BYTES];   /* Of the row: "posts tcp 64". */
    char heading[TEXT_BYTES]; /* Last printed. */
    size_t n;
    struct figure figures[COLUMNS_MAX];
    json_t *row;
};

struct report *report_new(bool json)
{
    struct report *report = calloc(1, sizeof(*report));

    if (report != NULL) {
        report->json = json;
        report->rows = json_array();
        report->notes = json_array();
    }
    return report;
}

void report_row(struct report *report, const char *mode, const char *label)
{
    snprintf(report->title, sizeof(report->title), "%s %s", mode, label);
    report->n = 0;
    json_decref(report->row);
    report->row = json_pack("{s:s, s:s}", "mode", mode, "label", label);
}

void report_number(struct report *report, const char *name, double number,
                   int decimals)
{
    json_object_set_new(report->row, name, json_real(number));
    if (report->n < COLUMNS_MAX) { /* JSON has them all. */
        struct figure *figure = &report->figures[report->n];

        snprintf(figure->name, sizeof(figure->name), "%s", name);
        figure->number = number;
        figure->decimals = decimals;
        report->n++;
    }
}

void report_latencies(struct report *report, const char *prefix,
                      const struct histogram *histogram)
{
    static const struct {
        const char *name;
        uint32_t per_million;
    } shares[] = {{"p50_us", 500000},
                  {"p99_us", 990000},
                  {"p999_us", 999000},
                  {"most_us", HISTOGRAM_PER_MILLION}};
    char name[NAME_BYTES];

    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", prefix, shares[i].name);
        report_number(report, name,
                      (double)histogram_at(histogram, shares[i].per_million),
                      0);
    }
}

static int width_of(const struct figure *figure)
{
    int width = (int)strlen(figure->name);

    return width < COLUMN_WIDTH_MIN ? COLUMN_WIDTH_MIN : width;
}

static void print_heading(struct report *report)
{
    char heading[TEXT_BYTES];
    int at = snprintf(heading, sizeof(heading), "%-*s", LABEL_WIDTH, "");

    for (size_t i = 0; i < report->n && (size_t)at < sizeof(heading); i++) {
        at += snprintf(heading + at, sizeof(heading) - (size_t)at, "  %*s",
                       width_of(&report->figures[i]), report->figures[i].name);
    }
    if (strcmp(heading, report->heading) != 0) {
        printf("%s\n", heading);
        memcpy(report->heading, heading, sizeof(heading));
    }
}

void report_end_row(struct report *report)
{
    json_array_append(report->rows, report->row);
    if (report->json) {
        return;
    }
    print_heading(report);
    printf("%-*s", LABEL_WIDTH, report->title);
    for (size_t i = 0; i < report->n; i++) {
        const struct figure *figure = &report->figures[i];

        printf("  %*.*f", width_of(figure), figure->decimals, figure->number);
    }
    printf("\n");
    fflush(stdout);
}

void report_note(struct report *report, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    json_array_append_new(report->notes, json_string(text));
}

void report_finish(struct report *report)
{
    size_t i;
    json_t *note;

    if (report->json) {
        json_t *all = json_pack("{s:O, s:O}", "rows", report->rows, "notes",
                                report->notes);

        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        printf("\n");
        json_decref(all);
        return;
    }
    json_array_foreach (report->notes, i, note) {
        printf("note: %s\n", json_string_value(note));
    }
}

void report_free(struct report *report)
{
    if (report == NULL) {
        return;
    }
    json_decref(report->row);
    json_decref(report->rows);
    json_decref(report->notes);
    free(report);
}
