#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/buffer.h"
#include "proto/base/checksum.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"
#include "raft/device.h"
#include "raft/log_store.h"
#include "tests/unit/temp_directory.h"

enum { SEGMENT_BYTES = 64 * 1024 };

static char root[TEMP_DIRECTORY_BYTES];
static char path[TEMP_DIRECTORY_BYTES + 8];

struct writing {
    struct loop *loop;
    struct log_store *store;
};

static void on_failed(void *context, enum error error)
{
    (void)context;
    fail_msg("%s", error_name(error));
}

static struct log_store *open_store(struct loop *loop,
                                    struct log_recovered **recovered_out)
{
    const struct log_store_options options = {
        .path = path,
        .identity = {.pool_id = {"pool of the test"},
                     .directory_id = 0x0123456789abcdef},
        .segment_bytes = SEGMENT_BYTES,
        .floor_bytes = 4096,
    };
    const struct log_store_owner owner = {on_failed, NULL, NULL};
    enum error error = log_store_format(&options);
    struct log_store *store = NULL;
    struct log_damage damage;

    assert_true(error == ERROR_NONE || error == ERROR_EXISTS);
    assert_int_equal(
        log_store_open(loop, &options, &owner, &store, recovered_out, &damage),
        ERROR_NONE);
    return store;
}

static void on_last(void *context, enum error error)
{
    assert_int_equal(error, ERROR_NONE);
    loop_stop(context);
}

/* Wait until all that was asked for is on disk. */
static void settle(struct writing *w)
{
    struct log_entry entry = {3, 9, SLICE_NONE};

    assert_int_equal(log_store_append(w->store, &entry, 1, on_last, w->loop),
                     ERROR_NONE);
    loop_run(w->loop);
}

static void append(struct writing *w, const uint8_t *bytes, size_t len)
{
    struct log_entry entry = {2, (uint8_t)(len % 3), slice_of(bytes, len)};

    assert_int_equal(log_store_append(w->store, &entry, 1, NULL, NULL),
                     ERROR_NONE);
}

/* Something of everything, always the same, each turn a batch of its own. */
static void write_log(struct writing *w)
{
    static const uint8_t zeros[5000], text[40] = "what an entry says";
    const struct log_snapshot snapshot = {
        .index = 26,
        .term = 2,
        .configuration_index = 5,
        .configuration = SLICE_LITERAL("1,2,3"),
        .data = SLICE_LITERAL("a snapshot's marker"),
    };

    assert_int_equal(log_store_set_term(w->store, 3), ERROR_NONE);
    assert_int_equal(log_store_set_vote(w->store, 0x201), ERROR_NONE);
    append(w, text, sizeof(text));
    append(w, zeros, sizeof(zeros));
    settle(w);
    for (size_t i = 0; i < 30; i++) {
        append(w, text, i);
    }
    assert_int_equal(log_store_truncate(w->store, 30), ERROR_NONE);
    settle(w);
    assert_int_equal(
        log_store_snapshot_put(w->store, 10, &snapshot, NULL, NULL),
        ERROR_NONE);
    for (size_t i = 0; i < 20; i++) {
        append(w, zeros, 4000);
    }
    settle(w);
}

static void print_recovered(const struct log_recovered *recovered,
                            struct buffer *buffer)
{
    const struct log_snapshot *snapshot = &recovered->snapshot;

    buffer_printf(buffer,
                  "snapshot %zu term %zu configuration %zu \"%.*s\" "
                  "data \"%.*s\"\n",
                  (size_t)snapshot->index, (size_t)snapshot->term,
                  (size_t)snapshot->configuration_index,
                  SLICE_PRINT(snapshot->configuration),
                  SLICE_PRINT(snapshot->data));
    for (size_t i = 0; i < recovered->n; i++) {
        const struct log_recovered_entry *entry = &recovered->entries[i];

        buffer_printf(buffer, "entry %zu term %zu type %d bytes %zu crc %08x\n",
                      (size_t)recovered->first_index + i, (size_t)entry->term,
                      entry->type, entry->len,
                      checksum_of(entry->data, entry->len));
    }
}

static void run_reader(struct buffer *buffer)
{
    char command[2 * TEMP_DIRECTORY_BYTES + sizeof(READ_LOG)];
    char piece[4096];
    FILE *reader;
    size_t n;

    snprintf(command, sizeof(command), "%s %s", READ_LOG, path);
    reader = popen(command, "r");
    assert_non_null(reader);
    while ((n = fread(piece, 1, sizeof(piece), reader)) > 0) {
        buffer_append(buffer, piece, n);
    }
    assert_int_equal(pclose(reader), 0);
    buffer_append(buffer, "", 1);
}

/* A reader written in another language from the documented tables alone finds
 * in the files what the store finds. */
static void test_log_format__is_as_documented(void **state)
{
    struct buffer want = BUFFER_EMPTY, got = BUFFER_EMPTY;
    struct writing w = {.loop = loop_new()};
    struct log_recovered *recovered;

    (void)state;
    w.store = open_store(w.loop, &recovered);
    log_recovered_free(recovered);
    write_log(&w);
    log_store_close(w.store);
    w.store = open_store(w.loop, &recovered);
    log_store_close(w.store);
    loop_free(w.loop);

    buffer_append_text(&want, "term 3 vote 513 cut 0\nmark 4 index 51\n");
    print_recovered(recovered, &want);
    buffer_append(&want, "", 1);
    run_reader(&got);
    assert_string_equal((char *)got.data, (char *)want.data);
    assert_int_equal(recovered->n, 35);
    log_recovered_free(recovered);
    buffer_deinit(&want);
    buffer_deinit(&got);
}

/* FNV-1a, so that the sum does not come from what is under test. */
static uint64_t sum_of_file(struct device *device, const char *name,
                            size_t bytes)
{
    struct device_file *file = NULL;
    uint8_t *data = malloc(bytes);
    uint64_t sum = 0xcbf29ce484222325;
    size_t got;

    assert_int_equal(device_file_open(device, name, DEVICE_READ, &file),
                     ERROR_NONE);
    assert_int_equal(device_file_read(file, 0, data, bytes, &got), ERROR_NONE);
    assert_int_equal(got, bytes);
    for (size_t i = 0; i < bytes; i++) {
        sum = (sum ^ data[i]) * 0x100000001b3;
    }
    device_file_close(file);
    free(data);
    return sum;
}

/* The bytes of format 1 stay what they are: a log written by this program must
 * open in every later one. When this fails, the format needs a new number. */
static void test_log_format__does_not_drift(void **state)
{
    struct device *device = NULL;

    (void)state;
    assert_int_equal(device_open(path, &device), ERROR_NONE);
    assert_int_equal(sum_of_file(device, "segment-0000000000000001", 65536),
                     0x7b836d23906824c6);
    assert_int_equal(sum_of_file(device, "segment-0000000000000002", 65536),
                     0xb74dff6d9dc42cea);
    /* The ballots; how many marks there were depends on the clock. */
    assert_int_equal(sum_of_file(device, "vote", 8192), 0x574bc8c499ec6b65);
    device_close(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_log_format__is_as_documented),
        RUN(test_log_format__does_not_drift), /* Of the log just made. */
    };
    int failed;

    journal_configure(JOURNAL_WARNING, false, false);
    temp_directory_make(root);
    snprintf(path, sizeof(path), "%s/log", root);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_directory_remove(root);
    return failed;
}
