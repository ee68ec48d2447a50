#include "tests/unit/snapshot_scene.h"

#include <string.h>

#include "raft/device.h"

static const struct scene_file some[] = {
    {"000012.sst", 20 * SCENE_CHUNK_BYTES + 77, 1},
    {"000013.sst", 0, 2},
    {"CURRENT", 16, 4},
};

static struct snapshot_send_status status(const struct scene *scene)
{
    return snapshot_send_status(scene->send);
}

static void ask_for(struct scene *scene, uint64_t id, uint32_t file,
                    uint64_t offset)
{
    struct peer_snapshot_fetch fetch = {
        .id = id, .file = file, .offset = offset, .bytes = SCENE_CHUNK_BYTES};

    snapshot_send_asked(scene->send, 2, &fetch);
    fake_loop_settle(scene->loop);
}

/* Count what of a kind is on the wire. */
static size_t on_wire(const struct scene *scene, enum peer_kind kind)
{
    const struct parcel *parcel;
    size_t n = 0;

    STAILQ_FOREACH (parcel, &scene->wire, link) {
        n += parcel->kind == kind;
    }
    return n;
}

/* The manifest lists the files of the checkpoint with their sums. */
static void test_snapshot_send_made__lists_and_sums(void **state)
{
    struct scene *scene = *state;
    struct snapshot_manifest *manifest = NULL;

    scene_offer(scene, 500, SCENE_FILES(some));
    assert_int_equal(
        snapshot_manifest_read(buffer_slice(&scene->manifest), &manifest),
        ERROR_NONE);
    assert_int_equal(manifest->id, scene->id);
    assert_int_equal(manifest->index, 500);
    assert_int_equal(manifest->n, 3);
    assert_string_equal(manifest->files[0].name, "000012.sst");
    assert_int_equal(manifest->files[0].bytes, some[0].bytes);
    assert_int_equal(manifest->files[1].checksum, 0);
    snapshot_manifest_free(manifest);
    assert_int_equal(status(scene).offers, 1);
    assert_int_equal(status(scene).held_bytes, 0);
}

/* A checkpoint that could not be made, or holds what no checkpoint does, is
 * told as an error and leaves nothing. */
static void test_snapshot_send_made__fails(void **state)
{
    struct scene *scene = *state;
    const struct scene_file strange = {"a strange name", 5, 1};
    const char *directory;

    assert_int_equal(snapshot_send_begin(scene->send, &scene->id, &directory),
                     ERROR_NONE);
    scene_write_file(directory, &some[0]);
    snapshot_send_made(scene->send, scene->id, ERROR_STORE_IO, 0);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->readies, 1);
    assert_int_equal(scene->error, ERROR_STORE_IO);
    assert_int_equal(scene->drops, 1);
    assert_int_equal(scene_count_files("/leader/checkpoint/0"), 0);

    assert_int_equal(snapshot_send_begin(scene->send, &scene->id, &directory),
                     ERROR_NONE);
    scene_write_file(directory, &strange);
    snapshot_send_made(scene->send, scene->id, ERROR_NONE, 5);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->readies, 2);
    assert_int_equal(scene->error, ERROR_INVALID);
    assert_int_equal(scene->drops, 2);
    assert_int_equal(status(scene).offers, 0);
}

/* Three followers copy one checkpoint at once, each at the cost of one chunk.
 */
static void test_snapshot_send__several_followers(void **state)
{
    struct scene *scene = *state;

    scene_offer(scene, 500, SCENE_FILES(some));
    for (size_t i = 0; i < SCENE_FOLLOWERS_MAX; i++) {
        scene_copy(scene_follow(scene, i));
    }
    scene_settle(scene);
    for (size_t i = 0; i < SCENE_FOLLOWERS_MAX; i++) {
        assert_int_equal(scene->copiers[i].readies, 1);
        scene_check_files(scene->copiers[i].directory, SCENE_FILES(some));
    }
    assert_int_equal(status(scene).followers, 3);
    assert_in_range(scene->held_max, SCENE_CHUNK_BYTES,
                    SCENE_FOLLOWERS_MAX * SCENE_CHUNK_BYTES);
    assert_int_equal(status(scene).held_bytes, 0);
    assert_int_equal(status(scene).bytes, 3 * (some[0].bytes + some[2].bytes));
}

