#include "node/chat/role.h"

#include "node/chat/invitation.h"
#include "node/chat/principal.h"
#include "node/chat/scope.h"
#include "proto/base/check.h"

static struct principal *named(const struct machine *machine,
                               const struct role_list *list, size_t i)
{
    return principal_find(machine, codec_slice(list->users[i]));
}

static uint32_t roles_of(const struct place *place,
                         const struct principal *principal)
{
    return place == NULL ? 0 : number_map_get(&place->roles, principal->number);
}

uint32_t role_all_of(const struct place *place)
{
    return place->is_room ? ROLES_OF_ROOM : ROLES_OF_CATEGORY;
}

/* Count those a list would bring in; it has been checked. */
static uint64_t count_added(const struct machine *machine,
                            const struct place *place,
                            const struct role_list *list)
{
    uint64_t added = 0;

    for (size_t i = 0; !list->removes && i < list->n; i++) {
        added += roles_of(place, named(machine, list, i)) == 0;
    }
    return added;
}

enum outcome role_check(struct turn *turn, const struct place *place,
                        const struct role_list *lists, size_t n_lists)
{
    uint64_t added = 0;
    uint64_t there = place == NULL ? 0 : place->roles.n;

    turn->value = 0;
    for (size_t i = 0; i < n_lists; i++) {
        enum outcome outcome =
            principal_check_list(turn, lists[i].n, lists[i].users);

        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
        added += count_added(turn->machine, place, &lists[i]);
    }
    turn->value = 0;
    if (added > 0 &&
        there + added > turn->machine->settings[SETTING_ROOM_ROLES_MAX]) {
        return OUTCOME_ROOM_ROLES_FULL;
    }
    return OUTCOME_DONE;
}

enum outcome role_check_scope(struct turn *turn,
                              const struct category *category,
                              const struct role_list *lists, size_t n_lists)
{
    uint64_t position = 0;

    for (size_t i = 0; i < n_lists; i++) {
        for (size_t j = 0; j < lists[i].n; j++, position++) {
            if (!lists[i].removes &&
                !scope_holds(category, named(turn->machine, &lists[i], j))) {
                turn->value = position;
                return OUTCOME_PRINCIPAL_OUT_OF_SCOPE;
            }
        }
    }
    return OUTCOME_DONE;
}

void role_set(struct machine *machine, struct place *place,
              struct principal *principal, uint32_t roles)
{
    uint32_t before = place->roles.n;

    CHECK((roles & ~role_all_of(place)) == 0);
    number_map_set(&place->roles, principal->number, roles);
    number_map_set(&principal->places, place->number, roles);
    if ((roles & ROLE_MEMBER) == 0) {
        number_map_set(&principal->invitations, place->number, 0);
    }
    machine->counts[ROW_ROLE] += place->roles.n;
    machine->counts[ROW_ROLE] -= before;
}

static bool change(struct turn *turn, struct place *place,
                   struct principal *principal, const struct role_list *list)
{
    uint32_t before = roles_of(place, principal);
    uint32_t role = (uint32_t)list->role;
    uint32_t after = list->removes ? before & ~role : before | role;
    struct event *event;

    if (after == before) {
        return false;
    }
    role_set(turn->machine, place, principal, after);
    invitation_role_changed(turn, place, principal, before, after);
    changes_mark(&turn->machine->changes, ROW_ROLE, place->number,
                 principal->number, 0);
    event = effects_event(turn->effects, EVENT_ROLE_CHANGED);
    event->room = place->number;
    event->guid = place->guid;
    event->user = principal->number;
    event->roles_before = (uint8_t)before;
    event->roles = (uint8_t)after;
    return true;
}

bool role_apply(struct turn *turn, struct place *place,
                const struct role_list *lists, size_t n_lists)
{
    bool changed = false;

    for (size_t i = 0; i < n_lists; i++) {
        for (size_t j = 0; j < lists[i].n; j++) {
            struct principal *principal = named(turn->machine, &lists[i], j);

            CHECK(principal != NULL); /* role_check has found them all. */
            changed = change(turn, place, principal, &lists[i]) || changed;
        }
    }
    return changed;
}
