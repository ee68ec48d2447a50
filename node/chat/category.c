#include "node/chat/category.h"

#include <stdlib.h>

#include "node/chat/place.h"
#include "node/chat/presence.h"
#include "node/chat/role.h"
#include "proto/base/check.h"

void category_free(struct category *category)
{
    if (category != NULL) {
        place_deinit(&category->place);
        number_map_deinit(&category->rooms);
        free(category);
    }
}

bool category_adopt(struct machine *machine, struct category *category)
{
    if (!place_adopt(machine, &category->place)) {
        return false;
    }
    CHECK(category->place.number > 0 && !category->place.is_room);
    CHECK(table_at(&machine->categories, category->place.number) == NULL);
    table_put(&machine->categories, category->place.number, category);
    machine->counts[ROW_CATEGORY] += 1;
    return true;
}

void category_drop(struct machine *machine, struct category *category)
{
    CHECK(category->rooms.n == 0 && category->place.roles.n == 0);
    CHECK(machine->counts[ROW_CATEGORY] > 0);
    place_drop(machine, &category->place);
    table_put(&machine->categories, category->place.number, NULL);
    machine->counts[ROW_CATEGORY] -= 1;
}

enum outcome category_find(const struct machine *machine,
                           ProtobufCBinaryData bytes,
                           struct category **category_out)
{
    struct guid guid;
    struct place *place;

    if (place_read_guid(bytes, &guid) != OUTCOME_DONE) {
        return OUTCOME_CATEGORY_UNKNOWN;
    }
    place = place_find(machine, &guid);
    if (place == NULL || place->is_room) {
        return OUTCOME_CATEGORY_UNKNOWN;
    }
    *category_out = table_at(&machine->categories, place->number);
    return OUTCOME_DONE;
}

static void tell(struct turn *turn, const struct category *category,
                 enum event_kind kind, unsigned changed)
{
    struct event *event = effects_event(turn->effects, kind);

    event->room = category->place.number;
    event->guid = category->place.guid;
    event->changed = (uint16_t)changed;
    changes_mark(&turn->machine->changes, ROW_CATEGORY, category->place.number,
                 0, 0);
}

static bool is_full(const struct machine *machine)
{
    return machine->counts[ROW_CATEGORY] >=
               machine->settings[SETTING_CATEGORIES_MAX] ||
           machine->place_last == NUMBERS_MAX;
}

/* Whom the command names, and what it does to them. */
struct lists {
    size_t n;
    struct role_list at[6];
};

static struct lists lists_of_create(const Perch__CategoryCreate *command)
{
    return (struct lists){
        3,
        {{command->n_allowed, command->allowed, ROLE_ALLOWED, false},
         {command->n_denied, command->denied, ROLE_DENIED, false},
         {command->n_creators, command->creators, ROLE_CREATOR, false}}};
}

static struct lists lists_of_change(const Perch__CategoryChange *command)
{
    return (struct lists){
        6,
        {{command->n_allowed_remove, command->allowed_remove, ROLE_ALLOWED,
          true},
         {command->n_denied_remove, command->denied_remove, ROLE_DENIED, true},
         {command->n_creators_remove, command->creators_remove, ROLE_CREATOR,
          true},
         {command->n_allowed_add, command->allowed_add, ROLE_ALLOWED, false},
         {command->n_denied_add, command->denied_add, ROLE_DENIED, false},
         {command->n_creators_add, command->creators_add, ROLE_CREATOR,
          false}}};
}

static enum outcome check_create(struct turn *turn,
                                 const Perch__CategoryCreate *command,
                                 const struct lists *lists, struct guid *guid)
{
    enum outcome outcome = place_check_new(
        turn->machine, command->category, codec_slice(command->name),
        codec_slice(command->description), guid);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (is_full(turn->machine)) {
        return OUTCOME_CATEGORIES_FULL;
    }
    return role_check(turn, NULL, lists->at, lists->n);
}

