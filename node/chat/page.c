#include "node/chat/page.h"

#include "node/chat/group.h"
#include "node/chat/place.h"
#include "node/chat/principal.h"
#include "node/chat/session.h"
#include "node/chat/state.h"
#include "node/chat/user.h"

void page_rooms(const struct machine *machine, struct slice after,
                list_room *each, void *context)
{
    const struct place *place = place_after(machine, after);

    while (place != NULL &&
           (!place->is_room ||
            each(context, table_at(&machine->rooms, place->number)))) {
        place = place_next(machine, place);
    }
}

void page_categories(const struct machine *machine, struct slice after,
                     list_category *each, void *context)
{
    const struct place *place = place_after(machine, after);

    while (place != NULL &&
           (place->is_room ||
            each(context, table_at(&machine->categories, place->number)))) {
        place = place_next(machine, place);
    }
}

void page_users(const struct machine *machine, struct slice after,
                list_user *each, void *context)
{
    const struct user *user = user_after(machine, after);

    while (user != NULL && each(context, user)) {
        user = user_next(machine, user);
    }
}

void page_sessions(const struct machine *machine,
                   const struct session_id *after, list_session *each,
                   void *context)
{
    for (int node = after->node; node < NODES; node++) {
        const struct origin *origin = machine->origins[node];
        bool goes_on = origin != NULL && node == after->node &&
                       origin->epoch == after->epoch;
        const struct session *session =
            origin == NULL ? NULL
                           : session_after(origin, goes_on ? after->serial : 0);

        while (session != NULL) {
            if (!each(context, session)) {
                return;
            }
            session = session_next(origin, session);
        }
    }
}

/* The place of the first pair beyond a number. */
static uint32_t pair_after(const struct number_map *map, uint32_t number)
{
    uint32_t low = 0, high = map->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (map->pairs[middle].number <= number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void page_map(const struct machine *machine,
                     const struct number_map *map, uint32_t after,
                     list_role *each, void *context)
{
    for (uint32_t i = pair_after(map, after); i < map->n; i++) {
        const struct number_pair *pair = &map->pairs[i];

        if (!each(context, principal_at(machine, pair->number), pair->bits)) {
            return;
        }
    }
}

void page_roles(const struct machine *machine, const struct room *room,
                uint32_t after, list_role *each, void *context)
{
    page_map(machine, &room->place.roles, after, each, context);
}

void page_category_roles(const struct machine *machine,
                         const struct category *category, uint32_t after,
                         list_role *each, void *context)
{
    page_map(machine, &category->place.roles, after, each, context);
}

void page_members(const struct machine *machine, const struct group *group,
                  uint32_t after, list_role *each, void *context)
{
    page_map(machine, &group->members, after, each, context);
}

void page_groups(const struct machine *machine, struct slice after,
                 list_group *each, void *context)
{
    const struct group *group = group_after(machine, after);

    while (group != NULL && each(context, group)) {
        group = group_after(machine, text_slice(group->uri));
    }
}

void page_principals(const struct machine *machine, uint32_t after,
                     list_principal *each, void *context)
{
    for (uint32_t i = after + 1; i <= machine->principal_last; i++) {
        const struct principal *principal = principal_at(machine, i);

        if (principal != NULL && !each(context, principal)) {
            return;
        }
    }
}
