#include "tests/unit/snapshot_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "raft/device.h"

static const char leader_path[] = "/leader/checkpoint";

static uint64_t mix(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t draw(void *context)
{
    struct scene *scene = context;

    return mix(&scene->random);
}

/* --- The wire --- */

static void parcel_free(struct parcel *parcel)
{
    buffer_deinit(&parcel->payload);
    free(parcel);
}

static void clear_wire(struct scene *scene)
{
    struct parcel *parcel;

    while ((parcel = STAILQ_FIRST(&scene->wire)) != NULL) {
        STAILQ_REMOVE_HEAD(&scene->wire, link);
        parcel_free(parcel);
    }
}

static enum error put(struct scene *scene, uint8_t from, uint8_t to,
                      const struct peer_message *message)
{
    struct parcel *parcel;

    if (scene->cut) {
        return ERROR_CLOSED;
    }
    parcel = calloc(1, sizeof(*parcel));
    assert_non_null(parcel);
    parcel->from = from;
    parcel->to = to;
    parcel->kind = (uint8_t)message->kind;
    assert_int_equal(peer_write(message, &parcel->payload), ERROR_NONE);
    STAILQ_INSERT_TAIL(&scene->wire, parcel, link);
    return ERROR_NONE;
}

/* A flipped bit in the data of a chunk, which is the payload's end. */
static void spoil(struct scene *scene)
{
    struct parcel *last = STAILQ_LAST(&scene->wire, parcel, link);

    last->payload.data[last->payload.len - 1] ^= 0x10;
}

static enum error leader_sends(void *context, uint8_t node,
                               const struct peer_message *message)
{
    struct scene *scene = context;
    size_t held = snapshot_send_status(scene->send).held_bytes;
    enum error error;

    if (held > scene->held_max) {
        scene->held_max = held;
    }
    if (message->kind == PEER_SNAPSHOT_CHUNK && scene->busy > 0) {
        scene->busy--;
        return ERROR_BUSY;
    }
    error = put(scene, SCENE_LEADER, node, message);
    if (error == ERROR_NONE && message->kind == PEER_SNAPSHOT_CHUNK) {
        scene->chunks++;
        if (scene->flip_every != 0 && scene->chunks % scene->flip_every == 0) {
            spoil(scene);
        }
    }
    return error;
}

static void deliver(struct scene *scene, struct parcel *parcel)
{
    struct arena *arena = arena_new(1024);
    struct peer_message message;

    assert_int_equal(peer_read(parcel->kind, buffer_slice(&parcel->payload),
                               arena, &message),
                     ERROR_NONE);
    if (parcel->to == SCENE_LEADER) {
        assert_int_equal(message.kind, PEER_SNAPSHOT_FETCH);
        snapshot_send_asked(scene->send, parcel->from, &message.snapshot_fetch);
    } else if (scene->copiers[parcel->to - 2].fetch != NULL) {
        snapshot_fetch_received(scene->copiers[parcel->to - 2].fetch,
                                parcel->from, &message);
    }
    arena_free(arena);
}

bool scene_step(struct scene *scene)
{
    struct parcel *parcel = STAILQ_FIRST(&scene->wire);

    if (fake_loop_step(scene->loop)) {
        return true;
    }
    if (parcel == NULL || scene->hold) {
        return false;
    }
    STAILQ_REMOVE_HEAD(&scene->wire, link);
    deliver(scene, parcel);
    parcel_free(parcel);
    return true;
}

void scene_settle(struct scene *scene)
{
    for (unsigned steps = 0; scene_step(scene); steps++) {
        assert_true(steps < 1000000);
    }
}

void scene_break(struct scene *scene)
{
    clear_wire(scene);
    for (size_t i = 0; i < SCENE_FOLLOWERS_MAX; i++) {
        snapshot_send_disconnected(scene->send, (uint8_t)(i + 2));
        if (scene->copiers[i].fetch != NULL) {
            snapshot_fetch_connected(scene->copiers[i].fetch, SCENE_LEADER);
        }
    }
}

/* --- The leader --- */

static void on_manifest(void *context, uint64_t id, enum error error,
                        struct slice manifest)
{
    struct scene *scene = context;

    assert_int_equal(id, scene->id);
    scene->readies++;
    scene->error = error;
    buffer_clear(&scene->manifest);
    buffer_append_slice(&scene->manifest, manifest);
}

static void on_dropped(void *context, uint64_t id)
{
    struct scene *scene = context;

    (void)id;
    scene->drops++;
}

void scene_lead(struct scene *scene)
{
    struct snapshot_send_settings settings = {
        .path = leader_path, .bytes_per_s = scene->bytes_per_s};
    struct snapshot_send_events events = {.context = scene,
                                          .send = leader_sends,
                                          .ready = on_manifest,
                                          .dropped = on_dropped};

    assert_int_equal(
        snapshot_send_open(scene->loop, &settings, &events, &scene->send),
        ERROR_NONE);
}

/* A file whose name begins with "sealed" ends with a CRC32C of its own. */
static uint8_t *make_bytes(const struct scene_file *file)
{
    uint64_t seed = file->seed, word;
    uint8_t *bytes = malloc(file->bytes + sizeof(word));

    assert_non_null(bytes);
    for (size_t i = 0; i < file->bytes; i += sizeof(word)) {
        word = mix(&seed);
        memcpy(bytes + i, &word, sizeof(word));
    }
    if (strncmp(file->name, "sealed", 6) == 0) {
        put_le32(bytes + file->bytes - 4, checksum_of(bytes, file->bytes - 4));
    }
    return bytes;
}

void scene_write_file(const char *directory, const struct scene_file *file)
{
    uint8_t *bytes = make_bytes(file);
    struct device *device = NULL;
    struct device_file *to = NULL;

    assert_int_equal(device_open(directory, &device), ERROR_NONE);
    (void)device_remove(device, file->name);
    assert_int_equal(
        device_file_open(device, file->name, DEVICE_WRITE | DEVICE_CREATE, &to),
        ERROR_NONE);
    assert_int_equal(device_file_write(to, 0, bytes, file->bytes), ERROR_NONE);
    assert_int_equal(device_file_sync(to), ERROR_NONE);
    assert_int_equal(device_sync(device), ERROR_NONE);
    device_file_close(to);
    device_close(device);
    free(bytes);
}

void scene_offer(struct scene *scene, uint64_t index,
                 const struct scene_file *files, size_t n)
{
    const char *directory;
    int readies = scene->readies;

    assert_int_equal(snapshot_send_begin(scene->send, &scene->id, &directory),
                     ERROR_NONE);
    for (size_t i = 0; i < n; i++) {
        scene_write_file(directory, &files[i]);
    }
    snapshot_send_made(scene->send, scene->id, ERROR_NONE, index);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->readies, readies + 1);
    assert_int_equal(scene->error, ERROR_NONE);
}

