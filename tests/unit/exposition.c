#include "tests/unit/exposition.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128, LABELS_MAX_BYTES = 256, SERIES_MAX = 4096 };

struct sample {
    char name[NAME_MAX_BYTES];
    char labels[LABELS_MAX_BYTES]; /* Without le. */
    char le[32];                   /* Empty: none. */
    double value;
};

struct page {
    char *why;
    int line_number;
    bool failed;
    char family[NAME_MAX_BYTES];
    char type[32]; /* Empty after HELP, before TYPE. */
    char seen_families[SERIES_MAX / 8][NAME_MAX_BYTES];
    size_t families_n;
    char *seen[SERIES_MAX]; /* Whole series, to find what comes twice. */
    size_t series_n;
    struct sample bucket; /* The histogram series under way. */
    bool in_buckets;
};

static void complain(struct page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(struct page *page, const char *format, ...)
{
    va_list arguments;
    int len;

    if (page->failed) {
        return;
    }
    page->failed = true;
    len = snprintf(page->why, EXPOSITION_WHY_BYTES,
                   "line %d: ", page->line_number);
    va_start(arguments, format);
    vsnprintf(page->why + len, EXPOSITION_WHY_BYTES - (size_t)len, format,
              arguments);
    va_end(arguments);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Words between underscores that no name may have: units that are not the
 * base unit or are abbreviated, and names of types. */
static const char *const forbidden_words[] = {
    "s",
    "ms",
    "us",
    "ns",
    "sec",
    "b",
    "kb",
    "mb",
    "gb",
    "tb",
    "pb",
    "m",
    "h",
    "d",
    "milliseconds",
    "minutes",
    "hours",
    "days",
    "microseconds",
    "nanoseconds",
    "weeks",
    "kilobytes",
    "megabytes",
    "gigabytes",
    "kibibytes",
    "mebibytes",
    "gibibytes",
    "percent",
    "counter",
    "gauge",
    "histogram",
    "summary",
    "milliseconds",
};

static void check_words(struct page *page, const char *name)
{
    char copy[NAME_MAX_BYTES];
    char *rest = copy, *word;

    snprintf(copy, sizeof(copy), "%s", name);
    while ((word = strsep(&rest, "_")) != NULL) {
        for (size_t i = 0;
             i < sizeof(forbidden_words) / sizeof(forbidden_words[0]); i++) {
            if (strcmp(word, forbidden_words[i]) == 0) {
                complain(page, "%s: no name may hold \"%s\"", name, word);
            }
        }
    }
}

static void check_name(struct page *page, const char *name)
{
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name) ||
        name[0] == '\0' || (name[0] >= '0' && name[0] <= '9')) {
        complain(page, "\"%s\" is no lower-case name", name);
    }
    check_words(page, name);
}

static void check_type(struct page *page, const char *name, const char *type)
{
    bool counter = strcmp(type, "counter") == 0;

    if (!counter && strcmp(type, "gauge") != 0 &&
        strcmp(type, "histogram") != 0) {
        complain(page, "%s: unknown type \"%s\"", name, type);
    }
    if (ends_with(name, "_total") != counter) {
        complain(page, "%s: counters, and no others, end in _total", name);
    }
    if (ends_with(name, "_bucket") || ends_with(name, "_sum") ||
        ends_with(name, "_count")) {
        complain(page, "%s: the ending belongs to histograms' lines", name);
    }
}

static void end_buckets(struct page *page)
{
    if (page->in_buckets) {
        complain(page, "%s: buckets without _count", page->family);
    }
    page->in_buckets = false;
}

static void read_help(struct page *page, const char *rest)
{
    char name[NAME_MAX_BYTES];
    int len = 0;

    end_buckets(page);
    if (sscanf(rest, "%127[^ ]%n", name, &len) != 1 || rest[len] != ' ' ||
        rest[len + 1] == '\0') {
        complain(page, "HELP without a name or a text");
        return;
    }
    check_name(page, name);
    for (size_t i = 0; i < page->families_n; i++) {
        if (strcmp(page->seen_families[i], name) == 0) {
            complain(page, "%s: a second HELP", name);
        }
    }
    strcpy(page->seen_families[page->families_n++], name);
    strcpy(page->family, name);
    page->type[0] = '\0';
}

static void read_type(struct page *page, const char *rest)
{
    char name[NAME_MAX_BYTES], type[32];
    int len = 0;

    if (sscanf(rest, "%127[^ ] %31[a-z]%n", name, type, &len) != 2 ||
        rest[len] != '\0') {
        complain(page, "malformed TYPE");
        return;
    }
    if (strcmp(name, page->family) != 0 || page->type[0] != '\0') {
        complain(page, "%s: TYPE does not follow its HELP", name);
    }
    check_type(page, name, type);
    strcpy(page->type, type);
}

/* Read one label="value" and tell where it ends. NULL: malformed. */
static const char *read_label(struct page *page, const char *at,
                              struct sample *sample, int *rank)
{
    static const char *const keys[] = {"node", "kind", "le"};
    char key[16], value[64];
    int len = 0;

    if (sscanf(at, "%15[a-z]=\"%63[^\"\\\n]\"%n", key, value, &len) != 2 ||
        len == 0) {
        complain(page, "malformed label at %.40s", at);
        return NULL;
    }
    for (int i = 0; i < 3; i++) {
        if (strcmp(key, keys[i]) == 0 && i > *rank) {
            *rank = i;
            snprintf(i == 2 ? sample->le
                            : sample->labels + strlen(sample->labels),
                     i == 2 ? sizeof(sample->le) : 100, "%s", value);
            return at + len;
        }
    }
    complain(page, "label %s: unknown, twice or out of order", key);
    return NULL;
}

