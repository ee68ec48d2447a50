#include "proto/base/check.h"

#include <stdlib.h>

#include "proto/base/journal.h"

_Noreturn void check_failed(const char *expression, const char *file, int line,
                            const char *function)
{
    journal_error("check_failed", "check=\"%s\" at=%s:%d in=%s", expression,
                  file, line, function);
    abort();
}