/* --- A follower --- */

static enum error follower_sends(void *context, uint8_t node,
                                 const struct peer_message *message)
{
    struct copier *copier = context;

    assert_int_equal(node, SCENE_LEADER);
    return put(copier->scene, copier->node, SCENE_LEADER, message);
}

static void on_ready(void *context, const char *directory, uint64_t index)
{
    struct copier *copier = context;

    copier->readies++;
    copier->index = index;
    snprintf(copier->directory, sizeof(copier->directory), "%s", directory);
}

static void on_failed(void *context, enum error error, const char *reason)
{
    struct copier *copier = context;

    copier->failures++;
    copier->error = error;
    snprintf(copier->reason, sizeof(copier->reason), "%s", reason);
}

struct copier *scene_follow(struct scene *scene, size_t which)
{
    struct copier *copier = &scene->copiers[which];
    struct snapshot_fetch_settings settings = {
        .path = copier->path,
        .chunk_bytes =
            copier->chunk_bytes != 0 ? copier->chunk_bytes : SCENE_CHUNK_BYTES,
        .free_bytes_min = copier->free_bytes_min};
    struct snapshot_fetch_events events = {.context = copier,
                                           .send = follower_sends,
                                           .ready = on_ready,
                                           .failed = on_failed};

    assert_int_equal(
        snapshot_fetch_open(scene->loop, &settings, &events, &copier->fetch),
        ERROR_NONE);
    return copier;
}

