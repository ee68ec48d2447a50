#include "ops/client/cause.h"

#include "proto/base/check.h"

static const struct {
    const char *word;
    const char *text;
} causes[CLIENT_CAUSES] = {
#define CLIENT_CAUSE_ROW(name, word, text) [CLIENT_CAUSE_##name] = {word, text},
    CLIENT_CAUSE_LIST(CLIENT_CAUSE_ROW)
#undef CLIENT_CAUSE_ROW
};

const char *client_cause_word(enum client_cause cause)
{
    CHECK(cause < CLIENT_CAUSES);
    return causes[cause].word;
}

const char *client_cause_text(enum client_cause cause)
{
    CHECK(cause < CLIENT_CAUSES);
    return causes[cause].text;
}
