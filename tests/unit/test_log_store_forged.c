/* A log whose checksums are right and which cannot be: what no writer of ours
 * has written is refused as rotten, however well it checks. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "raft/log_store/record.h"
#include "raft/log_store/segment.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/unit/log_scene.h"

#define SEGMENT SCENE_PATH "/segment-0000000000000001"

enum { SEGMENT_BYTES = 64 * 1024, TERM = 5, ENTRIES = 6 };

/* Batches of one block each; the record is each one's first. */
enum which { FIRST = 1, ENTRY, TRUNCATE, SNAPSHOT, LAST };

/* Places in a marker (record.h). */
enum { AT_FIRST_KEPT = 0, AT_SEGMENT_KEPT = 8 };

static int set_up(void **state)
{
    struct scene *scene = scene_new(3, SEGMENT_BYTES);

    assert_int_equal(scene_vote(scene, TERM, 1), ERROR_NONE);
    scene_append(scene, ENTRIES, 100);
    fake_loop_settle(scene->loop);
    scene_append(scene, 1, 100);
    fake_loop_settle(scene->loop);
    scene_truncate(scene, ENTRIES);
    fake_loop_settle(scene->loop);
    scene_snapshot(scene, 3, 2, 40);
    fake_loop_settle(scene->loop);
    scene_append(scene, 1, 100);
    fake_loop_settle(scene->loop);
    scene_close(scene);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_free(*state);
    return 0;
}

static uint8_t *block_of(struct scene *scene, enum which which)
{
    size_t len;
    uint8_t *bytes = disk_bytes(scene->disk, SEGMENT, &len);

    assert_non_null(bytes);
    return bytes + (size_t)which * LOG_BLOCK_BYTES;
}

/* Change it, let it be refused, and put it back. */
struct forgery {
    uint8_t *block, kept[LOG_BLOCK_BYTES];
    struct batch batch;
    struct record record;
    uint8_t *payload;
};

static struct forgery begin(struct scene *scene, enum which which,
                            enum record_kind kind)
{
    struct forgery forgery = {.block = block_of(scene, which)};
    uint8_t *at = forgery.block + BATCH_HEADER_BYTES;
    struct slice bytes =
        slice_of(at, (size_t)LOG_BLOCK_BYTES - BATCH_HEADER_BYTES);

    memcpy(forgery.kept, forgery.block, LOG_BLOCK_BYTES);
    assert_true(
        batch_read(slice_of(forgery.block, LOG_BLOCK_BYTES), &forgery.batch));
    assert_true(record_parse(bytes, &forgery.record));
    assert_int_equal(forgery.record.kind, kind);
    forgery.payload = at + RECORD_HEADER_BYTES;
    return forgery;
}

static void assert_refused(struct scene *scene, const struct forgery *forgery,
                           enum error error, const char *what)
{
    assert_int_equal(scene_open(scene), error);
    assert_string_equal(scene->damage.what, what);
    memcpy(forgery->block, forgery->kept, LOG_BLOCK_BYTES);
}

static void assert_batch_refused(struct scene *scene,
                                 const struct forgery *forgery)
{
    batch_seal(forgery->block, &forgery->batch);
    assert_refused(scene, forgery, ERROR_ROTTEN,
                   "batch does not follow the one before");
}

static void assert_record_refused(struct scene *scene,
                                  const struct forgery *forgery)
{
    record_seal(forgery->block + BATCH_HEADER_BYTES, &forgery->record);
    assert_refused(scene, forgery, ERROR_ROTTEN,
                   "records contradict what is before them");
}

/* The scene itself is in order: what is put back opens. */
static void test_log_store_open__unforged(void **state)
{
    struct scene *scene = *state;
    struct forgery forgery = begin(scene, LAST, RECORD_ENTRY);

    batch_seal(forgery.block, &forgery.batch);
    record_seal(forgery.block + BATCH_HEADER_BYTES, &forgery.record);
    assert_int_equal(scene_open(scene), ERROR_NONE);
    assert_int_equal(scene->next_index, ENTRIES + 1);
}

/* A batch says in its header what is before it and where it is; each of that
 * must be so. */
