#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/bench/complain.h"
#include "ops/bench/lane.h"
#include "ops/bench/modes.h"

enum {
    MESSAGES = 1000000,
    ROOMS = 1000,
    SEARCHES = 200, /* Of each kind. */
    LINE_BYTES = 512,
};

#define PROGRAM "bench_search"

/* Beside perch-bench. */
static void find_program(char program[PATH_MAX])
{
    char self[PATH_MAX - 16];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (n < 0) {
        snprintf(program, PATH_MAX, PROGRAM);
        return;
    }
    self[n] = '\0';
    slash = strrchr(self, '/');
    snprintf(program, PATH_MAX, "%.*s/" PROGRAM, (int)(slash - self), self);
}

/* "p50_us=123": a figure; counts have no decimals. */
static void add_figure(struct report *report, char *word)
{
    char *equals = strchr(word, '=');

    if (equals != NULL) {
        *equals = '\0';
        report_number(report, word, strtod(equals + 1, NULL),
                      strchr(equals + 1, '.') == NULL ? 0 : 1);
    }
}

static void add_row(struct report *report, char *line)
{
    char *rest = line, *word = strsep(&rest, " \n");

    report_row(report, "search", word);
    while ((word = strsep(&rest, " \n")) != NULL) {
        add_figure(report, word);
    }
    report_end_row(report);
}

/* Its journal goes to standard error, and is no figure. */
static enum error read_rows(const struct bench *bench, FILE *from)
{
    char line[LINE_BYTES];
    unsigned rows = 0;

    while (fgets(line, sizeof(line), from) != NULL) {
        add_row(bench->report, line);
        rows += 1;
    }
    return rows > 0 ? ERROR_NONE
                    : complain(ERROR_CLOSED, PROGRAM " has measured nothing");
}

static enum error run(const struct bench *bench, const char *directory)
{
    char program[PATH_MAX], command[3 * PATH_MAX + 128];
    FILE *from;
    enum error error;

    find_program(program);
    if (strchr(program, '\'') != NULL || strchr(directory, '\'') != NULL) {
        return complain(ERROR_INVALID, "a path with an apostrophe: %s, %s",
                        program, directory);
    }
    snprintf(command, sizeof(command), "exec '%s' '%s' %u %u %u 2>'%s/log'",
             program, directory, chosen(bench->options->messages, MESSAGES),
             chosen(bench->options->rooms, ROOMS), SEARCHES, directory);
    from = popen(command, "r");
    if (from == NULL) {
        return complain(ERROR_IO, "cannot start %s: %s", program,
                        strerror(errno));
    }
    error = read_rows(bench, from);
    if (pclose(from) != 0 && error == ERROR_NONE) {
        error = complain(ERROR_CLOSED, PROGRAM " has failed");
    }
    return error;
}

enum error mode_search(const struct bench *bench)
{
    char directory[PATH_MAX];
    enum error error;

    TRY(lane_directory(bench, "search", directory));
    error = run(bench, directory);
    lane_remove_directory(directory);
    return error;
}
