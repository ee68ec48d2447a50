#include "node/chat/encode.h"

#include "node/chat/addin_rows.h"
#include "node/chat/archive_rows.h"
#include "node/chat/encode_attention.h"
#include "node/chat/encode_kept.h"
#include "node/chat/encode_people.h"
#include "node/chat/encode_talk.h"
#include "node/chat/filter_rows.h"
#include "node/chat/ledger.h"
#include "node/chat/memory.h"
#include "node/chat/origin.h"
#include "node/chat/place.h"
#include "node/chat/principal.h"
#include "node/chat/session.h"
#include "node/chat/setting.h"
#include "node/chat/state.h"
#include "proto/base/check.h"
#include "proto/codec.h"

static void *take(struct arena *scratch, size_t bytes)
{
    void *memory = arena_alloc(scratch, bytes);

    CHECK(memory != NULL);
    return memory;
}

static void fill_settings(const struct machine *machine, struct arena *scratch,
                          Perch__Stored__Pool *row)
{
    Perch__Stored__Pool__Setting *rows =
        take(scratch, SETTINGS * sizeof(*rows));

    row->settings = take(scratch, SETTINGS * sizeof(*row->settings));
    for (uint32_t i = 0; i < SETTINGS; i++) {
        Perch__Stored__Pool__Setting *setting = &rows[row->n_settings];

        if (machine->settings[i] != setting_fact((enum setting)i)->standard) {
            perch__stored__pool__setting__init(setting);
            CODEC_SET(setting, number, i);
            CODEC_SET(setting, value, machine->settings[i]);
            row->settings[row->n_settings++] = setting;
        }
    }
}

static bool encode_pool(const struct machine *machine,
                        const struct row_key *key, struct arena *scratch,
                        struct buffer *to)
{
    Perch__Stored__Pool row = PERCH__STORED__POOL__INIT;

    (void)key;
    CODEC_SET(&row, rules_version, machine->rules_version);
    CODEC_SET_BYTES(&row, domain, text_slice(machine->domain));
    CODEC_SET_BYTES(&row, pool_uri, text_slice(machine->pool_uri));
    if (machine->web_url != NULL) {
        CODEC_SET_BYTES(&row, web_url, text_slice(machine->web_url));
    }
    fill_settings(machine, scratch, &row);
    encode_owners(machine, scratch, &row);
    codec_write(&row.base, to);
    return true;
}

static uint64_t chunks_of_all(const struct machine *machine)
{
    uint64_t chunks = 0;

    for (int node = 0; node < NODES; node++) {
        if (machine->origins[node] != NULL) {
            chunks += origin_chunks(machine->origins[node]);
        }
    }
    return chunks;
}

static bool encode_counters(const struct machine *machine,
                            const struct row_key *key, struct arena *scratch,
                            struct buffer *to)
{
    Perch__Stored__Counters row = PERCH__STORED__COUNTERS__INIT;
    const struct memory *memories = machine->memories;

    (void)key;
    CODEC_SET(&row, sent_at_us, machine->sent_at_us);
    CODEC_SET(&row, principal, machine->principal_last);
    CODEC_SET(&row, place, machine->place_last);
    CODEC_SET(&row, retry, memories[MEMORY_RETRY].number_last);
    CODEC_SET(&row, endpoint, memories[MEMORY_ENDPOINT].number_last);
    if (machine->hold_last > 0) {
        CODEC_SET(&row, hold, machine->hold_last);
    }
    if (machine->addin_last != 0) {
        CODEC_SET(&row, addin, machine->addin_last);
    }
    if (machine->invitation_next != 0) {
        CODEC_SET(&row, invitation_next, machine->invitation_next);
    }
    row.n_rows = ROW_PLACES;
    row.rows = take(scratch, ROW_PLACES * sizeof(*row.rows));
    memset(row.rows, 0, ROW_PLACES * sizeof(*row.rows));
    for (int kind = 0; kind < ROW_KINDS; kind++) {
        row.rows[row_place((enum row_kind)kind)] = machine->counts[kind];
    }
    row.rows[row_place(ROW_OUTCOMES)] = chunks_of_all(machine);
    while (row.rows[row.n_rows - 1] == 0) {
        row.n_rows -= 1; /* There is one row of counters at least. */
    }
    codec_write(&row.base, to);
    return true;
}

