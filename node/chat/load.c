#include "node/chat/load.h"

#include <stdlib.h>

#include "node/chat/addin.h"
#include "node/chat/addin_rows.h"
#include "node/chat/archive_rows.h"
#include "node/chat/category.h"
#include "node/chat/filter_rows.h"
#include "node/chat/load_attention.h"
#include "node/chat/load_kept.h"
#include "node/chat/load_people.h"
#include "node/chat/load_talk.h"
#include "node/chat/ledger.h"
#include "node/chat/memory.h"
#include "node/chat/origin.h"
#include "node/chat/place.h"
#include "node/chat/presence.h"
#include "node/chat/principal.h"
#include "node/chat/role.h"
#include "node/chat/room.h"
#include "node/chat/session.h"
#include "node/chat/setting.h"
#include "node/chat/state.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

static bool is_guid(ProtobufCBinaryData bytes)
{
    return bytes.len == GUID_BYTES;
}

static bool read_guid(ProtobufCBinaryData bytes, struct guid *guid)
{
    if (!is_guid(bytes)) {
        return false;
    }
    memcpy(guid->bytes, bytes.data, GUID_BYTES);
    return true;
}

static enum error load_pool(struct machine *machine, const struct row_key *key,
                            const void *message)
{
    const Perch__Stored__Pool *row = message;

    (void)key;
    if (row->rules_version > machine->rules_known) {
        return ERROR_UNSUPPORTED;
    }
    REQUIRE(row->rules_version > 0);
    for (size_t i = 0; i < row->n_settings; i++) {
        uint32_t number = row->settings[i]->number;

        REQUIRE(number < SETTINGS &&
                setting_allows((enum setting)number, row->settings[i]->value));
        machine->settings[number] = row->settings[i]->value;
    }
    TRY(load_owners(machine, row));
    machine->rules_version = row->rules_version;
    text_replace(&machine->domain, codec_slice(row->domain));
    text_replace(&machine->pool_uri, codec_slice(row->pool_uri));
    text_replace(&machine->web_url, codec_slice(row->web_url));
    machine->counts[ROW_POOL] += 1;
    return ERROR_NONE;
}

static enum error load_counters(struct machine *machine,
                                const struct row_key *key, const void *message)
{
    const Perch__Stored__Counters *row = message;

    (void)key;
    REQUIRE(row->addin <= NUMBERS_MAX);
    REQUIRE(row->n_rows <= ROW_PLACES && row->principal <= NUMBERS_MAX &&
            row->place <= NUMBERS_MAX);
    machine->sent_at_us = row->sent_at_us;
    machine->principal_last = row->principal;
    machine->place_last = row->place;
    machine->invitation_next = row->invitation_next;
    machine->addin_last = row->addin;
    machine->memories[MEMORY_RETRY].number_last = row->retry;
    machine->memories[MEMORY_ENDPOINT].number_last = row->endpoint;
    machine->hold_last = row->hold;
    for (int kind = 0; kind < ROW_KINDS; kind++) {
        unsigned place = row_place((enum row_kind)kind);

        machine->stated[kind] = place < row->n_rows ? row->rows[place] : 0;
    }
    machine->counts[ROW_COUNTERS] += 1;
    return ERROR_NONE;
}

static bool is_free_place(const struct machine *machine, uint64_t number)
{
    return number > 0 && number <= machine->place_last &&
           table_at(&machine->rooms, number) == NULL &&
           table_at(&machine->categories, number) == NULL;
}

static void fill_place(struct place *place, uint64_t number,
                       const Perch__Stored__Place *row)
{
    place->number = (uint32_t)number;
    place->name = text_new(codec_slice(row->name));
    place->description = text_new(codec_slice(row->description));
    place->version = row->version;
    place->created_at_us = row->created_at_us;
    place->changed_at_us = row->changed_at_us;
}

