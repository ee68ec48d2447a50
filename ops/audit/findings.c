#include "ops/audit/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"

#define CHECK_FACT(name, text, says) [AUDIT_##name] = {text, says},
static const struct {
    const char *name, *says;
} facts[AUDIT_CHECKS] = {CHECK_LIST(CHECK_FACT)};
#undef CHECK_FACT

const char *audit_check_name(enum audit_check check)
{
    CHECK(check < AUDIT_CHECKS);
    return facts[check].name;
}

const char *audit_check_says(enum audit_check check)
{
    CHECK(check < AUDIT_CHECKS);
    return facts[check].says;
}

void findings_init(struct findings *findings, size_t keep)
{
    *findings = (struct findings){.keep = keep};
}

void findings_deinit(struct findings *findings)
{
    for (size_t i = 0; i < AUDIT_CHECKS; i++) {
        struct check_state *check = &findings->checks[i];

        for (size_t at = 0; at < check->n_kept; at++) {
            free(check->kept[at].text);
        }
        free(check->kept);
        free(check->said);
    }
    findings_init(findings, findings->keep);
}

static char *format_text(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0)));

/* A tool for people may stop when memory is out. */
static char *format_text(const char *format, va_list arguments)
{
    char *text = NULL;

    CHECK(vasprintf(&text, format, arguments) >= 0);
    return text;
}

static void keep(struct findings *findings, enum audit_check which,
                 bool is_error, char *text)
{
    struct check_state *check = &findings->checks[which];

    if (check->n_kept == findings->keep) {
        free(text);
        return;
    }
    if ((check->n_kept & (check->n_kept - 1)) == 0) { /* 0, 1, 2, 4, ... */
        size_t room = check->n_kept == 0 ? 1 : check->n_kept * 2;

        check->kept = reallocarray(check->kept, room, sizeof(*check->kept));
        CHECK(check->kept != NULL);
    }
    check->kept[check->n_kept] = (struct finding){is_error, text};
    check->n_kept++;
}

void findings_error(struct findings *findings, enum audit_check check,
                    const char *format, ...)
{
    va_list arguments;

    CHECK(check < AUDIT_CHECKS);
    va_start(arguments, format);
    findings->checks[check].errors++;
    keep(findings, check, true, format_text(format, arguments));
    va_end(arguments);
}

void findings_notice(struct findings *findings, enum audit_check check,
                     const char *format, ...)
{
    va_list arguments;

    CHECK(check < AUDIT_CHECKS);
    va_start(arguments, format);
    findings->checks[check].notices++;
    keep(findings, check, false, format_text(format, arguments));
    va_end(arguments);
}

void findings_made(struct findings *findings, enum audit_check check,
                   uint64_t looked_at, const char *format, ...)
{
    struct check_state *state = &findings->checks[check];
    va_list arguments;

    va_start(arguments, format);
    free(state->said);
    state->is_made = true;
    state->looked_at = looked_at;
    state->said = format_text(format, arguments);
    va_end(arguments);
}

void findings_not_made(struct findings *findings, enum audit_check check,
                       const char *why)
{
    struct check_state *state = &findings->checks[check];

    free(state->said);
    state->is_made = false;
    state->said = strdup(why);
    CHECK(state->said != NULL);
}

uint64_t findings_errors(const struct findings *findings)
{
    uint64_t n = 0;

    for (size_t i = 0; i < AUDIT_CHECKS; i++) {
        n += findings->checks[i].errors;
    }
    return n;
}

uint64_t findings_notices(const struct findings *findings)
{
    uint64_t n = 0;

    for (size_t i = 0; i < AUDIT_CHECKS; i++) {
        n += findings->checks[i].notices;
    }
    return n;
}