void scene_crash(struct copier *copier)
{
    disk_stop(copier->disk);
    snapshot_fetch_close(copier->fetch);
    copier->fetch = NULL;
    clear_wire(copier->scene);
    snapshot_send_disconnected(copier->scene->send, copier->node);
    disk_crash(copier->disk);
}

void scene_copy(struct copier *copier)
{
    assert_int_equal(
        snapshot_fetch_begin(copier->fetch, SCENE_LEADER,
                             buffer_slice(&copier->scene->manifest)),
        ERROR_NONE);
}

/* --- Checks --- */

static void count_file(void *context, const char *name, uint64_t bytes)
{
    size_t *n = context;

    (void)name;
    (void)bytes;
    (*n)++;
}

size_t scene_count_files(const char *directory)
{
    struct device *device = NULL;
    size_t n = 0;

    assert_int_equal(device_open(directory, &device), ERROR_NONE);
    assert_int_equal(device_list(device, count_file, &n), ERROR_NONE);
    device_close(device);
    return n;
}

static void check_file(struct device *device, const struct scene_file *file)
{
    uint8_t *wanted = make_bytes(file);
    uint8_t *bytes = malloc(file->bytes + 1);
    struct device_file *from = NULL;
    size_t got = 0;

    assert_non_null(bytes);
    assert_int_equal(device_file_open(device, file->name, DEVICE_READ, &from),
                     ERROR_NONE);
    assert_int_equal(device_file_read(from, 0, bytes, file->bytes + 1, &got),
                     ERROR_NONE);
    assert_int_equal(got, file->bytes);
    assert_memory_equal(bytes, wanted, got);
    device_file_close(from);
    free(bytes);
    free(wanted);
}

void scene_check_files(const char *directory, const struct scene_file *files,
                       size_t n)
{
    struct device *device = NULL;

    assert_int_equal(scene_count_files(directory), n);
    assert_int_equal(device_open(directory, &device), ERROR_NONE);
    for (size_t i = 0; i < n; i++) {
        check_file(device, &files[i]);
    }
    device_close(device);
}

/* --- The whole --- */

int scene_set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    char prefix[24];

    assert_non_null(scene);
    scene->random = 7;
    scene->loop = fake_loop_new(7);
    scene->disk = disk_new("/leader", draw, scene);
    STAILQ_INIT(&scene->wire);
    for (size_t i = 0; i < SCENE_FOLLOWERS_MAX; i++) {
        struct copier *copier = &scene->copiers[i];

        copier->scene = scene;
        copier->node = (uint8_t)(i + 2);
        snprintf(prefix, sizeof(prefix), "/node%zu", i + 2);
        copier->disk = disk_new(prefix, draw, scene);
        snprintf(copier->path, sizeof(copier->path), "%s/incoming", prefix);
    }
    scene_lead(scene);
    *state = scene;
    return 0;
}

int scene_tear_down(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < SCENE_FOLLOWERS_MAX; i++) {
        snapshot_fetch_close(scene->copiers[i].fetch);
        disk_free(scene->copiers[i].disk);
    }
    snapshot_send_close(scene->send);
    clear_wire(scene);
    disk_free(scene->disk);
    buffer_deinit(&scene->manifest);
    fake_loop_free(scene->loop);
    free(scene);
    return 0;
}
