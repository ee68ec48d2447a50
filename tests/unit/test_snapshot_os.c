#include "tests/unit/test.h"

#include <bsd/sys/queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/os/loop_uv.h"
#include "raft/device.h"
#include "raft/replica/snapshot_fetch.h"
#include "raft/replica/snapshot_files.h"
#include "raft/replica/snapshot_send.h"
#include "tests/unit/temp_directory.h"

/* Both ends on one real loop, with real workers and files. */
enum { FILES = 5, FILE_BYTES = 1500000, TIME_MS = 60000 };

struct parcel {
    STAILQ_ENTRY(parcel) link;
    uint8_t to;
    uint8_t kind;
    struct buffer payload;
};

struct ends {
    struct loop *loop;
    struct waker *waker;
    struct snapshot_send *send;
    struct snapshot_fetch *fetch;
    STAILQ_HEAD(, parcel) wire;
    uint64_t id;
    char directory[512];
    bool ready, dropped;
};

static enum error put(struct ends *ends, uint8_t to,
                      const struct peer_message *message)
{
    struct parcel *parcel = calloc(1, sizeof(*parcel));

    assert_non_null(parcel);
    parcel->to = to;
    parcel->kind = (uint8_t)message->kind;
    assert_int_equal(peer_write(message, &parcel->payload), ERROR_NONE);
    STAILQ_INSERT_TAIL(&ends->wire, parcel, link);
    waker_wake(ends->waker);
    return ERROR_NONE;
}

static enum error to_follower(void *context, uint8_t node,
                              const struct peer_message *message)
{
    (void)node;
    return put(context, 2, message);
}

static enum error to_leader(void *context, uint8_t node,
                            const struct peer_message *message)
{
    (void)node;
    return put(context, 1, message);
}

static void on_wire(void *context)
{
    struct ends *ends = context;
    struct parcel *parcel;

    while ((parcel = STAILQ_FIRST(&ends->wire)) != NULL) {
        struct arena *arena = arena_new(1024);
        struct peer_message message;

        STAILQ_REMOVE_HEAD(&ends->wire, link);
        assert_int_equal(peer_read(parcel->kind, buffer_slice(&parcel->payload),
                                   arena, &message),
                         ERROR_NONE);
        if (parcel->to == 1) {
            snapshot_send_asked(ends->send, 2, &message.snapshot_fetch);
        } else {
            snapshot_fetch_received(ends->fetch, 1, &message);
        }
        arena_free(arena);
        buffer_deinit(&parcel->payload);
        free(parcel);
    }
}

static void on_manifest(void *context, uint64_t id, enum error error,
                        struct slice manifest)
{
    struct ends *ends = context;

    (void)id;
    assert_int_equal(error, ERROR_NONE);
    assert_int_equal(snapshot_fetch_begin(ends->fetch, 1, manifest),
                     ERROR_NONE);
}

static void on_ready(void *context, const char *directory, uint64_t index)
{
    struct ends *ends = context;

    assert_int_equal(index, 9);
    snprintf(ends->directory, sizeof(ends->directory), "%s", directory);
    ends->ready = true;
    snapshot_send_drop(ends->send, ends->id);
}

static void on_failed(void *context, enum error error, const char *reason)
{
    (void)context;
    fail_msg("%s: %s", error_name(error), reason);
}

static void on_dropped(void *context, uint64_t id)
{
    struct ends *ends = context;

    (void)id;
    ends->dropped = true;
    loop_stop(ends->loop);
}

static void on_too_late(void *context)
{
    (void)context;
    fail_msg("it took too long");
}

static void make_files(const char *directory)
{
    struct device *device = NULL;
    uint8_t *bytes = malloc(FILE_BYTES);

    assert_non_null(bytes);
    assert_int_equal(device_open(directory, &device), ERROR_NONE);
    for (unsigned i = 0; i < FILES; i++) {
        struct device_file *file = NULL;
        char name[32];

        for (size_t at = 0; at < FILE_BYTES; at++) {
            bytes[at] = (uint8_t)(at * 31 + at / 977 + i);
        }
        snprintf(name, sizeof(name), "%06u.sst", i);
        assert_int_equal(
            device_file_open(device, name, DEVICE_WRITE | DEVICE_CREATE, &file),
            ERROR_NONE);
        assert_int_equal(device_file_write(file, 0, bytes, FILE_BYTES - i),
                         ERROR_NONE);
        device_file_close(file);
    }
    device_close(device);
    free(bytes);
}

