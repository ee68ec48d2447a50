#include "storage/batch.h"

#include <stdlib.h>

#include "proto/base/buffer.h"
#include "proto/base/check.h"

/* Rows lie one after another: this header, the key, the value. */
struct row_header {
    uint32_t key_bytes;
    uint32_t value_bytes;
    uint8_t table;
    uint8_t deleted;
};

struct batch {
    struct buffer rows;
    size_t n;
};

struct batch *batch_new(void)
{
    return calloc(1, sizeof(struct batch));
}

void batch_free(struct batch *batch)
{
    if (batch != NULL) {
        buffer_deinit(&batch->rows);
        free(batch);
    }
}

void batch_clear(struct batch *batch)
{
    buffer_clear(&batch->rows);
    batch->n = 0;
}

static void row_add(struct batch *batch, struct batch_row row)
{
    struct row_header header = {
        .key_bytes = (uint32_t)row.key.len,
        .value_bytes = (uint32_t)row.value.len,
        .table = (uint8_t)row.table,
        .deleted = row.deleted,
    };
    size_t bytes = sizeof(header) + row.key.len + row.value.len;
    uint8_t *to;

    CHECK((unsigned)row.table < TABLE_COUNT);
    CHECK(row.key.len > 0 && row.key.len <= KEY_BYTES_MAX);
    CHECK(row.table != TABLE_META || row.key.data[0] != META_APPLIED);
    CHECK(row.value.len <= ROW_VALUE_BYTES_MAX);
    to = buffer_reserve(&batch->rows, bytes);
    if (to == NULL) {
        return; /* Told by batch_failed. */
    }
    memcpy(to, &header, sizeof(header));
    memcpy(to + sizeof(header), row.key.data, row.key.len);
    if (row.value.len > 0) {
        memcpy(to + sizeof(header) + row.key.len, row.value.data,
               row.value.len);
    }
    batch->rows.len += bytes;
    batch->n += 1;
}

void batch_put(struct batch *batch, enum table table, struct slice key,
               struct slice value)
{
    row_add(batch, (struct batch_row){table, false, key, value});
}

void batch_delete(struct batch *batch, enum table table, struct slice key)
{
    row_add(batch, (struct batch_row){table, true, key, SLICE_NONE});
}

size_t batch_bytes(const struct batch *batch)
{
    return batch->rows.len;
}

size_t batch_rows(const struct batch *batch)
{
    return batch->n;
}

bool batch_failed(const struct batch *batch)
{
    return buffer_failed(&batch->rows);
}

bool batch_next(const struct batch *batch, size_t *at,
                struct batch_row *row_out)
{
    struct row_header header;
    const uint8_t *from;

    if (*at == batch->rows.len) {
        return false;
    }
    CHECK(batch->rows.len - *at >= sizeof(header));
    memcpy(&header, batch->rows.data + *at, sizeof(header));
    from = batch->rows.data + *at + sizeof(header);
    *row_out = (struct batch_row){
        .table = header.table,
        .deleted = header.deleted,
        .key = slice_of(from, header.key_bytes),
        .value = slice_of(from + header.key_bytes, header.value_bytes),
    };
    *at += sizeof(header) + header.key_bytes + header.value_bytes;
    CHECK(*at <= batch->rows.len);
    return true;
}
