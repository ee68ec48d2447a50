/* The archive's files of a pool of three in virtual time: the same bytes on all
 * nodes, and again after power cuts, copies and lost directories. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/archive.h"
#include "node/chat/query.h"
#include "node/compliance/meters.h"
#include "node/compliance/pen.h"
#include "node/compliance/tiler.h"
#include "node/compliance/tiles.h"
#include "raft/device.h"
#include "storage/files.h"
#include "tests/sim/block_disk.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/town/town.h"
#include "tests/unit/quiet.h"

#define IN(test) RUN_IN(test, setup, teardown)

enum {
    HOSTS = 3,
    STEP_US = 1000,
    WAIT_US = 300 * TOWN_SECOND,
    TALK_US = 30 * TOWN_SECOND,
    AWAY_US = 60 * TOWN_SECOND, /* More is said than a log keeps. */
};

struct scene {
    struct town *town;
    struct host *host; /* One that does not lead. */
    struct proposal proposal;
    bool told;
};

static void pass(struct scene *scene, uint64_t us)
{
    struct schedule *schedule = scene->town->schedule;

    schedule_run_until(schedule, schedule_now_us(schedule) + us);
    assert_string_equal(scene->town->ledger.violation.text, "");
}

static void await(struct scene *scene, bool (*holds)(struct scene *scene))
{
    for (uint64_t us = 0; !holds(scene); us += STEP_US) {
        assert_true(us < WAIT_US);
        pass(scene, STEP_US);
    }
}

static bool is_whole(struct scene *scene)
{
    return founder_is_done(scene->town) && town_is_whole(scene->town);
}

static const struct compliance_meters *meters_of(const struct host *host)
{
    return compliance_meters(backend_compliance(host->backend));
}

static void look(const struct host *host, struct archive_view *view_out)
{
    archive_view(applier_machine(backend_applier(host->backend)), view_out);
}

/* --- Proposing --- */

static void on_told(struct proposal *proposal, enum proposal_fate fate,
                    const struct applied *applied,
                    const struct effects *effects)
{
    struct scene *scene =
        (struct scene *)((char *)proposal - offsetof(struct scene, proposal));

    (void)effects;
    assert_int_equal(fate, PROPOSAL_APPLIED);
    assert_int_equal(applied->outcome, OUTCOME_DONE);
    scene->told = true;
}

static bool is_told(struct scene *scene)
{
    return scene->told;
}

static void propose(struct scene *scene, Perch__Command *command)
{
    struct sessions *sessions = backend_sessions(scene->host->backend);

    CODEC_SET_BYTES(command, administrator, SLICE_LITERAL("root"));
    CODEC_SET_BYTES(command, source, SLICE_LITERAL("socket"));
    scene->told = false;
    scene->proposal = (struct proposal){.tell = on_told};
    assert_int_equal(proposer_propose(sessions_proposer(sessions),
                                      &scene->proposal, command),
                     ERROR_NONE);
    await(scene, is_told);
}

