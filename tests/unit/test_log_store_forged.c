/* A log whose checksums are right and which cannot be: what no writer of ours
 * has written is refused as rotten, however well it checks. */
#include "tests/unit/test.h"

#include <string.h>

#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "raft/log_store/record.h"
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
    };

    journal_capture(swallow, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
