#include "node/web/metrics.h"

#include <bsd/sys/queue.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

struct series {
    STAILQ_ENTRY(series) link;
    struct metric row;
    const double *value; /* In a group's values; NULL: the row's own meter. */
};

/* All series of one name, which the format wants side by side. */
struct family {
    STAILQ_ENTRY(family) link;
    const char *name;
    const char *help;
    enum metric_type type;
    STAILQ_HEAD(, series) series;
};

struct group {
    STAILQ_ENTRY(group) link;
    void (*fill)(void *context, double *values);
    void *context;
    size_t n;
    double values[];
};

struct metrics {
    STAILQ_HEAD(, family) families;
    STAILQ_HEAD(, group) groups;
};

static const char *const type_names[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof(*metrics));

    if (metrics != NULL) {
        STAILQ_INIT(&metrics->families);
        STAILQ_INIT(&metrics->groups);
    }
    return metrics;
}

static void family_free(struct family *family)
{
    struct series *series;

    while ((series = STAILQ_FIRST(&family->series)) != NULL) {
        STAILQ_REMOVE_HEAD(&family->series, link);
        free(series);
    }
    free(family);
}

void metrics_free(struct metrics *metrics)
{
    struct family *family;
    struct group *group;

    if (metrics == NULL) {
        return;
    }
    while ((family = STAILQ_FIRST(&metrics->families)) != NULL) {
        STAILQ_REMOVE_HEAD(&metrics->families, link);
        family_free(family);
    }
    while ((group = STAILQ_FIRST(&metrics->groups)) != NULL) {
        STAILQ_REMOVE_HEAD(&metrics->groups, link);
        free(group);
    }
    free(metrics);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_word(const char *text)
{
    return text[0] != '\0' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
               strlen(text);
}

/* Tell whether a word between underscores is a unit that is no base unit. */
static bool has_other_unit(const char *name)
{
    static const char *const units[] = {
        "_ms",           "_us",        "_ns",        "_milliseconds",
        "_microseconds", "_minutes",   "_hours",     "_kb",
        "_mb",           "_kilobytes", "_megabytes", "_mebibytes",
        "_percent",
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const char *at = strstr(name, units[i]);

        if (at != NULL &&
            (at[strlen(units[i])] == '\0' || at[strlen(units[i])] == '_')) {
            return true;
        }
    }
    return false;
}

/* The rules of names that Prometheus' own checker applies, and ours. */
static void check_row(const struct metric *row)
{
    bool counts = row->type == METRIC_COUNTER;
    const struct meter_scale *scale;

    CHECK(is_word(row->name) && strncmp(row->name, "perch_", 6) == 0);
    CHECK(ends_with(row->name, "_total") == counts);
    CHECK(!has_other_unit(row->name));
    CHECK(!ends_with(row->name, "_count") && !ends_with(row->name, "_sum") &&
          !ends_with(row->name, "_bucket"));
    CHECK(row->kind == NULL || is_word(row->kind));
    CHECK(row->help[0] != '\0' && strpbrk(row->help, "\\\n") == NULL);
    if (row->type == METRIC_HISTOGRAM) {
        CHECK(row->histogram != NULL);
        scale = row->histogram->scale;
        CHECK(ends_with(row->name, "_seconds") == (scale == &meter_seconds));
    }
}

static struct family *family_find(struct metrics *metrics, const char *name)
{
    struct family *family;

    STAILQ_FOREACH (family, &metrics->families, link) {
        if (strcmp(family->name, name) == 0) {
            return family;
        }
    }
    return NULL;
}

/* Find the row's family or begin it. */
static struct family *family_of(struct metrics *metrics,
                                const struct metric *row)
{
    struct family *family = family_find(metrics, row->name);

    if (family != NULL) {
        CHECK(family->type == row->type);
        CHECK(strcmp(family->help, row->help) == 0);
        return family;
    }
    family = calloc(1, sizeof(*family));
    if (family == NULL) {
        return NULL;
    }
    family->name = row->name;
    family->help = row->help;
    family->type = row->type;
    STAILQ_INIT(&family->series);
    STAILQ_INSERT_TAIL(&metrics->families, family, link);
    return family;
}

static bool same_labels(const struct metric *a, const struct metric *b)
{
    return a->node == b->node && (a->kind == NULL) == (b->kind == NULL) &&
           (a->kind == NULL || strcmp(a->kind, b->kind) == 0);
}

static enum error add_series(struct metrics *metrics, const struct metric *row,
                             const double *value)
{
    struct family *family;
    struct series *series;

    check_row(row);
    family = family_of(metrics, row);
    if (family == NULL) {
        return ERROR_NO_MEMORY;
    }
    STAILQ_FOREACH (series, &family->series, link) {
        CHECK(!same_labels(&series->row, row));
    }
    series = calloc(1, sizeof(*series));
    if (series == NULL) {
        return ERROR_NO_MEMORY;
    }
    series->row = *row;
    series->value = value;
    STAILQ_INSERT_TAIL(&family->series, series, link);
    return ERROR_NONE;
}

enum error metrics_add(struct metrics *metrics, const struct metric *rows,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CHECK(rows[i].counter != NULL); /* Whichever of the union it is. */
        TRY(add_series(metrics, &rows[i], NULL));
    }
    return ERROR_NONE;
}

