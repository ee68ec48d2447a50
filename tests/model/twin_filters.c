#include <string.h>

#include "proto/base/check.h"
#include "tests/model/twin.h"

static struct twin_filter *find(struct twin *twin, ProtobufCBinaryData name)
{
    for (int i = 0; i < FILTERS_MAX; i++) {
        struct twin_filter *filter = &twin->filters[i];

        if (filter->exists &&
            twin_same_nocase(name.data, name.len, filter->name.bytes,
                             filter->name.len)) {
            return filter;
        }
    }
    return NULL;
}

static bool is_expression(ProtobufCBinaryData text)
{
    static const char *const kinds[] = {"word:", "like:", "regex:"};

    for (int i = 0; i < 3; i++) {
        size_t len = strlen(kinds[i]);
        ProtobufCBinaryData rest = {text.len - len, text.data + len};

        if (text.len > len && twin_same(text.data, len, kinds[i], len)) {
            return twin_check_line(rest, OUTCOME_NAME_TOO_LONG) == OUTCOME_DONE;
        }
    }
    return false;
}

static void remove_expression(struct twin_filter *filter,
                              ProtobufCBinaryData text)
{
    for (size_t i = 0; i < filter->n_expressions; i++) {
        struct twin_text *at = &filter->expressions[i];

        if (twin_same(text.data, text.len, at->bytes, at->len)) {
            filter->n_expressions -= 1;
            memmove(at, at + 1, (filter->n_expressions - i) * sizeof(*at));
            return;
        }
    }
}

static void add_expression(struct twin_filter *filter, ProtobufCBinaryData text)
{
    for (size_t i = 0; i < filter->n_expressions; i++) {
        const struct twin_text *at = &filter->expressions[i];

        if (twin_same(text.data, text.len, at->bytes, at->len)) {
            return;
        }
    }
    CHECK(filter->n_expressions < TWIN_EXPRESSIONS);
    twin_copy(&filter->expressions[filter->n_expressions], text, false);
    filter->n_expressions += 1;
}

static void remove_category(struct twin_filter *filter,
                            ProtobufCBinaryData guid)
{
    for (size_t i = 0; i < filter->n_categories && guid.len == 16; i++) {
        struct guid *at = &filter->categories[i];

        if (memcmp(at->bytes, guid.data, 16) == 0) {
            filter->n_categories -= 1;
            memmove(at, at + 1, (filter->n_categories - i) * sizeof(*at));
            return;
        }
    }
}

void twin_filters_lose(struct twin *twin, const struct guid *category)
{
    ProtobufCBinaryData guid = {16, (uint8_t *)(uintptr_t)category->bytes};

    for (int i = 0; i < FILTERS_MAX; i++) {
        struct twin_filter *filter = &twin->filters[i];
        size_t before = filter->n_categories;

        if (before > 1) {
            remove_category(filter, guid);
        }
        if (filter->n_categories < before) {
            filter->version += 1;
            filter->changed = twin->now;
            twin_event(twin, EVENT_FILTER_CHANGED)->position = (uint32_t)i;
        }
    }
}

static void add_category(struct twin_filter *filter, ProtobufCBinaryData guid)
{
    for (size_t i = 0; i < filter->n_categories; i++) {
        if (memcmp(filter->categories[i].bytes, guid.data, 16) == 0) {
            return;
        }
    }
    CHECK(filter->n_categories < TWIN_PLACES);
    memcpy(filter->categories[filter->n_categories].bytes, guid.data, 16);
    filter->n_categories += 1;
}

static enum outcome lists(const struct twin *twin, struct twin_filter *filter,
                          const Perch__FilterChange *c)
{
    bool had_categories = filter->n_categories > 0;

    if (c->n_expressions_add > 1024 || c->n_expressions_remove > 1024) {
        return OUTCOME_FILTER_EXPRESSIONS_FULL;
    }
    if (c->n_categories_add > 64 || c->n_categories_remove > 64) {
        return OUTCOME_FILTER_CATEGORIES_FULL;
    }
    for (size_t i = 0; i < c->n_expressions_remove; i++) {
        remove_expression(filter, c->expressions_remove[i]);
    }
    for (size_t i = 0; i < c->n_expressions_add; i++) {
        if (!is_expression(c->expressions_add[i])) {
            return OUTCOME_FILTER_EXPRESSION_INVALID;
        }
        add_expression(filter, c->expressions_add[i]);
    }
    if (c->everywhere) {
        filter->n_categories = 0;
    }
    for (size_t i = 0; i < c->n_categories_remove; i++) {
        remove_category(filter, c->categories_remove[i]);
    }
    for (size_t i = 0; i < c->n_categories_add; i++) {
        if (twin_place(twin, c->categories_add[i], false) == 0) {
            return OUTCOME_CATEGORY_UNKNOWN;
        }
        add_category(filter, c->categories_add[i]);
    }
    return had_categories && filter->n_categories == 0 && !c->everywhere
               ? OUTCOME_FILTER_CATEGORY_LAST
               : OUTCOME_DONE;
}