static void test_log_store_open__batch_that_does_not_follow(void **state)
{
    struct scene *scene = *state;
    struct forgery good = begin(scene, ENTRY, RECORD_ENTRY);
    struct forgery forged[9];

    for (size_t i = 0; i < 9; i++) {
        forged[i] = good;
    }
    forged[0].batch.acknowledged++;
    forged[1].batch.acknowledged--;
    forged[2].batch.serial++;
    forged[3].batch.directory_id ^= 1;
    forged[4].batch.segment++;
    forged[5].batch.block++;
    forged[6].batch.chain ^= 1;
    forged[7].batch.records = 0;
    forged[8].batch.blocks = 1000;
    for (size_t i = 0; i < 9; i++) {
        assert_batch_refused(scene, &forged[i]);
    }
}

/* An entry has the next index, and its chain is that of the record before. */
static void test_log_store_open__entry_that_does_not_follow(void **state)
{
    struct scene *scene = *state;
    struct forgery forgery = begin(scene, ENTRY, RECORD_ENTRY);

    forgery.record.index++;
    assert_record_refused(scene, &forgery);
    forgery.record.index -= 2;
    assert_record_refused(scene, &forgery);
    forgery.record.index++;
    forgery.record.chain ^= 1;
    assert_record_refused(scene, &forgery);
}

/* No entry is of a term that the vote file has not seen: that was forgotten. */
static void test_log_store_open__term_from_nowhere(void **state)
{
    struct scene *scene = *state;
    struct forgery forgery = begin(scene, LAST, RECORD_ENTRY);

    forgery.record.term = TERM + 1;
    record_seal(forgery.block + BATCH_HEADER_BYTES, &forgery.record);
    assert_refused(scene, &forgery, ERROR_FORGOTTEN,
                   "term is lower than that of the log");
}

/* A cut is within the log, and never below what a snapshot covers. */
static void test_log_store_open__cut_that_cannot_be(void **state)
{
    struct scene *scene = *state;
    struct forgery forgery = begin(scene, TRUNCATE, RECORD_TRUNCATE);

    forgery.record.index = ENTRIES + 3;
    assert_record_refused(scene, &forgery);
    forgery.record.index = 0;
    assert_record_refused(scene, &forgery);
}

/* A snapshot is of an entry of the log, keeps segments there are, and what it
 * keeps begins at most behind it. */
static void test_log_store_open__snapshot_that_cannot_be(void **state)
{
    struct scene *scene = *state;
    struct forgery forgery = begin(scene, SNAPSHOT, RECORD_SNAPSHOT);

    forgery.record.index = ENTRIES;
    assert_record_refused(scene, &forgery);
    forgery.record.index = 3;
    put_le64(forgery.payload + AT_SEGMENT_KEPT, 2);
    assert_record_refused(scene, &forgery);
    put_le64(forgery.payload + AT_SEGMENT_KEPT, 0);
    assert_record_refused(scene, &forgery);
    put_le64(forgery.payload + AT_FIRST_KEPT, 5);
    assert_record_refused(scene, &forgery);
    put_le64(forgery.payload + AT_FIRST_KEPT, 0);
    assert_record_refused(scene, &forgery);
}

/* --- Several segments --- */

enum { MANY = 600, ENTRY_BYTES = 300, SEGMENTS_MAX = 10 };

/* Two segments or more are full, and none is dropped yet. */
static int set_up_segments(void **state)
{
    struct scene *scene = scene_new(4, SEGMENT_BYTES);

    assert_int_equal(scene_vote(scene, TERM, 1), ERROR_NONE);
    for (int i = 0; i < MANY / 10; i++) {
        scene_append(scene, 10, ENTRY_BYTES);
        fake_loop_settle(scene->loop);
    }
    *state = scene;
    return 0;
}

/* NULL when there is no such segment. */
static uint8_t *head_of(struct scene *scene, uint64_t number)
{
    char name[SEGMENT_NAME_BYTES], path[128];
    uint8_t *block;
    size_t len;

    segment_name(number, name);
    snprintf(path, sizeof(path), "%s/%s", SCENE_PATH, name);
    block = disk_bytes(scene->disk, path, &len);
    return block;
}

/* A segment's head says how the log was when it was begun: each of that must be
 * so. */
