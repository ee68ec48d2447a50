#include "node/session/strainer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <inttypes.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/filters.h"
#include "node/chat/text.h"
#include "node/session/expression.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

/* Its text lies in the strainer's texts. */
struct expression {
    struct slice text;
    pcre2_code *code; /* NULL: not compiled, or cannot be. */
};

struct sifter {
    struct slice name, notice;
    bool blocks;
    size_t n_categories; /* None: all. */
    struct guid *categories;
    size_t n;
    struct expression *expressions;
};

struct strainer {
    size_t n;
    struct sifter sifters[FILTERS_MAX]; /* Those that block come first. */
    pcre2_compile_context *compiling;
    pcre2_match_context *matching;
    pcre2_match_data *match;
    uint32_t steps_of_one; /* Left. */
    uint32_t steps;        /* Left, of the whole post. */
};

static struct slice copy_slice(struct slice from)
{
    uint8_t *bytes = malloc(from.len + 1);

    CHECK(bytes != NULL);
    if (from.len > 0) {
        memcpy(bytes, from.data, from.len);
    }
    return slice_of(bytes, from.len);
}

static void drop_slice(struct slice slice)
{
    free((void *)(uintptr_t)slice.data);
}

/* PCRE2 comes by here before each item of a regular expression. */
static int count_step(pcre2_callout_block *block, void *context)
{
    struct strainer *strainer = context;

    (void)block;
    if (strainer->steps_of_one == 0 || strainer->steps == 0) {
        return PCRE2_ERROR_MATCHLIMIT;
    }
    strainer->steps_of_one -= 1;
    strainer->steps -= 1;
    return 0;
}

static pcre2_compile_context *new_compiling(void)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);

    CHECK(context != NULL);
    pcre2_set_parens_nest_limit(context, STRAINER_PARENTHESES_MAX);
    return context;
}

static void init_contexts(struct strainer *strainer)
{
    strainer->compiling = new_compiling();
    strainer->matching = pcre2_match_context_create(NULL);
    strainer->match = pcre2_match_data_create(1, NULL);
    CHECK(strainer->matching != NULL && strainer->match != NULL);
    pcre2_set_match_limit(strainer->matching, STRAINER_MATCHES_MAX);
    pcre2_set_depth_limit(strainer->matching, STRAINER_DEPTH_MAX);
    pcre2_set_heap_limit(strainer->matching, STRAINER_HEAP_KIB_MAX);
    pcre2_set_callout(strainer->matching, count_step, strainer);
}

static void copy_filter(struct sifter *to, const struct filter *filter,
                        const struct filter_view *view)
{
    to->name = copy_slice(view->name);
    to->notice = copy_slice(view->notice);
    to->blocks = view->action == PERCH__FILTER_ACTION__BLOCK;
    to->n_categories = view->n_categories;
    to->categories = calloc(view->n_categories + 1, sizeof(*to->categories));
    to->n = view->n_expressions;
    to->expressions = calloc(view->n_expressions + 1, sizeof(*to->expressions));
    CHECK(to->categories != NULL && to->expressions != NULL);
    if (view->n_categories > 0) {
        memcpy(to->categories, view->categories,
               view->n_categories * sizeof(*to->categories));
    }
    for (uint32_t i = 0; i < view->n_expressions; i++) {
        to->expressions[i].text = copy_slice(filters_expression(filter, i));
    }
}

/* Of those that do one thing. */
static void copy_filters(struct strainer *strainer,
                         const struct machine *machine,
                         Perch__FilterAction action)
{
    struct filter_view view;

    for (uint32_t slot = 0; slot < FILTERS_MAX; slot++) {
        const struct filter *filter = filters_at(machine, slot);

        if (filter == NULL) {
            continue;
        }
        filters_view(filter, &view);
        if (view.action == action && !view.disabled && view.n_expressions > 0) {
            copy_filter(&strainer->sifters[strainer->n], filter, &view);
            strainer->n += 1;
        }
    }
}

struct strainer *strainer_new(const struct machine *machine)
{
    struct strainer *strainer;

    if (filters_count(machine) == 0) {
        return NULL;
    }
    strainer = calloc(1, sizeof(*strainer));
    CHECK(strainer != NULL);
    copy_filters(strainer, machine, PERCH__FILTER_ACTION__BLOCK);
    copy_filters(strainer, machine, PERCH__FILTER_ACTION__WARN);
    if (strainer->n == 0) {
        strainer_free(strainer);
        return NULL;
    }
    init_contexts(strainer);
    return strainer;
}

struct strainer *strainer_of(const struct filter *filter)
{
    struct strainer *strainer = calloc(1, sizeof(*strainer));
    struct filter_view view;

    CHECK(strainer != NULL);
    filters_view(filter, &view);
    copy_filter(&strainer->sifters[0], filter, &view);
    strainer->n = 1;
    init_contexts(strainer);
    return strainer;
}

static void free_sifter(struct sifter *sifter)
{
    for (size_t i = 0; i < sifter->n; i++) {
        pcre2_code_free(sifter->expressions[i].code);
        drop_slice(sifter->expressions[i].text);
    }
    free(sifter->expressions);
    free(sifter->categories);
    drop_slice(sifter->name);
    drop_slice(sifter->notice);
}

void strainer_free(struct strainer *strainer)
{
    if (strainer == NULL) {
        return;
    }
    for (size_t i = 0; i < strainer->n; i++) {
        free_sifter(&strainer->sifters[i]);
    }
    pcre2_compile_context_free(strainer->compiling);
    pcre2_match_context_free(strainer->matching);
    pcre2_match_data_free(strainer->match);
    free(strainer);
}

