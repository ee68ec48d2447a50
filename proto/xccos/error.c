#include "proto/xccos/error.h"

static const struct {
    const char *name;
    const char *text;
} errors[XCCOS_ERROR_COUNT] = {
#define XCCOS_ERROR_ROW(name, text) [XCCOS_ERROR_##name] = {#name, text},
    XCCOS_ERROR_LIST(XCCOS_ERROR_ROW)
#undef XCCOS_ERROR_ROW
};

const char *xccos_error_name(enum xccos_error error)
{
    if ((unsigned)error >= XCCOS_ERROR_COUNT) {
        return "UNKNOWN";
    }
    return errors[error].name;
}

const char *xccos_error_text(enum xccos_error error)
{
    if ((unsigned)error >= XCCOS_ERROR_COUNT) {
        return "a number that is no error";
    }
    return errors[error].text;
}

bool xccos_error_is_limit(enum xccos_error error)
{
    switch (error) {
    case XCCOS_ERROR_BODY_BYTES:
    case XCCOS_ERROR_DEPTH:
    case XCCOS_ERROR_ELEMENTS:
    case XCCOS_ERROR_ATTRIBUTES:
    case XCCOS_ERROR_ATTRIBUTE_BYTES:
    case XCCOS_ERROR_TEXT_BYTES:
    case XCCOS_ERROR_PRIMITIVES:
    case XCCOS_ERROR_CARRIED:
        return true;
    default:
        return false;
    }
}
