#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "proto/peer.h"
#include "raft/replica/snapshot_manifest.h"

static struct snapshot_file file_of(const char *name, uint64_t bytes,
                                    uint64_t checksum)
{
    struct snapshot_file file = {.bytes = bytes, .checksum = checksum};

    snprintf(file.name, sizeof(file.name), "%s", name);
    return file;
}

static int set_up(void **state)
{
    struct snapshot_manifest *manifest =
        snapshot_manifest_new(0x0102030405060708, 77);
    const struct snapshot_file files[] = {file_of("b.sst", 5, 0x11223344),
                                          file_of("CURRENT", 16, 1),
                                          file_of("a.sst", 1u << 30, 2)};

    assert_non_null(manifest);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(snapshot_manifest_add(manifest, &files[i]),
                         ERROR_NONE);
    }
    *state = manifest;
    return 0;
}

static int tear_down(void **state)
{
    snapshot_manifest_free(*state);
    return 0;
}

/* Put a right checksum behind bytes that were changed. */
static void seal(struct buffer *bytes)
{
    put_le32(bytes->data + bytes->len - 4,
             checksum_of(bytes->data, bytes->len - 4));
}

static enum error read_error(const struct buffer *bytes)
{
    struct snapshot_manifest *manifest = NULL;
    enum error error = snapshot_manifest_read(buffer_slice(bytes), &manifest);

    snapshot_manifest_free(manifest);
    return error;
}

/* Files stand in the order of their names, whenever they were added. */
static void test_snapshot_manifest_add__sorts(void **state)
{
    const struct snapshot_manifest *manifest = *state;

    assert_int_equal(manifest->n, 3);
    assert_string_equal(manifest->files[0].name, "CURRENT");
    assert_string_equal(manifest->files[1].name, "a.sst");
    assert_string_equal(manifest->files[2].name, "b.sst");
    assert_int_equal(snapshot_manifest_bytes(manifest), (1u << 30) + 21);
    assert_int_equal(snapshot_manifest_find(manifest, "a.sst"), 1);
    assert_int_equal(snapshot_manifest_find(manifest, "aa"), 3);
}

/* No file is there twice, no name leads out of the directory, and no length is
 * beyond what can be summed up. */
static void test_snapshot_manifest_add__refuses(void **state)
{
    struct snapshot_manifest *manifest = *state;
    const char *bad[] = {"", ".", "..", ".hidden", "a/b", "a b", "\xc3\xa9"};
    struct snapshot_file file = file_of("a.sst", 1, 1);

    assert_int_equal(snapshot_manifest_add(manifest, &file), ERROR_EXISTS);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        file = file_of(bad[i], 1, 1);
        assert_int_equal(snapshot_manifest_add(manifest, &file), ERROR_INVALID);
    }
    memset(file.name, 'x', sizeof(file.name));
    assert_int_equal(snapshot_manifest_add(manifest, &file), ERROR_INVALID);
    file = file_of("c", (uint64_t)SNAPSHOT_FILE_BYTES_MAX + 1, 1);
    assert_int_equal(snapshot_manifest_add(manifest, &file), ERROR_TOO_LARGE);
    assert_int_equal(manifest->n, 3);
}

/* The most files there may be, with the longest names, fit the message that
 * carries them beside a configuration. */
static void test_snapshot_manifest_write__fits_its_message(void **state)
{
    struct snapshot_manifest *manifest = snapshot_manifest_new(1, 1);
    struct snapshot_file file = file_of("", SNAPSHOT_FILE_BYTES_MAX, 1);
    struct buffer bytes = BUFFER_EMPTY;

    (void)state;
    for (unsigned i = 0; i < SNAPSHOT_FILES_MAX; i++) {
        snprintf(file.name, sizeof(file.name), "%063u", i);
        assert_int_equal(snapshot_manifest_add(manifest, &file), ERROR_NONE);
    }
    snprintf(file.name, sizeof(file.name), "more");
    assert_int_equal(snapshot_manifest_add(manifest, &file), ERROR_TOO_LARGE);
    assert_int_equal(snapshot_manifest_write(manifest, &bytes), ERROR_NONE);
    assert_true(bytes.len < PEER_MANIFEST_BYTES_MAX - 64 * 1024);
    assert_int_equal(read_error(&bytes), ERROR_NONE);
    assert_true(snapshot_manifest_bytes(manifest) <= INT64_MAX);
    buffer_deinit(&bytes);
    snapshot_manifest_free(manifest);
}

