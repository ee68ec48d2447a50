#include "proto/base/journal.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name;
    int syslog; /* RFC 5424 severity, for the <n> prefix. */
} levels[] = {
    [JOURNAL_ERROR] = {"error", 3},   [JOURNAL_WARNING] = {"warning", 4},
    [JOURNAL_NOTICE] = {"notice", 5}, [JOURNAL_INFO] = {"info", 6},
    [JOURNAL_DEBUG] = {"debug", 7},
};

/* Read by all threads. Configured at start and again while they run; captured
 * by tests alone, before threads. */
static struct {
    _Atomic int level;
    atomic_bool prefix;
    atomic_bool stamp;
    void (*capture)(void *context, enum journal_level level, const char *line);
    void *context;
} journal = {.level = JOURNAL_INFO};

void journal_configure(enum journal_level level, bool prefix, bool stamp)
{
    atomic_store(&journal.level, (int)level);
    atomic_store(&journal.prefix, prefix);
    atomic_store(&journal.stamp, stamp);
}

void journal_capture(void (*write_line)(void *context, enum journal_level level,
                                        const char *line),
                     void *context)
{
    journal.capture = write_line;
    journal.context = context;
}

/* What stands before the level: priority for systemd, time for files. */
static int write_prefix(char *line, size_t size, enum journal_level level)
{
    struct timespec now;
    struct tm utc;
    int len = 0;

    if (journal.capture != NULL) {
        return 0;
    }
    if (atomic_load_explicit(&journal.prefix, memory_order_relaxed)) {
        len += snprintf(line, size, "<%d>", levels[level].syslog);
    }
    if (atomic_load_explicit(&journal.stamp, memory_order_relaxed)) {
        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &utc);
        len += (int)strftime(line + len, size - (size_t)len,
                             "%Y-%m-%dT%H:%M:%S", &utc);
        len += snprintf(line + len, size - (size_t)len, ".%03ldZ ",
                        now.tv_nsec / 1000000);
    }
    return len;
}

/* A value with a line end in it must not be able to forge a second line. */
static void flatten(char *line, int from, int to)
{
    for (int i = from; i < to; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = ' ';
        }
    }
}

void journal_write(enum journal_level level, const char *component,
                   const char *event, const char *format, ...)
{
    char line[JOURNAL_LINE_BYTES_MAX + 1];
    int room = JOURNAL_LINE_BYTES_MAX;
    va_list arguments;
    int begin, len;

    if ((int)level >
        atomic_load_explicit(&journal.level, memory_order_relaxed)) {
        return;
    }
    begin = write_prefix(line, (size_t)room, level);
    len = begin + snprintf(line + begin, (size_t)(room - begin), "%s %s %s ",
                           levels[level].name, component, event);
    va_start(arguments, format);
    len += vsnprintf(line + len, (size_t)(room - len), format, arguments);
    va_end(arguments);
    if (len >= room) {
        len = room - 1;
        memcpy(line + len - 3, "...", 3);
    }
    flatten(line, begin, len);
    if (journal.capture != NULL) {
        line[len] = '\0';
        journal.capture(journal.context, level, line);
        return;
    }
    line[len++] = '\n';
    /* One write per line keeps lines of several threads whole. There is
     * nowhere to report that the report could not be written. */
    if (write(STDERR_FILENO, line, (size_t)len) < 0) {
        return;
    }
}