static void fill_place(const struct place *place, Perch__Stored__Place *row)
{
    CODEC_SET_BYTES(row, guid, slice_of(place->guid.bytes, GUID_BYTES));
    CODEC_SET_BYTES(row, name, text_slice(place->name));
    CODEC_SET_BYTES(row, description, text_slice(place->description));
    CODEC_SET(row, version, place->version);
    CODEC_SET(row, created_at_us, place->created_at_us);
    CODEC_SET(row, changed_at_us, place->changed_at_us);
}

static bool encode_category(const struct machine *machine,
                            const struct row_key *key, struct arena *scratch,
                            struct buffer *to)
{
    const struct category *category =
        table_at(&machine->categories, key->part[0]);
    Perch__Stored__Category row = PERCH__STORED__CATEGORY__INIT;
    Perch__Stored__Place place = PERCH__STORED__PLACE__INIT;

    (void)scratch;
    if (category == NULL) {
        return false;
    }
    fill_place(&category->place, &place);
    row.place = &place;
    if (category->restricted) {
        CODEC_SET(&row, restricted, true);
    }
    if (category->invitations) {
        CODEC_SET(&row, invitations, true);
    }
    if (category->file_upload) {
        CODEC_SET(&row, file_upload, true);
    }
    if (category->history_off) {
        CODEC_SET(&row, history_off, true);
    }
    if (category->retention_days > 0) {
        CODEC_SET(&row, retention_days, category->retention_days);
    }
    codec_write(&row.base, to);
    return true;
}

static bool encode_room(const struct machine *machine,
                        const struct row_key *key, struct arena *scratch,
                        struct buffer *to)
{
    const struct room *room = table_at(&machine->rooms, key->part[0]);
    Perch__Stored__Room row = PERCH__STORED__ROOM__INIT;
    Perch__Stored__Place place = PERCH__STORED__PLACE__INIT;

    (void)scratch;
    if (room == NULL) {
        return false;
    }
    fill_place(&room->place, &place);
    row.place = &place;
    CODEC_SET(&row, category, room->category->place.number);
    CODEC_SET(&row, visibility, room->visibility);
    CODEC_SET(&row, disabled, room->disabled);
    CODEC_SET(&row, message_id_last, room->message_id_last);
    if (room->behavior != PERCH__BEHAVIOR__NORMAL) {
        CODEC_SET(&row, behavior, room->behavior);
    }
    if (room->invitations_off) {
        CODEC_SET(&row, invitations_off, true);
    }
    if (room->files_off) {
        CODEC_SET(&row, files_off, true);
    }
    if (room->addin != NULL) {
        CODEC_SET(&row, addin, room->addin->number);
    }
    encode_keeping(room, &row);
    codec_write(&row.base, to);
    return true;
}

static bool encode_role(const struct machine *machine,
                        const struct row_key *key, struct arena *scratch,
                        struct buffer *to)
{
    const struct place *place = place_at(machine, key->part[0]);
    Perch__Stored__Role row = PERCH__STORED__ROLE__INIT;
    uint32_t roles = 0, invited;

    (void)scratch;
    if (place != NULL) {
        roles = number_map_get(&place->roles, (uint32_t)key->part[1]);
    }
    if (roles == 0) {
        return false;
    }
    CODEC_SET(&row, roles, roles);
    invited = number_map_get(&principal_at(machine, key->part[1])->invitations,
                             (uint32_t)key->part[0]);
    if (invited != 0) {
        CODEC_SET(&row, invited, invited);
    }
    codec_write(&row.base, to);
    return true;
}