/* The bytes are these, on every machine: they are kept in logs. */
static void test_snapshot_manifest_write__golden(void **state)
{
    static const uint8_t golden[] = {
        'p', 'e', 'r', 'c', 'h',  'S',  'M',  '1',  8,    7,    6,    5,
        4,   3,   2,   1,   42,   0,    0,    0,    0,    0,    0,    0,
        1,   0,   0,   0,   3,    'a',  '.',  'b',  5,    1,    0,    0,
        0,   0,   0,   0,   0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};
    struct snapshot_manifest *manifest =
        snapshot_manifest_new(0x0102030405060708, 42);
    struct snapshot_file file = file_of("a.b", 261, 0x1122334455667788);
    struct buffer bytes = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(snapshot_manifest_add(manifest, &file), ERROR_NONE);
    assert_int_equal(snapshot_manifest_write(manifest, &bytes), ERROR_NONE);
    assert_int_equal(bytes.len, sizeof(golden) + 4);
    assert_memory_equal(bytes.data, golden, sizeof(golden));
    assert_int_equal(get_le32(bytes.data + sizeof(golden)),
                     checksum_of(golden, sizeof(golden)));
    buffer_deinit(&bytes);
    snapshot_manifest_free(manifest);
}

/* What was written reads back the same. */
static void test_snapshot_manifest_read__returns_what_was_written(void **state)
{
    const struct snapshot_manifest *manifest = *state;
    struct snapshot_manifest *again = NULL;
    struct buffer bytes = BUFFER_EMPTY;

    assert_int_equal(snapshot_manifest_write(manifest, &bytes), ERROR_NONE);
    assert_int_equal(snapshot_manifest_read(buffer_slice(&bytes), &again),
                     ERROR_NONE);
    assert_int_equal(again->id, manifest->id);
    assert_int_equal(again->index, 77);
    assert_int_equal(again->n, 3);
    assert_memory_equal(again->files, manifest->files,
                        3 * sizeof(manifest->files[0]));
    snapshot_manifest_free(again);
    buffer_deinit(&bytes);
}

/* Any turned bit and any cut is found. */
static void test_snapshot_manifest_read__finds_damage(void **state)
{
    struct buffer bytes = BUFFER_EMPTY;
    size_t len;

    assert_int_equal(snapshot_manifest_write(*state, &bytes), ERROR_NONE);
    len = bytes.len;
    for (size_t bit = 0; bit < len * 8; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(read_error(&bytes),
                         bit < 64 ? ERROR_UNSUPPORTED : ERROR_MALFORMED);
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (bytes.len = 0; bytes.len < len; bytes.len++) {
        assert_int_not_equal(read_error(&bytes), ERROR_NONE);
    }
    assert_int_equal(read_error(&bytes), ERROR_NONE);
    buffer_deinit(&bytes);
}

/* A sound checksum over nonsense is still nonsense. */
static void test_snapshot_manifest_read__believes_nothing(void **state)
{
    enum { COUNT_AT = 24, LENGTH_AT = 28 };
    struct buffer bytes = BUFFER_EMPTY;

    assert_int_equal(snapshot_manifest_write(*state, &bytes), ERROR_NONE);
    put_le32(bytes.data + COUNT_AT, 2); /* Bytes are left over. */
    seal(&bytes);
    assert_int_equal(read_error(&bytes), ERROR_MALFORMED);
    put_le32(bytes.data + COUNT_AT, 4); /* One lacks. */
    seal(&bytes);
    assert_int_equal(read_error(&bytes), ERROR_MALFORMED);
    put_le32(bytes.data + COUNT_AT, SNAPSHOT_FILES_MAX + 1);
    seal(&bytes);
    assert_int_equal(read_error(&bytes), ERROR_TOO_LARGE);
    put_le32(bytes.data + COUNT_AT, 3);
    bytes.data[LENGTH_AT + 1] = 'z'; /* Out of order. */
    seal(&bytes);
    assert_int_equal(read_error(&bytes), ERROR_MALFORMED);
    bytes.data[LENGTH_AT + 1] = '.';
    seal(&bytes);
    assert_int_equal(read_error(&bytes), ERROR_MALFORMED);
    bytes.data[LENGTH_AT + 1] = 'C';
    bytes.data[LENGTH_AT + 3] = '\0'; /* A name within the name. */
    seal(&bytes);
    assert_int_equal(read_error(&bytes), ERROR_MALFORMED);
    buffer_deinit(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_snapshot_manifest_add__sorts, set_up, tear_down),
        RUN_IN(test_snapshot_manifest_add__refuses, set_up, tear_down),
        RUN(test_snapshot_manifest_write__fits_its_message),
        RUN(test_snapshot_manifest_write__golden),
        RUN_IN(test_snapshot_manifest_read__returns_what_was_written, set_up,
               tear_down),
        RUN_IN(test_snapshot_manifest_read__finds_damage, set_up, tear_down),
        RUN_IN(test_snapshot_manifest_read__believes_nothing, set_up,
               tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