/* Only what administrators write needs its steps counted. */
static pcre2_code *compile(pcre2_compile_context *context, struct slice text,
                           char why_out[STRAINER_WHY_BYTES])
{
    uint32_t options =
        PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C;
    struct buffer pattern;
    pcre2_code *code = NULL;
    bool is_regex;
    PCRE2_SIZE at = 0;
    int error = 0;

    buffer_init(&pattern);
    snprintf(why_out, STRAINER_WHY_BYTES, "it is no word:, like: or regex:");
    if (expression_write(text, &pattern, &is_regex)) {
        CHECK(!buffer_failed(&pattern));
        options |= is_regex ? PCRE2_AUTO_CALLOUT : 0;
        code = pcre2_compile(pattern.data, pattern.len, options, &error, &at,
                             context);
    }
    if (code == NULL && error != 0) {
        char told[STRAINER_WHY_BYTES - 32];

        pcre2_get_error_message(error, (PCRE2_UCHAR *)told, sizeof(told));
        snprintf(why_out, STRAINER_WHY_BYTES, "%s, at character %zu", told, at);
    }
    buffer_deinit(&pattern);
    return code;
}

/* The journal gets no expression: lists can be as confidential as what they
 * are to keep in. */
static size_t compile_sifter(struct strainer *strainer, struct sifter *sifter)
{
    char why[STRAINER_WHY_BYTES];
    size_t bad = 0;

    for (size_t i = 0; i < sifter->n; i++) {
        struct expression *expression = &sifter->expressions[i];

        expression->code = compile(strainer->compiling, expression->text, why);
        if (expression->code == NULL) {
            bad += 1;
            journal_error("filter_expression_bad",
                          "filter=\"%.*s\" place=%zu reason=\"%s\"",
                          SLICE_PRINT(sifter->name), i + 1, why);
        }
    }
    return bad;
}

size_t strainer_compile(struct strainer *strainer)
{
    size_t bad = 0;

    for (size_t i = 0; i < strainer->n; i++) {
        bad += compile_sifter(strainer, &strainer->sifters[i]);
    }
    return bad;
}

static bool sifter_concerns(const struct sifter *sifter,
                            const struct guid *category)
{
    if (sifter->n_categories == 0 || category == NULL) {
        return true;
    }
    for (size_t i = 0; i < sifter->n_categories; i++) {
        if (guid_compare(&sifter->categories[i], category) == 0) {
            return true;
        }
    }
    return false;
}

bool strainer_concerns(const struct strainer *strainer,
                       const struct guid *category)
{
    for (size_t i = 0; i < strainer->n; i++) {
        if (sifter_concerns(&strainer->sifters[i], category)) {
            return true;
        }
    }
    return false;
}

enum found { FOUND_NOT, FOUND, FOUND_UNCHECKED };

static enum found find(struct strainer *strainer,
                       const struct expression *expression, struct slice text)
{
    uint32_t cost = (uint32_t)(text.len / STRAINER_BYTES_A_STEP) + 1;
    int told;

    if (expression->code == NULL) {
        return FOUND_NOT;
    }
    if (strainer->steps < cost) {
        strainer->steps = 0;
        return FOUND_UNCHECKED;
    }
    strainer->steps -= cost;
    strainer->steps_of_one = STRAINER_STEPS_OF_ONE_MAX;
    told = pcre2_match(expression->code, text.data, text.len, 0,
                       PCRE2_NO_UTF_CHECK, strainer->match, strainer->matching);
    if (told == PCRE2_ERROR_NOMATCH) {
        return FOUND_NOT;
    }
    return told >= 0 ? FOUND : FOUND_UNCHECKED;
}

/* What is found in one place need not be decided in another. */
static enum found find_any(struct strainer *strainer,
                           const struct sifter *sifter, struct slice text,
                           uint32_t *place_out)
{
    enum found found = FOUND_NOT;

    for (size_t i = 0; i < sifter->n && found != FOUND; i++) {
        enum found one = find(strainer, &sifter->expressions[i], text);

        if (one != FOUND_NOT) {
            found = one;
            *place_out = (uint32_t)i;
        }
    }
    return found;
}

void strainer_look(struct strainer *strainer, const struct guid *category,
                   struct slice text, struct strainer_verdict *verdict_out)
{
    uint64_t characters;
    size_t n = text_check(text, &characters) == TEXT_FINE ? strainer->n : 0;

    verdict_out->blocked = false;
    verdict_out->n = 0;
    strainer->steps = STRAINER_STEPS_MAX;
    for (size_t i = 0; i < n && !verdict_out->blocked; i++) {
        const struct sifter *sifter = &strainer->sifters[i];
        uint32_t place = 0;
        enum found found = sifter_concerns(sifter, category)
                               ? find_any(strainer, sifter, text, &place)
                               : FOUND_NOT;

        if (found == FOUND_NOT) {
            continue;
        }
        verdict_out->blocked = found == FOUND && sifter->blocks;
        verdict_out->n = verdict_out->blocked ? 0 : verdict_out->n;
        verdict_out->hits[verdict_out->n] = (struct strainer_hit){
            sifter->name, sifter->notice, found == FOUND_UNCHECKED, place};
        verdict_out->n += 1;
    }
    verdict_out->steps = STRAINER_STEPS_MAX - strainer->steps;
}

bool strainer_try(struct slice expression, char why_out[STRAINER_WHY_BYTES])
{
    pcre2_compile_context *context = new_compiling();
    pcre2_code *code = compile(context, expression, why_out);

    pcre2_compile_context_free(context);
    pcre2_code_free(code);
    return code != NULL;
}
