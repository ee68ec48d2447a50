#include "node/compliance/pen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/compliance/layout.h"
#include "node/compliance/pen_parts.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "proto/record.h"
#include "proto/tlog/hash.h"
#include "storage/keyspace.h"

struct pen *pen_new(const char *directory)
{
    struct pen *pen = calloc(1, sizeof(*pen));

    CHECK(pen != NULL);
    pen->shelf = shelf_new(directory);
    pen->tiles = tiles_open(directory);
    tiler_init(&pen->tiler);
    return pen;
}

void pen_free(struct pen *pen)
{
    if (pen != NULL) {
        shelf_free(pen->shelf);
        tiles_close(pen->tiles);
        tiler_deinit(&pen->tiler);
        buffer_deinit(&pen->scratch);
        buffer_deinit(&pen->withheld);
        free(pen);
    }
}

uint64_t pen_size(const struct pen *pen)
{
    return pen->tiler.size;
}

void pen_root(const struct pen *pen, struct merkle_hash *root_out)
{
    tiler_root(&pen->tiler, root_out);
}

const struct tiler *pen_tiler(const struct pen *pen)
{
    return &pen->tiler;
}

void pen_compare(struct pen *pen, bool compare)
{
    pen->comparing = compare;
}

const struct pen_counts *pen_counts(const struct pen *pen)
{
    return &pen->counts;
}

/* --- Files --- */

static void note_damage(struct pen *pen, const char *path)
{
    pen->counts.mended += 1;
    journal_error("archive_file_damaged", "path=%s action=\"written anew\"",
                  path);
}

/* Whether a file is there with these bytes. One with others is named. */
static enum error is_same(struct pen *pen, const char *path, struct slice bytes,
                          bool *same_out)
{
    enum error error = shelf_read(pen->shelf, path, bytes.len, &pen->scratch);

    *same_out =
        error == ERROR_NONE && slice_equal(buffer_slice(&pen->scratch), bytes);
    if (error == ERROR_NOT_FOUND || *same_out) {
        return ERROR_NONE;
    }
    if (error != ERROR_NONE && error != ERROR_TOO_LARGE &&
        error != ERROR_TRUNCATED && error != ERROR_ROTTEN) {
        return error;
    }
    note_damage(pen, path);
    return ERROR_NONE;
}

static enum error put_file(struct pen *pen, const char *path,
                           struct slice bytes)
{
    bool same = false;

    if (pen->comparing) {
        TRY(is_same(pen, path, bytes, &same));
    }
    if (same) {
        return ERROR_NONE;
    }
    pen->counts.bytes += bytes.len;
    pen->counts.files += 1;
    return shelf_put(pen->shelf, path, bytes);
}

static enum error put_tile(void *context, int level, uint64_t index,
                           unsigned width, struct slice bytes)
{
    struct pen *pen = context;
    char path[TILE_PATH_BYTES];

    tile_path(path, level, index, width);
    TRY(put_file(pen, path, bytes));
    if (width == TILE_WIDTH && pen->has_partials[level + 1]) {
        CHECK(pen->n_filled < PEN_FILLED_MAX);
        pen->filled[pen->n_filled++] = (struct pen_place){level, index};
        pen->has_partials[level + 1] = false;
    }
    return ERROR_NONE;
}

/* --- Records --- */

static bool is_payload(const struct record *record, struct slice payload)
{
    struct merkle_hash digest;

    hash_bytes(payload, &digest);
    return slice_equal(record->command,
                       slice_of(digest.bytes, sizeof(digest.bytes)));
}

enum error pen_put_payload(struct pen *pen, const struct record *record,
                           struct slice payload)
{
    char path[LAYOUT_PATH_BYTES];

    if (!is_payload(record, payload)) {
        journal_error("archive_payload_wrong", "csn=%" PRIu64, record->csn);
        return ERROR_ROTTEN;
    }
    layout_payload(path, record->csn);
    return put_file(pen, path, payload);
}

enum error pen_has_payload(struct pen *pen, const struct record *record,
                           bool *there_out, bool *right_out)
{
    char path[LAYOUT_PATH_BYTES];
    enum error error;

    layout_payload(path, record->csn);
    error =
        shelf_read(pen->shelf, path, TILES_PAYLOAD_BYTES_MAX, &pen->scratch);
    *there_out = error != ERROR_NOT_FOUND;
    *right_out =
        error == ERROR_NONE && is_payload(record, buffer_slice(&pen->scratch));
    return error == ERROR_NOT_FOUND || error == ERROR_TOO_LARGE ||
                   error == ERROR_TRUNCATED
               ? ERROR_NONE
               : error;
}

enum error pen_mend(struct pen *pen, int level, uint64_t index,
                    struct slice bytes)
{
    char path[TILE_PATH_BYTES];

    tile_path(path, level, index, TILE_WIDTH);
    note_damage(pen, path);
    TRY(shelf_put(pen->shelf, path, bytes));
    return pen_commit(pen);
}

/* Note the payloads that a purge takes away: they go when the record that says
 * so is durable. */
static void note_withheld(struct pen *pen, const struct record *record)
{
    struct slice value;

    if (record_find(record, RECORD_FIELD_WITHHOLDS, &value)) {
        buffer_append_slice(&pen->withheld, value);
    }
}

enum error pen_add(struct pen *pen, struct slice bytes, struct slice payload)
{
    struct record record;

