#include "ops/adapter/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum fault fault_say(enum fault fault, const char *format, ...)
{
    char line[FAULT_LINE_BYTES_MAX];
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (n >= (int)sizeof(line)) {
        memcpy(line + sizeof(line) - 4, "...", 4);
    }
    for (char *at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = ' ';
        }
    }
    fprintf(stderr, "perch-adapter: %s\n", line);
    return fault;
}

enum fault fault_memory(void)
{
    return fault_say(FAULT_FAILED, "out of memory");
}
