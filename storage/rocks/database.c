#include "storage/rocks/rocks.h"

#include <string.h>

#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "storage/rocks/reason.h"

/* RocksDB's handle with our tables: opening, closing, reading one row. */

static const char *family_name(size_t family)
{
    return family == FAMILY_DEFAULT ? "default"
                                    : table_name((enum table)family);
}

bool rocks_open(struct rocks *rocks, const struct rocks_options *options,
                const char *path, bool read_only, char **reason_out)
{
    const rocksdb_options_t *family_options[FAMILY_COUNT];
    const char *names[FAMILY_COUNT];

    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        family_options[i] = options->options;
        names[i] = family_name(i);
    }
    if (read_only) {
        rocks->db = rocksdb_open_for_read_only_column_families(
            options->options, path, FAMILY_COUNT, names, family_options,
            rocks->families, 0, reason_out);
    } else {
        rocks->db = rocksdb_open_column_families(
            options->options, path, FAMILY_COUNT, names, family_options,
            rocks->families, reason_out);
    }
    return rocks->db != NULL;
}

void rocks_close(struct rocks *rocks)
{
    if (rocks->db == NULL) {
        return;
    }
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        rocksdb_column_family_handle_destroy(rocks->families[i]);
    }
    /* After a full disk RocksDB tries on its own, every few seconds, to flush.
     * A close that meets such a try waits for its end before it tells anyone
     * to stop, and the try waits for a flush that nobody begins any more. */
    rocksdb_cancel_all_background_work(rocks->db, 0);
    rocksdb_close(rocks->db);
    rocks->db = NULL;
}

enum error rocks_get(const struct rocks *rocks, const char *path,
                     const rocksdb_readoptions_t *how, enum table table,
                     struct slice key, struct buffer *value_out)
{
    rocksdb_pinnableslice_t *pinned;
    char *reason = NULL;
    const char *value;
    size_t bytes;

    pinned = rocksdb_get_pinned_cf(rocks->db, how, rocks->families[table],
                                   (const char *)key.data, key.len, &reason);
    if (reason != NULL) {
        return reason_take("store_read_failed", path, reason);
    }
    if (pinned == NULL) {
        return ERROR_NOT_FOUND;
    }
    value = rocksdb_pinnableslice_value(pinned, &bytes);
    buffer_clear(value_out);
    buffer_append(value_out, value, bytes);
    rocksdb_pinnableslice_destroy(pinned);
    return buffer_failed(value_out) ? ERROR_NO_MEMORY : ERROR_NONE;
}

enum error rocks_applied(const struct rocks *rocks, const char *path,
                         const rocksdb_readoptions_t *how,
                         uint64_t *applied_out)
{
    static const uint8_t key[] = {META_APPLIED};
    struct buffer value = BUFFER_EMPTY;
    enum error error = rocks_get(rocks, path, how, TABLE_META,
                                 slice_of(key, sizeof(key)), &value);

    if (error == ERROR_NONE && value.len == sizeof(*applied_out)) {
        *applied_out = get_le64(value.data);
    } else if (error == ERROR_NONE || error == ERROR_NOT_FOUND) {
        journal_error("store_rotten",
                      "path=%s file=MANIFEST reason=\"no applied index\"",
                      path);
        error = ERROR_ROTTEN;
    }
    buffer_deinit(&value);
    return error;
}
