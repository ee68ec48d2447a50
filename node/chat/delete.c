#include "node/chat/delete.h"

#include "node/chat/addin.h"
#include "node/chat/attention.h"
#include "node/chat/category.h"
#include "node/chat/enforce.h"
#include "node/chat/filter.h"
#include "node/chat/group.h"
#include "node/chat/membership.h"
#include "node/chat/memory.h"
#include "node/chat/place.h"
#include "node/chat/presence.h"
#include "node/chat/principal.h"
#include "node/chat/role.h"
#include "node/chat/room.h"
#include "node/chat/session.h"
#include "node/chat/tombstone.h"
#include "node/chat/user.h"
#include "proto/base/check.h"

static bool is_stale(bool is_given, uint32_t if_version, uint32_t version)
{
    return is_given && if_version != version;
}

static void drop_role(struct machine *machine, struct place *place,
                      struct principal *principal)
{
    CHECK(place != NULL && principal != NULL);
    role_set(machine, place, principal, 0);
    number_map_set(&principal->invitations, place->number, 0);
    changes_mark(&machine->changes, ROW_ROLE, place->number, principal->number,
                 0);
}

static void drop_membership(struct machine *machine, struct group *group,
                            struct principal *member)
{
    CHECK(group != NULL && member != NULL);
    membership_set(machine, group, member, 0);
    changes_mark(&machine->changes, ROW_MEMBERSHIP, group->principal.number,
                 member->number, 0);
}

/* From the end, where a pair goes without moving others. */
static uint32_t last_of(const struct number_map *map)
{
    return map->pairs[map->n - 1].number;
}

static void strip_place(struct machine *machine, struct place *place)
{
    while (place->roles.n > 0) {
        drop_role(machine, place,
                  principal_at(machine, last_of(&place->roles)));
    }
}

static void strip_principal(struct machine *machine,
                            struct principal *principal)
{
    while (principal->places.n > 0) {
        drop_role(machine, place_at(machine, last_of(&principal->places)),
                  principal);
    }
    while (principal->groups.n > 0) {
        drop_membership(
            machine,
            table_at(&machine->directory.groups, last_of(&principal->groups)),
            principal);
    }
}

static void tell_place(struct turn *turn, const struct place *place,
                       enum event_kind kind)
{
    struct event *event = effects_event(turn->effects, kind);

    event->room = place->number;
    event->guid = place->guid;
    changes_mark(&turn->machine->changes,
                 place->is_room ? ROW_ROOM : ROW_CATEGORY, place->number, 0, 0);
}

enum outcome room_delete(struct turn *turn, const Perch__RoomDelete *command)
{
    struct machine *machine = turn->machine;
    struct room *room = room_named(machine, command->room);

    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (is_stale(command->has_if_version, command->if_version,
                 room->place.version)) {
        return OUTCOME_VERSION_STALE;
    }
    if (room->holds > 0) {
        return OUTCOME_ROOM_HELD;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    attention_end_room(machine, room);
    presence_empty(turn, room, LEAVE_ROOM_DELETED);
    strip_place(machine, &room->place);
    addin_carry(room, NULL);
    room_drop(machine, room);
    tombstone_add(turn, &room->place, room->message_id_last);
    tell_place(turn, &room->place, EVENT_ROOM_DELETED);
    machine->departed.room = room;
    return OUTCOME_DONE;
}

enum outcome category_delete(struct turn *turn,
                             const Perch__CategoryDelete *command)
{
    struct machine *machine = turn->machine;
    struct category *category = NULL;
    enum outcome outcome = category_find(machine, command->category, &category);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (is_stale(command->has_if_version, command->if_version,
                 category->place.version)) {
        return OUTCOME_VERSION_STALE;
    }
    if (category->rooms.n > 0) {
        return OUTCOME_CATEGORY_NOT_EMPTY;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    strip_place(machine, &category->place);
    filter_lose_category(turn, &category->place.guid);
    category_drop(machine, category);
    tombstone_add(turn, &category->place, 0);
    tell_place(turn, &category->place, EVENT_CATEGORY_DELETED);
    machine->departed.category = category;
    return OUTCOME_DONE;
}

/* Take all out; those who were in are collected, by rising number, which moves
 * no other either. */
static void strip_members(struct machine *machine, struct group *group,
                          struct number_map *moved)
{
    for (uint32_t i = 0; i < group->members.n; i++) {
        number_map_set(moved, group->members.pairs[i].number, 1);
    }
    while (group->members.n > 0) {
        drop_membership(machine, group,
                        principal_at(machine, last_of(&group->members)));
    }
}

enum outcome group_delete(struct turn *turn, const Perch__GroupDelete *command)
{
    struct machine *machine = turn->machine;
    struct group *group = group_find(machine, codec_slice(command->uri));
    struct number_map moved = {0};

    if (group == NULL) {
        return OUTCOME_GROUP_UNKNOWN;
    }
    if (is_stale(command->has_if_version, command->if_version,
                 group->version)) {
        return OUTCOME_VERSION_STALE;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    strip_members(machine, group, &moved);
    strip_principal(machine, &group->principal);
    group_drop(machine, group);
    enforce_below(turn, &moved);
    number_map_deinit(&moved);
    changes_mark(&machine->changes, ROW_GROUP, group->principal.number, 0, 0);
    effects_event(turn->effects, EVENT_GROUP_DELETED)->group =
        group->principal.number;
    machine->departed.group = group;
    return OUTCOME_DONE;
}

enum outcome user_delete(struct turn *turn, const Perch__UserDelete *command)
{
    struct machine *machine = turn->machine;
    struct user *user = user_find(machine, codec_slice(command->uri));

    if (user == NULL) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (is_stale(command->has_if_version, command->if_version, user->version)) {
        return OUTCOME_VERSION_STALE;
    }
    if (user->holds > 0) {
        return OUTCOME_USER_HELD;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    attention_end_user(machine, user);
    session_end_user(turn, user, LEAVE_USER_DELETED);
    memory_forget(machine, user);
    strip_principal(machine, &user->principal);
    user_drop(machine, user);
    changes_mark(&machine->changes, ROW_USER, user->principal.number, 0, 0);
    effects_event(turn->effects, EVENT_USER_DELETED)->user =
        user->principal.number;
    machine->departed.user = user;
    return OUTCOME_DONE;
}
