/* Diagnostics for a tired operator: one line per change of fate.
 *
 *   notice raft leader_elected node=2 term=41 log_index=88120 took_ms=312
 *
 * Level, component, event, then key=value pairs, ids first. Never a message
 * body, never one line per message. The component is set per library by the
 * build (JOURNAL_COMPONENT). Lines go to standard error, whole, with the syslog
 * priority prefix (<4>) that systemd's journal understands when asked for.
 *
 * Thread: any.
 */
#ifndef PROTO_BASE_JOURNAL_H
#define PROTO_BASE_JOURNAL_H

#include <stdbool.h>

enum journal_level {
    JOURNAL_ERROR,
    JOURNAL_WARNING,
    JOURNAL_NOTICE,
    JOURNAL_INFO,
    JOURNAL_DEBUG,
};

enum { JOURNAL_LINE_BYTES_MAX = 2048 }; /* Longer lines end in "...". */

#ifndef JOURNAL_COMPONENT
#define JOURNAL_COMPONENT "perch"
#endif

/**
 * Set what is written and how.
 *
 * @level    Lines above this level are dropped. Default: JOURNAL_INFO.
 * @prefix   Begin lines with the syslog priority, as systemd wants it.
 * @stamp    Begin lines with the UTC wall time, for files.
 */
void journal_configure(enum journal_level level, bool prefix, bool stamp);

/** Write one line. Use the macros below. */
void journal_write(enum journal_level level, const char *component,
                   const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/**
 * Send lines to a function instead of standard error, for tests and the
 * simulator. NULL restores standard error.
 *
 * @line  Without its end of line; borrowed for the call.
 */
void journal_capture(void (*write_line)(void *context, enum journal_level level,
                                        const char *line),
                     void *context);

#define journal_error(event, ...)                                              \
    journal_write(JOURNAL_ERROR, JOURNAL_COMPONENT, event, __VA_ARGS__)
#define journal_warning(event, ...)                                            \
    journal_write(JOURNAL_WARNING, JOURNAL_COMPONENT, event, __VA_ARGS__)
#define journal_notice(event, ...)                                             \
    journal_write(JOURNAL_NOTICE, JOURNAL_COMPONENT, event, __VA_ARGS__)
#define journal_info(event, ...)                                               \
    journal_write(JOURNAL_INFO, JOURNAL_COMPONENT, event, __VA_ARGS__)
#define journal_debug(event, ...)                                              \
    journal_write(JOURNAL_DEBUG, JOURNAL_COMPONENT, event, __VA_ARGS__)

#endif
