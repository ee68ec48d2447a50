/* Proposals of other nodes at the leader: in order, bounded, or refused. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "raft/replica/gather.h"
#include "raft/replica/memo.h"

enum { NODE = 2, EPOCH = 40, FRAME_MAX = GATHER_ENTRIES_MAX };

struct scene {
    struct gather gather;
    struct gather_refusal refusal;
    struct proposal *proposals[FRAME_MAX];
    struct slice entries[FRAME_MAX];
    size_t n;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    gather_init(&scene->gather);
    *state = scene;
    return 0;
}

static void forget_frame(struct scene *scene)
{
    for (size_t i = 0; i < scene->n; i++) {
        free(scene->proposals[i]);
    }
    scene->n = 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    forget_frame(scene);
    gather_clear(&scene->gather);
    free(scene);
    return 0;
}

static void add(struct scene *scene, uint8_t node, uint64_t epoch,
                uint64_t number, size_t bytes)
{
    static uint8_t command[ENTRY_COMMAND_BYTES_MAX];
    struct proposal *made =
        proposal_new(node, epoch, number, slice_of(command, bytes));

    scene->proposals[scene->n] = made;
    scene->entries[scene->n++] = slice_of(made->bytes, made->len);
}

static enum error take(struct scene *scene, bool closed)
{
    struct peer_propose propose = {scene->entries, scene->n};
    enum error error =
        gather_take(&scene->gather, NODE, &propose, closed, &scene->refusal);

    forget_frame(scene);
    return error;
}

static enum error take_numbers(struct scene *scene, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number <= to; number++) {
        add(scene, NODE, EPOCH, number, 8);
    }
    return take(scene, false);
}

static uint64_t number_of(const struct gather_entry *entry)
{
    struct entry read;

    assert_int_equal(entry_read(slice_of(entry->bytes, entry->len), &read),
                     ERROR_NONE);
    return read.number;
}

/* The numbers that wait, dropped one by one. */
static void assert_numbers(struct scene *scene, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number <= to; number++) {
        struct gather_walk walk = gather_begin(&scene->gather, NODE);
        struct gather_entry *entry = gather_next(&walk);

        assert_non_null(entry);
        assert_int_equal(number_of(entry), number);
        gather_drop(&scene->gather, NODE, 1);
    }
}

/* Frames' entries wait in their order, over the frames' ends. */
static void test_gather_take__keeps_order(void **state)
{
    struct scene *scene = *state;
    struct gather_walk walk;

    assert_int_equal(take_numbers(scene, 1, 3), ERROR_NONE);
    assert_int_equal(take_numbers(scene, 4, 4), ERROR_NONE);
    assert_false(scene->refusal.refused);
    assert_int_equal(scene->gather.n, 4);
    walk = gather_begin(&scene->gather, NODE);
    for (uint64_t number = 1; number <= 4; number++) {
        assert_int_equal(number_of(gather_next(&walk)), number);
    }
    assert_null(gather_next(&walk));
    assert_numbers(scene, 1, 4);
    assert_int_equal(scene->gather.n, 0);
}

/* A leader that is new takes a node's numbers from wherever it is. */
static void test_gather_take__begins_anywhere(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take_numbers(scene, 700, 702), ERROR_NONE);
    assert_false(scene->refusal.refused);
    assert_numbers(scene, 700, 702);
}

/* Behind a number that was refused nothing is taken until it comes again. */
static void test_gather_take__refuses_what_is_ahead(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take_numbers(scene, 1, 2), ERROR_NONE);
    assert_int_equal(take_numbers(scene, 5, 9), ERROR_NONE);
    assert_true(scene->refusal.refused);
    assert_int_equal(scene->refusal.number, 3);
    assert_int_equal(scene->refusal.epoch, EPOCH);
    assert_int_equal(scene->gather.n, 2);
    assert_int_equal(take_numbers(scene, 3, 9), ERROR_NONE);
    assert_false(scene->refusal.refused);
    assert_numbers(scene, 1, 9);
}

/* Numbers may come again, from an earlier one on: the state skips them. */
static void test_gather_take__takes_repeats(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take_numbers(scene, 1, 5), ERROR_NONE);
    assert_int_equal(take_numbers(scene, 3, 6), ERROR_NONE);
    assert_false(scene->refusal.refused);
    assert_numbers(scene, 1, 5);
    assert_numbers(scene, 3, 6);
}