static enum error load_category(struct machine *machine,
                                const struct row_key *key, const void *message)
{
    const Perch__Stored__Category *row = message;
    const Perch__Stored__Place *place = row->place;
    struct category *category;
    struct guid guid;

    REQUIRE(is_free_place(machine, key->part[0]));
    REQUIRE(place != NULL && read_guid(place->guid, &guid) &&
            place->name.len > 0);

    category = calloc(1, sizeof(*category));
    CHECK(category != NULL);
    fill_place(&category->place, key->part[0], place);
    category->place.guid = guid;
    category->restricted = row->restricted;
    category->invitations = row->invitations;
    category->file_upload = row->file_upload;
    category->history_off = row->history_off;
    category->retention_days = row->retention_days;
    if (!category_adopt(machine, category)) {
        category_free(category);
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}

static enum error load_room(struct machine *machine, const struct row_key *key,
                            const void *message)
{
    const Perch__Stored__Room *row = message;
    struct category *category = table_at(&machine->categories, row->category);
    struct addin *addin = table_at(&machine->addins, row->addin);
    struct room *room;
    struct guid guid;

    REQUIRE(is_free_place(machine, key->part[0]) && category != NULL);
    REQUIRE(row->place != NULL && read_guid(row->place->guid, &guid) &&
            row->place->name.len > 0);
    REQUIRE(row->addin == 0 || addin != NULL);

    room = calloc(1, sizeof(*room));
    CHECK(room != NULL);
    fill_place(&room->place, key->part[0], row->place);
    room->place.guid = guid;
    room->place.is_room = true;
    room->category = category;
    room->visibility = (uint8_t)row->visibility;
    room->behavior = row->has_behavior ? (uint8_t)row->behavior
                                       : (uint8_t)PERCH__BEHAVIOR__NORMAL;
    room->invitations_off = row->invitations_off;
    room->files_off = row->files_off;
    room->disabled = row->disabled;
    room->message_id_last = row->message_id_last;
    load_keeping(room, row);
    addin_carry(room, addin);
    if (!room_adopt(machine, room)) {
        room_free(room);
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}

static enum error load_role(struct machine *machine, const struct row_key *key,
                            const void *message)
{
    const Perch__Stored__Role *row = message;
    struct place *place = place_at(machine, key->part[0]);
    struct principal *principal = principal_at(machine, key->part[1]);

    REQUIRE(place != NULL && principal != NULL && row->roles != 0 &&
            (row->roles & ~role_all_of(place)) == 0);
    REQUIRE(number_map_get(&place->roles, principal->number) == 0);
    REQUIRE(row->invited == 0 ||
            (place->is_room && (row->roles & ROLE_MEMBER) != 0));
    role_set(machine, place, principal, row->roles);
    number_map_set(&principal->invitations, place->number, row->invited);
    return ERROR_NONE;
}

static void fill_exceptions(struct origin *origin,
                            const Perch__Stored__Origin *row)
{
    if (row->n_exceptions == 0) {
        return;
    }
    origin->exceptions = calloc(row->n_exceptions, sizeof(*origin->exceptions));
    CHECK(origin->exceptions != NULL);
    origin->n_exceptions = row->n_exceptions;
    for (size_t i = 0; i < row->n_exceptions; i++) {
        origin->exceptions[i] = (struct mark_exception){
            row->exceptions[i]->serial, row->exceptions[i]->delivered_index};
    }
}

static enum error load_origin(struct machine *machine,
                              const struct row_key *key, const void *message)
{
    const Perch__Stored__Origin *row = message;
    struct guid starts[STARTS_KEPT] = {0};
    struct origin *origin;

    REQUIRE(key->part[0] > 0 && key->part[0] < NODES &&
            machine->origins[key->part[0]] == NULL);
    REQUIRE(row->epoch > 0 && row->n_start_ids > 0 &&
            row->n_start_ids <= STARTS_KEPT);
    for (size_t i = 0; i < row->n_start_ids; i++) {
        REQUIRE(read_guid(row->start_ids[i], &starts[i]));
    }

    origin = origin_new(machine, (uint8_t)key->part[0]);
    origin->epoch = row->epoch;
    origin->number_last = row->number_last;
    memcpy(origin->start_ids, starts, sizeof(starts));
    origin->raft_id = row->raft_id;
    origin->directory_id = row->directory_id;
    origin->rules_known = row->rules_known;
    origin->lost = row->lost;
    origin->admitted = row->admitted;
    origin->delivered_index = row->delivered_index;
    fill_exceptions(origin, row);
    return ERROR_NONE;
}

static enum error load_outcomes(struct machine *machine,
                                const struct row_key *key, const void *message)
{
    const Perch__Stored__Outcomes *row = message;
    struct origin *origin = NULL;
    struct kept_outcome *kept;

    if (key->part[0] < NODES) {
        origin = machine->origins[key->part[0]];
    }
    REQUIRE(origin != NULL && key->part[1] < OUTCOMES_KEPT / OUTCOMES_PER_ROW);
    REQUIRE(row->n_outcomes > 0 && row->n_outcomes == row->n_values &&
            row->n_outcomes ==
                origin_chunk_len(origin, (unsigned)key->part[1]));

    kept = &origin->kept[key->part[1] * OUTCOMES_PER_ROW];
    for (size_t i = 0; i < row->n_outcomes; i++) {
        kept[i].outcome = (uint16_t)row->outcomes[i];
        kept[i].value = row->values[i];
    }
    machine->counts[ROW_OUTCOMES] += 1;
    return ERROR_NONE;
}

static enum error load_rooms(struct machine *machine, struct session *session,
                             const Perch__Stored__Session *row)
{
    for (size_t i = 0; i < row->n_rooms; i++) {
        struct room *room = table_at(&machine->rooms, row->rooms[i]->room);

        REQUIRE(room != NULL);
        REQUIRE(presence_load(room, session, row->rooms[i]->join_index) !=
                NULL);
    }
    return ERROR_NONE;
}

static enum error load_session(struct machine *machine,
                               const struct row_key *key, const void *message)
{
    const Perch__Stored__Session *row = message;
    struct user *user = table_at(&machine->users, row->user);
    struct origin *origin = NULL;
    struct session *session;

    if (key->part[0] < NODES) {
        origin = machine->origins[key->part[0]];
    }
    REQUIRE(origin != NULL && origin->epoch == key->part[1] && user != NULL);
    session = session_load(machine, origin, user, key->part[2],
                           codec_slice(row->endpoint_id));
    REQUIRE(session != NULL);
    session->opened_index = row->opened_index;
    session->opened_at_us = row->opened_at_us;
    session->entered = row->entered;
    return load_rooms(machine, session, row);
}

static enum error load_memo(struct machine *machine, enum memory_kind kind,
                            uint64_t number, const Perch__Stored__Memo *row)
{
    struct user *user = table_at(&machine->users, row->user);
    struct memo *memo;

    REQUIRE(user != NULL && row->id.len > 0);
    REQUIRE(number <= machine->memories[kind].number_last);
    memo = memory_load(machine, kind, number, user, codec_slice(row->id));
    REQUIRE(memo != NULL);
    memo->at_us = row->at_us;
    memo->value = row->value;
    memo->room = row->room;
    return ERROR_NONE;
}

static enum error load_retry(struct machine *machine, const struct row_key *key,
                             const void *message)
{
    return load_memo(machine, MEMORY_RETRY, key->part[0], message);
}

static enum error load_endpoint(struct machine *machine,
                                const struct row_key *key, const void *message)
{
    return load_memo(machine, MEMORY_ENDPOINT, key->part[0], message);
}

static enum error load_probe(struct machine *machine, const struct row_key *key,
                             const void *message)
{
    const Perch__Stored__Probe *row = message;
    struct probe *probe;

    REQUIRE(key->part[0] < PROBE_SLOTS && row->log_index > 0);
    probe = &machine->probes[key->part[0]];
    REQUIRE(probe->log_index == 0);
    probe->log_index = row->log_index;
    text_replace(&probe->payload, codec_slice(row->payload));
    machine->counts[ROW_PROBE] += 1;
    return ERROR_NONE;
}

static const struct {
    const ProtobufCMessageDescriptor *descriptor;
    loader *load;
} loaders[ROW_KINDS] = {
    [ROW_POOL] = {&perch__stored__pool__descriptor, load_pool},
    [ROW_COUNTERS] = {&perch__stored__counters__descriptor, load_counters},
    [ROW_USER] = {&perch__stored__user__descriptor, load_user},
    [ROW_GROUP] = {&perch__stored__group__descriptor, load_group},
    [ROW_MEMBERSHIP] = {&perch__stored__membership__descriptor,
                        load_membership},
    [ROW_CATEGORY] = {&perch__stored__category__descriptor, load_category},
    [ROW_ROOM] = {&perch__stored__room__descriptor, load_room},
    [ROW_ROLE] = {&perch__stored__role__descriptor, load_role},
    [ROW_PUBLICATION] = {&perch__stored__publication__descriptor,
                         load_publication},
    [ROW_READ] = {&perch__stored__read__descriptor, load_read},
    [ROW_FEEDS] = {&perch__stored__feeds__descriptor, load_feeds},
    [ROW_ORIGIN] = {&perch__stored__origin__descriptor, load_origin},
    [ROW_OUTCOMES] = {&perch__stored__outcomes__descriptor, load_outcomes},
    [ROW_SESSION] = {&perch__stored__session__descriptor, load_session},
    [ROW_RETRY] = {&perch__stored__memo__descriptor, load_retry},
    [ROW_ENDPOINT] = {&perch__stored__memo__descriptor, load_endpoint},
    [ROW_PROBE] = {&perch__stored__probe__descriptor, load_probe},
    [ROW_HOLD] = {&perch__stored__hold__descriptor, load_hold},
    [ROW_ADDIN] = {&perch__stored__addin__descriptor, load_addin},
    [ROW_TOMBSTONE] = {&perch__stored__tombstone__descriptor, load_tombstone},
    [ROW_ADMINISTRATOR] = {&perch__stored__administrator__descriptor,
                           load_administrator},
    [ROW_FILTER] = {&perch__stored__filter__descriptor, load_filter},
    [ROW_LEDGER] = {&perch__stored__ledger__descriptor, load_ledger},
    [ROW_ARCHIVE] = {&perch__stored__archive__descriptor, load_archive},
    [ROW_ADAPTER] = {&perch__stored__adapter__descriptor, load_adapter},
    [ROW_WITNESS] = {&perch__stored__witness__descriptor, load_witness},
};

enum error load_row(struct machine *machine, const struct row_key *key,
                    struct slice value, struct arena *scratch)
{
    const void *message;

    if ((unsigned)key->kind >= ROW_KINDS ||
        loaders[key->kind].descriptor == NULL) {
        return ERROR_MALFORMED;
    }
    arena_reset(scratch);
    TRY(codec_read(scratch, loaders[key->kind].descriptor, value, &message));
    return loaders[key->kind].load(machine, key, message);
}