enum error metrics_add_group(struct metrics *metrics, const struct metric *rows,
                             size_t n,
                             void (*fill)(void *context, double *values),
                             void *context)
{
    struct group *group = calloc(1, sizeof(*group) + n * sizeof(double));

    if (group == NULL) {
        return ERROR_NO_MEMORY;
    }
    group->fill = fill;
    group->context = context;
    group->n = n;
    STAILQ_INSERT_TAIL(&metrics->groups, group, link);
    for (size_t i = 0; i < n; i++) {
        CHECK(rows[i].type != METRIC_HISTOGRAM);
        TRY(add_series(metrics, &rows[i], &group->values[i]));
    }
    return ERROR_NONE;
}

static void fill_groups(struct metrics *metrics)
{
    struct group *group;

    STAILQ_FOREACH (group, &metrics->groups, link) {
        for (size_t i = 0; i < group->n; i++) {
            group->values[i] = NAN;
        }
        group->fill(group->context, group->values);
    }
}

/* Whole numbers as such, others in the fewest digits that read back equal. */
static void write_number(struct buffer *buffer, double number)
{
    char text[32];

    if (isinf(number)) {
        buffer_append_text(buffer, number > 0 ? "+Inf" : "-Inf");
        return;
    }
    snprintf(text, sizeof(text), "%.15g", number);
    if (strtod(text, NULL) != number) {
        snprintf(text, sizeof(text), "%.17g", number);
    }
    buffer_append_text(buffer, text);
}

/* One line: the name, a histogram's suffix, labels, value. */
static void write_sample(struct buffer *buffer, const struct metric *row,
                         const char *suffix, const char *le, double number)
{
    const char *comma = "{";

    buffer_append_text(buffer, row->name);
    buffer_append_text(buffer, suffix);
    if (row->node != 0) {
        buffer_printf(buffer, "%snode=\"%u\"", comma, row->node);
        comma = ",";
    }
    if (row->kind != NULL) {
        buffer_printf(buffer, "%skind=\"%s\"", comma, row->kind);
        comma = ",";
    }
    if (le != NULL) {
        buffer_printf(buffer, "%sle=\"%s\"", comma, le);
        comma = ",";
    }
    buffer_append_text(buffer, comma[0] == ',' ? "} " : " ");
    write_number(buffer, number);
    buffer_append_text(buffer, "\n");
}

static void write_histogram(struct buffer *buffer, const struct metric *row)
{
    const struct meter_scale *scale = row->histogram->scale;
    double per_unit = (double)scale->per_unit;
    uint64_t upto[METER_BOUNDS_MAX + 1], sum;
    char le[32];

    meter_histogram_read(row->histogram, upto, &sum);
    for (size_t i = 0; i < scale->n; i++) {
        snprintf(le, sizeof(le), "%.15g", (double)scale->bounds[i] / per_unit);
        write_sample(buffer, row, "_bucket", le, (double)upto[i]);
    }
    write_sample(buffer, row, "_bucket", "+Inf", (double)upto[scale->n]);
    write_sample(buffer, row, "_sum", NULL, (double)sum / per_unit);
    write_sample(buffer, row, "_count", NULL, (double)upto[scale->n]);
}

static void write_series(struct buffer *buffer, const struct series *series)
{
    const struct metric *row = &series->row;
    double per_unit = row->per_unit == 0 ? 1 : (double)row->per_unit;

    if (series->value != NULL) {
        if (!isnan(*series->value)) {
            write_sample(buffer, row, "", NULL, *series->value / per_unit);
        }
    } else if (row->type == METRIC_HISTOGRAM) {
        write_histogram(buffer, row);
    } else if (row->type == METRIC_COUNTER) {
        write_sample(buffer, row, "", NULL,
                     (double)meter_count(row->counter) / per_unit);
    } else {
        write_sample(buffer, row, "", NULL,
                     (double)meter_level(row->gauge) / per_unit);
    }
}

void metrics_write(struct metrics *metrics, struct buffer *buffer)
{
    const struct family *family;
    const struct series *series;

    fill_groups(metrics);
    STAILQ_FOREACH (family, &metrics->families, link) {
        buffer_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n", family->name,
                      family->help, family->name, type_names[family->type]);
        STAILQ_FOREACH (series, &family->series, link) {
            write_series(buffer, series);
        }
    }
}