/* A connection that was made anew may begin anywhere; so may an epoch. */
static void test_gather_reset__forgets_the_order(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take_numbers(scene, 1, 1), ERROR_NONE);
    gather_reset(&scene->gather, NODE);
    assert_int_equal(take_numbers(scene, 8, 8), ERROR_NONE);
    assert_false(scene->refusal.refused);
    add(scene, NODE, EPOCH + 1, 3, 8);
    assert_int_equal(take(scene, false), ERROR_NONE);
    assert_false(scene->refusal.refused);
    assert_int_equal(scene->gather.n, 3);
}

/* More than there is room for is refused from the first that does not fit. */
static void test_gather_take__is_bounded_by_entries(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take_numbers(scene, 1, GATHER_ENTRIES_MAX), ERROR_NONE);
    assert_false(scene->refusal.refused);
    assert_int_equal(
        take_numbers(scene, GATHER_ENTRIES_MAX + 1, GATHER_ENTRIES_MAX + 2),
        ERROR_NONE);
    assert_true(scene->refusal.refused);
    assert_int_equal(scene->refusal.number, GATHER_ENTRIES_MAX + 1);
    assert_int_equal(scene->gather.n, GATHER_ENTRIES_MAX);
    gather_drop(&scene->gather, NODE, 10);
    assert_int_equal(
        take_numbers(scene, GATHER_ENTRIES_MAX + 1, GATHER_ENTRIES_MAX + 2),
        ERROR_NONE);
    assert_false(scene->refusal.refused);
}

/* The same of bytes; what has begun to come is taken as far as it goes. */
static void test_gather_take__is_bounded_by_bytes(void **state)
{
    struct scene *scene = *state;
    uint64_t number = 1;

    do {
        add(scene, NODE, EPOCH, number++, ENTRY_COMMAND_BYTES_MAX);
        assert_int_equal(take(scene, false), ERROR_NONE);
    } while (!scene->refusal.refused);
    assert_true(scene->gather.nodes[NODE].bytes <= GATHER_BYTES_MAX);
    assert_in_range(scene->gather.n, 8, 9);
}

/* A leader that takes nothing says so, and takes from there later. */
static void test_gather_take__may_be_closed(void **state)
{
    struct scene *scene = *state;

    add(scene, NODE, EPOCH, 4, 8);
    assert_int_equal(take(scene, true), ERROR_NONE);
    assert_true(scene->refusal.refused);
    assert_int_equal(scene->refusal.number, 4);
    assert_int_equal(take_numbers(scene, 5, 5), ERROR_NONE);
    assert_true(scene->refusal.refused);
    assert_int_equal(scene->gather.n, 0);
}

/* A frame with an entry that is none, or another node's, is taken not at all.
 */
static void test_gather_take__believes_nothing(void **state)
{
    struct scene *scene = *state;

    add(scene, NODE, EPOCH, 1, 8);
    add(scene, NODE + 1, EPOCH, 2, 8);
    assert_int_equal(take(scene, false), ERROR_MALFORMED);
    add(scene, NODE, EPOCH, 1, 8);
    add(scene, NODE, EPOCH, 2, 8);
    scene->entries[1].len -= 8;
    assert_int_equal(take(scene, false), ERROR_MALFORMED);
    assert_int_equal(scene->gather.n, 0);
    assert_int_equal(take_numbers(scene, 9, 9), ERROR_NONE);
    assert_false(scene->refusal.refused);
}

/* Who leads no more forgets all. */
static void test_gather_clear__forgets(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take_numbers(scene, 1, 5), ERROR_NONE);
    gather_clear(&scene->gather);
    assert_int_equal(scene->gather.n, 0);
    assert_int_equal(take_numbers(scene, 9, 9), ERROR_NONE);
    assert_false(scene->refusal.refused);
    assert_numbers(scene, 9, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_gather_take__keeps_order, set_up, tear_down),
        RUN_IN(test_gather_take__begins_anywhere, set_up, tear_down),
        RUN_IN(test_gather_take__refuses_what_is_ahead, set_up, tear_down),
        RUN_IN(test_gather_take__takes_repeats, set_up, tear_down),
        RUN_IN(test_gather_reset__forgets_the_order, set_up, tear_down),
        RUN_IN(test_gather_take__is_bounded_by_entries, set_up, tear_down),
        RUN_IN(test_gather_take__is_bounded_by_bytes, set_up, tear_down),
        RUN_IN(test_gather_take__may_be_closed, set_up, tear_down),
        RUN_IN(test_gather_take__believes_nothing, set_up, tear_down),
        RUN_IN(test_gather_clear__forgets, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
