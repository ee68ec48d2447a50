#include "node/chat/list.h"

#include "node/chat/access.h"
#include "node/chat/closure.h"
#include "node/chat/manage.h"
#include "node/chat/place.h"
#include "node/chat/presence.h"
#include "node/chat/principal.h"
#include "node/chat/session.h"
#include "node/chat/state.h"
#include "node/chat/user.h"
#include "node/chat/view.h"

void list_rooms(const struct machine *machine, list_room *each, void *context)
{
    const struct place *place = NULL;

    while ((place = place_next(machine, place)) != NULL) {
        if (place->is_room &&
            !each(context, table_at(&machine->rooms, place->number))) {
            return;
        }
    }
}

struct search {
    const struct user *user;
    struct slice needle;
    list_room *each;
    void *context;
};

static bool show(void *context, const struct room *room)
{
    const struct search *search = context;

    if (access_find(search->user, room) != OUTCOME_DONE ||
        !text_contains_nocase(text_slice(room->place.name), search->needle)) {
        return true;
    }
    return search->each(search->context, room);
}

void list_rooms_visible(const struct machine *machine, const struct user *user,
                        struct slice needle, list_room *each, void *context)
{
    struct search search = {user, needle, each, context};

    list_rooms(machine, show, &search);
}

/* Add to a map what a principal has in it too. */
static void merge(struct number_map *places, const struct principal *principal)
{
    for (uint32_t i = 0; i < principal->places.n; i++) {
        const struct number_pair *pair = &principal->places.pairs[i];

        number_map_set(places, pair->number,
                       number_map_get(places, pair->number) | pair->bits);
    }
}

static void merge_all(const struct machine *machine, struct number_map *places,
                      const struct user *user)
{
    const struct closure *closure = closure_of(&user->principal);

    merge(places, &user->principal);
    for (uint32_t i = 0; i < closure->n; i++) {
        merge(places, principal_at(machine, closure->groups[i]));
    }
}

void list_rooms_of(const struct machine *machine, const struct user *user,
                   unsigned roles, list_room *each, void *context)
{
    struct number_map places = {0};

    merge_all(machine, &places, user);
    for (uint32_t i = 0; i < places.n; i++) {
        const struct room *room =
            table_at(&machine->rooms, places.pairs[i].number);

        if (room != NULL && (places.pairs[i].bits & roles) != 0 &&
            access_find(user, room) == OUTCOME_DONE && !each(context, room)) {
            break;
        }
    }
    number_map_deinit(&places);
}

void list_categories_for(const struct machine *machine, const struct user *user,
                         list_category *each, void *context)
{
    struct number_map places = {0};

    merge_all(machine, &places, user);
    for (uint32_t i = 0; i < places.n; i++) {
        const struct category *category =
            table_at(&machine->categories, places.pairs[i].number);

        if (category != NULL && manage_create(user, category) == OUTCOME_DONE &&
            !each(context, category)) {
            break;
        }
    }
    number_map_deinit(&places);
}

void list_rooms_joined(const struct session *session, list_room *each,
                       void *context)
{
    const struct participant *participant;

    TAILQ_FOREACH (participant, &session->rooms, in_session) {
        if (!each(context, participant->room)) {
            return;
        }
    }
}

void list_participants(const struct room *room, list_present *each,
                       void *context)
{
    const struct participant *participant = presence_next(room, NULL);

    while (participant != NULL) {
        const struct user *user = participant->session->user;
        struct present present = {user, view_roles(room, user), 0};

        while (participant != NULL && participant->session->user == user) {
            present.endpoints += 1;
            participant = presence_next(room, participant);
        }
        if (!each(context, &present)) {
            return;
        }
    }
}

void list_sessions_of(const struct user *user, list_session *each,
                      void *context)
{
    const struct session *session;

    LIST_FOREACH (session, &user->sessions, in_user) {
        if (!each(context, session)) {
            return;
        }
    }
}

void list_holds(const struct machine *machine, uint64_t after, list_hold *each,
                void *context)
{
    const struct hold *hold;

    TAILQ_FOREACH (hold, &machine->holds, link) {
        if (hold->number > after && !each(context, hold)) {
            return;
        }
    }
}
