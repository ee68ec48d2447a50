#include "proto/base/error.h"

#include <errno.h>
#include <stddef.h>

static const struct {
    const char *name;
    const char *text;
} errors[ERROR_COUNT] = {
#define ERROR_ROW(name, text) [ERROR_##name] = {#name, text},
    ERROR_LIST(ERROR_ROW)
#undef ERROR_ROW
};

const char *error_name(enum error error)
{
    if ((unsigned)error >= ERROR_COUNT) {
        return "UNKNOWN";
    }
    return errors[error].name;
}

const char *error_text(enum error error)
{
    if ((unsigned)error >= ERROR_COUNT) {
        return "a number that is no error";
    }
    return errors[error].text;
}

enum error error_from_errno(int number)
{
    switch (number) {
    case 0:
        return ERROR_NONE;
    case ENOSPC:
    case EDQUOT:
        return ERROR_NO_SPACE;
    case ENOMEM:
        return ERROR_NO_MEMORY;
    case ENOENT:
        return ERROR_NOT_FOUND;
    case EEXIST:
        return ERROR_EXISTS;
    case EBUSY:
    case EAGAIN:
        return ERROR_BUSY;
    default:
        return ERROR_IO;
    }
}
