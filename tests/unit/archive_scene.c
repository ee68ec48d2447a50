#include "tests/unit/archive_scene.h"

#include <string.h>

#include "proto/base/endian.h"
#include "proto/record.h"
#include "proto/tlog/hash.h"
#include "tests/unit/test.h"

static bool is_withheld(uint64_t csn)
{
    return csn % SCENE_WITHHELD_EACH == 0;
}

static bool is_purge(uint64_t csn)
{
    return csn % SCENE_PURGES_AT == SCENE_PURGES_AT - 1 && csn >= SCENE_PURGES;
}

void scene_payload(uint64_t csn, struct buffer *to)
{
    if (is_withheld(csn)) {
        buffer_printf(to, "payload of %llu, ", (unsigned long long)csn);
        for (uint64_t i = 0; i < csn % 700; i++) {
            buffer_append_text(to, "said ");
        }
    }
}

static void put_fields(uint64_t csn, struct buffer *fields)
{
    uint8_t number[8];

    record_put_text(fields, RECORD_FIELD_USER, slice_of_text("sip:a@b.test"));
    if (is_purge(csn)) {
        put_be64(number, csn - SCENE_PURGES);
        record_put_text(fields, RECORD_FIELD_WITHHOLDS,
                        slice_of(number, sizeof(number)));
    }
}

void scene_record(uint64_t csn, struct buffer *to)
{
    struct buffer fields = BUFFER_EMPTY, command = BUFFER_EMPTY;
    struct record record = {.kind = is_purge(csn) ? RECORD_PURGE : RECORD_POST,
                            .node = 1,
                            .csn = csn,
                            .log_index = 10 + csn,
                            .term = 1,
                            .time_us = 1000000 + (int64_t)csn};
    struct merkle_hash digest;

    put_fields(csn, &fields);
    if (is_withheld(csn)) {
        record.flags = RECORD_WITHHELD;
        scene_payload(csn, &command);
        hash_bytes(buffer_slice(&command), &digest);
        record.command = slice_of(digest.bytes, sizeof(digest.bytes));
    } else {
        buffer_printf(&command, "command %llu", (unsigned long long)csn);
        record.command = buffer_slice(&command);
    }
    record.fields = buffer_slice(&fields);
    record_write(&record, to);
    buffer_deinit(&fields);
    buffer_deinit(&command);
}

bool scene_is_purged(uint64_t csn, uint64_t size)
{
    return is_purge(csn + SCENE_PURGES) && csn + SCENE_PURGES < size;
}

void scene_root(uint64_t size, struct merkle_hash *root_out)
{
    struct merkle_frontier frontier = {.size = 0};
    struct buffer record = BUFFER_EMPTY;
    struct merkle_hash leaf;

    for (uint64_t csn = 0; csn < size; csn++) {
        buffer_clear(&record);
        scene_record(csn, &record);
        merkle_leaf(buffer_slice(&record), &leaf);
        merkle_grow(&frontier, &leaf);
    }
    merkle_root(&frontier, root_out);
    buffer_deinit(&record);
}

enum error scene_add(struct pen *pen, uint64_t size)
{
    struct buffer record = BUFFER_EMPTY, payload = BUFFER_EMPTY;
    enum error error = ERROR_NONE;

    while (error == ERROR_NONE && pen_size(pen) < size) {
        buffer_clear(&record);
        buffer_clear(&payload);
        scene_record(pen_size(pen), &record);
        scene_payload(pen_size(pen), &payload);
        error = pen_add(pen, buffer_slice(&record), buffer_slice(&payload));
    }
    buffer_deinit(&record);
    buffer_deinit(&payload);
    return error;
}

static void assert_payload(struct tiles *tiles, uint64_t csn, uint64_t size)
{
    struct buffer want = BUFFER_EMPTY, got = BUFFER_EMPTY;
    enum error error = tiles_payload(tiles, csn, &got);

    scene_payload(csn, &want);
    if (want.len == 0 || scene_is_purged(csn, size)) {
        assert_int_equal(error, ERROR_NOT_FOUND);
    } else {
        assert_int_equal(error, ERROR_NONE);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.data, want.data, want.len);
    }
    buffer_deinit(&want);
    buffer_deinit(&got);
}

static void assert_record(struct tiles *tiles, uint64_t csn)
{
    struct buffer want = BUFFER_EMPTY;
    struct slice got;

    scene_record(csn, &want);
    assert_int_equal(tiles_record(tiles, csn, &got), ERROR_NONE);
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.data, want.data, want.len);
    buffer_deinit(&want);
}

void scene_assert_files(const char *directory, uint64_t size)
{
    struct tiles *tiles = tiles_open(directory);
    struct merkle_hash want, got;

    for (uint64_t csn = 0; csn < size; csn++) {
        assert_record(tiles, csn);
        assert_payload(tiles, csn, size);
    }
    scene_root(size, &want);
    assert_int_equal(tiles_root(tiles, size, &got), ERROR_NONE);
    assert_memory_equal(want.bytes, got.bytes, sizeof(want.bytes));
    tiles_close(tiles);
}