static void switch_on(struct scene *scene)
{
    Perch__RulesRaise raise = PERCH__RULES_RAISE__INIT;
    Perch__ArchiveKeyPut key = PERCH__ARCHIVE_KEY_PUT__INIT;
    Perch__ArchivePut put = PERCH__ARCHIVE_PUT__INIT;
    const uint8_t private_key[NOTE_KEY_BYTES] =
        "of the log, for this test alone";
    uint8_t public_key[NOTE_KEY_BYTES];
    Perch__Command command = PERCH__COMMAND__INIT;
    struct pool_view pool;

    query_pool(applier_machine(backend_applier(scene->host->backend)), &pool);
    if (pool.rules_version < COMMAND_RULES_KNOWN) {
        CODEC_SET(&raise, version, COMMAND_RULES_KNOWN);
        command.kind_case = PERCH__COMMAND__KIND_RULES_RAISE;
        command.rules_raise = &raise;
        propose(scene, &command);
    }
    CODEC_SET(&command, credential, PERCH__CREDENTIAL__LOCAL);
    note_public_key(private_key, public_key);
    CODEC_SET(&key, public_key,
              codec_bytes(slice_of(public_key, sizeof(public_key))));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT;
    command.archive_key_put = &key;
    propose(scene, &command);
    CODEC_SET(&put, mode, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_PUT;
    command.archive_put = &put;
    propose(scene, &command);
}

/* --- The scene --- */

static int setup(void **state)
{
    struct town_settings settings = {.seed = 1,
                                     .hosts = HOSTS,
                                     .always = 1u << MISHAP_SNAPSHOT |
                                               1u << MISHAP_SLOW};
    struct scene *scene = calloc(1, sizeof(*scene));
    struct town *town;

    assert_non_null(scene);
    if (!getenv("LOUD"))
        quiet_begin();
    town = scene->town = town_new(&settings);
    mishaps_begin(town);
    for (unsigned i = 0; i < HOSTS; i++) {
        host_start(&town->hosts[i]);
    }
    founder_begin(town);
    for (unsigned i = 0; i < town->n_guests; i++) {
        guest_begin(&town->guests[i]);
    }
    await(scene, is_whole);
    scene->host = &town->hosts[town_leader(town)->number % HOSTS];
    switch_on(scene);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    town_free(scene->town);
    quiet_end();
    free(scene);
    return 0;
}

static void directory_of(const struct host *host,
                         char path[FILES_PATH_BYTES_MAX])
{
    assert_int_equal(files_path(path, host->path, BACKEND_ARCHIVE_NAME),
                     ERROR_NONE);
}

/* --- What is compared --- */

static void assert_same(struct slice a, struct slice b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}

/* Bundles and hash tiles of a tree of so many records, and its root. */
static void assert_same_files(const char *a, const char *b, uint64_t records)
{
    struct tiles *x = tiles_open(a), *y = tiles_open(b);
    struct merkle_hash left, right;
    struct slice of_x, of_y;

    for (uint64_t i = 0; i < records / TILE_WIDTH; i++) {
        assert_int_equal(tiles_bundle(x, i, TILE_WIDTH, &of_x), ERROR_NONE);
        assert_int_equal(tiles_bundle(y, i, TILE_WIDTH, &of_y), ERROR_NONE);
        assert_same(of_x, of_y);
        assert_int_equal(tiles_tile(x, 0, i, TILE_WIDTH, &of_x), ERROR_NONE);
        assert_int_equal(tiles_tile(y, 0, i, TILE_WIDTH, &of_y), ERROR_NONE);
        assert_same(of_x, of_y);
    }
    assert_int_equal(tiles_root(x, records, &left), ERROR_NONE);
    assert_int_equal(tiles_root(y, records, &right), ERROR_NONE);
    assert_true(merkle_equal(&left, &right));
    tiles_close(x);
    tiles_close(y);
}

static uint64_t durable_of(const struct host *host)
{
    return (uint64_t)meter_level(&meters_of(host)->records);
}

/* Of the host that has applied most. */
static uint64_t most_records(struct scene *scene)
{
    struct archive_view view;
    uint64_t most = 0;

    for (unsigned i = 0; i < HOSTS; i++) {
        if (host_is_up(&scene->town->hosts[i])) {
            look(&scene->town->hosts[i], &view);
            most = view.records > most ? view.records : most;
        }
    }
    return most;
}

static bool is_all_on_all(struct scene *scene)
{
    uint64_t most = most_records(scene);

    for (unsigned i = 0; i < HOSTS; i++) {
        struct host *host = &scene->town->hosts[i];

        if (!host_is_up(host) || durable_of(host) + 2 * TILE_WIDTH < most ||
            meter_level(&meters_of(host)->state) != 0) {
            return false;
        }
    }
    return true;
}

/* All nodes have almost all in their files, of which full bundles are the same
 * on all. */
static uint64_t assert_all_the_same(struct scene *scene)
{
    char first[FILES_PATH_BYTES_MAX], other[FILES_PATH_BYTES_MAX];
    uint64_t least = UINT64_MAX;

    await(scene, is_all_on_all);
    for (unsigned i = 0; i < HOSTS; i++) {
        uint64_t durable = durable_of(&scene->town->hosts[i]);

        least = durable < least ? durable : least;
    }
    least = least / TILE_WIDTH * TILE_WIDTH;
    assert_true(least > 0);
    directory_of(&scene->town->hosts[0], first);
    for (unsigned i = 1; i < HOSTS; i++) {
        directory_of(&scene->town->hosts[i], other);
        assert_same_files(first, other, least);
    }
    return least;
}

/* The bytes are the same on all nodes, and rows do not pile up. */
static void test_compliance__same_on_all_nodes(void **state)
{
    struct scene *scene = *state;

    pass(scene, TALK_US);
    assert_true(assert_all_the_same(scene) >= 2 * TILE_WIDTH);
}

/* A node whose power is cut again and again has the same files in the end. */
static void test_compliance__power_cuts(void **state)
{
    struct scene *scene = *state;

    for (unsigned i = 0; i < 12; i++) {
        pass(scene, TALK_US / 10 + i * 1234);
        host_kill(scene->host);
        pass(scene, TOWN_SECOND / 2);
        host_start(scene->host);
    }
    await(scene, is_whole);
    assert_all_the_same(scene);
}

static void remove_archive(struct scene *scene)
{
    char path[FILES_PATH_BYTES_MAX];

    directory_of(scene->host, path);
    assert_int_equal(files_remove(path), ERROR_NONE);
}

/* Files that are lost come from the other nodes: those whose rows are gone. */
static void test_compliance__lost_directory(void **state)
{
    struct scene *scene = *state;

    pass(scene, TALK_US);
    assert_all_the_same(scene);
    host_close(scene->host);
    remove_archive(scene);
    host_start(scene->host);
    await(scene, is_whole);
    assert_true(assert_all_the_same(scene) >= 2 * TILE_WIDTH);
    assert_true(meter_count(&meters_of(scene->host)->fetched) >=
                2 * TILE_WIDTH);
}

/* A node that was away for so long that its state came as a copy fetches what
 * the copy jumped over. */
static void test_compliance__copied_state(void **state)
{
    struct scene *scene = *state;

    host_kill(scene->host);
    pass(scene, AWAY_US);
    host_start(scene->host);
    await(scene, is_whole);
    assert_all_the_same(scene);
    assert_true(meter_count(&meters_of(scene->host)->fetched) > 0);
}

static void flip(const char *directory, const char *name)
{
    struct device *device;
    struct device_file *file;
    uint8_t byte;
    size_t got;

    assert_int_equal(device_find(directory, &device), ERROR_NONE);
    assert_int_equal(device_file_open(device, name, DEVICE_WRITE, &file),
                     ERROR_NONE);
    assert_int_equal(device_file_read(file, 999, &byte, 1, &got), ERROR_NONE);
    byte ^= 4;
    assert_int_equal(device_file_write(file, 999, &byte, 1), ERROR_NONE);
    assert_int_equal(device_file_sync(file), ERROR_NONE);
    device_file_close(file);
    device_close(device);
}

static bool is_mended(struct scene *scene)
{
    return meter_count(&meters_of(scene->host)->mended) >= 2;
}

/* Bits that flip where nobody reads are found by looking, and mended: a tile
 * from its records, records from another node. */
static void test_compliance__rot_is_mended(void **state)
{
    char path[FILES_PATH_BYTES_MAX], below[FILES_PATH_BYTES_MAX];
    struct scene *scene = *state;

    pass(scene, TALK_US);
    assert_true(assert_all_the_same(scene) >= 2 * TILE_WIDTH);
    directory_of(scene->host, path);
    assert_int_equal(files_path(below, path, "tile/0"), ERROR_NONE);
    flip(below, "000");
    assert_int_equal(files_path(below, path, "tile/entries"), ERROR_NONE);
    flip(below, "001");
    await(scene, is_mended);
    assert_all_the_same(scene);
}

static bool marks_are(struct scene *scene, Perch__ArchiveMark__State state)
{
    const struct machine *machine =
        applier_machine(backend_applier(scene->host->backend));
    struct archive_node_view node;

    return archive_node(machine, scene->host->number, &node) &&
           node.state == state;
}

static bool is_full(struct scene *scene)
{
    return marks_are(scene, PERCH__ARCHIVE_MARK__STATE__FULL);
}

static bool is_fine(struct scene *scene)
{
    return marks_are(scene, PERCH__ARCHIVE_MARK__STATE__FINE);
}

/* An archive leaves the log and the store their space: it stands, says so to
 * the pool, and goes on by itself; the node serves all the while. */
static void test_compliance__full_volume(void **state)
{
    struct scene *scene = *state;
    uint64_t applied;

    await(scene, is_fine);
    disk_knobs(scene->host->disk)->capacity_bytes = PEN_RESERVE_BYTES - 1;
    await(scene, is_full);
    applied = applier_applied(backend_applier(scene->host->backend));
    pass(scene, TALK_US / 3);
    assert_true(host_is_up(scene->host));
    assert_true(applier_applied(backend_applier(scene->host->backend)) >
                applied + TILE_WIDTH);
    assert_true(is_full(scene));
    disk_knobs(scene->host->disk)->capacity_bytes = 0;
    await(scene, is_fine);
    assert_all_the_same(scene);
}

static void reopen(struct scene *scene)
{
    Perch__ArchiveReopen reopen = PERCH__ARCHIVE_REOPEN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&command, credential, PERCH__CREDENTIAL__LOCAL);
    CODEC_SET(&reopen, origin, codec_bytes(SLICE_LITERAL("second.test/log")));
    CODEC_SET(&reopen, reason, codec_bytes(SLICE_LITERAL("a test")));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_REOPEN;
    command.archive_reopen = &reopen;
    propose(scene, &command);
}

