#include "tests/unit/test.h"

#include <stdlib.h>

#include "node/chat/changes.h"
#include "node/chat/number_map.h"

enum { NUMBERS = 500 };

/* The map gives back what was put in, in order of numbers, and forgets what is
 * set to 0: compared with a plain array over many random steps. */
static void test_number_map_set__is_as_a_plain_array(void **state)
{
    uint32_t plain[NUMBERS] = {0};
    struct number_map map = {0, 0, NULL};

    (void)state;
    srandom(7);
    for (int step = 0; step < 20000; step++) {
        uint32_t number = (uint32_t)(random() % NUMBERS);
        uint32_t bits = (uint32_t)(random() % (step < 10000 ? 4 : 2));
        uint32_t n = 0;

        plain[number] = bits;
        number_map_set(&map, number, bits);
        for (uint32_t i = 0; i < NUMBERS; i++) {
            n += plain[i] != 0;
        }
        assert_int_equal(map.n, n);
        number = (uint32_t)(random() % NUMBERS);
        assert_int_equal(number_map_get(&map, number), plain[number]);
        for (uint32_t i = 1; i < map.n; i++) {
            assert_true(map.pairs[i - 1].number < map.pairs[i].number);
        }
    }
    number_map_deinit(&map);
    assert_int_equal(map.n, 0);
}

/* An emptied map holds no memory: a million rooms have no members. */
static void test_number_map_set__gives_memory_back(void **state)
{
    struct number_map map = {0, 0, NULL};

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        number_map_set(&map, i, 1);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        number_map_set(&map, i, 0);
        assert_true(map.n == 0 || map.capacity <= 5 * map.n + 5);
    }
    assert_null(map.pairs);
}

/* A table finds objects by number and nothing outside of it. */
static void test_table_at__knows_its_bounds(void **state)
{
    struct table table = {0, NULL};
    int object;

    (void)state;
    assert_null(table_at(&table, 1));
    table_put(&table, 1000, &object);
    assert_ptr_equal(table_at(&table, 1000), &object);
    assert_null(table_at(&table, 999));
    assert_null(table_at(&table, 0));
    assert_null(table_at(&table, UINT64_MAX));
    table_deinit(&table);
}

/* A row changed many times is written once, in key order. */
static void test_changes_take__each_once_in_key_order(void **state)
{
    struct changes changes;
    struct row_key key;

    (void)state;
    changes_init(&changes);
    changes_mark(&changes, ROW_ROLE, 2, 9, 0);
    changes_mark(&changes, ROW_ROOM, 7, 0, 0);
    changes_mark(&changes, ROW_ROLE, 2, 9, 0);
    changes_mark(&changes, ROW_ROLE, 2, 1, 0);
    changes_mark(&changes, ROW_ROLE, 1, 300, 0);
    assert_int_equal(changes.n, 4);
    assert_true(changes_take(&changes, &key));
    assert_int_equal(key.kind, ROW_ROOM);
    assert_true(changes_take(&changes, &key));
    assert_int_equal(key.part[1], 300);
    assert_true(changes_take(&changes, &key));
    assert_int_equal(key.part[1], 1);
    assert_true(changes_take(&changes, &key));
    assert_int_equal(key.part[1], 9);
    assert_false(changes_take(&changes, &key));
    changes_mark(&changes, ROW_USER, 1, 0, 0);
    changes_deinit(&changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_number_map_set__is_as_a_plain_array),
        RUN(test_number_map_set__gives_memory_back),
        RUN(test_table_at__knows_its_bounds),
        RUN(test_changes_take__each_once_in_key_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
