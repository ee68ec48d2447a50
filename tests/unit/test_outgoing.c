#include "tests/unit/test.h"

#include <stdlib.h>

#include "raft/peer/outgoing.h"

enum { CLASS_BYTES_MAX = 100 };

struct scene {
    struct outgoing outgoing;
    struct buffer out;
};

static const size_t bounds[PEER_CLASSES] = {
    [PEER_CLASS_CONTROL] = CLASS_BYTES_MAX,
    [PEER_CLASS_RAFT] = CLASS_BYTES_MAX,
    [PEER_CLASS_READ] = CLASS_BYTES_MAX,
    [PEER_CLASS_PROPOSAL] = CLASS_BYTES_MAX,
    [PEER_CLASS_SNAPSHOT] = 2 * PEER_CHUNK_BYTES_MAX,
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    outgoing_init(&scene->outgoing, bounds);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    outgoing_deinit(&scene->outgoing);
    buffer_deinit(&scene->out);
    free(scene);
    return 0;
}

static enum error put_ping(struct scene *scene, uint64_t seq)
{
    struct peer_message message = {.kind = PEER_PING, .ping = {1, seq}};

    return outgoing_put(&scene->outgoing, &message);
}

static enum error put_note(struct scene *scene)
{
    struct peer_message message = {.kind = PEER_COMMIT_NOTE};

    return outgoing_put(&scene->outgoing, &message);
}

static enum error put_gone(struct scene *scene)
{
    struct peer_message message = {.kind = PEER_SNAPSHOT_GONE};

    return outgoing_put(&scene->outgoing, &message);
}

static enum error put_chunk(struct scene *scene, size_t bytes)
{
    static uint8_t data[PEER_CHUNK_BYTES_MAX + 1];
    struct peer_message message = {
        .kind = PEER_SNAPSHOT_CHUNK,
        .snapshot_chunk = {.data = slice_of(data, bytes)},
    };

    return outgoing_put(&scene->outgoing, &message);
}

/* The kinds of the frames taken, in order. */
static void expect_kinds(struct scene *scene, const char *kinds)
{
    size_t at = 0, n = 0;

    while (at < scene->out.len) {
        assert_int_equal(scene->out.data[at + 4], (uint8_t)kinds[n++]);
        at += frame_bytes(scene->out.data + at);
    }
    assert_int_equal(at, scene->out.len);
    assert_int_equal(n, strlen(kinds));
    buffer_clear(&scene->out);
}

/* Higher classes go first, whatever came first; one class keeps its order. */
static void test_outgoing_take__by_rank(void **state)
{
    struct scene *scene = *state;

    put_chunk(scene, 10);
    put_ping(scene, 1);
    put_ping(scene, 2);
    put_note(scene);
    assert_int_equal(outgoing_take(&scene->outgoing, &scene->out, 4096), 4);
    /* The note is empty; then come the pings, whose bytes end in seq. */
    assert_int_equal(scene->out.data[8 + 12 - 1], 1);
    assert_int_equal(scene->out.data[8 + 24 - 1], 2);
    expect_kinds(scene, "\x0a\x0f\x0f\x12");
    assert_int_equal(outgoing_take(&scene->outgoing, &scene->out, 4096), 0);
}

/* A batch is bounded, but never empty while a frame waits, and a lower class
 * does not slip by a frame that did not fit. */
static void test_outgoing_take__bounded_batches(void **state)
{
    struct scene *scene = *state;

    put_ping(scene, 1); /* 12 bytes each, */
    put_ping(scene, 2);
    put_gone(scene); /* 8 bytes, */
    put_chunk(scene, 5000);
    put_chunk(scene, 1); /* and these are larger. */
    assert_int_equal(outgoing_take(&scene->outgoing, &scene->out, 23), 1);
    expect_kinds(scene, "\x0f");
    assert_int_equal(outgoing_take(&scene->outgoing, &scene->out, 60), 2);
    expect_kinds(scene, "\x0f\x13");
    assert_int_equal(outgoing_take(&scene->outgoing, &scene->out, 60), 1);
    expect_kinds(scene, "\x12");
    assert_int_equal(outgoing_take(&scene->outgoing, &scene->out, 60), 1);
    expect_kinds(scene, "\x12");
}

/* A full class is BUSY and keeps what it has; the others are not full. */
static void test_outgoing_put__bound_per_class(void **state)
{
    struct scene *scene = *state;
    int n = 0;

    while (put_ping(scene, 1) == ERROR_NONE) {
        n++;
    }
    assert_int_equal(n, CLASS_BYTES_MAX / 12);
    assert_int_equal(outgoing_bytes(&scene->outgoing, PEER_CLASS_READ), n * 12);
    assert_int_equal(put_ping(scene, 1), ERROR_BUSY);
    assert_int_equal(put_note(scene), ERROR_NONE);
    assert_int_equal(outgoing_take(&scene->outgoing, &scene->out, 8 + 12), 2);
    buffer_clear(&scene->out);
    assert_int_equal(put_ping(scene, 1), ERROR_NONE);
    assert_int_equal(put_ping(scene, 1), ERROR_BUSY);
}

/* A message that may not be is refused without a trace. */
static void test_outgoing_put__refused_without_trace(void **state)
{
    struct scene *scene = *state;

    put_chunk(scene, 3);
    assert_int_equal(put_chunk(scene, PEER_CHUNK_BYTES_MAX + 1),
                     ERROR_TOO_LARGE);
    assert_int_equal(outgoing_take(&scene->outgoing, &scene->out, 1 << 20), 1);
    expect_kinds(scene, "\x12");
}

/* Through any mix of puts and takes no frame is lost, doubled or torn, and
 * memory stays within twice the bound. */
static void test_outgoing_take__long_run(void **state)
{
    struct scene *scene = *state;
    uint64_t put = 0, taken = 0;
    unsigned dice = 1;

    for (int i = 0; i < 20000; i++) {
        dice = dice * 1103515245 + 12345;
        if (dice % 3 != 0) {
            put += put_chunk(scene, dice / 65536 % 9000) == ERROR_NONE;
        } else {
            size_t at = 0;

            taken += outgoing_take(&scene->outgoing, &scene->out,
                                   dice / 65536 % 20000);
            while (at < scene->out.len) {
                assert_int_equal(scene->out.data[at + 4], PEER_SNAPSHOT_CHUNK);
                at += frame_bytes(scene->out.data + at);
            }
            assert_int_equal(at, scene->out.len);
            buffer_clear(&scene->out);
        }
        assert_true(
            scene->outgoing.classes[PEER_CLASS_SNAPSHOT].frames.capacity <=
            2 * bounds[PEER_CLASS_SNAPSHOT]);
    }
    taken += outgoing_take(&scene->outgoing, &scene->out, SIZE_MAX);
    assert_int_equal(put, taken);
    assert_true(put > 5000);
    assert_true(scene->outgoing.classes[PEER_CLASS_SNAPSHOT].frames.capacity <=
                FRAME_KEEP_BYTES); /* A burst's memory is given back. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_outgoing_take__by_rank, set_up, tear_down),
        RUN_IN(test_outgoing_take__bounded_batches, set_up, tear_down),
        RUN_IN(test_outgoing_put__bound_per_class, set_up, tear_down),
        RUN_IN(test_outgoing_put__refused_without_trace, set_up, tear_down),
        RUN_IN(test_outgoing_take__long_run, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
