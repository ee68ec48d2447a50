#include "node/chat/view.h"

#include <stdio.h>

#include "node/chat/closure.h"
#include "node/chat/memory.h"
#include "node/chat/presence.h"
#include "node/chat/retention.h"
#include "node/chat/session.h"
#include "node/chat/state.h"
#include "node/chat/told.h"

static void write_hex(const uint8_t hash[HA1_BYTES],
                      char text[2 * HA1_BYTES + 1])
{
    for (size_t i = 0; i < HA1_BYTES; i++) {
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    }
}

void view_user(const struct user *user, struct user_view *view_out)
{
    *view_out = (struct user_view){
        .number = user->principal.number,
        .version = user->version,
        .uri = text_slice(user->uri),
        .display_name = text_slice(user->display_name),
        .disabled = user->disabled,
        .has_password = user->has_password,
        .chat = (Perch__ChatPolicy)user->principal.chat,
        .owner = text_slice(user->principal.owner),
        .sessions = user->n_sessions,
        .created_at_us = user->created_at_us,
        .changed_at_us = user->changed_at_us,
    };
    if (user->has_password) {
        write_hex(user->ha1, view_out->ha1);
    }
    if (user->has_ha1_user) {
        write_hex(user->ha1_user, view_out->ha1_user);
    }
}

void view_group(const struct group *group, struct group_view *view_out)
{
    *view_out = (struct group_view){
        .number = group->principal.number,
        .version = group->version,
        .uri = text_slice(group->uri),
        .display_name = text_slice(group->display_name),
        .members = group->members.n,
        .chat = (Perch__ChatPolicy)group->principal.chat,
        .owner = text_slice(group->principal.owner),
        .created_at_us = group->created_at_us,
        .changed_at_us = group->changed_at_us,
    };
}

void view_principal(const struct principal *principal,
                    struct principal_view *view_out)
{
    const struct group *group = (const struct group *)principal;
    const struct user *user = (const struct user *)principal;

    *view_out = (struct principal_view){
        .number = principal->number,
        .is_group = principal->is_group,
        .disabled = !principal->is_group && user->disabled,
        .uri = text_slice(principal->is_group ? group->uri : user->uri),
        .display_name = text_slice(principal->is_group ? group->display_name
                                                       : user->display_name),
    };
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

void view_room(const struct room *room, struct room_view *view_out)
{
    *view_out = (struct room_view){
        .category = room->category,
        .visibility = (Perch__Visibility)room->visibility,
        .behavior = (Perch__Behavior)room->behavior,
        .disabled = room->disabled,
        .invitations_off = room->invitations_off,
        .files_off = room->files_off,
        .invitations = room->category->invitations && !room->invitations_off,
        .file_upload = room->category->file_upload && !room->files_off,
        .history = !room->category->history_off,
        .addin = room->addin,
        .has_retention = room->has_retention,
        .retention_days = retention_days(room),
        .holds = room->holds,
        .cleared_upto = room->cleared_upto,
        .purged_upto = room->sweep.purged_upto,
        .swept_upto = room->sweep.swept_upto,
        .users_present = room->users_present,
        .endpoints_present = room->endpoints_present,
        .users_with_role = room->place.roles.n,
        .message_id_last = room->message_id_last,
    };
    view_place(&room->place, &view_out->place);
}

void view_category(const struct category *category,
                   struct category_view *view_out)
{
    *view_out = (struct category_view){
        .restricted = category->restricted,
        .invitations = category->invitations,
        .file_upload = category->file_upload,
        .history = !category->history_off,
        .retention_days = category->retention_days,
        .rooms = category->rooms.n,
    };
    view_place(&category->place, &view_out->place);
}

void view_hold(const struct hold *hold, struct hold_view *view_out)
{
    *view_out = (struct hold_view){
        .number = hold->number,
        .name = text_slice(hold->name),
        .reason = text_slice(hold->reason),
        .administrator = text_slice(hold->administrator),
        .room = hold->room,
        .user = hold->user,
        .placed_at_us = hold->placed_at_us,
    };
}

void view_session(const struct session *session, struct session_view *view_out)
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

unsigned view_roles(const struct room *room, const struct user *user)
{
    return closure_bits(&room->place.roles, &user->principal);
}

unsigned view_roles_own(const struct room *room,
                        const struct principal *principal)
{
    return number_map_get(&room->place.roles, principal->number);
}

unsigned view_category_roles_own(const struct category *category,
                                 const struct principal *principal)
{
    return number_map_get(&category->place.roles, principal->number);
}

bool view_is_member(const struct group *group,
                    const struct principal *principal)
{
    return number_map_get(&group->members, principal->number) != 0;
}

bool view_join_index(const struct room *room, const struct session *session,
                     uint64_t *index_out)
{
    const struct participant *participant = presence_find(room, session);

    if (participant == NULL) {
        return false;
    }
    *index_out = participant->join_index;
    return true;
}

bool view_delivered(const struct machine *machine, const struct user *user,
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

bool view_told(const struct machine *machine, const struct session *newest,
               uint64_t *index_out)
{
    struct slice id = text_slice(newest->endpoint_id);
    uint64_t remembered = 0, least = UINT64_MAX;
    bool known = view_delivered(machine, newest->user, id, &remembered);
    const struct session *other;

    LIST_FOREACH (other, &newest->user->sessions, in_user) {
        if (other != newest && other->entered &&
            slice_equal(text_slice(other->endpoint_id), id)) {
            uint64_t told = told_upto(other, told_marked(other),
                                      known ? &remembered : NULL);

            least = told < least ? told : least;
        }
    }
    *index_out = least == UINT64_MAX ? remembered : least;
    return known || least != UINT64_MAX;
}