/* A queue that is full is tried again; nothing is lost or sent twice. */
static void test_snapshot_send__busy_is_tried_again(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = scene_follow(scene, 0);

    scene_offer(scene, 500, SCENE_FILES(some));
    scene->busy = 7;
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 0);
    assert_int_equal(status(scene).held_bytes, SCENE_CHUNK_BYTES);
    for (unsigned i = 0; i < 10; i++) {
        fake_loop_pass(scene->loop, 2 * SNAPSHOT_SEND_BUSY_MS * 1000u);
        scene_settle(scene);
    }
    assert_int_equal(copier->readies, 1);
    assert_int_equal(status(scene).bytes, some[0].bytes + some[2].bytes);
}

/* With a limit the bytes go out no faster. */
static void test_snapshot_send__keeps_to_its_speed(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = scene_follow(scene, 0);
    unsigned ms = 0;

    snapshot_send_close(scene->send);
    scene->bytes_per_s = 10 * SCENE_CHUNK_BYTES;
    scene_lead(scene);
    scene_offer(scene, 500, SCENE_FILES(some));
    scene_copy(copier);
    for (scene_settle(scene); copier->readies == 0; ms += 10) {
        fake_loop_pass(scene->loop, 10000);
        scene_settle(scene);
        assert_true(ms < 10000);
    }
    assert_in_range(ms, 2000, 2500); /* 21 chunks, the first at once. */
}

/* What is not there is answered, and never read. */
static void test_snapshot_send_asked__unknown(void **state)
{
    struct scene *scene = *state;

    scene_offer(scene, 500, SCENE_FILES(some));
    ask_for(scene, scene->id + 1, 0, 0);
    ask_for(scene, scene->id, 3, 0);
    ask_for(scene, scene->id, 0, some[0].bytes + 1);
    ask_for(scene, scene->id, UINT32_MAX, INT64_MAX);
    assert_int_equal(on_wire(scene, PEER_SNAPSHOT_GONE), 4);
    assert_int_equal(on_wire(scene, PEER_SNAPSHOT_CHUNK), 0);
    assert_int_equal(status(scene).gone, 4);
    ask_for(scene, scene->id, 0, some[0].bytes);
    assert_int_equal(on_wire(scene, PEER_SNAPSHOT_CHUNK), 1);
}

/* However much a follower asks for, it waits in a bounded queue; asking twice
 * for the same takes no place. */
static void test_snapshot_send_asked__bounded(void **state)
{
    struct scene *scene = *state;
    struct peer_snapshot_fetch fetch = {.bytes = 10};

    scene_offer(scene, 500, SCENE_FILES(some));
    fetch.id = scene->id;
    for (unsigned i = 0; i < 100; i++) {
        fetch.offset = i * 10;
        snapshot_send_asked(scene->send, 2, &fetch);
        snapshot_send_asked(scene->send, 2, &fetch);
    }
    fake_loop_settle(scene->loop);
    assert_int_equal(on_wire(scene, PEER_SNAPSHOT_CHUNK),
                     SNAPSHOT_SEND_ASKED_MAX + 1);
    assert_true(status(scene).refused >= 180);
}

/* What a follower asked for is forgotten with its connection, also what is
 * being read. */
static void test_snapshot_send_disconnected__forgets(void **state)
{
    struct scene *scene = *state;
    struct peer_snapshot_fetch fetch = {.bytes = SCENE_CHUNK_BYTES};

    scene_offer(scene, 500, SCENE_FILES(some));
    fetch.id = scene->id;
    for (unsigned i = 0; i < 4; i++) {
        fetch.offset = i * SCENE_CHUNK_BYTES;
        snapshot_send_asked(scene->send, 2, &fetch);
    }
    snapshot_send_disconnected(scene->send, 2);
    fake_loop_settle(scene->loop);
    assert_true(STAILQ_EMPTY(&scene->wire));
    assert_int_equal(status(scene).held_bytes, 0);
    snapshot_send_asked(scene->send, 2, &fetch);
    fake_loop_settle(scene->loop);
    assert_int_equal(on_wire(scene, PEER_SNAPSHOT_CHUNK), 1);
}

