#include "node/chat/room.h"

#include <stdlib.h>

#include "node/chat/category.h"
#include "node/chat/place.h"
#include "node/chat/presence.h"
#include "node/chat/role.h"
#include "proto/base/check.h"

void room_free(struct room *room)
{
    if (room == NULL) {
        return;
    }
    CHECK(RB_EMPTY(&room->participants));
    place_deinit(&room->place);
    free(room);
}

bool room_adopt(struct machine *machine, struct room *room)
{
    if (!place_adopt(machine, &room->place)) {
        return false;
    }
    CHECK(room->category != NULL && room->place.is_room);
    CHECK(table_at(&machine->rooms, room->place.number) == NULL);
    table_put(&machine->rooms, room->place.number, room);
    number_map_set(&room->category->rooms, room->place.number, 1);
    machine->counts[ROW_ROOM] += 1;
    return true;
}

struct room *room_find(const struct machine *machine, const struct guid *guid)
{
    struct place *place = place_find(machine, guid);

    if (place == NULL || !place->is_room) {
        return NULL;
    }
    return table_at(&machine->rooms, place->number);
}

struct room *room_named(const struct machine *machine,
                        ProtobufCBinaryData bytes)
{
    struct guid guid;

    if (place_read_guid(bytes, &guid) != OUTCOME_DONE) {
        return NULL;
    }
    return room_find(machine, &guid);
}

void room_mark(struct machine *machine, const struct room *room)
{
    changes_mark(&machine->changes, ROW_ROOM, room->place.number, 0, 0);
}

static bool is_visibility(const struct machine *machine, int visibility)
{
    return visibility == PERCH__VISIBILITY__OPEN ||
           visibility == PERCH__VISIBILITY__CLOSED ||
           (visibility == PERCH__VISIBILITY__SECRET &&
            machine->rules_version >= RULES_PEOPLE);
}

static void tell(struct turn *turn, const struct room *room,
                 enum event_kind kind, unsigned changed)
{
    struct event *event = effects_event(turn->effects, kind);

    event->room = room->place.number;
    event->guid = room->place.guid;
    event->changed = (uint16_t)changed;
    room_mark(turn->machine, room);
}

static bool is_full(const struct machine *machine)
{
    return machine->counts[ROW_ROOM] >= machine->settings[SETTING_ROOMS_MAX] ||
           machine->place_last == NUMBERS_MAX;
}

static enum outcome check_create(struct turn *turn,
                                 const Perch__RoomCreate *command,
                                 struct guid *guid_out,
                                 struct category **category_out)
{
    enum outcome outcome = place_check_new(
        turn->machine, command->room, codec_slice(command->name),
        codec_slice(command->description), guid_out);

