#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "raft/device.h"
#include "raft/replica/snapshot_send.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/temp_directory.h"

/* A checkpoint much larger than what sending it may cost. */
enum {
    FOLLOWERS = 3,
    FILE_BYTES = 256 * 1024 * 1024,
    CHUNKS = FILE_BYTES / PEER_CHUNK_BYTES_MAX,
    MEMORY_BYTES_MAX = 8 * 1024 * 1024,
};

struct pull {
    struct snapshot_send *send;
    uint64_t id;
    bool ready;
    uint64_t at[FOLLOWERS];
    size_t held_max;
};

static uint64_t peak_bytes(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (uint64_t)usage.ru_maxrss * 1024;
}

static void ask(struct pull *pull, uint8_t node)
{
    struct peer_snapshot_fetch fetch = {.id = pull->id,
                                        .offset = pull->at[node - 1],
                                        .bytes = PEER_CHUNK_BYTES_MAX};

    snapshot_send_asked(pull->send, node, &fetch);
}

/* Take the chunk; the next is asked for outside of this call, as a peer would.
 */
static enum error take(void *context, uint8_t node,
                       const struct peer_message *message)
{
    struct pull *pull = context;
    size_t held = snapshot_send_status(pull->send).held_bytes;

    assert_int_equal(message->kind, PEER_SNAPSHOT_CHUNK);
    assert_int_equal(message->snapshot_chunk.offset, pull->at[node - 1]);
    pull->at[node - 1] += message->snapshot_chunk.data.len;
    assert_int_equal(message->snapshot_chunk.last,
                     pull->at[node - 1] == FILE_BYTES);
    pull->held_max = held > pull->held_max ? held : pull->held_max;
    return ERROR_NONE;
}

static void on_ready(void *context, uint64_t id, enum error error,
                     struct slice manifest)
{
    struct pull *pull = context;

    (void)id;
    assert_int_equal(error, ERROR_NONE);
    assert_true(manifest.len > 0);
    pull->ready = true;
}

static void on_dropped(void *context, uint64_t id)
{
    (void)context;
    (void)id;
}

static void make_file(const char *directory)
{
    struct device *device = NULL;
    struct device_file *file = NULL;

    assert_int_equal(device_open(directory, &device), ERROR_NONE);
    assert_int_equal(device_file_open(device, "000001.sst",
                                      DEVICE_WRITE | DEVICE_CREATE, &file),
                     ERROR_NONE);
    assert_int_equal(device_file_cut(file, FILE_BYTES), ERROR_NONE);
    device_file_close(file);
    device_close(device);
}

/* Three followers copy a checkpoint of 256 MiB at once, and the leader's memory
 * does not grow by more than a few chunks: neither for the manifest nor for the
 * transfer. */
static void test_snapshot_send__memory_is_flat(void **state)
{
    char path[TEMP_DIRECTORY_BYTES];
    struct loop *loop = fake_loop_new(1);
    struct pull pull = {0};
    struct snapshot_send_settings settings = {.path = path};
    struct snapshot_send_events events = {&pull, take, on_ready, on_dropped};
    const char *directory;
    uint64_t before;

    (void)state;
    temp_directory_make(path);
    assert_int_equal(snapshot_send_open(loop, &settings, &events, &pull.send),
                     ERROR_NONE);
    assert_int_equal(snapshot_send_begin(pull.send, &pull.id, &directory),
                     ERROR_NONE);
    make_file(directory);
    before = peak_bytes();
    snapshot_send_made(pull.send, pull.id, ERROR_NONE, 1);
    fake_loop_settle(loop);
    assert_true(pull.ready);
    for (unsigned i = 0; i < CHUNKS; i++) {
        for (uint8_t node = 1; node <= FOLLOWERS; node++) {
            ask(&pull, node);
        }
        fake_loop_settle(loop);
    }
    for (size_t i = 0; i < FOLLOWERS; i++) {
        assert_int_equal(pull.at[i], FILE_BYTES);
    }
    assert_int_equal(pull.held_max, FOLLOWERS * PEER_CHUNK_BYTES_MAX);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* Sanitizers keep what was freed. */
    assert_in_range(peak_bytes() - before, 0, MEMORY_BYTES_MAX);
#else
    (void)before;
#endif
    snapshot_send_close(pull.send);
    fake_loop_free(loop);
    temp_directory_remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_snapshot_send__memory_is_flat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