/* A checkpoint is kept while somebody asks, and dropped when nobody did for
 * long. */
static void test_snapshot_send__idle_is_dropped(void **state)
{
    struct scene *scene = *state;

    scene_offer(scene, 500, SCENE_FILES(some));
    for (unsigned i = 0; i < 4; i++) {
        fake_loop_pass(scene->loop, (SNAPSHOT_SEND_IDLE_MS - 2000) * 1000u);
        ask_for(scene, scene->id, 0, 0);
        assert_int_equal(scene->drops, 0);
    }
    fake_loop_pass(scene->loop, (SNAPSHOT_SEND_IDLE_MS + 2000) * 1000u);
    assert_int_equal(scene->drops, 1);
    assert_int_equal(status(scene).offers, 0);
    assert_int_equal(scene_count_files("/leader/checkpoint/0"), 0);
    ask_for(scene, scene->id, 0, 0);
    assert_int_equal(on_wire(scene, PEER_SNAPSHOT_GONE), 1);
}

/* A drop takes effect at whatever point the checkpoint is, and is told once. */
static void test_snapshot_send_drop__at_any_moment(void **state)
{
    struct scene *scene = *state;
    const char *directory;

    for (unsigned moment = 0; moment < 8; moment++) {
        int readies = scene->readies;

        assert_int_equal(
            snapshot_send_begin(scene->send, &scene->id, &directory),
            ERROR_NONE);
        scene_write_file(directory, &some[0]);
        if (moment == 0) {
            snapshot_send_drop(scene->send, scene->id);
        }
        snapshot_send_made(scene->send, scene->id, ERROR_NONE, 9);
        for (unsigned i = 1; i < moment; i++) {
            fake_loop_step(scene->loop);
        }
        readies = scene->readies - readies;
        snapshot_send_drop(scene->send, scene->id);
        snapshot_send_drop(scene->send, scene->id);
        fake_loop_settle(scene->loop);
        assert_in_range(readies, 0, 1);
        assert_int_equal(scene->drops, moment + 1);
        assert_int_equal(scene_count_files(directory), 0);
    }
    snapshot_send_drop(scene->send, 12345); /* Of nobody's. */
    assert_true(scene->readies > 0 && scene->readies < 8);
}

/* A checkpoint that is dropped while a chunk of it is read goes after that. */
static void test_snapshot_send_drop__while_it_is_read(void **state)
{
    struct scene *scene = *state;
    struct peer_snapshot_fetch fetch = {.bytes = SCENE_CHUNK_BYTES};

    scene_offer(scene, 500, SCENE_FILES(some));
    fetch.id = scene->id;
    snapshot_send_asked(scene->send, 2, &fetch);
    snapshot_send_drop(scene->send, scene->id);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->drops, 1);
    assert_int_equal(scene_count_files("/leader/checkpoint/0"), 0);
    assert_int_equal(status(scene).held_bytes, 0);
}

/* A checkpoint that cannot be read any more is of use to nobody: all who ask
 * are told, and it goes. */
static void test_snapshot_send__unreadable_is_dropped(void **state)
{
    struct scene *scene = *state;
    struct copier *one = scene_follow(scene, 0);
    struct copier *other = scene_follow(scene, 1);
    struct scene_file shorter = some[0];

    scene_offer(scene, 500, SCENE_FILES(some));
    shorter.bytes = 5000;
    scene_write_file("/leader/checkpoint/0", &shorter);
    scene_copy(one);
    scene_copy(other);
    scene_settle(scene);
    assert_int_equal(one->error, ERROR_NOT_FOUND);
    assert_int_equal(other->error, ERROR_NOT_FOUND);
    assert_int_equal(scene->drops, 1);
    assert_int_equal(status(scene).held_bytes, 0);
}

