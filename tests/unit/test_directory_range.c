#include "ops/directory/range.h"

#include <string.h>

#include "tests/unit/test.h"

/* What a directory calls the parts of an attribute, and what asks for the
 * next. */
static void test_range_read__parts(void **state)
{
    char next[RANGE_NAME_BYTES];
    struct range range;

    (void)state;
    assert_true(range_read("member;range=0-1499", &range));
    assert_string_equal(range.name, "member");
    assert_true(range.ranged && !range.is_last);
    range_next(&range, next);
    assert_string_equal(next, "member;range=1500-*");
    assert_true(range_read("member;Range=1500-*", &range));
    assert_true(range.ranged && range.is_last);
    assert_int_equal(range.first, 1500);
}

/* Most attributes are whole; options that are no range are no part of a name.
 */
static void test_range_read__whole(void **state)
{
    struct range range;

    (void)state;
    assert_true(range_read("member", &range));
    assert_false(range.ranged);
    assert_true(range_read("cn;lang-en", &range));
    assert_string_equal(range.name, "cn");
    assert_false(range.ranged);
    assert_true(range_read("member;binary;range=0-9", &range));
    assert_true(range.ranged);
}

/* Anything else is refused: a part that cannot be told would be lost. */
static void test_range_read__nonsense(void **state)
{
    static const char *const cases[] = {
        "",
        ";range=0-1",
        "member;range=",
        "member;range=x-1",
        "member;range=0",
        "member;range=0-",
        "member;range=9-3",
        "member;range=0-99999999999999999999999",
        "member;range=0-18446744073709551615",
    };
    struct range range;
    char name[RANGE_NAME_BYTES + 1] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_false(range_read(cases[i], &range));
    }
    memset(name, 'n', RANGE_NAME_BYTES);
    assert_false(range_read(name, &range));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range_read__parts),
        cmocka_unit_test(test_range_read__whole),
        cmocka_unit_test(test_range_read__nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