    if (outcome == OUTCOME_DONE) {
        outcome = category_find(turn->machine, command->category, category_out);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (!is_visibility(turn->machine, command->visibility)) {
        return OUTCOME_VISIBILITY_INVALID;
    }
    return is_full(turn->machine) ? OUTCOME_ROOMS_FULL : OUTCOME_DONE;
}

enum outcome room_create(struct turn *turn, const Perch__RoomCreate *command)
{
    const struct role_list lists[] = {
        {command->n_members, command->members, ROLE_MEMBER, false},
        {command->n_managers, command->managers, ROLE_MANAGER, false},
    };
    struct category *category = NULL;
    struct guid guid;
    struct room *room;
    enum outcome outcome = check_create(turn, command, &guid, &category);
    bool adopted;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    outcome = role_check(turn, NULL, lists, 2);
    if (outcome == OUTCOME_DONE) {
        outcome = role_check_scope(turn, category, lists, 2);
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    room = calloc(1, sizeof(*room));
    CHECK(room != NULL);
    room->place.is_room = true;
    place_init(turn, &room->place, &guid, codec_slice(command->name),
               codec_slice(command->description));
    room->category = category;
    room->visibility = (uint8_t)command->visibility;
    room->disabled = command->disabled;
    adopted = room_adopt(turn->machine, room);
    CHECK(adopted);
    /* The room is told before its roles, which name it. */
    tell(turn, room, EVENT_ROOM_CREATED, 0);
    role_apply(turn, &room->place, lists, 2);
    turn->value = room->place.number;
    return OUTCOME_DONE;
}

/* A change with what it names looked up. */
struct plan {
    struct room *room;
    struct category *category; /* The new one, or NULL. */
    struct place_change place;
    struct role_list lists[4];
};

static void plan_init(struct plan *plan, const Perch__RoomChange *command)
{
    *plan = (struct plan){
        .place = {command->has_name, command->has_description,
                  codec_slice(command->name),
                  codec_slice(command->description)},
        .lists = {{command->n_members_remove, command->members_remove,
                   ROLE_MEMBER, true},
                  {command->n_managers_remove, command->managers_remove,
                   ROLE_MANAGER, true},
                  {command->n_members_add, command->members_add, ROLE_MEMBER,
                   false},
                  {command->n_managers_add, command->managers_add, ROLE_MANAGER,
                   false}},
    };
}

static enum outcome check_change(struct turn *turn, struct plan *plan,
                                 const Perch__RoomChange *command)
{
    struct room *room = room_named(turn->machine, command->room);
    enum outcome outcome = OUTCOME_DONE;

    plan->room = room;
    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (command->has_if_version && command->if_version != room->place.version) {
        return OUTCOME_VERSION_STALE;
    }
    if (command->has_category) {
        outcome =
            category_find(turn->machine, command->category, &plan->category);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = place_check_change(turn->machine, &room->place, &plan->place);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (command->has_visibility &&
        !is_visibility(turn->machine, command->visibility)) {
        return OUTCOME_VISIBILITY_INVALID;
    }
    outcome = role_check(turn, &room->place, plan->lists, 4);
    return outcome == OUTCOME_DONE
               ? role_check_scope(turn,
                                  plan->category == NULL ? room->category
                                                         : plan->category,
                                  plan->lists, 4)
               : outcome;
}

static void move(struct room *room, struct category *category)
{
    number_map_set(&room->category->rooms, room->place.number, 0);
    number_map_set(&category->rooms, room->place.number, 1);
    room->category = category;
}

static unsigned put(struct turn *turn, const struct plan *plan,
                    const Perch__RoomChange *command)
{
    struct room *room = plan->room;
    unsigned changed = place_change(turn->machine, &room->place, &plan->place);

    if (plan->category != NULL && plan->category != room->category) {
        move(room, plan->category);
        changed |= CHANGED_CATEGORY;
    }
    if (command->has_visibility && command->visibility != room->visibility) {
        room->visibility = (uint8_t)command->visibility;
        changed |= CHANGED_VISIBILITY;
    }
    if (command->has_disabled && (command->disabled != 0) != room->disabled) {
        room->disabled = command->disabled;
        changed |= CHANGED_DISABLED;
    }
    if (role_apply(turn, &room->place, plan->lists, 4)) {
        changed |= CHANGED_ROLES;
    }
    return changed;
}

enum outcome room_change(struct turn *turn, const Perch__RoomChange *command)
{
    const unsigned access = CHANGED_CATEGORY | CHANGED_VISIBILITY |
                            CHANGED_DISABLED | CHANGED_ROLES;
    struct plan plan;
    enum outcome outcome;
    unsigned changed;

    plan_init(&plan, command);
    outcome = check_change(turn, &plan, command);
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    changed = put(turn, &plan, command);
    if (changed != 0) {
        /* Rosters empty first, then people hear why. */
        if ((changed & access) != 0) {
            presence_put_out(turn, plan.room);
        }
        place_touch(turn, &plan.room->place);
        tell(turn, plan.room, EVENT_ROOM_CHANGED, changed);
    }
    turn->value = plan.room->place.version;
    return OUTCOME_DONE;
}
