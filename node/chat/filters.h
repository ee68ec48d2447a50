/* The filters there are, for those who look through posts and those who
 * administer them.
 *
 * What a view borrows stays valid until the next machine_apply.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_FILTERS_H
#define NODE_CHAT_FILTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/machine.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"

struct filter;

struct filter_view {
    struct slice name;
    struct slice notice;
    Perch__FilterAction action;
    bool disabled;
    uint32_t slot;
    uint32_t version;
    uint32_t n_expressions;
    uint32_t n_categories;
    const struct guid *categories; /* None: of the whole pool. */
    int64_t created_at_us;
    int64_t changed_at_us;
};

/** Count the filters, disabled ones too. */
size_t filters_count(const struct machine *machine);

/** Take the filter of a slot, from 0 to FILTERS_MAX - 1. NULL: it is free. */
const struct filter *filters_at(const struct machine *machine, uint32_t slot);

/** Find a filter by name, ASCII case aside. NULL when there is none. */
const struct filter *filters_find(const struct machine *machine,
                                  struct slice name);

/** Say what is known of a filter. */
void filters_view(const struct filter *filter, struct filter_view *view_out);

/** Tell one of its expressions, from 0 on. */
struct slice filters_expression(const struct filter *filter, uint32_t at);

/** Tell whether a filter has this expression. */
bool filters_has(const struct filter *filter, struct slice expression);

/** Tell whether a text is an expression as the rules take it. */
bool filters_is_expression(struct slice text);

#endif
