/* Messages are read as they are to be shown, whoever owns the memory they are
 * read into and whenever that is cleared. */
#include "node/session/reading.h"

#include "proto/base/arena.h"
#include "proto/codec.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/test.h"

#include <string.h>

#define IN(test) RUN_IN(test, store_fixture_setup, store_fixture_teardown)

enum { ROOM = 7, MESSAGES = 3, ARENA_BYTES = 512 };

static void put(struct store_fixture *f, enum table table,
                const uint64_t *parts, const void *message)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct key key;

    key_build(table, parts, &key);
    codec_write(message, &bytes);
    batch_put(f->batch, table, key_slice(&key), buffer_slice(&bytes));
    buffer_deinit(&bytes);
}

static void say(struct store_fixture *f, uint64_t id)
{
    Perch__Stored__Message message = PERCH__STORED__MESSAGE__INIT;
    const uint64_t parts[] = {ROOM, id};

    CODEC_SET(&message, message_id, id);
    CODEC_SET_BYTES(&message, text, SLICE_LITERAL("as posted"));
    put(f, TABLE_MESSAGES, parts, &message);
}

static void revise(struct store_fixture *f, uint64_t id, uint64_t index,
                   const char *text)
{
    Perch__Stored__Revision revision = PERCH__STORED__REVISION__INIT;
    const uint64_t parts[] = {ROOM, id, index};

    CODEC_SET(&revision, kind, REVISION_CORRECTED);
    CODEC_SET_BYTES(&revision, text, slice_of_text(text));
    put(f, TABLE_REVISIONS, parts, &revision);
}

/* Each message was corrected twice. */
static void fill(struct store_fixture *f)
{
    static const char *const texts[] = {"", "first", "second", "third"};

    for (uint64_t id = 1; id <= MESSAGES; id++) {
        say(f, id);
        revise(f, id, 100 + id, "not good enough");
        revise(f, id, 200 + id, texts[id]);
    }
    fixture_commit(f);
}

/* Read all with one small arena, which is dirtied and cleared between two
 * messages, as those do who look through many. */
static void assert_all(struct store_fixture *f, bool is_backward,
                       const char *const texts[MESSAGES])
{
    const struct reading_range range = {ROOM, 1, MESSAGES, is_backward};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct reading *reading = NULL;
    struct reading_item item;
    struct view *view = NULL;
    struct said said;

    assert_int_equal(view_open(f->store, &view), ERROR_NONE);
    assert_int_equal(reading_open(view, &range, &reading), ERROR_NONE);
    for (size_t i = 0; i < MESSAGES; i++) {
        arena_reset(arena);
        memset(arena_alloc(arena, ARENA_BYTES / 2), 0x55, ARENA_BYTES / 2);
        arena_reset(arena);
        assert_int_equal(reading_next(reading, arena, &item), ERROR_NONE);
        reading_said(&item, &said);
        assert_true(slice_equal_text(said.text, texts[i]));
    }
    assert_int_equal(reading_next(reading, arena, &item), ERROR_NOT_FOUND);
    reading_close(reading);
    view_close(view);
    arena_free(arena);
}

/* What stands beside the next message is looked at before the arena is cleared,
 * and is what it was afterwards. */
static void test_reading_next__arena_is_cleared_between(void **state)
{
    static const char *const forward[] = {"first", "second", "third"};
    static const char *const backward[] = {"third", "second", "first"};
    struct store_fixture *f = *state;

    fill(f);
    assert_all(f, false, forward);
    assert_all(f, true, backward);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_reading_next__arena_is_cleared_between)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