static void fill_exceptions(const struct origin *origin, struct arena *scratch,
                            Perch__Stored__Origin *row)
{
    size_t n = origin->n_exceptions;
    Perch__Stored__Origin__Exception *rows =
        take(scratch, (n + 1) * sizeof(*rows));

    row->n_exceptions = n;
    row->exceptions = take(scratch, (n + 1) * sizeof(*row->exceptions));
    for (size_t i = 0; i < n; i++) {
        perch__stored__origin__exception__init(&rows[i]);
        CODEC_SET(&rows[i], serial, origin->exceptions[i].serial);
        CODEC_SET(&rows[i], delivered_index,
                  origin->exceptions[i].delivered_index);
        row->exceptions[i] = &rows[i];
    }
}

static void fill_starts(const struct origin *origin, struct arena *scratch,
                        Perch__Stored__Origin *row)
{
    row->start_ids = take(scratch, STARTS_KEPT * sizeof(*row->start_ids));
    while (row->n_start_ids < STARTS_KEPT &&
           !guid_is_nil(&origin->start_ids[row->n_start_ids])) {
        const struct guid *id = &origin->start_ids[row->n_start_ids];

        row->start_ids[row->n_start_ids++] =
            codec_bytes(slice_of(id->bytes, GUID_BYTES));
    }
}

static bool encode_origin(const struct machine *machine,
                          const struct row_key *key, struct arena *scratch,
                          struct buffer *to)
{
    const struct origin *origin = machine->origins[key->part[0]];
    Perch__Stored__Origin row = PERCH__STORED__ORIGIN__INIT;

    if (origin == NULL) {
        return false;
    }
    CODEC_SET(&row, epoch, origin->epoch);
    CODEC_SET(&row, number_last, origin->number_last);
    fill_starts(origin, scratch, &row);
    CODEC_SET(&row, raft_id, origin->raft_id);
    CODEC_SET(&row, directory_id, origin->directory_id);
    CODEC_SET(&row, rules_known, origin->rules_known);
    CODEC_SET(&row, lost, origin->lost);
    CODEC_SET(&row, delivered_index, origin->delivered_index);
    if (origin->admitted) {
        CODEC_SET(&row, admitted, true);
    }
    fill_exceptions(origin, scratch, &row);
    CHECK(row.n_start_ids > 0);
    codec_write(&row.base, to);
    return true;
}

static bool encode_outcomes(const struct machine *machine,
                            const struct row_key *key, struct arena *scratch,
                            struct buffer *to)
{
    const struct origin *origin = machine->origins[key->part[0]];
    Perch__Stored__Outcomes row = PERCH__STORED__OUTCOMES__INIT;
    const struct kept_outcome *kept;
    unsigned chunk = (unsigned)key->part[1], n;

    n = origin == NULL ? 0 : origin_chunk_len(origin, chunk);
    if (n == 0) {
        return false;
    }
    kept = &origin->kept[chunk * OUTCOMES_PER_ROW];
    row.n_outcomes = n;
    row.outcomes = take(scratch, n * sizeof(*row.outcomes));
    row.n_values = n;
    row.values = take(scratch, n * sizeof(*row.values));
    for (unsigned i = 0; i < n; i++) {
        row.outcomes[i] = kept[i].outcome;
        row.values[i] = kept[i].value;
    }
    codec_write(&row.base, to);
    return true;
}

static void fill_rooms(const struct session *session, struct arena *scratch,
                       Perch__Stored__Session *row)
{
    const struct participant *participant;
    Perch__Stored__Session__Joined *rows =
        take(scratch, (session->n_rooms + 1) * sizeof(*rows));

    row->rooms = take(scratch, (session->n_rooms + 1) * sizeof(*row->rooms));
    TAILQ_FOREACH (participant, &session->rooms, in_session) {
        Perch__Stored__Session__Joined *joined = &rows[row->n_rooms];

        perch__stored__session__joined__init(joined);
        CODEC_SET(joined, room, participant->room->place.number);
        CODEC_SET(joined, join_index, participant->join_index);
        row->rooms[row->n_rooms++] = joined;
    }
}

static bool encode_session(const struct machine *machine,
                           const struct row_key *key, struct arena *scratch,
                           struct buffer *to)
{
    const struct origin *origin = machine->origins[key->part[0]];
    Perch__Stored__Session row = PERCH__STORED__SESSION__INIT;
    const struct session *session = NULL;