/* There are so many places and no more; a place comes free with a drop. */
static void test_snapshot_send_begin__bounded(void **state)
{
    struct scene *scene = *state;
    const char *directory;
    uint64_t id;

    for (uint64_t i = 0; i < SNAPSHOT_SEND_OFFERS_MAX; i++) {
        scene_offer(scene, 500 + i, SCENE_FILES(some));
    }
    assert_int_equal(snapshot_send_begin(scene->send, &id, &directory),
                     ERROR_BUSY);
    snapshot_send_drop(scene->send, scene->id);
    assert_int_equal(snapshot_send_begin(scene->send, &id, &directory),
                     ERROR_BUSY); /* Its files are not gone yet. */
    fake_loop_settle(scene->loop);
    assert_int_equal(snapshot_send_begin(scene->send, &id, &directory),
                     ERROR_NONE);
    assert_string_equal(directory, "/leader/checkpoint/3");
    snapshot_send_made(scene->send, id, ERROR_IO, 0);
    scene->id = id;
    fake_loop_settle(scene->loop);
}

/* Of those that are new enough the newest is found, with its manifest. */
static void test_snapshot_send_find__newest(void **state)
{
    struct scene *scene = *state;
    struct slice manifest;
    uint64_t id = 0;

    assert_false(snapshot_send_find(scene->send, 0, &id, &manifest));
    scene_offer(scene, 700, SCENE_FILES(some));
    assert_true(snapshot_send_find(scene->send, 700, &id, &manifest));
    assert_int_equal(id, scene->id);
    assert_true(slice_equal(manifest, buffer_slice(&scene->manifest)));
    scene_offer(scene, 600, SCENE_FILES(some));
    assert_true(snapshot_send_find(scene->send, 600, &id, &manifest));
    assert_int_not_equal(id, scene->id);
    assert_false(snapshot_send_find(scene->send, 701, &id, &manifest));
}

/* What a crash left in the places is removed at start. */
static void test_snapshot_send_open__removes_leftovers(void **state)
{
    struct scene *scene = *state;

    scene_offer(scene, 500, SCENE_FILES(some));
    scene_offer(scene, 500, SCENE_FILES(some));
    snapshot_send_close(scene->send);
    assert_int_equal(scene_count_files("/leader/checkpoint/1"), 3);
    scene_lead(scene);
    assert_int_equal(scene_count_files("/leader/checkpoint/0"), 0);
    assert_int_equal(scene_count_files("/leader/checkpoint/1"), 0);
}

/* A disk that cannot remove is asked again until it can. */
static void test_snapshot_send__removing_is_tried_again(void **state)
{
    struct scene *scene = *state;
    struct disk_knobs *knobs = disk_knobs(scene->disk);

    scene_offer(scene, 500, SCENE_FILES(some));
    knobs->fail_at_step = disk_steps(scene->disk) + 1;
    knobs->fail_error = ERROR_IO;
    snapshot_send_drop(scene->send, scene->id);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->drops, 0);
    fake_loop_pass(scene->loop, 2000000);
    assert_int_equal(scene->drops, 1);
    assert_int_equal(scene_count_files("/leader/checkpoint/0"), 0);
}

#define SCENE(test) RUN_IN(test, scene_set_up, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_snapshot_send_made__lists_and_sums),
        SCENE(test_snapshot_send_made__fails),
        SCENE(test_snapshot_send__several_followers),
        SCENE(test_snapshot_send__busy_is_tried_again),
        SCENE(test_snapshot_send__keeps_to_its_speed),
        SCENE(test_snapshot_send_asked__unknown),
        SCENE(test_snapshot_send_asked__bounded),
        SCENE(test_snapshot_send_disconnected__forgets),
        SCENE(test_snapshot_send__idle_is_dropped),
        SCENE(test_snapshot_send_drop__at_any_moment),
        SCENE(test_snapshot_send_drop__while_it_is_read),
        SCENE(test_snapshot_send__unreadable_is_dropped),
        SCENE(test_snapshot_send_begin__bounded),
        SCENE(test_snapshot_send_find__newest),
        SCENE(test_snapshot_send_open__removes_leftovers),
        SCENE(test_snapshot_send__removing_is_tried_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
