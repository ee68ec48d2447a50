#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/rocks/manifest.h"
#include "storage/rocks/seal.h"
#include "tests/unit/store_fixture.h"

/* What RocksDB 7.8.3 takes for a whole MANIFEST though it is not, and what is
 * done about it: the records are checked, and a seal remembers how far the
 * store had been flushed. */

enum { HEADER_BYTES = 7, RECORDS_MAX = 128 };

/* A MANIFEST, its name and its bytes. */
struct manifest {
    char path[FILES_PATH_BYTES_MAX];
    struct buffer bytes;
};

static enum error manifest_find(void *context, const struct files_entry *entry)
{
    struct manifest *manifest = context;
    char directory[FILES_PATH_BYTES_MAX];
    size_t got;

    if (strncmp(entry->name, "MANIFEST-", 9) == 0) {
        snprintf(directory, sizeof(directory), "%s", manifest->path);
        assert_int_equal(files_path(manifest->path, directory, entry->name),
                         ERROR_NONE);
        assert_int_equal(
            files_read(manifest->path, 0,
                       buffer_reserve(&manifest->bytes, entry->bytes),
                       entry->bytes, &got),
            ERROR_NONE);
        manifest->bytes.len = got;
    }
    return ERROR_NONE;
}

static void manifest_load(struct store_fixture *f, struct manifest *manifest)
{
    *manifest = (struct manifest){.bytes = BUFFER_EMPTY};
    snprintf(manifest->path, sizeof(manifest->path), "%s", f->path);
    assert_int_equal(files_list(f->path, manifest_find, manifest), ERROR_NONE);
    assert_true(manifest->bytes.len > 0);
}

static void manifest_write(const struct manifest *manifest, const void *bytes,
                           size_t len)
{
    files_remove(manifest->path);
    assert_int_equal(files_write(manifest->path, 0, bytes, len), ERROR_NONE);
}

/* Rows in flushes of their own, so that the MANIFEST grows by records. */
static void flushes_make(struct store_fixture *f, unsigned n)
{
    char key[16];

    for (unsigned i = 0; i < n; i++) {
        snprintf(key, sizeof(key), "%u", i);
        fixture_put(f, TABLE_ROOMS, key, "room");
        fixture_put_commit(f, TABLE_MESSAGES, key, "message");
        assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    }
}

static void store_drop(struct store_fixture *f)
{
    store_abandon(f->store);
    f->store = NULL;
}

/* Any flipped bit of a MANIFEST's records is seen, except where it makes the
 * last record seem cut short. */
