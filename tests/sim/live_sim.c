#include "tests/sim/live_sim.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/buffer.h"
#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "storage/files.h"
#include "tests/sim/store_sim.h"

/* A checkpoint's files: INDEX with the index and the number of row files;
 * rows-1 and on with rows one after another, lengths before bytes. Each ends in
 * the CRC32C of what it holds. */

enum { ROW_HEADER_BYTES = 9, INDEX_BYTES = 12, CHECKSUM_BYTES = 4 };

static void object_crash(struct files_sim_object *object)
{
    struct live *live = (struct live *)object;

    pthread_mutex_lock(&live->lock);
    live_crash(live);
    pthread_mutex_unlock(&live->lock);
}

static void object_free(struct files_sim_object *object)
{
    live_drop((struct live *)object);
}

struct live *live_new(uint64_t index)
{
    struct live *live = calloc(1, sizeof(*live));

    CHECK(live != NULL);
    live->object = (struct files_sim_object){object_crash, object_free};
    pthread_mutex_init(&live->lock, NULL);
    live->rows = rows_new(index);
    live->applied = index;
    live->persisted = index;
    live->flushed = index;
    live->holds = 1;
    return live;
}

void live_hold(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    live->holds += 1;
    pthread_mutex_unlock(&live->lock);
}

void live_drop(struct live *live)
{
    unsigned left;

    pthread_mutex_lock(&live->lock);
    live->holds -= 1;
    left = live->holds;
    pthread_mutex_unlock(&live->lock);
    if (left == 0) {
        rows_free(live->rows);
        pthread_mutex_destroy(&live->lock);
        free(live);
    }
}

void live_crash(struct live *live)
{
    rows_crash(live->rows);
    live->applied = live->persisted;
    live->flushed = live->persisted;
    live->commits = 0;
    live->bytes = 0;
    live->life += 1;
    live->open = false;
    live->doubtful = true;
    live->failed = ERROR_NONE;
}

void live_persist(struct live *live)
{
    rows_persist(live->rows, live->applied);
    live->persisted = live->applied;
    live->commits = 0;
    live->bytes = 0;
}

/* Write one file with its checksum, and empty the buffer. */
static enum error file_write(const char *path, const char *name,
                             struct buffer *bytes)
{
    uint8_t checksum[CHECKSUM_BYTES];
    char to[FILES_PATH_BYTES_MAX];

    put_le32(checksum, checksum_masked(checksum_of(bytes->data, bytes->len)));
    buffer_append(bytes, checksum, sizeof(checksum));
    CHECK(!buffer_failed(bytes));
    TRY(files_path(to, path, name));
    TRY(files_write(to, 0, bytes->data, bytes->len));
    buffer_clear(bytes);
    return ERROR_NONE;
}

static enum error rows_write(const char *path, struct buffer *bytes,
                             uint32_t *files)
{
    char name[32];

    *files += 1;
    snprintf(name, sizeof(name), "rows-%u", *files);
    return file_write(path, name, bytes);
}

static void row_append(struct buffer *bytes, enum table table,
                       const struct row *row)
{
    uint8_t header[ROW_HEADER_BYTES];

    header[0] = (uint8_t)table;
    put_le32(header + 1, (uint32_t)row->key.len);
    put_le32(header + 5, (uint32_t)row->value.len);
    buffer_append(bytes, header, sizeof(header));
    buffer_append_slice(bytes, row->key);
    buffer_append_slice(bytes, row->value);
}

/* Find the next row under the lock. It stays while the pin does. */
static bool row_next(struct live *live, const struct rows_pin *pin,
                     enum table table, const struct slice *after,
                     struct row *row)
{
    struct range all = {.backward = false};
    bool found;

    pthread_mutex_lock(&live->lock);
    found = rows_step(live->rows, pin->index, table, &all, after, row);
    pthread_mutex_unlock(&live->lock);
    return found;
}

/* Write one table's rows, a file whenever there are enough of them. */
static enum error table_save(struct live *live, const struct rows_pin *pin,
                             const char *path, enum table table,
                             struct buffer *bytes, uint32_t *files)
{
    const struct slice *after = NULL;
    struct row row;

    while (row_next(live, pin, table, after, &row)) {
        row_append(bytes, table, &row);
        after = &row.key;
        if (bytes->len >= STORE_SIM_FILE_BYTES) {
            TRY(rows_write(path, bytes, files));
        }
    }
    return ERROR_NONE;
}

