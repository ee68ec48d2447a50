#include "node/chat/query.h"

#include "node/chat/administrator.h"
#include "node/chat/group.h"
#include "node/chat/memory.h"
#include "node/chat/place.h"
#include "node/chat/policy.h"
#include "node/chat/principal.h"
#include "node/chat/room.h"
#include "node/chat/session.h"
#include "node/chat/state.h"
#include "node/chat/tombstone.h"
#include "node/chat/user.h"
#include "node/chat/view.h"
#include "proto/base/check.h"

void query_pool(const struct machine *machine, struct pool_view *view_out)
{
    *view_out = (struct pool_view){
        .rules_version = machine->rules_version,
        .domain = text_slice(machine->domain),
        .pool_uri = text_slice(machine->pool_uri),
        .web_url = text_slice(machine->web_url),
        .sent_at_us = machine->sent_at_us,
        .users = machine->counts[ROW_USER],
        .categories = machine->counts[ROW_CATEGORY],
        .rooms = machine->counts[ROW_ROOM],
        .roles = machine->counts[ROW_ROLE],
        .sessions = machine->counts[ROW_SESSION],
        .groups = machine->counts[ROW_GROUP],
        .memberships = machine->counts[ROW_MEMBERSHIP],
    };
}

const struct user *query_user(const struct machine *machine, struct slice uri)
{
    return user_find(machine, uri);
}

bool query_chat_enabled(const struct machine *machine, const struct user *user)
{
    return policy_allows(machine, user);
}

const struct user *query_user_numbered(const struct machine *machine,
                                       uint32_t number)
{
    return table_at(&machine->users, number);
}

const struct user *query_user_told(const struct machine *machine,
                                   uint32_t number)
{
    const struct user *gone = machine->departed.user;

    return gone != NULL && gone->principal.number == number
               ? gone
               : table_at(&machine->users, number);
}

const struct group *query_group(const struct machine *machine, struct slice uri)
{
    return group_find(machine, uri);
}

const struct principal *query_principal(const struct machine *machine,
                                        struct slice uri)
{
    return principal_find(machine, uri);
}

const struct room *query_room(const struct machine *machine,
                              const struct guid *guid)
{
    return room_find(machine, guid);
}

uint32_t query_place_last(const struct machine *machine)
{
    return machine->place_last;
}

const struct room *query_room_numbered(const struct machine *machine,
                                       uint32_t number)
{
    return table_at(&machine->rooms, number);
}

const struct room *query_room_told(const struct machine *machine,
                                   uint32_t number)
{
    const struct room *gone = machine->departed.room;

    return gone != NULL && gone->place.number == number
               ? gone
               : table_at(&machine->rooms, number);
}

const struct room *query_room_named(const struct machine *machine,
                                    struct slice name)
{
    const struct place *place = place_named(machine, name);

    return place == NULL || !place->is_room
               ? NULL
               : table_at(&machine->rooms, place->number);
}

const struct category *query_category_named(const struct machine *machine,
                                            struct slice name)
{
    const struct place *place = place_named(machine, name);

    return place == NULL || place->is_room
               ? NULL
               : table_at(&machine->categories, place->number);
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

bool query_retry(const struct machine *machine, struct slice user_uri,
                 struct slice retry_id, struct retry_view *view_out)
{
    const struct user *user = user_find(machine, user_uri);
    const struct memo *memo = user == NULL
                                  ? NULL
                                  : memory_find(machine, MEMORY_RETRY, user,
                                                retry_id, machine->sent_at_us);

    if (memo == NULL) {
        return false;
    }
    *view_out = (struct retry_view){memo->value, memo->at_us};
    return true;
}

bool query_administrator(const struct machine *machine, uint32_t slot,
                         struct administrator_view *view_out)
{
    const struct administrator *administrator;

    CHECK(slot < ADMINISTRATORS_MAX);
    administrator = machine->administrators[slot];
    if (administrator == NULL) {
        return false;
    }
    *view_out = (struct administrator_view){
        .name = text_slice(administrator->name),
        .roles = administrator->roles,
        .changed_at_us = administrator->changed_at_us,
    };
    return true;
}

uint32_t query_roles_of(const struct machine *machine,
                        const Perch__Command *command)
{
    char name[ADMINISTRATOR_BYTES_MAX];

    return administrator_roles(machine, administrator_name(command, name));
}

bool query_tombstone(const struct machine *machine, const struct guid *guid,
                     struct tombstone_view *view_out)
{
    const struct tombstone *tombstone = tombstone_find(machine, guid);

    return tombstone != NULL &&
           query_tombstone_numbered(machine, tombstone->number, view_out);
}

bool query_tombstone_numbered(const struct machine *machine, uint32_t number,
                              struct tombstone_view *view_out)
{
    const struct tombstone *tombstone = table_at(&machine->tombstones, number);

    if (tombstone == NULL) {
        return false;
    }
    *view_out = (struct tombstone_view){
        .number = tombstone->number,
        .name = text_slice(tombstone->name),
        .guid = tombstone->guid,
        .message_id_last = tombstone->message_id_last,
        .deleted_at_us = tombstone->deleted_at_us,
        .retention_days = tombstone->retention_days,
        .purged_upto = tombstone->sweep.purged_upto,
        .swept_upto = tombstone->sweep.swept_upto,
    };
    return true;
}

bool query_node(const struct machine *machine, uint8_t node,
                struct node_view *view_out)
{
    const struct origin *origin = machine->origins[node];

    if (origin == NULL) {
        return false;
    }
    *view_out = (struct node_view){
        .node = node,
        .lost = origin->lost,
        .admitted = origin->admitted,
        .rules_known = origin->rules_known,
        .epoch = origin->epoch,
        .start_id = origin->start_ids[0],
        .number_last = origin->number_last,
        .raft_id = origin->raft_id,
        .directory_id = origin->directory_id,
        .delivered_index = origin->delivered_index,
    };
    return true;
}

bool query_may_rejoin(const struct machine *machine, uint8_t node)
{
    const struct origin *origin = machine->origins[node];

    return machine->settings[SETTING_REJOIN_POLICY] == REJOIN_AUTOMATIC ||
           (origin != NULL && origin->admitted);
}

bool query_owner(const struct machine *machine, size_t place,
                 struct owner_view *view_out)
{
    const struct owner *owner;

    if (place >= OWNERS_MAX || machine->owners[place].name == NULL) {
        return false;
    }
    owner = &machine->owners[place];
    *view_out = (struct owner_view){
        .name = text_slice(owner->name),
        .holder = text_slice(owner->holder),
        .run = text_slice(owner->run),
        .text = text_slice(owner->text),
        .held = text_slice(owner->held),
        .confirmed = text_slice(owner->confirmed),
        .phase = (Perch__OwnerReport__Phase)owner->phase,
        .lease_until_us = owner->lease_until_us,
        .reported_at_us = owner->reported_at_us,
        .done_at_us = owner->done_at_us,
        .users = owner->users,
        .groups = owner->groups,
        .changes = owner->changes,
        .leaving = owner->leaving,
    };
    return true;
}
