#include "node/chat/filter_plan.h"

#include <stdlib.h>

#include "node/chat/category.h"
#include "node/chat/filter.h"
#include "node/chat/place.h"
#include "proto/base/check.h"

/* The place of an expression; n_expressions when it is not there. */
static uint32_t find_expression(const struct filter_plan *plan,
                                struct slice text)
{
    uint32_t at = 0;

    while (at < plan->n_expressions &&
           !slice_equal(plan->expressions[at], text)) {
        at += 1;
    }
    return at;
}

static void remove_expressions(struct filter_plan *plan, size_t n,
                               const ProtobufCBinaryData *texts)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t at = find_expression(plan, codec_slice(texts[i]));

        if (at < plan->n_expressions) {
            plan->n_expressions -= 1;
            plan->bytes -= texts[i].len;
            memmove(&plan->expressions[at], &plan->expressions[at + 1],
                    (plan->n_expressions - at) * sizeof(plan->expressions[0]));
        }
    }
}

static enum outcome add_expressions(struct filter_plan *plan, size_t n,
                                    const ProtobufCBinaryData *texts)
{
    for (size_t i = 0; i < n; i++) {
        struct slice text = codec_slice(texts[i]);

        if (!filter_is_expression(text)) {
            return OUTCOME_FILTER_EXPRESSION_INVALID;
        }
        if (find_expression(plan, text) < plan->n_expressions) {
            continue;
        }
        if (plan->n_expressions == FILTER_EXPRESSIONS_MAX ||
            plan->bytes + text.len > FILTER_EXPRESSIONS_BYTES_MAX) {
            return OUTCOME_FILTER_EXPRESSIONS_FULL;
        }
        plan->expressions[plan->n_expressions] = text;
        plan->n_expressions += 1;
        plan->bytes += text.len;
    }
    return OUTCOME_DONE;
}

static uint32_t find_category(const struct filter_plan *plan,
                              const struct guid *guid)
{
    uint32_t at = 0;

    while (at < plan->n_categories &&
           guid_compare(&plan->categories[at], guid) != 0) {
        at += 1;
    }
    return at;
}

/* One that is no guid is in no list. */
static void remove_categories(struct filter_plan *plan, size_t n,
                              const ProtobufCBinaryData *guids)
{
    for (size_t i = 0; i < n; i++) {
        struct guid guid;
        uint32_t at = place_read_guid(guids[i], &guid) == OUTCOME_DONE
                          ? find_category(plan, &guid)
                          : plan->n_categories;

        if (at < plan->n_categories) {
            plan->n_categories -= 1;
            memmove(&plan->categories[at], &plan->categories[at + 1],
                    (plan->n_categories - at) * sizeof(plan->categories[0]));
        }
    }
}

static enum outcome add_categories(const struct machine *machine,
                                   struct filter_plan *plan, size_t n,
                                   const ProtobufCBinaryData *guids)
{
    for (size_t i = 0; i < n; i++) {
        struct category *category = NULL;
        enum outcome outcome = category_find(machine, guids[i], &category);

        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
        if (find_category(plan, &category->place.guid) < plan->n_categories) {
            continue;
        }
        if (plan->n_categories == FILTER_CATEGORIES_MAX) {
            return OUTCOME_FILTER_CATEGORIES_FULL;
        }
        plan->categories[plan->n_categories] = category->place.guid;
        plan->n_categories += 1;
    }
    return OUTCOME_DONE;
}

void filter_plan_begin(struct filter_plan *plan, const struct filter *filter)
{
    if (filter == NULL) {
        return;
    }
    for (uint32_t i = 0; i < filter->n_expressions; i++) {
        plan->expressions[i] = text_slice(filter->expressions[i]);
        plan->bytes += plan->expressions[i].len;
    }
    plan->n_expressions = filter->n_expressions;
    memcpy(plan->categories, filter->categories, sizeof(plan->categories));
    plan->n_categories = filter->n_categories;
}

enum outcome filter_plan_lists(const struct machine *machine,
                               struct filter_plan *plan,
                               const Perch__FilterChange *command)
{
    bool had_categories = plan->n_categories > 0;
    enum outcome outcome;

    if (command->n_expressions_add > FILTER_EXPRESSIONS_MAX ||
        command->n_expressions_remove > FILTER_EXPRESSIONS_MAX) {
        return OUTCOME_FILTER_EXPRESSIONS_FULL;
    }
    if (command->n_categories_add > FILTER_CATEGORIES_MAX ||
        command->n_categories_remove > FILTER_CATEGORIES_MAX) {
        return OUTCOME_FILTER_CATEGORIES_FULL;
    }
    remove_expressions(plan, command->n_expressions_remove,
                       command->expressions_remove);
    outcome = add_expressions(plan, command->n_expressions_add,
                              command->expressions_add);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (command->everywhere) {
        plan->n_categories = 0;
    }
    remove_categories(plan, command->n_categories_remove,
                      command->categories_remove);
    outcome = add_categories(machine, plan, command->n_categories_add,
                             command->categories_add);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return had_categories && plan->n_categories == 0 && !command->everywhere
               ? OUTCOME_FILTER_CATEGORY_LAST
               : OUTCOME_DONE;
}

static bool is_planned(const struct filter *filter,
                       const struct filter_plan *plan)
{
    if (filter->n_expressions != plan->n_expressions ||
        filter->n_categories != plan->n_categories) {
        return false;
    }
    for (uint32_t i = 0; i < plan->n_expressions; i++) {
        if (!slice_equal(text_slice(filter->expressions[i]),
                         plan->expressions[i])) {
            return false;
        }
    }
    return memcmp(filter->categories, plan->categories,
                  plan->n_categories * sizeof(plan->categories[0])) == 0;
}

/* The plan borrows from what the filter has. */
static void put_lists(struct filter *filter, const struct filter_plan *plan)
{
    struct text **old = malloc(sizeof(filter->expressions));
    uint32_t n_old = filter->n_expressions;

    CHECK(old != NULL);
    memcpy(old, filter->expressions, sizeof(filter->expressions));
    filter->n_expressions = 0;
    for (uint32_t i = 0; i < plan->n_expressions; i++) {
        filter_add_expression(filter, plan->expressions[i]);
    }
    for (uint32_t i = 0; i < n_old; i++) {
        text_free(old[i]);
    }
    free(old);
    memcpy(filter->categories, plan->categories, sizeof(filter->categories));
    filter->n_categories = plan->n_categories;
}

bool filter_plan_put(struct filter *filter, const struct filter_plan *plan)
{
    if (is_planned(filter, plan)) {
        return false;
    }
    put_lists(filter, plan);
    return true;
}