static void test_manifest_fault__sees_flipped_bits(void **state)
{
    struct store_fixture *f = *state;
    struct manifest manifest;
    unsigned unseen = 0;

    flushes_make(f, 3);
    store_drop(f);
    manifest_load(f, &manifest);
    assert_null(manifest_fault(buffer_slice(&manifest.bytes)));
    for (size_t bit = 0; bit < manifest.bytes.len * 8; bit++) {
        manifest.bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        unseen += manifest_fault(buffer_slice(&manifest.bytes)) == NULL;
        manifest.bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    /* Bits of the lengths alone: at most 16 of each record. */
    assert_true(unseen < manifest.bytes.len / 4);
    buffer_deinit(&manifest.bytes);
}

/* What a crash may leave is no fault: a record cut short, zeros at the end. */
static void test_manifest_fault__takes_a_torn_end(void **state)
{
    struct store_fixture *f = *state;
    struct manifest manifest;

    flushes_make(f, 1);
    store_drop(f);
    manifest_load(f, &manifest);
    for (size_t len = HEADER_BYTES; len < manifest.bytes.len; len++) {
        assert_null(manifest_fault(slice_of(manifest.bytes.data, len)));
    }
    memset(buffer_reserve(&manifest.bytes, 100), 0, 100);
    manifest.bytes.len += 100;
    assert_null(manifest_fault(buffer_slice(&manifest.bytes)));
    manifest.bytes.data[manifest.bytes.len - 1] = 1;
    assert_non_null(manifest_fault(buffer_slice(&manifest.bytes)));
    assert_non_null(manifest_fault(SLICE_NONE));
    buffer_deinit(&manifest.bytes);
}

/* Where each record begins, and where the last one ends. */
static size_t records_find(struct slice bytes, size_t at[RECORDS_MAX])
{
    size_t n = 0;

    at[0] = 0;
    while (at[n] < bytes.len) {
        const uint8_t *header = bytes.data + at[n];

        assert_true(n + 1 < RECORDS_MAX);
        at[n + 1] = at[n] + HEADER_BYTES + header[4] + ((size_t)header[5] << 8);
        n += 1;
    }
    return n;
}

/* A block that is zero from a record on: RocksDB skips the rest of it in
 * silence. The records of one flush were there; those of the next one, with
 * the index, come in the next block. */
static void test_store_open__refuses_a_hole_in_the_manifest(void **state)
{
    static uint8_t holed[2 * MANIFEST_BLOCK_BYTES];
    struct store_fixture *f = *state;
    struct manifest manifest;
    size_t at[RECORDS_MAX], n, end;

    /* Each of three tables' records and one more. */
    flushes_make(f, 2);
    store_drop(f);
    manifest_load(f, &manifest);
    n = records_find(buffer_slice(&manifest.bytes), at);
    assert_true(n > 8);
    end = at[n] - at[n - 5];
    memcpy(holed, manifest.bytes.data, at[n - 8]);
    memcpy(holed + MANIFEST_BLOCK_BYTES, manifest.bytes.data + at[n - 5], end);
    manifest_write(&manifest, holed, MANIFEST_BLOCK_BYTES + end);
    assert_int_equal(store_open(f->path, NULL, &f->store), ERROR_ROTTEN);
    buffer_deinit(&manifest.bytes);
}

/* A MANIFEST that lost its last records: for RocksDB a whole one, of an
 * earlier day. Rows that were called flushed must be there, or it is rot; and
 * nothing is deleted, so that with the right MANIFEST all is well again. */
static void test_store_open__misses_flushed_rows(void **state)
{
    struct store_fixture *f = *state;
    struct manifest manifest;
    struct buffer rows = BUFFER_EMPTY, sound = BUFFER_EMPTY;
    size_t at[RECORDS_MAX], n;

    /* Too few for RocksDB to merge files, which would then be missing. */
    flushes_make(f, 1);
    assert_int_equal(rows_dump(f->store, &sound), ERROR_NONE);
    store_drop(f);
    manifest_load(f, &manifest);
    n = records_find(buffer_slice(&manifest.bytes), at);
    assert_true(n > 10);
    for (size_t i = 0; i < n; i++) {
        manifest_write(&manifest, manifest.bytes.data, at[i]);
        assert_int_equal(store_open(f->path, NULL, &f->store), ERROR_ROTTEN);
    }
    manifest_write(&manifest, manifest.bytes.data, manifest.bytes.len);
    fixture_open(f);
    assert_int_equal(rows_dump(f->store, &rows), ERROR_NONE);
    assert_true(slice_equal(buffer_slice(&rows), buffer_slice(&sound)));
    buffer_deinit(&rows);
    buffer_deinit(&sound);
    buffer_deinit(&manifest.bytes);
}

/* The seal keeps two copies: whichever write is torn, the other counts; with
 * both gone the store is rotten, with a newer format refused. */
static void test_seal_read__survives_a_torn_write(void **state)
{
    struct store_fixture *f = *state;
    struct seal seal = {.tables = TABLE_COUNT}, back;
    char path[FILES_PATH_BYTES_MAX];

    assert_int_equal(files_make_directory(f->other), ERROR_NONE);
    assert_int_equal(files_path(path, f->other, SEAL_FILE), ERROR_NONE);
    assert_int_equal(seal_read(f->other, &back), ERROR_NOT_FOUND);
    for (uint64_t index = 1; index < 10; index++) {
        uint64_t slot = (seal.serial + 1) % SEAL_SLOTS * SEAL_SLOT_BYTES;

        seal.index = index;
        assert_int_equal(seal_write(f->other, &seal), ERROR_NONE);
        assert_int_equal(seal_read(f->other, &back), ERROR_NONE);
        assert_int_equal(back.index, index);
        assert_int_equal(back.tables, TABLE_COUNT);
        assert_int_equal(files_write(path, slot + 30, "torn", 4), ERROR_NONE);
        assert_int_equal(seal_read(f->other, &back),
                         index == 1 ? ERROR_ROTTEN : ERROR_NONE);
        assert_true(index == 1 || back.index == index - 1);
        seal.serial -= 1;
        assert_int_equal(seal_write(f->other, &seal), ERROR_NONE);
    }
    assert_int_equal(files_write(path, 3, "x", 1), ERROR_NONE);
    assert_int_equal(files_write(path, SEAL_SLOT_BYTES + 3, "x", 1),
                     ERROR_NONE);
    assert_int_equal(seal_read(f->other, &back), ERROR_ROTTEN);
}

/* A store of a later perch has tables that this one does not know. */
static void test_store_open__refuses_a_newer_store(void **state)
{
    struct store_fixture *f = *state;
    struct seal seal;

    store_drop(f);
    assert_int_equal(seal_read(f->path, &seal), ERROR_NONE);
    seal.tables = TABLE_COUNT + 1;
    assert_int_equal(seal_write(f->path, &seal), ERROR_NONE);
    assert_int_equal(store_open(f->path, NULL, &f->store), ERROR_UNSUPPORTED);
    /* A store of an earlier one gets the tables it lacks. */
    seal.tables = 1;
    assert_int_equal(seal_write(f->path, &seal), ERROR_NONE);
    fixture_open(f);
    assert_int_equal(seal_read(f->path, &seal), ERROR_NONE);
    assert_int_equal(seal.tables, TABLE_COUNT);
}

#define RUN_STORE(test)                                                        \
    RUN_IN(test, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_STORE(test_manifest_fault__sees_flipped_bits),
        RUN_STORE(test_manifest_fault__takes_a_torn_end),
        RUN_STORE(test_store_open__refuses_a_hole_in_the_manifest),
        RUN_STORE(test_store_open__misses_flushed_rows),
        RUN_STORE(test_seal_read__survives_a_torn_write),
        RUN_STORE(test_store_open__refuses_a_newer_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
