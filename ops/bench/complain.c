#include "ops/bench/complain.h"

#include <stdarg.h>
#include <stdio.h>

enum error complain(enum error error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("perch-bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return error;
}