static void test_log_store_open__segment_that_does_not_follow(void **state)
{
    struct scene *scene = *state;
    const struct log_identity *identity = &scene->options.identity;
    struct segment_head good, forged[5];
    uint8_t *block, kept[LOG_BLOCK_BYTES];

    scene_close(scene);
    block = head_of(scene, 2);
    memcpy(kept, block, sizeof(kept));
    assert_int_equal(segment_head_read(block, identity, &good), ERROR_NONE);
    for (size_t i = 0; i < 5; i++) {
        forged[i] = good;
    }
    forged[0].first_index++;
    forged[1].first_serial--;
    forged[2].chain ^= 1;
    forged[3].number++;
    forged[4].bytes += LOG_BLOCK_BYTES;
    for (size_t i = 0; i < 5; i++) {
        segment_head_write(block, &forged[i], identity);
        assert_int_equal(scene_open(scene), ERROR_ROTTEN);
        memcpy(block, kept, sizeof(kept));
    }
    assert_int_equal(scene_open(scene), ERROR_NONE);
}

static uint8_t *last_head(struct scene *scene)
{
    uint8_t *last = NULL;

    for (uint64_t number = 1; number < SEGMENTS_MAX; number++) {
        uint8_t *head = head_of(scene, number);

        if (head != NULL && get_le64(head) != 0) {
            last = head;
        }
    }
    assert_non_null(last);
    return last;
}

/* A SNAPSHOT in the log's last batch. */
static struct forgery begin_last(struct scene *scene)
{
    struct forgery forgery = {.block = last_head(scene)};
    struct batch batch;
    uint8_t *next = forgery.block + LOG_BLOCK_BYTES;

    while (batch_read(slice_of(next, LOG_BLOCK_BYTES), &batch)) {
        forgery.block = next;
        forgery.batch = batch;
        next += (size_t)batch.blocks * LOG_BLOCK_BYTES;
    }
    next = forgery.block + BATCH_HEADER_BYTES;
    assert_true(record_parse(
        slice_of(next, (size_t)LOG_BLOCK_BYTES - BATCH_HEADER_BYTES),
        &forgery.record));
    assert_int_equal(forgery.record.kind, RECORD_SNAPSHOT);
    forgery.payload = next + RECORD_HEADER_BYTES;
    return forgery;
}

/* A snapshot keeps entries that the segments it keeps do not have: they are
 * missing. */
static void test_log_store_open__kept_entries_are_missing(void **state)
{
    struct scene *scene = *state;
    struct forgery forgery;

    scene_snapshot(scene, MANY - 5, 20, 40);
    fake_loop_settle(scene->loop);
    scene_close(scene);
    forgery = begin_last(scene);
    put_le64(forgery.payload + AT_FIRST_KEPT, 10);
    record_seal(forgery.block + BATCH_HEADER_BYTES, &forgery.record);
    assert_int_equal(scene_open(scene), ERROR_FORGOTTEN);
    assert_string_equal(scene->damage.what,
                        "entries before the first segment are missing");
}

/* The vote file's mark names the last index after a batch; it is so. */
static void test_log_store_open__mark_of_another_log(void **state)
{
    struct scene *scene = *state;
    enum { AT_MARK_INDEX = 64 };
    size_t len;
    uint8_t *bytes = disk_bytes(scene->disk, SCENE_PATH "/vote", &len);

    for (size_t i = 2; i < 4; i++) {
        uint8_t *block = bytes + i * LOG_BLOCK_BYTES;

        put_le64(block + AT_MARK_INDEX, get_le64(block + AT_MARK_INDEX) + 1);
        put_le32(block + 8, checksum_of(block + 12, LOG_SECTOR_BYTES - 12));
    }
    assert_int_equal(scene_open(scene), ERROR_ROTTEN);
    assert_string_equal(scene->damage.what,
                        "last index is not as the vote file noted");
}

static void swallow(void *context, enum journal_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_log_store_open__unforged, set_up, tear_down),
        RUN_IN(test_log_store_open__batch_that_does_not_follow, set_up,
               tear_down),
        RUN_IN(test_log_store_open__entry_that_does_not_follow, set_up,
               tear_down),
        RUN_IN(test_log_store_open__term_from_nowhere, set_up, tear_down),
        RUN_IN(test_log_store_open__cut_that_cannot_be, set_up, tear_down),
        RUN_IN(test_log_store_open__snapshot_that_cannot_be, set_up, tear_down),
        RUN_IN(test_log_store_open__mark_of_another_log, set_up, tear_down),
        RUN_IN(test_log_store_open__segment_that_does_not_follow,
               set_up_segments, tear_down),
        RUN_IN(test_log_store_open__kept_entries_are_missing, set_up_segments,
               tear_down),
    };

    journal_capture(swallow, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