enum outcome category_create(struct turn *turn,
                             const Perch__CategoryCreate *command)
{
    struct lists lists = lists_of_create(command);
    struct category *category;
    struct guid guid;
    enum outcome outcome = check_create(turn, command, &lists, &guid);
    bool adopted;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    category = calloc(1, sizeof(*category));
    CHECK(category != NULL);
    place_init(turn, &category->place, &guid, codec_slice(command->name),
               codec_slice(command->description));
    category->restricted =
        command->has_everyone ? !command->everyone : command->n_allowed > 0;
    category->invitations = command->invitations;
    category->file_upload = command->file_upload;
    category->history_off = command->has_history && !command->history;
    adopted = category_adopt(turn->machine, category);
    CHECK(adopted);
    /* The category is told before its roles, which name it. */
    tell(turn, category, EVENT_CATEGORY_CREATED, 0);
    role_apply(turn, &category->place, lists.at, lists.n);
    turn->value = category->place.number;
    return OUTCOME_DONE;
}

static enum outcome check_change(struct turn *turn,
                                 const struct category *category,
                                 const Perch__CategoryChange *command,
                                 const struct place_change *change,
                                 const struct lists *lists)
{
    enum outcome outcome;

    if (command->has_if_version &&
        command->if_version != category->place.version) {
        return OUTCOME_VERSION_STALE;
    }
    outcome = place_check_change(turn->machine, &category->place, change);
    return outcome == OUTCOME_DONE
               ? role_check(turn, &category->place, lists->at, lists->n)
               : outcome;
}

/* Allowing someone closes a category to all others, and only a command that
 * says so opens it again: taking the last one out lets nobody in. */
static bool will_be_restricted(const struct category *category,
                               const Perch__CategoryChange *command)
{
    if (command->has_everyone) {
        return !command->everyone;
    }
    return category->restricted || command->n_allowed_add > 0;
}

static bool put_switch(bool *at, bool is_given, bool value)
{
    if (!is_given || *at == value) {
        return false;
    }
    *at = value;
    return true;
}

static bool put_switches(struct category *category,
                         const Perch__CategoryChange *command)
{
    bool changed = put_switch(&category->invitations, command->has_invitations,
                              command->invitations);

    changed |= put_switch(&category->file_upload, command->has_file_upload,
                          command->file_upload);
    changed |= put_switch(&category->history_off, command->has_history,
                          !command->history);
    return changed;
}

static unsigned put(struct turn *turn, struct category *category,
                    const Perch__CategoryChange *command,
                    const struct place_change *change,
                    const struct lists *lists)
{
    bool restricted = will_be_restricted(category, command);
    unsigned changed = place_change(turn->machine, &category->place, change);

    if (restricted != category->restricted) {
        category->restricted = restricted;
        changed |= CHANGED_SCOPE;
    }
    if (put_switches(category, command)) {
        changed |= CHANGED_SWITCHES;
    }
    if (role_apply(turn, &category->place, lists->at, lists->n)) {
        changed |= CHANGED_ROLES;
    }
    return changed;
}

/* Take everyone out of the category's rooms who may no longer be there. */
static void put_out(struct turn *turn, const struct category *category)
{
    for (uint32_t i = 0; i < category->rooms.n; i++) {
        presence_put_out(turn, table_at(&turn->machine->rooms,
                                        category->rooms.pairs[i].number));
    }
}

enum outcome category_change(struct turn *turn,
                             const Perch__CategoryChange *command)
{
    struct place_change change = {command->has_name, command->has_description,
                                  codec_slice(command->name),
                                  codec_slice(command->description)};
    struct lists lists = lists_of_change(command);
    struct category *category = NULL;
    enum outcome outcome =
        category_find(turn->machine, command->category, &category);
    unsigned changed;

    if (outcome == OUTCOME_DONE) {
        outcome = check_change(turn, category, command, &change, &lists);
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    changed = put(turn, category, command, &change, &lists);
    if (changed != 0) {
        /* Rosters empty first, then people hear why. */
        if ((changed & (CHANGED_SCOPE | CHANGED_ROLES)) != 0) {
            put_out(turn, category);
        }
        place_touch(turn, &category->place);
        tell(turn, category, EVENT_CATEGORY_CHANGED, changed);
    }
    turn->value = category->place.version;
    return OUTCOME_DONE;
}