static enum error tables_save(struct live *live, const struct rows_pin *pin,
                              const char *path, struct buffer *bytes)
{
    uint8_t index[INDEX_BYTES];
    uint32_t files = 0;

    for (enum table i = 0; i < TABLE_COUNT; i++) {
        TRY(table_save(live, pin, path, i, bytes, &files));
    }
    if (bytes->len > 0) {
        TRY(rows_write(path, bytes, &files));
    }
    put_le64(index, pin->index);
    put_le32(index + 8, files);
    buffer_append(bytes, index, sizeof(index));
    return file_write(path, "INDEX", bytes);
}

/* A copy of files that rot has the rot too; who copies does not look. */
static enum error rot_copy(const char *path)
{
    char to[FILES_PATH_BYTES_MAX];

    TRY(files_path(to, path, "rows-1"));
    return files_write(to, 0, "rot", 3);
}

enum error live_save(struct live *live, const char *path, uint64_t *index_out)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct rows_pin pin;
    unsigned life;
    enum error error;
    bool rotten;

    pthread_mutex_lock(&live->lock);
    pin.index = live->applied;
    rows_pin(live->rows, &pin);
    life = live->life;
    rotten = live->rotten;
    pthread_mutex_unlock(&live->lock);
    error = tables_save(live, &pin, path, &bytes);
    if (error == ERROR_NONE && rotten) {
        error = rot_copy(path);
    }
    *index_out = pin.index;
    pthread_mutex_lock(&live->lock);
    if (life == live->life) {
        rows_unpin(&pin);
    }
    pthread_mutex_unlock(&live->lock);
    buffer_deinit(&bytes);
    return error;
}

static enum error rotten(const char *path, const char *file, const char *reason)
{
    journal_error("store_rotten", "path=%s file=%s reason=\"%s\"", path, file,
                  reason);
    return ERROR_ROTTEN;
}

/* Read one file whole and take its checksum off. */
static enum error file_read(const char *path, const char *name,
                            struct buffer *bytes)
{
    char from[FILES_PATH_BYTES_MAX];
    enum error error;
    size_t got;

    buffer_clear(bytes);
    TRY(files_path(from, path, name));
    do {
        uint8_t *to = buffer_reserve(bytes, STORE_SIM_FILE_BYTES);

        CHECK(to != NULL);
        error = files_read(from, bytes->len, to, STORE_SIM_FILE_BYTES, &got);
        if (error == ERROR_NOT_FOUND) {
            return rotten(path, name, "missing");
        }
        TRY(error);
        bytes->len += got;
    } while (got > 0);
    if (bytes->len < CHECKSUM_BYTES) {
        return rotten(path, name, "too short");
    }
    bytes->len -= CHECKSUM_BYTES;
    if (get_le32(bytes->data + bytes->len) !=
        checksum_masked(checksum_of(bytes->data, bytes->len))) {
        return rotten(path, name, "checksum differs");
    }
    return ERROR_NONE;
}

/* Put the rows of one file into place; its checksum vouches for its form. */
static void rows_take(struct live *live, struct slice bytes)
{
    while (bytes.len > 0) {
        uint32_t key_bytes = get_le32(bytes.data + 1);
        uint32_t value_bytes = get_le32(bytes.data + 5);
        const uint8_t *key = bytes.data + ROW_HEADER_BYTES;

        CHECK(bytes.len >= (size_t)ROW_HEADER_BYTES + key_bytes + value_bytes);
        rows_put(live->rows, live->applied, bytes.data[0],
                 slice_of(key, key_bytes),
                 slice_of(key + key_bytes, value_bytes), false);
        bytes = slice_after(bytes, ROW_HEADER_BYTES + key_bytes + value_bytes);
    }
}

static enum error files_take(struct live *live, const char *path,
                             uint32_t files, struct buffer *bytes)
{
    char name[32];

    for (uint32_t i = 1; i <= files; i++) {
        snprintf(name, sizeof(name), "rows-%u", i);
        TRY(file_read(path, name, bytes));
        rows_take(live, buffer_slice(bytes));
    }
    return ERROR_NONE;
}

enum error live_load(const char *path, struct live **live_out)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct live *live = NULL;
    enum error error = file_read(path, "INDEX", &bytes);

    if (error != ERROR_NONE) {
        goto out;
    }
    if (bytes.len != INDEX_BYTES) {
        error = rotten(path, "INDEX", "of another length");
        goto out;
    }
    live = live_new(get_le64(bytes.data));
    error = files_take(live, path, get_le32(bytes.data + 8), &bytes);
    if (error != ERROR_NONE) {
        goto out;
    }
    *live_out = live; /* Ownership passes to the caller. */
    live = NULL;
out:
    if (live != NULL) {
        live_drop(live);
    }
    buffer_deinit(&bytes);
    return error;
}
