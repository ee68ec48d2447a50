#include "node/chat/filter_rows.h"

#include <stdlib.h>

#include "node/chat/filter.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

/* Memory for the row's lists; none for none. */
static ProtobufCBinaryData *take(struct arena *scratch, size_t n)
{
    ProtobufCBinaryData *list;

    if (n == 0) {
        return NULL;
    }
    list = arena_alloc(scratch, n * sizeof(*list));
    CHECK(list != NULL);
    return list;
}

static void fill_lists(const struct filter *filter, struct arena *scratch,
                       Perch__Stored__Filter *row)
{
    row->n_expressions = filter->n_expressions;
    row->expressions = take(scratch, filter->n_expressions);
    for (uint32_t i = 0; i < filter->n_expressions; i++) {
        row->expressions[i] = codec_bytes(text_slice(filter->expressions[i]));
    }
    row->n_categories = filter->n_categories;
    row->categories = take(scratch, filter->n_categories);
    for (uint32_t i = 0; i < filter->n_categories; i++) {
        row->categories[i] =
            codec_bytes(slice_of(filter->categories[i].bytes, GUID_BYTES));
    }
}

bool encode_filter(const struct machine *machine, const struct row_key *key,
                   struct arena *scratch, struct buffer *to)
{
    const struct filter *filter = machine->filters[key->part[0]];
    Perch__Stored__Filter row = PERCH__STORED__FILTER__INIT;

    if (filter == NULL) {
        return false;
    }
    CODEC_SET_BYTES(&row, name, text_slice(filter->name));
    CODEC_SET(&row, action, filter->action);
    CODEC_SET_BYTES(&row, notice, text_slice(filter->notice));
    fill_lists(filter, scratch, &row);
    if (filter->disabled) {
        CODEC_SET(&row, disabled, true);
    }
    CODEC_SET(&row, version, filter->version);
    CODEC_SET(&row, created_at_us, filter->created_at_us);
    CODEC_SET(&row, changed_at_us, filter->changed_at_us);
    codec_write(&row.base, to);
    return true;
}

static bool lists_are_fine(const Perch__Stored__Filter *row)
{
    size_t bytes = 0;

    if (row->n_expressions > FILTER_EXPRESSIONS_MAX ||
        row->n_categories > FILTER_CATEGORIES_MAX) {
        return false;
    }
    for (size_t i = 0; i < row->n_expressions; i++) {
        bytes += row->expressions[i].len;
        if (!filter_is_expression(codec_slice(row->expressions[i]))) {
            return false;
        }
    }
    for (size_t i = 0; i < row->n_categories; i++) {
        if (row->categories[i].len != GUID_BYTES) {
            return false;
        }
    }
    return bytes <= FILTER_EXPRESSIONS_BYTES_MAX;
}

static void load_lists(struct filter *filter, const Perch__Stored__Filter *row)
{
    for (size_t i = 0; i < row->n_expressions; i++) {
        filter_add_expression(filter, codec_slice(row->expressions[i]));
    }
    for (size_t i = 0; i < row->n_categories; i++) {
        memcpy(filter->categories[i].bytes, row->categories[i].data,
               GUID_BYTES);
    }
    filter->n_categories = (uint32_t)row->n_categories;
}

enum error load_filter(struct machine *machine, const struct row_key *key,
                       const void *message)
{
    const Perch__Stored__Filter *row = message;
    struct filter *filter;

    REQUIRE(key->part[0] < FILTERS_MAX &&
            machine->filters[key->part[0]] == NULL);
    REQUIRE(row->name.len > 0 && lists_are_fine(row) &&
            filter_find(machine, codec_slice(row->name)) == NULL);
    REQUIRE(row->action == PERCH__FILTER_ACTION__BLOCK ||
            row->action == PERCH__FILTER_ACTION__WARN);

    filter = calloc(1, sizeof(*filter));
    CHECK(filter != NULL);
    filter->slot = (uint32_t)key->part[0];
    filter->name = text_new(codec_slice(row->name));
    filter->notice = text_new(codec_slice(row->notice));
    filter->action = (uint8_t)row->action;
    filter->disabled = row->disabled;
    filter->version = row->version;
    filter->created_at_us = row->created_at_us;
    filter->changed_at_us = row->changed_at_us;
    load_lists(filter, row);
    machine->filters[filter->slot] = filter;
    machine->counts[ROW_FILTER] += 1;
    return ERROR_NONE;
}
