#include "node/state_rows.h"

#include <inttypes.h>

#include "node/chat/archive.h"
#include "node/chat/list.h"
#include "node/chat/view.h"
#include "node/record_rows.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "proto/record.h"
#include "storage/cursor.h"

/* The table of each kind of row. The rows of META_* have a table together. */
static const struct {
    enum table table;
    enum meta_key meta; /* 0: the row's own numbers are its key. */
} places[ROW_KINDS] = {
    [ROW_POOL] = {TABLE_META, META_POOL},
    [ROW_COUNTERS] = {TABLE_META, META_COUNTERS},
    [ROW_USER] = {TABLE_USERS, 0},
    [ROW_GROUP] = {TABLE_GROUPS, 0},
    [ROW_MEMBERSHIP] = {TABLE_MEMBERSHIPS, 0},
    [ROW_CATEGORY] = {TABLE_CATEGORIES, 0},
    [ROW_ROOM] = {TABLE_ROOMS, 0},
    [ROW_ROLE] = {TABLE_ROLES, 0},
    [ROW_PUBLICATION] = {TABLE_PUBLICATIONS, 0},
    [ROW_READ] = {TABLE_READS, 0},
    [ROW_FEEDS] = {TABLE_FEEDS, 0},
    [ROW_ORIGIN] = {TABLE_ORIGINS, 0},
    [ROW_OUTCOMES] = {TABLE_OUTCOMES, 0},
    [ROW_SESSION] = {TABLE_SESSIONS, 0},
    [ROW_RETRY] = {TABLE_RETRIES, 0},
    [ROW_ENDPOINT] = {TABLE_ENDPOINTS, 0},
    [ROW_PROBE] = {TABLE_PROBES, 0},
    [ROW_HOLD] = {TABLE_HOLDS, 0},
    [ROW_ADDIN] = {TABLE_ADDINS, 0},
    [ROW_TOMBSTONE] = {TABLE_TOMBSTONES, 0},
    [ROW_ADMINISTRATOR] = {TABLE_ADMINISTRATORS, 0},
    [ROW_MESSAGE] = {TABLE_MESSAGES, 0},
    [ROW_REVISION] = {TABLE_REVISIONS, 0},
    [ROW_ARCHIVE] = {TABLE_META, META_ARCHIVE},
    [ROW_ADAPTER] = {TABLE_ADAPTERS, 0},
    [ROW_WITNESS] = {TABLE_WITNESSES, 0},
    [ROW_FILTER] = {TABLE_FILTERS, 0},
    [ROW_LEDGER] = {TABLE_META, META_LEDGER},
};

_Static_assert((int)KEY_PARTS_MAX >= (int)ROW_PARTS_MAX,
               "a row's numbers are its key's");

static void key_of(const struct row_key *row, struct key *key_out)
{
    uint64_t meta = places[row->kind].meta;

    key_build(places[row->kind].table, meta != 0 ? &meta : row->part, key_out);
}

void state_rows_put(void *context, const struct row_key *row,
                    const struct slice *value)
{
    struct batch *batch = context;
    struct key key;

    key_of(row, &key);
    if (value == NULL) {
        batch_delete(batch, places[row->kind].table, key_slice(&key));
    } else {
        batch_put(batch, places[row->kind].table, key_slice(&key), *value);
    }
}

void state_rows_put_message(struct batch *batch, const struct message *message,
                            struct buffer *scratch)
{
    struct row_key row = {.kind = ROW_MESSAGE,
                          .part = {message->room, message->message_id}};
    struct slice value;

    buffer_clear(scratch);
    message_write(message, scratch);
    CHECK(!buffer_failed(scratch)); /* As the rules: no memory, no node. */
    value = buffer_slice(scratch);
    state_rows_put(batch, &row, &value);
}

void state_rows_put_revisions(struct batch *batch,
                              const struct effects *effects,
                              struct buffer *scratch)
{
    struct row_key row = {
        .kind = ROW_REVISION,
        .part = {effects->revised.room, 0, effects->log_index}};
    struct slice value;

