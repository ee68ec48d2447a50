#include "node/chat/filters.h"

#include "node/chat/filter.h"
#include "proto/base/check.h"

size_t filters_count(const struct machine *machine)
{
    return machine->counts[ROW_FILTER];
}

const struct filter *filters_at(const struct machine *machine, uint32_t slot)
{
    CHECK(slot < FILTERS_MAX);
    return machine->filters[slot];
}

const struct filter *filters_find(const struct machine *machine,
                                  struct slice name)
{
    return filter_find(machine, name);
}

void filters_view(const struct filter *filter, struct filter_view *view_out)
{
    *view_out = (struct filter_view){
        .name = text_slice(filter->name),
        .notice = text_slice(filter->notice),
        .action = (Perch__FilterAction)filter->action,
        .disabled = filter->disabled,
        .slot = filter->slot,
        .version = filter->version,
        .n_expressions = filter->n_expressions,
        .n_categories = filter->n_categories,
        .categories = filter->categories,
        .created_at_us = filter->created_at_us,
        .changed_at_us = filter->changed_at_us,
    };
}

struct slice filters_expression(const struct filter *filter, uint32_t at)
{
    CHECK(at < filter->n_expressions);
    return text_slice(filter->expressions[at]);
}

bool filters_has(const struct filter *filter, struct slice expression)
{
    for (uint32_t i = 0; i < filter->n_expressions; i++) {
        if (slice_equal(text_slice(filter->expressions[i]), expression)) {
            return true;
        }
    }
    return false;
}

bool filters_is_expression(struct slice text)
{
    return filter_is_expression(text);
}