static const char *read_labels(struct page *page, const char *at,
                               struct sample *sample)
{
    int rank = -1;

    if (*at != '{') {
        return at;
    }
    do {
        at = read_label(page, at + 1, sample, &rank);
    } while (at != NULL && *at == ',');
    if (at != NULL && *at != '}') {
        complain(page, "labels are not closed");
        return NULL;
    }
    return at == NULL ? NULL : at + 1;
}

static bool read_number(const char *text, double *number_out)
{
    char *end;

    if (strcmp(text, "+Inf") != 0 && strcmp(text, "-Inf") != 0 &&
        strcmp(text, "NaN") != 0 &&
        strspn(text, "0123456789+-.e") != strlen(text)) {
        return false;
    }
    *number_out = strtod(text, &end);
    return end != text && *end == '\0';
}

/* Buckets rise in bound and count, end in +Inf, and _count agrees. */
static void check_histogram(struct page *page, const struct sample *sample)
{
    const char *ending = sample->name + strlen(page->family);
    bool buckets = strcmp(ending, "_bucket") == 0;
    double bound, before;

    if (buckets != (sample->le[0] != '\0') ||
        (buckets && !read_number(sample->le, &bound))) {
        complain(page, "%s: le is missing or no number", sample->name);
    }
    if (buckets && page->in_buckets) {
        read_number(page->bucket.le, &before);
        if (bound <= before || sample->value < page->bucket.value ||
            strcmp(sample->labels, page->bucket.labels) != 0) {
            complain(page, "%s: buckets do not ascend", sample->name);
        }
    }
    if (strcmp(ending, "_count") == 0 &&
        (!page->in_buckets || strcmp(page->bucket.le, "+Inf") != 0 ||
         sample->value != page->bucket.value)) {
        complain(page, "%s: is not the bucket +Inf", sample->name);
    }
    if (buckets) {
        page->bucket = *sample;
    }
    page->in_buckets = strcmp(ending, "_count") != 0;
}

static bool belongs(const struct page *page, const char *name)
{
    size_t len = strlen(page->family);
    const char *ending = name + len;

    if (len == 0 || strncmp(name, page->family, len) != 0) {
        return false;
    }
    return strcmp(page->type, "histogram") != 0
               ? *ending == '\0'
               : strcmp(ending, "_bucket") == 0 ||
                     strcmp(ending, "_sum") == 0 ||
                     strcmp(ending, "_count") == 0;
}

static void remember(struct page *page, const char *line, size_t len)
{
    for (size_t i = 0; i < page->series_n; i++) {
        if (strlen(page->seen[i]) == len &&
            strncmp(page->seen[i], line, len) == 0) {
            complain(page, "a second %.*s", (int)len, line);
        }
    }
    if (page->series_n == SERIES_MAX) {
        complain(page, "more than %d series", SERIES_MAX);
        return;
    }
    page->seen[page->series_n++] = strndup(line, len);
}

static void read_sample(struct page *page, const char *line)
{
    struct sample sample = {.value = 0};
    const char *at = line + strcspn(line, "{ ");

    snprintf(sample.name, sizeof(sample.name), "%.*s", (int)(at - line), line);
    if (page->type[0] == '\0' || !belongs(page, sample.name)) {
        complain(page, "%s: not below its own TYPE", sample.name);
        return;
    }
    at = read_labels(page, at, &sample);
    if (at == NULL) {
        return;
    }
    if (*at != ' ' || !read_number(at + 1, &sample.value)) {
        complain(page, "%s: no number after one space", sample.name);
        return;
    }
    if (strcmp(page->type, "gauge") != 0 && !(sample.value >= 0)) {
        complain(page, "%s: less than nothing", sample.name);
    }
    if (strcmp(page->type, "histogram") == 0) {
        check_histogram(page, &sample);
    } else if (sample.le[0] != '\0') {
        complain(page, "%s: le outside a histogram", sample.name);
    }
    remember(page, line, (size_t)(at - line));
}

static void read_line(struct page *page, const char *line)
{
    if (line[strcspn(line, "\r\t")] != '\0' || line[0] == '\0') {
        complain(page, "an empty line, a tab or a carriage return");
    } else if (strncmp(line, "# HELP ", 7) == 0) {
        read_help(page, line + 7);
    } else if (strncmp(line, "# TYPE ", 7) == 0) {
        read_type(page, line + 7);
    } else if (line[0] == '#') {
        complain(page, "a comment");
    } else {
        read_sample(page, line);
    }
}

int exposition_check(const char *text, char why_out[EXPOSITION_WHY_BYTES])
{
    struct page *page = calloc(1, sizeof(*page));
    char *copy = strdup(text), *rest = copy, *line;
    int result;

    page->why = why_out;
    why_out[0] = '\0';
    if (text[0] != '\0' && !ends_with(text, "\n")) {
        complain(page, "the last line does not end");
    }
    while (!page->failed && (line = strsep(&rest, "\n")) != NULL &&
           rest != NULL) {
        page->line_number++;
        read_line(page, line);
    }
    end_buckets(page);
    result = page->failed ? -1 : (int)page->series_n;
    for (size_t i = 0; i < page->series_n; i++) {
        free(page->seen[i]);
    }
    free(copy);
    free(page);
    return result;
}

double exposition_value(const char *page, const char *series)
{
    size_t len = strlen(series);

    for (const char *line = page; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, series, len) == 0 && line[len] == ' ') {
            return strtod(line + len, NULL);
        }
    }
    return NAN;
}
