/* Silence, for tests whose code has much to complain of. */
#ifndef TESTS_UNIT_QUIET_H
#define TESTS_UNIT_QUIET_H

#include <stddef.h>

#include "proto/base/journal.h"

static inline void quiet_drop(void *context, enum journal_level level,
                              const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

/** Let the journal's lines go nowhere. */
static inline void quiet_begin(void)
{
    journal_capture(quiet_drop, NULL);
}

/** Let them be written again. */
static inline void quiet_end(void)
{
    journal_capture(NULL, NULL);
}

#endif
