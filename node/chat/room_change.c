#include "node/chat/addin.h"
#include "node/chat/category.h"
#include "node/chat/manage.h"
#include "node/chat/place.h"
#include "node/chat/presence.h"
#include "node/chat/presenter.h"
#include "node/chat/role.h"
#include "node/chat/room.h"
#include "proto/base/check.h"

enum { LISTS = 6 };

/* A change with what it names looked up. */
struct plan {
    const struct user *manager; /* NULL: an administrator. */
    struct room *room;
    struct category *category; /* The one it will be in. */
    struct addin *addin;       /* Likewise; NULL: none. */
    int visibility, behavior;  /* What they will be. */
    struct place_change place;
    struct role_list lists[LISTS];
};

static void plan_init(struct plan *plan, const struct user *manager,
                      const Perch__RoomChange *command)
{
    *plan = (struct plan){
        .manager = manager,
        .place = {command->has_name, command->has_description,
                  codec_slice(command->name),
                  codec_slice(command->description)},
        .lists = {{command->n_members_remove, command->members_remove,
                   ROLE_MEMBER, true},
                  {command->n_managers_remove, command->managers_remove,
                   ROLE_MANAGER, true},
                  {command->n_presenters_remove, command->presenters_remove,
                   ROLE_PRESENTER, true},
                  {command->n_members_add, command->members_add, ROLE_MEMBER,
                   false},
                  {command->n_managers_add, command->managers_add, ROLE_MANAGER,
                   false},
                  {command->n_presenters_add, command->presenters_add,
                   ROLE_PRESENTER, false}},
    };
}

static enum outcome check_addin(struct turn *turn, struct plan *plan,
                                const Perch__RoomChange *command)
{
    plan->addin = plan->room->addin;
    return command->has_addin
               ? addin_find(turn->machine, command->addin, &plan->addin)
               : OUTCOME_DONE;
}

static enum outcome check_room(struct turn *turn, struct plan *plan,
                               const Perch__RoomChange *command)
{
    struct room *room = room_named(turn->machine, command->room);
    enum outcome outcome = OUTCOME_DONE;

    plan->room = room;
    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    outcome = manage_change(plan->manager, room);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (command->has_if_version && command->if_version != room->place.version) {
        return OUTCOME_VERSION_STALE;
    }
    plan->category = room->category;
    plan->visibility =
        command->has_visibility ? (int)command->visibility : room->visibility;
    plan->behavior =
        command->has_behavior ? (int)command->behavior : room->behavior;
    if (command->has_category) {
        outcome =
            category_find(turn->machine, command->category, &plan->category);
    }
    if (outcome == OUTCOME_DONE && plan->category != room->category) {
        outcome = manage_create(plan->manager, plan->category);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = place_check_change(turn->machine, &room->place, &plan->place);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = check_addin(turn, plan, command);
    }
    return outcome == OUTCOME_DONE
               ? room_check_kind(turn->machine, plan->visibility,
                                 plan->behavior)
               : outcome;
}

static enum outcome check_lists(struct turn *turn, const struct plan *plan)
{
    const struct place *place = &plan->room->place;
    struct presenters presenters = {place, plan->visibility, plan->behavior,
                                    plan->lists, LISTS};
    enum outcome outcome = role_check(turn, place, plan->lists, LISTS);

    if (outcome == OUTCOME_DONE) {
        outcome = role_check_scope(turn, plan->category, plan->lists, LISTS);
    }
    return outcome == OUTCOME_DONE ? presenter_check(turn, &presenters)
                                   : outcome;
}

static unsigned put_kind(struct room *room, const struct plan *plan)
{
    unsigned changed = 0;

    if (plan->category != room->category) {
        room_move(room, plan->category);
        changed |= CHANGED_CATEGORY;
    }
    if (plan->visibility != room->visibility) {
        room->visibility = (uint8_t)plan->visibility;
        changed |= CHANGED_VISIBILITY;
    }
    if (plan->behavior != room->behavior) {
        room->behavior = (uint8_t)plan->behavior;
        changed |= CHANGED_BEHAVIOR;
    }
    if (addin_carry(room, plan->addin)) {
        changed |= CHANGED_SWITCHES;
    }
    return changed;
}

static bool put_switch(bool *at, bool is_given, bool value)
{
    if (!is_given || *at == value) {
        return false;
    }
    *at = value;
    return true;
}

static unsigned put_switches(struct room *room,
                             const Perch__RoomChange *command)
{
    unsigned changed = 0;

    if (put_switch(&room->disabled, command->has_disabled, command->disabled)) {
        changed |= CHANGED_DISABLED;
    }
    if (put_switch(&room->invitations_off, command->has_invitations,
                   !command->invitations)) {
        changed |= CHANGED_SWITCHES;
    }
    if (put_switch(&room->files_off, command->has_file_upload,
                   !command->file_upload)) {
        changed |= CHANGED_SWITCHES;
    }
    return changed;
}

static unsigned put(struct turn *turn, const struct plan *plan,
                    const Perch__RoomChange *command)
{
    struct room *room = plan->room;
    unsigned changed = place_change(turn->machine, &room->place, &plan->place);

    changed |= put_kind(room, plan);
    changed |= put_switches(room, command);
    if (role_apply(turn, &room->place, plan->lists, LISTS)) {
        changed |= CHANGED_ROLES;
    }
    return changed;
}

enum outcome room_change(struct turn *turn, const Perch__Command *command)
{
    const unsigned access = CHANGED_CATEGORY | CHANGED_VISIBILITY |
                            CHANGED_DISABLED | CHANGED_ROLES;
    const Perch__RoomChange *change = command->room_change;
    const struct user *manager = NULL;
    enum outcome outcome = manage_actor(turn, command, &manager);
    struct plan plan;
    unsigned changed;

    plan_init(&plan, manager, change);
    if (outcome == OUTCOME_DONE) {
        outcome = check_room(turn, &plan, change);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = check_lists(turn, &plan);
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    changed = put(turn, &plan, change);
    if (changed != 0) {
        /* Rosters empty first, then people hear why. */
        if ((changed & access) != 0) {
            presence_put_out(turn, plan.room);
        }
        place_touch(turn, &plan.room->place);
        room_tell(turn, plan.room, EVENT_ROOM_CHANGED, changed);
    }
    turn->value = plan.room->place.version;
    return OUTCOME_DONE;
}
