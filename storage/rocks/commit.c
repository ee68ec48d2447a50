#include "storage/store.h"

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "storage/rocks/reason.h"
#include "storage/rocks/rocks.h"

static void row_add(const struct store *store, const struct batch_row *row)
{
    rocksdb_column_family_handle_t *family = store->rocks.families[row->table];
    const char *key = (const char *)row->key.data;

    if (row->deleted) {
        rocksdb_writebatch_delete_cf(store->rows, family, key, row->key.len);
    } else {
        rocksdb_writebatch_put_cf(store->rows, family, key, row->key.len,
                                  (const char *)row->value.data,
                                  row->value.len);
    }
}

/* Gather the batch's rows and, last, the index they bring the state to. */
static void rows_gather(const struct store *store, const struct batch *batch,
                        uint64_t applied_index)
{
    uint8_t key[] = {META_APPLIED}, value[sizeof(applied_index)];
    struct batch_row row;
    size_t at = 0;

    rocksdb_writebatch_clear(store->rows);
    while (batch_next(batch, &at, &row)) {
        row_add(store, &row);
    }
    put_le64(value, applied_index);
    row = (struct batch_row){TABLE_META, false, slice_of(key, sizeof(key)),
                             slice_of(value, sizeof(value))};
    row_add(store, &row);
}

static enum error commit(struct store *store, const struct batch *batch,
                         uint64_t applied_index)
{
    char *reason = NULL;

    if (batch_failed(batch)) {
        return ERROR_NO_MEMORY;
    }
    TRY(rocks_background_check(&store->rocks, store->path));
    rows_gather(store, batch, applied_index);
    rocksdb_write(store->rocks.db, store->no_log, store->rows, &reason);
    return reason_take("store_write_failed", store->path, reason);
}

enum error store_commit(struct store *store, const struct batch *batch,
                        uint64_t applied_index)
{
    enum error error = atomic_load(&store->failed);

    CHECK(applied_index > atomic_load(&store->applied));
    TRY(error);
    TRY(store_fail(store, commit(store, batch, applied_index)));
    atomic_store(&store->applied, applied_index);
    return ERROR_NONE;
}
