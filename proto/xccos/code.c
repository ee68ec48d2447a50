#include "proto/xccos/code.h"

#include "proto/base/check.h"

static const struct {
    unsigned number;
    const char *token;
} codes[XCCOS_CODE_COUNT] = {
#define XCCOS_CODE_ROW(name, number, token)                                    \
    [XCCOS_CODE_##name] = {number, token},
    XCCOS_CODE_LIST(XCCOS_CODE_ROW)
#undef XCCOS_CODE_ROW
};

unsigned xccos_code_number(enum xccos_code code)
{
    CHECK((unsigned)code < XCCOS_CODE_COUNT);
    return codes[code].number;
}

const char *xccos_code_token(enum xccos_code code)
{
    CHECK((unsigned)code < XCCOS_CODE_COUNT);
    return codes[code].token;
}