/* The name of the only origin that is over. */
static enum error note_origin(void *context, const struct files_entry *entry)
{
    char *name = context;

    assert_string_equal(name, "");
    assert_true(strlen(entry->name) < 64);
    strcpy(name, entry->name);
    return ERROR_NONE;
}

static void assert_past(const struct host *host)
{
    char path[FILES_PATH_BYTES_MAX], origins[FILES_PATH_BYTES_MAX],
        place[FILES_PATH_BYTES_MAX], name[64] = "";
    struct archive_past_view past;
    struct merkle_hash root;
    struct tiles *tiles;

    directory_of(host, path);
    assert_int_equal(files_path(origins, path, "origins"), ERROR_NONE);
    assert_int_equal(files_list(origins, note_origin, name), ERROR_NONE);
    assert_int_equal(files_path(place, origins, name), ERROR_NONE);
    assert_true(
        archive_past(applier_machine(backend_applier(host->backend)), &past));
    assert_true(past.records > TILE_WIDTH);
    tiles = tiles_open(place);
    assert_int_equal(tiles_root(tiles, past.records, &root), ERROR_NONE);
    assert_true(merkle_equal(&root, &past.root));
    tiles_close(tiles);
}

/* Under a new origin the files begin anew; those of the old one are kept whole,
 * to its last record, on every node. */
static void test_compliance__new_origin(void **state)
{
    struct scene *scene = *state;

    pass(scene, TALK_US / 3);
    reopen(scene);
    pass(scene, TALK_US / 2);
    assert_all_the_same(scene);
    for (unsigned i = 0; i < HOSTS; i++) {
        assert_past(&scene->town->hosts[i]);
    }
    host_kill(scene->host);
    host_start(scene->host);
    await(scene, is_whole);
    assert_all_the_same(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_compliance__same_on_all_nodes),
        IN(test_compliance__power_cuts),
        IN(test_compliance__lost_directory),
        IN(test_compliance__copied_state),
        IN(test_compliance__rot_is_mended),
        IN(test_compliance__full_volume),
        IN(test_compliance__new_origin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
