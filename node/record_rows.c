#include "node/record_rows.h"

#include <inttypes.h>

#include "node/chat/archive.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/record.h"
#include "proto/tlog/tile.h"
#include "storage/keyspace.h"

void record_rows_init(struct record_rows *rows)
{
    *rows = (struct record_rows){.last = BUFFER_EMPTY};
}

void record_rows_deinit(struct record_rows *rows)
{
    buffer_deinit(&rows->last);
}

static uint64_t row_of(uint64_t csn)
{
    return csn - csn % RECORDS_OF_ROW;
}

void record_rows_finish(struct record_rows *rows, struct batch *batch)
{
    uint64_t csn;
    struct key key;

    if (!rows->changed) {
        return;
    }
    CHECK(!buffer_failed(&rows->last)); /* As the rules: no memory, no node. */
    csn = row_of(rows->next - 1);
    key_build(TABLE_RECORDS, &csn, &key);
    batch_put(batch, TABLE_RECORDS, key_slice(&key), buffer_slice(&rows->last));
    rows->changed = false;
}

static void add_record(struct record_rows *rows, struct batch *batch,
                       uint64_t csn, struct slice bytes)
{
    if (csn % RECORDS_OF_ROW == 0) {
        record_rows_finish(rows, batch);
        buffer_clear(&rows->last);
    } else {
        CHECK(csn == rows->next);
    }
    bundle_add(&rows->last, bytes);
    rows->next = csn + 1;
    rows->changed = true;
}

void record_rows_add(struct record_rows *rows, struct batch *batch,
                     const struct effects *effects)
{
    const struct records *records = &effects->records;
    struct key key;

    for (size_t i = 0; i < records->n; i++) {
        add_record(rows, batch, records->csn + i,
                   effects_record_at(effects, i));
    }
    if (records->payload.len > 0) {
        uint64_t csn = records->csn + records->refilled;

        key_build(TABLE_PAYLOADS, &csn, &key);
        batch_put(batch, TABLE_PAYLOADS, key_slice(&key), records->payload);
    }
}

static enum error delete_all(struct view *view, enum table table,
                             struct batch *batch)
{
    struct cursor *cursor;
    enum error error;
    struct row row;

    TRY(cursor_open(view, table, (struct range){.backward = false}, &cursor));
    while ((error = cursor_next(cursor, &row)) == ERROR_NONE) {
        batch_delete(batch, table, row.key);
    }
    cursor_close(cursor);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error record_rows_restart(struct record_rows *rows, struct batch *batch,
                               struct store *store)
{
    struct view *view;
    enum error error;

    CHECK(!rows->changed);
    TRY(view_open(store, &view));
    error = delete_all(view, TABLE_RECORDS, batch);
    if (error == ERROR_NONE) {
        error = delete_all(view, TABLE_PAYLOADS, batch);
    }
    view_close(view);
    buffer_clear(&rows->last);
    rows->next = 0;
    return error;
}

/* A walk over the records that wait for this node's archive. */
struct waiting {
    uint64_t next; /* CSN; UINT64_MAX before the first. */
    int64_t time_us;
};

static enum error rotten(uint64_t csn, const char *reason)
{
    journal_error("state_rotten", "row=record csn=%" PRIu64 " reason=\"%s\"",
                  csn, reason);
    return ERROR_ROTTEN;
}

static enum error check_record(struct waiting *waiting, struct slice bytes)
{
    struct record record;

    if (record_read(bytes, &record) != ERROR_NONE ||
        record.csn != waiting->next || record.time_us < waiting->time_us) {
        return rotten(waiting->next, "the value is not this record");
    }
    waiting->next += 1;
    waiting->time_us = record.time_us;
    return ERROR_NONE;
}

static enum error check_row(struct waiting *waiting, const struct row *row)
{
    struct slice rest = row->value, bytes;
    uint64_t csn[KEY_PARTS_MAX];
    enum error error;

    if (key_read(TABLE_RECORDS, row->key, csn) != ERROR_NONE ||
        csn[0] % RECORDS_OF_ROW != 0) {
        return rotten(waiting->next, "the key is not one of its table");
    }
    if (waiting->next != UINT64_MAX && csn[0] != waiting->next) {
        return rotten(waiting->next, "missing");
    }
    waiting->next = csn[0];
    while ((error = bundle_next(&rest, &bytes)) == ERROR_NONE) {
        TRY(check_record(waiting, bytes));
    }
    return error == ERROR_NOT_FOUND && waiting->next - csn[0] <= RECORDS_OF_ROW
               ? ERROR_NONE
               : rotten(waiting->next, "a row of another length");
}

static enum error check_rows(struct cursor *cursor, struct waiting *waiting)
{
    enum error error;
    struct row row;

    while ((error = cursor_next(cursor, &row)) == ERROR_NONE) {
        TRY(check_row(waiting, &row));
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error record_rows_check(struct view *view, const struct machine *machine)
{
    struct waiting waiting = {UINT64_MAX, 0};
    struct archive_view archive;
    struct cursor *cursor;
    enum error error;

    archive_view(machine, &archive);
    TRY(cursor_open(view, TABLE_RECORDS, (struct range){.backward = false},
                    &cursor));
    error = check_rows(cursor, &waiting);
    cursor_close(cursor);
    if (error == ERROR_NONE && waiting.next != UINT64_MAX &&
        (waiting.next != archive.records ||
         waiting.time_us != archive.record_us)) {
        error = rotten(waiting.next, "the last is not the ledger's");
    }
    return error;
}

enum error record_rows_load(struct record_rows *rows, struct store *store,
                            const struct machine *machine)
{
    struct archive_view archive;
    enum error error = ERROR_NONE;
    uint64_t csn;
    struct key key;

    archive_view(machine, &archive);
    buffer_clear(&rows->last);
    rows->next = archive.records;
    rows->changed = false;
    csn = row_of(archive.records);
    if (csn != archive.records) {
        key_build(TABLE_RECORDS, &csn, &key);
        error = store_get(store, TABLE_RECORDS, key_slice(&key), &rows->last);
    }
    return error == ERROR_NOT_FOUND ? rotten(csn, "missing") : error;
}