    if (origin != NULL && origin->epoch == key->part[1]) {
        session = session_find(origin, key->part[2]);
    }
    if (session == NULL) {
        return false;
    }
    CODEC_SET(&row, user, session->user_number);
    CODEC_SET_BYTES(&row, endpoint_id, text_slice(session->endpoint_id));
    CODEC_SET(&row, opened_index, session->opened_index);
    CODEC_SET(&row, opened_at_us, session->opened_at_us);
    CODEC_SET(&row, entered, session->entered);
    fill_rooms(session, scratch, &row);
    codec_write(&row.base, to);
    return true;
}

static bool encode_memo(const struct memo *memo, struct buffer *to)
{
    Perch__Stored__Memo row = PERCH__STORED__MEMO__INIT;

    if (memo == NULL) {
        return false;
    }
    CODEC_SET(&row, user, memo->user->principal.number);
    CODEC_SET_BYTES(&row, id, slice_of(memo->id, memo->id_len));
    CODEC_SET(&row, at_us, memo->at_us);
    CODEC_SET(&row, value, memo->value);
    if (memo->room != 0) {
        CODEC_SET(&row, room, memo->room);
    }
    codec_write(&row.base, to);
    return true;
}

static bool encode_retry(const struct machine *machine,
                         const struct row_key *key, struct arena *scratch,
                         struct buffer *to)
{
    (void)scratch;
    return encode_memo(memory_numbered(machine, MEMORY_RETRY, key->part[0]),
                       to);
}

static bool encode_endpoint(const struct machine *machine,
                            const struct row_key *key, struct arena *scratch,
                            struct buffer *to)
{
    (void)scratch;
    return encode_memo(memory_numbered(machine, MEMORY_ENDPOINT, key->part[0]),
                       to);
}

static bool encode_probe(const struct machine *machine,
                         const struct row_key *key, struct arena *scratch,
                         struct buffer *to)
{
    const struct probe *probe = &machine->probes[key->part[0]];
    Perch__Stored__Probe row = PERCH__STORED__PROBE__INIT;

    (void)scratch;
    if (probe->log_index == 0) {
        return false;
    }
    CODEC_SET(&row, log_index, probe->log_index);
    CODEC_SET_BYTES(&row, payload, text_slice(probe->payload));
    codec_write(&row.base, to);
    return true;
}

static encoder *const encoders[ROW_KINDS] = {
    [ROW_POOL] = encode_pool,
    [ROW_COUNTERS] = encode_counters,
    [ROW_USER] = encode_user,
    [ROW_GROUP] = encode_group,
    [ROW_MEMBERSHIP] = encode_membership,
    [ROW_CATEGORY] = encode_category,
    [ROW_ROOM] = encode_room,
    [ROW_ROLE] = encode_role,
    [ROW_PUBLICATION] = encode_publication,
    [ROW_READ] = encode_read,
    [ROW_FEEDS] = encode_feeds,
    [ROW_ORIGIN] = encode_origin,
    [ROW_OUTCOMES] = encode_outcomes,
    [ROW_SESSION] = encode_session,
    [ROW_RETRY] = encode_retry,
    [ROW_ENDPOINT] = encode_endpoint,
    [ROW_PROBE] = encode_probe,
    [ROW_HOLD] = encode_hold,
    [ROW_ADDIN] = encode_addin,
    [ROW_TOMBSTONE] = encode_tombstone,
    [ROW_ADMINISTRATOR] = encode_administrator,
    [ROW_FILTER] = encode_filter,
    [ROW_LEDGER] = encode_ledger,
    [ROW_ARCHIVE] = encode_archive,
    [ROW_ADAPTER] = encode_adapter,
    [ROW_WITNESS] = encode_witness,
};

bool encode_row(const struct machine *machine, const struct row_key *key,
                struct arena *scratch, struct buffer *to)
{
    bool exists;

    CHECK(encoders[key->kind] != NULL);
    arena_reset(scratch);
    exists = encoders[key->kind](machine, key, scratch, to);
    CHECK(!buffer_failed(to));
    return exists;
}
