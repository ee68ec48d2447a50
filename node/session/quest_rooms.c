/* Where a quest looks: the rooms that its user may read. */
#include <stdlib.h>

#include "node/chat/access.h"
#include "node/chat/list.h"
#include "node/chat/view.h"
#include "node/session/quest_parts.h"
#include "proto/xccos/names.h"

static const struct machine *machine_of(const struct quest *quest)
{
    return quest->errand.visit->hub->machine;
}

struct choice {
    const struct user *user;
    struct buffer rooms; /* struct lookup_room. */
};

static void choose(struct choice *choice, const struct room *room)
{
    struct lookup_room chosen;
    struct room_view view;

    view_room(room, &view);
    chosen.number = view.place.number;
    chosen.guid = view.place.guid;
    chosen.name = view.place.name;
    chosen.messages = view.message_id_last;
    chosen.cleared_upto = view.cleared_upto;
    buffer_append(&choice->rooms, &chosen, sizeof(chosen));
}

/* A list_room. */
static bool choose_readable(void *context, const struct room *room)
{
    struct choice *choice = context;

    if (access_read(choice->user, room) == OUTCOME_DONE) {
        choose(choice, room);
    }
    return true;
}

/* A list_session. */
static bool choose_joined(void *context, const struct session *session)
{
    list_rooms_joined(session, choose_readable, context);
    return true;
}

/* All rooms of the user: those that list the user, and those the user is in. */
static void choose_all(const struct quest *quest, struct choice *choice)
{
    list_rooms_of(machine_of(quest), choice->user, ROLE_MEMBER | ROLE_MANAGER,
                  choose_readable, choice);
    list_sessions_of(choice->user, choose_joined, choice);
}

/* The rooms that the command names: each of them, or none. */
static enum outcome choose_named(const struct quest *quest,
                                 struct choice *choice)
{
    const struct sessions *hub = quest->errand.visit->hub;
    const struct xccos_room *block = quest->errand.primitive->data.rooms;

    for (; block != NULL; block = block->next) {
        const struct room *room = NULL;
        struct xccos_name name;
        enum outcome outcome;

        if (xccos_room_uri_read(block->uri, &name) == ERROR_NONE &&
            hub_is_ours(hub, &name)) {
            room = query_room(hub->machine, &name.guid);
        }
        outcome = room == NULL ? OUTCOME_ROOM_UNKNOWN
                               : access_read(choice->user, room);
        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
        choose(choice, room);
    }
    return OUTCOME_DONE;
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = ((const struct lookup_room *)a)->number;
    uint32_t right = ((const struct lookup_room *)b)->number;

    return (left > right) - (left < right);
}

/* In order and each once, in the lookup's own memory. */
static enum error take_rooms(struct quest *quest, const struct choice *choice)
{
    size_t n = choice->rooms.len / sizeof(struct lookup_room), kept = 0;
    struct lookup_room *rooms =
        arena_alloc(quest->lookup.arena, (n + 1) * sizeof(*rooms));

    if (rooms == NULL || buffer_failed(&choice->rooms)) {
        return ERROR_NO_MEMORY;
    }
    if (n > 0) {
        memcpy(rooms, choice->rooms.data, n * sizeof(*rooms));
        qsort(rooms, n, sizeof(*rooms), by_number);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || rooms[kept - 1].number != rooms[i].number) {
            rooms[kept] = rooms[i];
            rooms[kept++].name =
                arena_copy_slice(quest->lookup.arena, rooms[i].name);
        }
    }
    quest->lookup.rooms = rooms;
    quest->lookup.n_rooms = kept;
    return ERROR_NONE;
}

const struct user *quest_user(const struct quest *quest)
{
    return query_user(machine_of(quest), quest->errand.visit->caller->user_uri);
}

/* Whether all that is to be shown may still be seen. */
bool quest_holds(const struct quest *quest, const struct user *user)
{
    const struct lookup_found *found = quest->lookup.found;

    for (; found != NULL; found = found->next) {
        const struct room *room =
            query_room_numbered(machine_of(quest), found->room);

        if (room == NULL || access_read(user, room) != OUTCOME_DONE) {
            return false;
        }
    }
    return true;
}

static enum outcome choose_rooms(struct quest *quest, struct choice *choice)
{
    if (choice->user == NULL) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (quest->errand.primitive->data.rooms != NULL) {
        return choose_named(quest, choice);
    }
    choose_all(quest, choice);
    return OUTCOME_DONE;
}

enum error quest_choose(struct quest *quest, enum outcome *outcome_out)
{
    struct choice choice = {.user = quest_user(quest)};
    enum error error;

    *outcome_out = choose_rooms(quest, &choice);
    error = take_rooms(quest, &choice);
    buffer_deinit(&choice.rooms);
    return error;
}
