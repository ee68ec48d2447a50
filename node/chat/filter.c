#include "node/chat/filter.h"

#include <stdlib.h>

#include "node/chat/category.h"
#include "node/chat/place.h"
#include "proto/base/check.h"

/* What a filter will look for, and where, once a command is done. */
struct plan {
    uint32_t n_expressions;
    uint32_t n_categories;
    size_t bytes;
    struct slice expressions[FILTER_EXPRESSIONS_MAX];
    struct guid categories[FILTER_CATEGORIES_MAX];
};

void filter_free(struct filter *filter)
{
    if (filter == NULL) {
        return;
    }
    for (uint32_t i = 0; i < filter->n_expressions; i++) {
        text_free(filter->expressions[i]);
    }
    text_free(filter->name);
    text_free(filter->notice);
    free(filter);
}

struct filter *filter_find(const struct machine *machine, struct slice name)
{
    for (int i = 0; i < FILTERS_MAX; i++) {
        struct filter *filter = machine->filters[i];

        if (filter != NULL &&
            slice_equal_nocase(text_slice(filter->name), name)) {
            return filter;
        }
    }
    return NULL;
}

bool filter_is_expression(struct slice text)
{
    static const char *const kinds[] = {"word:", "like:", "regex:"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct slice kind = slice_of_text(kinds[i]);

        if (text.len > kind.len &&
            slice_equal(slice_of(text.data, kind.len), kind)) {
            return text_check_line(slice_after(text, kind.len),
                                   FILTER_EXPRESSION_CHARACTERS_MAX,
                                   OUTCOME_FILTER_EXPRESSION_INVALID) ==
                   OUTCOME_DONE;
        }
    }
    return false;
}

void filter_add_expression(struct filter *filter, struct slice expression)
{
    CHECK(filter->n_expressions < FILTER_EXPRESSIONS_MAX);
    filter->expressions[filter->n_expressions] = text_new(expression);
    filter->n_expressions += 1;
}

/* The place of an expression; n_expressions when it is not there. */
static uint32_t find_expression(const struct plan *plan, struct slice text)
{
    uint32_t at = 0;

    while (at < plan->n_expressions &&
           !slice_equal(plan->expressions[at], text)) {
        at += 1;
    }
    return at;
}

