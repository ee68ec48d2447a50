/* The rules of filters: lists of expressions that nodes look for in a post
 * before they propose it. The rules keep the lists, the same on every node;
 * what an expression means, and that it can be read at all, is for those who
 * look (node/session/strainer.h).
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_FILTER_H
#define NODE_CHAT_FILTER_H

#include "node/chat/state.h"

/**
 * Create a filter, of the whole pool or of some categories.
 *
 * value becomes its version.
 *
 * Returns NAME_EMPTY, NAME_TOO_LONG, NAME_CHARACTER, FILTER_EXISTS,
 * FILTER_ACTION_INVALID, DESCRIPTION_TOO_LONG for the notice,
 * FILTER_EXPRESSION_INVALID, FILTER_EXPRESSIONS_FULL, CATEGORY_UNKNOWN,
 * FILTER_CATEGORIES_FULL, FILTERS_FULL.
 */
enum outcome filter_create(struct turn *turn,
                           const Perch__FilterCreate *command);

/**
 * Change what a filter is called, does, looks for and where. An expression
 * that is there already, or to be removed and not there, changes nothing. That
 * a filter has no category any more, and so is of the whole pool, must be said
 * by `everywhere`: a list that runs empty is refused, FILTER_CATEGORY_LAST.
 *
 * value becomes its version.
 *
 * Returns FILTER_UNKNOWN, VERSION_STALE, or as filter_create.
 */
enum outcome filter_change(struct turn *turn,
                           const Perch__FilterChange *command);

/**
 * Delete a filter; its slot is free again.
 *
 * Returns FILTER_UNKNOWN, VERSION_STALE.
 */
enum outcome filter_delete(struct turn *turn,
                           const Perch__FilterDelete *command);

/**
 * Take a category that is deleted out of all filters.
 *
 * A filter that names no other keeps it, and so is of no category from now on:
 * without it, it would be of the whole pool.
 */
void filter_lose_category(struct turn *turn, const struct guid *category);

/** Find a filter by name, ASCII case aside. NULL when there is none. */
struct filter *filter_find(const struct machine *machine, struct slice name);

/** Tell whether a text is an expression: a kind and what it looks for. */
bool filter_is_expression(struct slice text);

/** Add an expression that is not there; the filter must have room. */
void filter_add_expression(struct filter *filter, struct slice expression);

/** Free a filter. Accepts NULL. */
void filter_free(struct filter *filter);

#endif
