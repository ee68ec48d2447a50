/* What every cmocka test includes, in the order cmocka wants. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RUN(function) cmocka_unit_test(function)
#define RUN_IN(function, setup, teardown)                                      \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

/* Compare a slice with a string literal. */
#define assert_slice_text(slice, text)                                         \
    do {                                                                       \
        assert_int_equal((slice).len, sizeof(text) - 1);                       \
        assert_memory_equal((slice).data, text, sizeof(text) - 1);             \
    } while (0)

#endif