static void remove_expressions(struct plan *plan, size_t n,
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

static enum outcome add_expressions(struct plan *plan, size_t n,
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

static uint32_t find_category(const struct plan *plan, const struct guid *guid)
{
    uint32_t at = 0;

    while (at < plan->n_categories &&
           guid_compare(&plan->categories[at], guid) != 0) {
        at += 1;
    }
    return at;
}

/* One that is no guid is in no list. */
static void remove_categories(struct plan *plan, size_t n,
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
                                   struct plan *plan, size_t n,
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

/* What there is of a filter; nothing of one that is to be created. */
static void plan_begin(struct plan *plan, const struct filter *filter)
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

static enum outcome plan_lists(const struct machine *machine, struct plan *plan,
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

static enum outcome check_name(const struct machine *machine,
                               const struct filter *filter, struct slice name)
{
    const struct filter *other = filter_find(machine, name);
    enum outcome outcome =
        text_check_line(name, NAME_CHARACTERS_MAX, OUTCOME_NAME_TOO_LONG);

    if (outcome == OUTCOME_DONE && name.len == 0) {
        return OUTCOME_NAME_EMPTY;
    }
    if (outcome == OUTCOME_DONE && other != NULL && other != filter) {
        return OUTCOME_FILTER_EXISTS;
    }
    return outcome;
}

static enum outcome check_fields(const struct machine *machine,
                                 const struct filter *filter,
                                 const Perch__FilterChange *command)
{
    enum outcome outcome = OUTCOME_DONE;

    if (command->has_name) {
        outcome = check_name(machine, filter, codec_slice(command->name));
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (command->has_action && command->action != PERCH__FILTER_ACTION__BLOCK &&
        command->action != PERCH__FILTER_ACTION__WARN) {
        return OUTCOME_FILTER_ACTION_INVALID;
    }
    return text_check_line(codec_slice(command->notice),
                           DESCRIPTION_CHARACTERS_MAX,
                           OUTCOME_DESCRIPTION_TOO_LONG);
}

static void tell(struct turn *turn, uint32_t slot)
{
    struct event *event = effects_event(turn->effects, EVENT_FILTER_CHANGED);

    event->position = slot;
    changes_mark(&turn->machine->changes, ROW_FILTER, slot, 0, 0);
}

static bool is_planned(const struct filter *filter, const struct plan *plan)
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
static void put_lists(struct filter *filter, const struct plan *plan)
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

static bool put_text(struct text **text, bool has, ProtobufCBinaryData bytes)
{
    if (!has || slice_equal(text_slice(*text), codec_slice(bytes))) {
        return false;
    }
    text_replace(text, codec_slice(bytes));
    return true;
}

/* Returns whether anything is other than it was. */
static bool put(struct filter *filter, const Perch__FilterChange *command,
                const struct plan *plan)
{
    bool changed = put_text(&filter->name, command->has_name, command->name);

    changed |= put_text(&filter->notice, command->has_notice, command->notice);
    if (command->has_action && filter->action != command->action) {
        filter->action = (uint8_t)command->action;
        changed = true;
    }
    if (command->has_disabled && filter->disabled != command->disabled) {
        filter->disabled = command->disabled;
        changed = true;
    }
    if (!is_planned(filter, plan)) {
        put_lists(filter, plan);
        changed = true;
    }
    return changed;
}

static uint32_t free_slot(const struct machine *machine)
{
    uint32_t slot = 0;

    while (slot < FILTERS_MAX && machine->filters[slot] != NULL) {
        slot += 1;
    }
    return slot;
}

static struct filter *begin(struct turn *turn)
{
    struct machine *machine = turn->machine;
    struct filter *filter = calloc(1, sizeof(*filter));

    CHECK(filter != NULL);
    filter->slot = free_slot(machine);
    CHECK(filter->slot < FILTERS_MAX);
    filter->version = 0;
    filter->created_at_us = turn->sent_at_us;
    machine->filters[filter->slot] = filter;
    machine->counts[ROW_FILTER] += 1;
    return filter;
}

/* @filter  NULL: it is to be created. */
static enum outcome decide(struct turn *turn, struct filter *filter,
                           const Perch__FilterChange *command,
                           struct plan *plan)
{
    enum outcome outcome = check_fields(turn->machine, filter, command);

    plan_begin(plan, filter);
    if (outcome == OUTCOME_DONE) {
        outcome = plan_lists(turn->machine, plan, command);
    }
    if (outcome == OUTCOME_DONE && filter == NULL &&
        free_slot(turn->machine) == FILTERS_MAX) {
        outcome = OUTCOME_FILTERS_FULL;
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    if (filter == NULL) {
        filter = begin(turn);
    }
    if (put(filter, command, plan)) {
        CHECK(filter->version < UINT32_MAX);
        filter->version += 1;
        filter->changed_at_us = turn->sent_at_us;
        tell(turn, filter->slot);
    }
    turn->value = filter->version;
    return OUTCOME_DONE;
}

static enum outcome decide_planned(struct turn *turn, struct filter *filter,
                                   const Perch__FilterChange *command)
{
    struct plan *plan = calloc(1, sizeof(*plan));
    enum outcome outcome;

    CHECK(plan != NULL);
    outcome = decide(turn, filter, command, plan);
    free(plan);
    return outcome;
}

enum outcome filter_create(struct turn *turn,
                           const Perch__FilterCreate *command)
{
    Perch__FilterChange change = PERCH__FILTER_CHANGE__INIT;

    change.has_name = true;
    change.name = command->name;
    change.has_action = true;
    change.action = command->has_action ? command->action : 0;
    change.has_notice = command->has_notice;
    change.notice = command->notice;
    change.has_disabled = command->has_disabled;
    change.disabled = command->disabled;
    change.n_expressions_add = command->n_expressions;
    change.expressions_add = command->expressions;
    change.n_categories_add = command->n_categories;
    change.categories_add = command->categories;
    return decide_planned(turn, NULL, &change);
}

static enum outcome find(const struct machine *machine,
                         ProtobufCBinaryData name, bool has_version,
                         uint32_t version, struct filter **filter_out)
{
    *filter_out = filter_find(machine, codec_slice(name));
    if (*filter_out == NULL) {
        return OUTCOME_FILTER_UNKNOWN;
    }
    return has_version && version != (*filter_out)->version
               ? OUTCOME_VERSION_STALE
               : OUTCOME_DONE;
}

enum outcome filter_change(struct turn *turn,
                           const Perch__FilterChange *command)
{
    struct filter *filter;
    enum outcome outcome =
        find(turn->machine, command->filter, command->has_if_version,
             command->if_version, &filter);

    return outcome == OUTCOME_DONE ? decide_planned(turn, filter, command)
                                   : outcome;
}

enum outcome filter_delete(struct turn *turn,
                           const Perch__FilterDelete *command)
{
    struct machine *machine = turn->machine;
    struct filter *filter;
    enum outcome outcome =
        find(machine, command->filter, command->has_if_version,
             command->if_version, &filter);
    uint32_t slot;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    slot = filter->slot;
    machine->filters[slot] = NULL;
    CHECK(machine->counts[ROW_FILTER] > 0);
    machine->counts[ROW_FILTER] -= 1;
    filter_free(filter);
    tell(turn, slot);
    return OUTCOME_DONE;
}
