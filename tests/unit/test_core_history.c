#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "raft/core/history.h"

struct scene {
    struct core core;
    struct buffer two, three; /* Entries that hold so many voters. */
};

static void voters(struct buffer *bytes, size_t n)
{
    struct core_members members = {.n = n};

    for (size_t i = 0; i < n; i++) {
        members.list[i] = (struct core_member){0x100 + i, CORE_VOTER};
    }
    buffer_init(bytes);
    assert_int_equal(core_first_entry(&members, bytes), ERROR_NONE);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    voters(&scene->two, 2);
    voters(&scene->three, 3);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    free(scene->core.history.list);
    buffer_deinit(&scene->two);
    buffer_deinit(&scene->three);
    free(scene);
    return 0;
}

static void add(struct scene *scene, uint64_t index, struct buffer *bytes)
{
    assert_true(core_history_entry(&scene->core, index, buffer_slice(bytes)));
}

static void assert_applied(struct scene *scene, uint64_t applied_index,
                           uint64_t index, size_t n)
{
    const struct core_configuration *applied;

    scene->core.raft.last_applied = applied_index;
    applied = core_history_applied(&scene->core);
    assert_non_null(applied);
    assert_int_equal(applied->index, index);
    assert_int_equal(applied->members.n, n);
}

/* A snapshot says which members there were at its index, not which are in use:
 * the newest change may wait for the very peer that gets the snapshot. */
static void test_history__tells_what_is_applied(void **state)
{
    struct scene *scene = *state;

    assert_null(core_history_applied(&scene->core));
    add(scene, 1, &scene->three);
    assert_null(core_history_applied(&scene->core)); /* Not yet applied. */
    add(scene, 10, &scene->two);
    add(scene, 20, &scene->three);
    assert_applied(scene, 9, 1, 3);
    assert_applied(scene, 10, 10, 2);
    assert_applied(scene, 19, 10, 2);
    assert_applied(scene, 25, 20, 3);
}

/* What is cut from the log is no configuration any more; another may come in
 * its place. */
static void test_history__is_cut_with_the_log(void **state)
{
    struct scene *scene = *state;

    add(scene, 1, &scene->three);
    add(scene, 10, &scene->two);
    core_history_cut(&scene->core, 10);
    assert_applied(scene, 12, 1, 3);
    add(scene, 13, &scene->two);
    add(scene, 13, &scene->three); /* The same place once more. */
    assert_applied(scene, 13, 13, 3);
}

/* An installed snapshot brings its own. */
static void test_history__begins_with_a_snapshot(void **state)
{
    struct scene *scene = *state;
    struct core_members members = {.n = 1, .list = {{7, CORE_VOTER}}};

    add(scene, 1, &scene->three);
    add(scene, 10, &scene->two);
    assert_true(core_history_snapshot(&scene->core, 8, &members));
    assert_applied(scene, 50, 8, 1);
}

/* Members are read back as they were written; every shorter run of bytes, and
 * one changed where it matters, is refused. */
static void test_read_members__refuses_what_is_none(void **state)
{
    struct scene *scene = *state;
    struct slice whole = buffer_slice(&scene->two);
    struct core_members members;
    uint8_t bytes[256];

    assert_true(core_read_members(whole, &members));
    assert_int_equal(members.n, 2);
    assert_int_equal(members.list[1].id, 0x101);
    assert_int_equal(members.list[1].role, CORE_VOTER);
    assert_true(whole.len <= sizeof(bytes));
    for (size_t len = 0; len < whole.len - 8; len++) {
        assert_false(core_read_members(slice_of(whole.data, len), &members));
    }
    memcpy(bytes, whole.data, whole.len);
    bytes[0] = 2; /* Another format. */
    assert_false(core_read_members(slice_of(bytes, whole.len), &members));
    bytes[0] = 1;
    bytes[1] = CORE_MEMBERS_MAX + 1; /* Too many. */
    assert_false(core_read_members(slice_of(bytes, whole.len), &members));
    bytes[1] = 2;
    bytes[9] = 1; /* The first one's id is the second one's. */
    assert_false(core_read_members(slice_of(bytes, whole.len), &members));
    bytes[9] = 0;
    bytes[9 + 8 + 4] = 3; /* A role that is none, behind the address "001". */
    assert_false(core_read_members(slice_of(bytes, whole.len), &members));
    bytes[9 + 8 + 4] = CORE_SPARE;
    assert_true(core_read_members(slice_of(bytes, whole.len), &members));
}

/* Leave this byte in memory that is free now. */
static void leave_in_memory(uint8_t byte)
{
    enum { PIECES = 256, SIZES = 8 };
    static void *(*volatile fill)(void *, int, size_t) = memset;
    void *pieces[PIECES];

    for (size_t i = 0; i < PIECES; i++) {
        size_t len = 24 + 16 * (i % SIZES); /* As glibc cuts them. */

        pieces[i] = malloc(len);
        assert_non_null(pieces[i]);
        fill(pieces[i], byte, len); /* memset would be left out. */
    }
    for (size_t i = 0; i < PIECES; i++) {
        free(pieces[i]);
    }
}

/* Founders write their first entry each for itself, and all the same one,
 * whatever lay in memory before. */
static void test_first_entry__has_no_byte_of_chance(void **state)
{
    struct buffer one, other;

    (void)state;
    leave_in_memory(0x55);
    voters(&one, 2);
    leave_in_memory(0xaa);
    voters(&other, 2);
    assert_true(slice_equal(buffer_slice(&one), buffer_slice(&other)));
    buffer_deinit(&one);
    buffer_deinit(&other);
}

#define CASE(function) RUN_IN(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_history__tells_what_is_applied),
        CASE(test_history__is_cut_with_the_log),
        CASE(test_history__begins_with_a_snapshot),
        CASE(test_read_members__refuses_what_is_none),
        CASE(test_first_entry__has_no_byte_of_chance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
