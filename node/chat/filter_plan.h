/* What a filter will look for, and where, once a command is done: worked out
 * before anything is changed.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_FILTER_PLAN_H
#define NODE_CHAT_FILTER_PLAN_H

#include "node/chat/state.h"

/* Borrows from the command, and from the filter as it is. */
struct filter_plan {
    uint32_t n_expressions;
    uint32_t n_categories;
    size_t bytes;
    struct slice expressions[FILTER_EXPRESSIONS_MAX];
    struct guid categories[FILTER_CATEGORIES_MAX];
};

/** Begin with what there is of a filter; nothing of one that is to be created,
 * NULL. The plan is zeroed. */
void filter_plan_begin(struct filter_plan *plan, const struct filter *filter);

/**
 * Do to the lists what a command asks: removals first.
 *
 * Returns FILTER_EXPRESSION_INVALID, FILTER_EXPRESSIONS_FULL, CATEGORY_UNKNOWN,
 * FILTER_CATEGORIES_FULL, FILTER_CATEGORY_LAST.
 */
enum outcome filter_plan_lists(const struct machine *machine,
                               struct filter_plan *plan,
                               const Perch__FilterChange *command);

/** Put the lists in the place of the filter's. Returns whether they are other
 * than they were. */
bool filter_plan_put(struct filter *filter, const struct filter_plan *plan);

#endif
