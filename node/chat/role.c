#include "node/chat/role.h"

#include "node/chat/user.h"
#include "proto/base/check.h"

static struct user *user_at(const struct machine *machine,
                            const struct role_list *list, size_t i)
{
    return user_find(machine, codec_slice(list->users[i]));
}

static uint32_t roles_of(const struct room *room, const struct user *user)
{
    return room == NULL ? 0 : number_map_get(&room->roles, user->number);
}

/* Look up everyone on a list, counting those it would bring in. */
static enum outcome check_list(struct turn *turn, const struct room *room,
                               const struct role_list *list, uint64_t *added)
{
    if (list->n > ROLES_PER_COMMAND_MAX) {
        return OUTCOME_ROLES_TOO_MANY;
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct user *user = user_at(turn->machine, list, i);

        if (user == NULL) {
            turn->value += i;
            return OUTCOME_USER_UNKNOWN;
        }
        if (!list->removes && roles_of(room, user) == 0) {
            *added += 1;
        }
    }
    turn->value += list->n;
    return OUTCOME_DONE;
}

enum outcome role_check(struct turn *turn, const struct room *room,
                        const struct role_list *lists, size_t n_lists)
{
    uint64_t added = 0;
    uint64_t there = room == NULL ? 0 : room->roles.n;

    turn->value = 0;
    for (size_t i = 0; i < n_lists; i++) {
        enum outcome outcome = check_list(turn, room, &lists[i], &added);

        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
    }
    turn->value = 0;
    if (added > 0 &&
        there + added > turn->machine->settings[SETTING_ROOM_ROLES_MAX]) {
        return OUTCOME_ROOM_ROLES_FULL;
    }
    return OUTCOME_DONE;
}

void role_set(struct machine *machine, struct room *room, struct user *user,
              uint32_t roles)
{
    uint32_t before = room->roles.n;

    CHECK((roles & ~(uint32_t)ROLES_ALL) == 0);
    number_map_set(&room->roles, user->number, roles);
    number_map_set(&user->rooms, room->place.number, roles);
    machine->counts[ROW_ROLE] += room->roles.n;
    machine->counts[ROW_ROLE] -= before;
}

static bool change(struct turn *turn, struct room *room, struct user *user,
                   const struct role_list *list)
{
    uint32_t before = roles_of(room, user);
    uint32_t role = (uint32_t)list->role;
    uint32_t after = list->removes ? before & ~role : before | role;
    struct event *event;

    if (after == before) {
        return false;
    }
    role_set(turn->machine, room, user, after);
    changes_mark(&turn->machine->changes, ROW_ROLE, room->place.number,
                 user->number, 0);
    event = effects_event(turn->effects, EVENT_ROLE_CHANGED);
    event->room = room->place.number;
    event->guid = room->place.guid;
    event->user = user->number;
    event->roles_before = (uint8_t)before;
    event->roles = (uint8_t)after;
    return true;
}

bool role_apply(struct turn *turn, struct room *room,
                const struct role_list *lists, size_t n_lists)
{
    bool changed = false;

    for (size_t i = 0; i < n_lists; i++) {
        for (size_t j = 0; j < lists[i].n; j++) {
            struct user *user = user_at(turn->machine, &lists[i], j);

            CHECK(user != NULL); /* role_check has found them all. */
            changed = change(turn, room, user, &lists[i]) || changed;
        }
    }
    return changed;
}
