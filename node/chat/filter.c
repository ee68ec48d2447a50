#include "node/chat/filter.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/filter_plan.h"
#include "proto/base/check.h"

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
                const struct filter_plan *plan)
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
    changed |= filter_plan_put(filter, plan);
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
                           struct filter_plan *plan)
{
    enum outcome outcome = check_fields(turn->machine, filter, command);

    filter_plan_begin(plan, filter);
    if (outcome == OUTCOME_DONE) {
        outcome = filter_plan_lists(turn->machine, plan, command);
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
    struct filter_plan *plan = calloc(1, sizeof(*plan));
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

/* Take the guid at a place out, and close up. */
static void lose(struct turn *turn, struct filter *filter, uint32_t at)
{
    CHECK(at < filter->n_categories && filter->version < UINT32_MAX);
    filter->n_categories -= 1;
    memmove(&filter->categories[at], &filter->categories[at + 1],
            (filter->n_categories - at) * sizeof(filter->categories[0]));
    filter->version += 1;
    filter->changed_at_us = turn->sent_at_us;
    tell(turn, filter->slot);
}

void filter_lose_category(struct turn *turn, const struct guid *category)
{
    for (int i = 0; i < FILTERS_MAX; i++) {
        struct filter *filter = turn->machine->filters[i];
        uint32_t n = filter == NULL ? 0 : filter->n_categories, at = 0;

        while (at < n && guid_compare(&filter->categories[at], category) != 0) {
            at += 1;
        }
        if (at < n && n > 1) {
            lose(turn, filter, at);
        }
    }
}
