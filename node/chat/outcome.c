#include "node/chat/outcome.h"

static const struct fact {
    const char *name;
    int code;
    const char *token;
    const char *text;
} facts[OUTCOMES + 1] = {
#define OUTCOME_ROW(name, code, token, text)                                   \
    [OUTCOME_##name] = {#name, code, token, text},
    OUTCOME_LIST(OUTCOME_ROW)
#undef OUTCOME_ROW
        [OUTCOMES] = {"UNKNOWN", 500, "ERROR_SERVER",
                      "a number that is no outcome"},
};

static const struct fact *fact_of(enum outcome outcome)
{
    return &facts[(unsigned)outcome < OUTCOMES ? outcome : OUTCOMES];
}

const char *outcome_name(enum outcome outcome)
{
    return fact_of(outcome)->name;
}

int outcome_code(enum outcome outcome)
{
    return fact_of(outcome)->code;
}

const char *outcome_token(enum outcome outcome)
{
    return fact_of(outcome)->token;
}

const char *outcome_text(enum outcome outcome)
{
    return fact_of(outcome)->text;
}

bool outcome_is_success(enum outcome outcome)
{
    return outcome == OUTCOME_DONE || outcome == OUTCOME_REPEATED;
}