    if (record_read(bytes, &record) != ERROR_NONE ||
        record.csn != pen->tiler.size) {
        journal_error("archive_record_wrong", "csn=%" PRIu64, pen->tiler.size);
        return ERROR_ROTTEN;
    }
    if ((record.flags & RECORD_WITHHELD) != 0 && payload.len > 0) {
        TRY(pen_put_payload(pen, &record, payload));
    }
    note_withheld(pen, &record);
    return tiler_add(&pen->tiler, bytes, put_tile, pen);
}

/* The payload's row, which a purge may have deleted. */
static enum error read_payload(struct view *view, struct slice bytes,
                               uint64_t csn, struct buffer *payload)
{
    struct record record;
    struct key key;
    enum error error;

    buffer_clear(payload);
    if (record_read(bytes, &record) != ERROR_NONE ||
        (record.flags & RECORD_WITHHELD) == 0) {
        return ERROR_NONE;
    }
    key_build(TABLE_PAYLOADS, &csn, &key);
    error = view_get(view, TABLE_PAYLOADS, key_slice(&key), payload);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error add_record(struct pen *pen, struct view *view,
                             struct slice bytes)
{
    struct buffer payload = BUFFER_EMPTY;
    enum error error = read_payload(view, bytes, pen->tiler.size, &payload);

    if (error == ERROR_NONE) {
        error = pen_add(pen, bytes, buffer_slice(&payload));
    }
    buffer_deinit(&payload);
    return error;
}

/* The records of a row that the pen does not have yet. */
static enum error add_row(struct pen *pen, struct view *view,
                          const struct row *row, uint64_t upto)
{
    struct slice rest = row->value, bytes;
    uint64_t csn[KEY_PARTS_MAX];

    if (key_read(TABLE_RECORDS, row->key, csn) != ERROR_NONE) {
        return ERROR_ROTTEN;
    }
    if (csn[0] > pen->tiler.size) {
        return ERROR_NOT_FOUND;
    }
    for (uint64_t at = csn[0]; at < upto; at++) {
        enum error error = bundle_next(&rest, &bytes);

        if (error != ERROR_NONE) {
            return error == ERROR_NOT_FOUND ? ERROR_NONE : ERROR_ROTTEN;
        }
        if (at == pen->tiler.size) {
            TRY(add_record(pen, view, bytes));
        }
    }
    return ERROR_NONE;
}

static enum error add_rows(struct pen *pen, struct view *view,
                           struct cursor *cursor, uint64_t upto)
{
    struct row row;

    while (pen->tiler.size < upto) {
        TRY(cursor_next(cursor, &row));
        TRY(add_row(pen, view, &row, upto));
    }
    return ERROR_NONE;
}

enum error pen_add_rows(struct pen *pen, struct view *view, uint64_t upto,
                        uint64_t records_max)
{
    uint64_t from = pen->tiler.size, row = from - from % RECORDS_OF_ROW;
    struct cursor *cursor;
    struct key lower;
    enum error error;

    if (upto > from && upto - from > records_max) {
        upto = from + records_max;
    }
    if (upto <= from) {
        return ERROR_NONE;
    }
    key_build(TABLE_RECORDS, &row, &lower);
    TRY(cursor_open(view, TABLE_RECORDS,
                    (struct range){.lower = key_slice(&lower)}, &cursor));
    error = add_rows(pen, view, cursor, upto);
    cursor_close(cursor);
    return error;
}

/* --- Durable --- */

static enum error remove_withheld(struct pen *pen)
{
    char path[LAYOUT_PATH_BYTES];

    if (buffer_failed(&pen->withheld)) {
        return ERROR_NO_MEMORY;
    }
    for (size_t at = 0; at + 8 <= pen->withheld.len; at += 8) {
        layout_payload(path, get_be64(pen->withheld.data + at));
        TRY(shelf_remove(pen->shelf, path));
    }
    buffer_clear(&pen->withheld);
    return shelf_commit(pen->shelf);
}

/* The partial ones of tiles that are full now. */
static enum error clear_filled(struct pen *pen)
{
    char path[LAYOUT_PATH_BYTES];

    while (pen->n_filled > 0) {
        const struct pen_place *place = &pen->filled[pen->n_filled - 1];

        layout_partials(path, place->level, place->index);
        TRY(shelf_clear(pen->shelf, path));
        pen->n_filled -= 1;
    }
    return ERROR_NONE;
}

static enum error check_space(struct pen *pen)
{
    uint64_t free_bytes;

    TRY(shelf_free_bytes(pen->shelf, &free_bytes));
    return free_bytes >= PEN_RESERVE_BYTES ? ERROR_NONE : ERROR_NO_SPACE;
}

enum error pen_commit(struct pen *pen)
{
    TRY(check_space(pen));
    TRY(shelf_commit(pen->shelf));
    if (pen->withheld.len > 0) {
        TRY(remove_withheld(pen));
    }
    return clear_filled(pen);
}

static enum error put_partial(void *context, int level, uint64_t index,
                              unsigned width, struct slice bytes)
{
    struct pen *pen = context;

    pen->has_partials[level + 1] = true;
    return put_tile(pen, level, index, width, bytes);
}

enum error pen_partial(struct pen *pen, uint64_t size)
{
    TRY(tiler_partial(&pen->tiler, size, put_partial, pen));
    return pen_commit(pen);
}