/* Check by name, length and sum what make_files wrote. */
static void check_files(const char *directory, const char *original)
{
    struct snapshot_manifest *copy = snapshot_manifest_new(1, 1);
    struct device *device = NULL, *first = NULL;

    assert_int_equal(device_open(directory, &device), ERROR_NONE);
    assert_int_equal(device_open(original, &first), ERROR_NONE);
    assert_int_equal(snapshot_files_list(device, copy), ERROR_NONE);
    assert_int_equal(copy->n, FILES);
    for (size_t i = 0; i < FILES; i++) {
        struct snapshot_sum one, other;

        snapshot_files_sum_begin(&one);
        snapshot_files_sum_begin(&other);
        assert_int_equal(snapshot_files_sum(device, copy->files[i].name, &one),
                         ERROR_NONE);
        assert_int_equal(snapshot_files_sum(first, copy->files[i].name, &other),
                         ERROR_NONE);
        assert_int_equal(one.offset, FILE_BYTES - i);
        assert_int_equal(one.checksum, other.checksum);
    }
    device_close(device);
    device_close(first);
    snapshot_manifest_free(copy);
}

static void open_ends(struct ends *ends, const char *path)
{
    char outgoing[512], incoming[512];
    struct snapshot_send_settings from = {.path = outgoing};
    struct snapshot_fetch_settings to = {.path = incoming};
    struct snapshot_send_events from_events = {ends, to_follower, on_manifest,
                                               on_dropped};
    struct snapshot_fetch_events to_events = {ends, to_leader, on_ready,
                                              on_failed};

    snprintf(outgoing, sizeof(outgoing), "%s/checkpoint", path);
    snprintf(incoming, sizeof(incoming), "%s/incoming", path);
    STAILQ_INIT(&ends->wire);
    ends->loop = loop_new();
    ends->waker = waker_new(ends->loop, on_wire, ends);
    assert_int_equal(
        snapshot_send_open(ends->loop, &from, &from_events, &ends->send),
        ERROR_NONE);
    assert_int_equal(
        snapshot_fetch_open(ends->loop, &to, &to_events, &ends->fetch),
        ERROR_NONE);
}

static void close_ends(struct ends *ends)
{
    snapshot_fetch_close(ends->fetch);
    snapshot_send_close(ends->send);
    waker_free(ends->waker);
    loop_free(ends->loop);
}

/* On real files and with real threads a checkpoint is copied whole, and its
 * place is empty again when it is dropped. */
static void test_snapshot__real_files_and_threads(void **state)
{
    char path[TEMP_DIRECTORY_BYTES], original[512];
    struct ends ends = {0};
    struct timer *too_late;
    struct device *above = NULL;
    const char *directory;

    (void)state;
    temp_directory_make(path);
    snprintf(original, sizeof(original), "%s/original", path);
    make_files(original);
    open_ends(&ends, path);
    too_late = timer_new(ends.loop, on_too_late, NULL);
    timer_start(too_late, TIME_MS, 0);
    assert_int_equal(snapshot_send_begin(ends.send, &ends.id, &directory),
                     ERROR_NONE);
    assert_int_equal(device_remove_directory(directory), ERROR_NONE);
    make_files(directory);
    snapshot_send_made(ends.send, ends.id, ERROR_NONE, 9);
    loop_run(ends.loop);
    assert_true(ends.ready && ends.dropped);
    check_files(ends.directory, original);
    timer_free(too_late);
    close_ends(&ends);
    snprintf(original, sizeof(original), "%s/checkpoint", path);
    assert_int_equal(device_open(original, &above), ERROR_NONE);
    device_close(above);
    assert_int_equal(device_remove_directory(original), ERROR_NONE);
    temp_directory_remove(path);
}

/* Closing while all is under way waits for the jobs and calls nobody. */
static void test_snapshot__closed_in_the_middle(void **state)
{
    char path[TEMP_DIRECTORY_BYTES];
    struct ends ends = {0};
    const char *directory;
    struct parcel *parcel;

    (void)state;
    temp_directory_make(path);
    open_ends(&ends, path);
    assert_int_equal(snapshot_send_begin(ends.send, &ends.id, &directory),
                     ERROR_NONE);
    make_files(directory);
    snapshot_send_made(ends.send, ends.id, ERROR_NONE, 9);
    while (snapshot_fetch_status(ends.fetch).fetched == 0) {
        uv_run(loop_uv(ends.loop), UV_RUN_ONCE);
    }
    close_ends(&ends);
    assert_false(ends.ready);
    while ((parcel = STAILQ_FIRST(&ends.wire)) != NULL) {
        STAILQ_REMOVE_HEAD(&ends.wire, link);
        buffer_deinit(&parcel->payload);
        free(parcel);
    }
    temp_directory_remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_snapshot__real_files_and_threads),
        RUN(test_snapshot__closed_in_the_middle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