    for (size_t i = 0; i < effects->n_ids; i++) {
        buffer_clear(scratch);
        revision_write(effects, i, scratch);
        CHECK(!buffer_failed(scratch));
        value = buffer_slice(scratch);
        row.part[1] = effects->ids[i];
        state_rows_put(batch, &row, &value);
    }
}

/* All that was made of one message. */
static enum error drop_revisions(struct view *view, struct batch *batch,
                                 uint32_t room, uint64_t message_id)
{
    uint64_t first[] = {room, message_id, 0},
             after[] = {room, message_id + 1, 0};
    struct cursor *cursor;
    struct key lower, upper;
    enum error error;
    struct row found;

    key_build(TABLE_REVISIONS, first, &lower);
    key_build(TABLE_REVISIONS, after, &upper);
    TRY(cursor_open(view, TABLE_REVISIONS,
                    (struct range){key_slice(&lower), key_slice(&upper), false},
                    &cursor));
    while ((error = cursor_next(cursor, &found)) == ERROR_NONE) {
        batch_delete(batch, TABLE_REVISIONS, found.key);
    }
    cursor_close(cursor);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error state_rows_purge(struct store *store, struct batch *batch,
                            const struct effects *effects)
{
    struct row_key row = {.kind = ROW_MESSAGE, .part = {effects->purged_room}};
    enum error error = ERROR_NONE;
    struct view *view;

    TRY(view_open(store, &view));
    for (size_t i = 0; i < effects->n_ids && error == ERROR_NONE; i++) {
        row.part[1] = effects->ids[i];
        state_rows_put(batch, &row, NULL);
        error =
            drop_revisions(view, batch, effects->purged_room, effects->ids[i]);
    }
    view_close(view);
    return error;
}

void state_rows_put_brought(struct batch *batch, const struct effects *effects,
                            size_t at)
{
    const struct brought_row *brought = &effects->brought.rows[at];
    struct row_key row = {
        .kind = brought->is_revision ? ROW_REVISION : ROW_MESSAGE,
        .part = {brought->room, brought->message_id,
                 brought->is_revision ? effects->log_index : 0}};
    struct slice value = effects_brought_at(effects, at);

    state_rows_put(batch, &row, &value);
}

void state_rows_put_digest(struct batch *batch, uint64_t digest)
{
    uint8_t key[] = {META_DIGEST}, value[sizeof(digest)];

    put_le64(value, digest);
    batch_put(batch, TABLE_META, slice_of(key, sizeof(key)),
              slice_of(value, sizeof(value)));
}

static enum error rotten(const struct row_key *row, const char *reason)
{
    journal_error(
        "state_rotten",
        "row=%s key=%" PRIu64 ",%" PRIu64 ",%" PRIu64 " reason=\"%s\"",
        row_name(row->kind), row->part[0], row->part[1], row->part[2], reason);
    return ERROR_ROTTEN;
}

/* Malformed rows were written by nobody: the store has them wrong. */
static enum error load_row(struct machine *machine, const struct row_key *row,
                           struct slice value)
{
    enum error error = machine_load(machine, row, value);

    if (error == ERROR_MALFORMED) {
        return rotten(row, "the value contradicts its kind or other rows");
    }
    return error;
}

static enum error load_meta(struct view *view, struct machine *machine,
                            enum row_kind kind)
{
    struct row_key row = {.kind = kind};
    struct buffer value = BUFFER_EMPTY;
    enum error error;
    struct key key;

    key_of(&row, &key);
    error = view_get(view, TABLE_META, key_slice(&key), &value);
    if (error == ERROR_NOT_FOUND && kind != ROW_POOL && kind != ROW_COUNTERS) {
        error = ERROR_NONE; /* The counters know whether it must be there. */
    } else if (error == ERROR_NOT_FOUND) {
        error = rotten(&row, "missing");
    } else if (error == ERROR_NONE) {
        error = load_row(machine, &row, buffer_slice(&value));
    }
    buffer_deinit(&value);
    return error;
}

static enum error load_rows(struct cursor *cursor, struct machine *machine,
                            enum row_kind kind)
{
    struct row_key row = {.kind = kind};
    struct row found;
    enum error error;

    while ((error = cursor_next(cursor, &found)) == ERROR_NONE) {
        if (key_read(places[kind].table, found.key, row.part) != ERROR_NONE) {
            return rotten(&row, "the key is not one of its table");
        }
        TRY(load_row(machine, &row, found.value));
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error load_kind(struct view *view, struct machine *machine,
                            enum row_kind kind)
{
    struct cursor *cursor;
    enum error error;

    if (places[kind].meta != 0) {
        return load_meta(view, machine, kind);
    }
    TRY(cursor_open(view, places[kind].table, (struct range){.backward = false},
                    &cursor));
    error = load_rows(cursor, machine, kind);
    cursor_close(cursor);
    return error;
}

/* A walk over rooms that looks for each one's last message. */
struct last_messages {
    struct view *view;
    enum error error;
};

static bool find_last(void *context, const struct room *room)
{
    struct last_messages *walk = context;
    struct row_key row = {.kind = ROW_MESSAGE};
    struct buffer value = BUFFER_EMPTY;
    struct room_view facts;
    struct key key;

    view_room(room, &facts);
    if (facts.message_id_last <= facts.purged_upto) {
        return true; /* There is none, or it was erased. */
    }
    row.part[0] = facts.place.number;
    row.part[1] = facts.message_id_last;
    key_of(&row, &key);
    walk->error = view_get(walk->view, TABLE_MESSAGES, key_slice(&key), &value);
    if (walk->error == ERROR_NOT_FOUND) {
        walk->error = rotten(&row, "the room's last message is missing");
    }
    buffer_deinit(&value);
    return walk->error == ERROR_NONE;
}

static enum error load_digest(struct view *view, uint64_t *digest_out)
{
    uint8_t key[] = {META_DIGEST};
    struct buffer value = BUFFER_EMPTY;
    enum error error =
        view_get(view, TABLE_META, slice_of(key, sizeof(key)), &value);

    if (error == ERROR_NOT_FOUND ||
        (error == ERROR_NONE && value.len != sizeof(*digest_out))) {
        journal_error("state_rotten", "row=digest reason=\"missing\"");
        error = ERROR_ROTTEN;
    }
    if (error == ERROR_NONE) {
        *digest_out = get_le64(value.data);
    }
    buffer_deinit(&value);
    return error;
}

static enum error load_all(struct view *view, struct machine *machine,
                           uint64_t *digest_out)
{
    struct last_messages walk = {view, ERROR_NONE};

    for (enum row_kind kind = 0; kind < ROW_MESSAGE; kind++) {
        TRY(load_kind(view, machine, kind));
    }
    if (machine_load_end(machine) != ERROR_NONE) {
        journal_error("state_rotten", "reason=\"rows are missing\"");
        return ERROR_ROTTEN;
    }
    list_rooms(machine, find_last, &walk);
    if (walk.error != ERROR_NONE) {
        return walk.error;
    }
    TRY(record_rows_check(view, machine));
    return load_digest(view, digest_out);
}

enum error state_rows_load(struct store *store, uint32_t rules_known,
                           struct machine **machine_out, uint64_t *digest_out)
{
    struct machine *machine = machine_new(rules_known);
    enum error error = ERROR_NONE;
    struct view *view = NULL;

    *digest_out = 0;
    if (store_applied(store) > 0) {
        error = view_open(store, &view);
    }
    if (view != NULL) {
        error = load_all(view, machine, digest_out);
    }
    view_close(view);
    if (error != ERROR_NONE) {
        machine_free(machine);
        return error;
    }
    *machine_out = machine;
    return ERROR_NONE;
}
