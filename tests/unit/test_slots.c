#include "node/sip/slots.h"

#include "tests/unit/test.h"

enum { OBJECTS = 1000 };

/* A name finds its object for as long as it lives, and nothing after that,
 * even when the slot is used again. */
static void test_slots_find__knows_the_dead(void **state)
{
    static int objects[OBJECTS];
    edge_ref names[OBJECTS];
    struct slots slots;

    (void)state;
    slots_init(&slots, 3, SLOTS_DIALOG);
    for (int i = 0; i < OBJECTS; i++) {
        names[i] = slots_add(&slots, &objects[i]);
        assert_int_not_equal(names[i], 0);
        assert_int_equal(edge_of(names[i]), 3);
    }
    for (int i = 0; i < OBJECTS; i++) {
        assert_ptr_equal(slots_find(&slots, names[i]), &objects[i]);
    }
    for (int i = 0; i < OBJECTS; i += 2) {
        edge_ref old = names[i];

        slots_remove(&slots, old);
        assert_null(slots_find(&slots, old));
        names[i] = slots_add(&slots, &objects[i]);
        assert_int_not_equal(names[i], old);
        assert_null(slots_find(&slots, old));
        assert_ptr_equal(slots_find(&slots, names[i]), &objects[i]);
    }
    slots_deinit(&slots);
}

/* Names of another edge, another kind and none at all find nothing. */
static void test_slots_find__takes_its_own_only(void **state)
{
    int object;
    struct slots dialogs, answers, other;
    edge_ref name;

    (void)state;
    slots_init(&dialogs, 3, SLOTS_DIALOG);
    slots_init(&answers, 3, SLOTS_ANSWER);
    slots_init(&other, 4, SLOTS_DIALOG);
    name = slots_add(&dialogs, &object);
    assert_int_not_equal(slots_add(&answers, &object), name);
    assert_int_not_equal(slots_add(&other, &object), name);
    assert_null(slots_find(&answers, name));
    assert_null(slots_find(&other, name));
    assert_null(slots_find(&dialogs, 0));
    assert_null(slots_find(&dialogs, UINT64_MAX));
    assert_ptr_equal(slots_find(&dialogs, name), &object);
    slots_deinit(&dialogs);
    slots_deinit(&answers);
    slots_deinit(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_slots_find__knows_the_dead),
        RUN(test_slots_find__takes_its_own_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
