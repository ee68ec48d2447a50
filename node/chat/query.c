#include "node/chat/query.h"

#include <stdio.h>

#include "node/chat/memory.h"
#include "node/chat/place.h"
#include "node/chat/presence.h"
#include "node/chat/room.h"
#include "node/chat/session.h"
#include "node/chat/state.h"
#include "node/chat/user.h"

void query_pool(const struct machine *machine, struct pool_view *view_out)
{
    *view_out = (struct pool_view){
        .rules_version = machine->rules_version,
        .domain = text_slice(machine->domain),
        .pool_uri = text_slice(machine->pool_uri),
        .sent_at_us = machine->sent_at_us,
        .users = machine->counts[ROW_USER],
        .categories = machine->counts[ROW_CATEGORY],
        .rooms = machine->counts[ROW_ROOM],
        .roles = machine->counts[ROW_ROLE],
        .sessions = machine->counts[ROW_SESSION],
    };
}

const struct user *query_user(const struct machine *machine, struct slice uri)
{
    return user_find(machine, uri);
}

const struct user *query_user_numbered(const struct machine *machine,
                                       uint32_t number)
{
    return table_at(&machine->users, number);
}

const struct room *query_room(const struct machine *machine,
                              const struct guid *guid)
{
    return room_find(machine, guid);
}

const struct room *query_room_numbered(const struct machine *machine,
                                       uint32_t number)
{
    return table_at(&machine->rooms, number);
}

const struct category *query_category(const struct machine *machine,
                                      const struct guid *guid)
{
    const struct place *place = place_find(machine, guid);

    if (place == NULL || place->is_room) {
        return NULL;
    }
    return table_at(&machine->categories, place->number);
}

const struct session *query_session(const struct machine *machine,
                                    const struct session_id *id)
{
    const struct origin *origin = machine->origins[id->node];

    if (origin == NULL || origin->epoch != id->epoch) {
        return NULL;
    }
    return session_find(origin, id->serial);
}

void query_user_view(const struct user *user, struct user_view *view_out)
{
    *view_out = (struct user_view){
        .number = user->number,
        .version = user->version,
        .uri = text_slice(user->uri),
        .display_name = text_slice(user->display_name),
        .disabled = user->disabled,
        .has_password = user->has_password,
        .sessions = user->n_sessions,
        .created_at_us = user->created_at_us,
        .changed_at_us = user->changed_at_us,
    };
    for (size_t i = 0; user->has_password && i < HA1_BYTES; i++) {
        snprintf(view_out->ha1 + 2 * i, 3, "%02x", user->ha1[i]);
    }
}

static void view_place(const struct place *place, struct place_view *view_out)
{
    *view_out = (struct place_view){
        .number = place->number,
        .version = place->version,
        .guid = place->guid,
        .name = text_slice(place->name),
        .description = text_slice(place->description),
        .created_at_us = place->created_at_us,
        .changed_at_us = place->changed_at_us,
    };
}

void query_room_view(const struct room *room, struct room_view *view_out)
{
    *view_out = (struct room_view){
        .category = room->category,
        .visibility = (Perch__Visibility)room->visibility,
        .disabled = room->disabled,
        .users_present = room->users_present,
        .endpoints_present = room->endpoints_present,
        .users_with_role = room->roles.n,
        .message_id_last = room->message_id_last,
    };
    view_place(&room->place, &view_out->place);
}

void query_category_view(const struct category *category,
                         struct place_view *view_out)
{
    view_place(&category->place, view_out);
}

void query_session_view(const struct session *session,
                        struct session_view *view_out)
{
    *view_out = (struct session_view){
        .id = session_id(session),
        .user = session->user,
        .endpoint_id = text_slice(session->endpoint_id),
        .opened_index = session->opened_index,
        .opened_at_us = session->opened_at_us,
        .rooms = session->n_rooms,
    };
}

unsigned query_roles(const struct room *room, const struct user *user)
{
    return number_map_get(&room->roles, user->number);
}

bool query_join_index(const struct room *room, const struct session *session,
                      uint64_t *index_out)
{
    const struct participant *participant = presence_find(room, session);

    if (participant == NULL) {
        return false;
    }
    *index_out = participant->join_index;
    return true;
}

bool query_delivered(const struct machine *machine, const struct user *user,
                     struct slice endpoint_id, uint64_t *index_out)
{
    const struct memo *memo = memory_find(machine, MEMORY_ENDPOINT, user,
                                          endpoint_id, machine->sent_at_us);

    if (memo == NULL) {
        return false;
    }
    *index_out = memo->value;
    return true;
}