static enum outcome fields(struct twin *twin, const struct twin_filter *old,
                           struct twin_filter *filter,
                           const Perch__FilterChange *c)
{
    enum outcome outcome = OUTCOME_DONE;
    const struct twin_filter *other = find(twin, c->name);

    if (c->has_name) {
        outcome = twin_check_line(c->name, OUTCOME_NAME_TOO_LONG);
        if (outcome == OUTCOME_DONE && c->name.len == 0) {
            outcome = OUTCOME_NAME_EMPTY;
        }
        if (outcome == OUTCOME_DONE && other != NULL && other != old) {
            outcome = OUTCOME_FILTER_EXISTS;
        }
    }
    if (outcome == OUTCOME_DONE && c->has_action && c->action != 1 &&
        c->action != 2) {
        outcome = OUTCOME_FILTER_ACTION_INVALID;
    }
    if (outcome == OUTCOME_DONE) {
        outcome = twin_check_line(c->notice, OUTCOME_DESCRIPTION_TOO_LONG);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->has_name) {
        twin_copy(&filter->name, c->name, false);
    }
    if (c->has_notice) {
        twin_copy(&filter->notice, c->notice, false);
    }
    filter->action = c->has_action ? (int)c->action : filter->action;
    filter->disabled = c->has_disabled ? c->disabled : filter->disabled;
    return OUTCOME_DONE;
}

static bool same_text(const struct twin_text *a, const struct twin_text *b)
{
    return twin_same(a->bytes, a->len, b->bytes, b->len);
}

static bool same(const struct twin_filter *a, const struct twin_filter *b)
{
    if (!same_text(&a->name, &b->name) || !same_text(&a->notice, &b->notice) ||
        a->action != b->action || a->disabled != b->disabled ||
        a->n_expressions != b->n_expressions ||
        a->n_categories != b->n_categories) {
        return false;
    }
    for (size_t i = 0; i < a->n_expressions; i++) {
        if (!same_text(&a->expressions[i], &b->expressions[i])) {
            return false;
        }
    }
    return memcmp(a->categories, b->categories,
                  a->n_categories * sizeof(a->categories[0])) == 0;
}

static void keep(struct twin *twin, struct twin_filter *at,
                 struct twin_filter *filter)
{
    if (!same(at, filter)) {
        filter->version += 1;
        filter->changed = twin->now;
        twin_event(twin, EVENT_FILTER_CHANGED)->position =
            (uint32_t)(at - twin->filters);
        *at = *filter;
    }
    twin->value = at->version;
}

enum outcome twin_filter_create(struct twin *twin, const Perch__FilterCreate *c)
{
    Perch__FilterChange change = PERCH__FILTER_CHANGE__INIT;
    struct twin_filter filter = {.exists = true, .created = twin->now};
    struct twin_filter *at = twin->filters;
    enum outcome outcome;

    change.has_name = change.has_action = true;
    change.name = c->name;
    change.action = c->has_action ? c->action : 0;
    change.has_notice = c->has_notice;
    change.notice = c->notice;
    change.has_disabled = c->has_disabled;
    change.disabled = c->disabled;
    change.n_expressions_add = c->n_expressions;
    change.expressions_add = c->expressions;
    change.n_categories_add = c->n_categories;
    change.categories_add = c->categories;
    outcome = fields(twin, NULL, &filter, &change);
    if (outcome == OUTCOME_DONE) {
        outcome = lists(twin, &filter, &change);
    }
    while (at < twin->filters + FILTERS_MAX && at->exists) {
        at += 1;
    }
    if (outcome == OUTCOME_DONE && at == twin->filters + FILTERS_MAX) {
        outcome = OUTCOME_FILTERS_FULL;
    }
    if (outcome == OUTCOME_DONE) {
        keep(twin, at, &filter);
    }
    return outcome;
}

enum outcome twin_filter_change(struct twin *twin, const Perch__FilterChange *c)
{
    struct twin_filter *at = find(twin, c->filter), filter;
    enum outcome outcome;

    if (at == NULL) {
        return OUTCOME_FILTER_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != at->version) {
        return OUTCOME_VERSION_STALE;
    }
    filter = *at;
    outcome = fields(twin, at, &filter, c);
    if (outcome == OUTCOME_DONE) {
        outcome = lists(twin, &filter, c);
    }
    if (outcome == OUTCOME_DONE) {
        keep(twin, at, &filter);
    }
    return outcome;
}

enum outcome twin_filter_delete(struct twin *twin, const Perch__FilterDelete *c)
{
    struct twin_filter *at = find(twin, c->filter);

    if (at == NULL) {
        return OUTCOME_FILTER_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != at->version) {
        return OUTCOME_VERSION_STALE;
    }
    memset(at, 0, sizeof(*at));
    twin_event(twin, EVENT_FILTER_CHANGED)->position =
        (uint32_t)(at - twin->filters);
    return OUTCOME_DONE;
}
