#include "ops/client/people.h"

#include <stdio.h>

#include "tests/unit/test.h"

/* Each once, whatever the case of his URI; who leaves is gone. */
static void test_people__each_once(void **state)
{
    struct people people;

    (void)state;
    people_init(&people);
    assert_true(people_add(&people, SLICE_LITERAL("sip:b@x"),
                           SLICE_LITERAL("Bo"), XCCOS_ROLE_MEMBER));
    assert_false(people_add(&people, SLICE_LITERAL("SIP:B@X"), SLICE_NONE,
                            XCCOS_ROLE_MEMBER));
    assert_true(people_add(&people, SLICE_LITERAL("sip:a@x"), SLICE_NONE,
                           XCCOS_ROLE_MANAGER));
    assert_false(
        people_add(&people, SLICE_NONE, SLICE_NONE, XCCOS_ROLE_MEMBER));
    assert_int_equal(people.n, 2);
    assert_slice_text(people_first(&people)->uri, "sip:a@x");
    assert_slice_text(people_next(people_first(&people))->name, "Bo");
    assert_true(people_remove(&people, SLICE_LITERAL("Sip:b@x")));
    assert_false(people_remove(&people, SLICE_LITERAL("sip:b@x")));
    assert_null(people_next(people_first(&people)));
    people_deinit(&people);
    assert_null(people_first(&people));
}

/* The list of a join: ids are looked up, roles come from the masks, what does
 * not fit together is passed over. */
static void test_people_take_list__of_a_join(void **state)
{
    struct xccos_user tomas = {.id = XCCOS_NUMBER(7),
                               .uri = SLICE_LITERAL("sip:tomas@x")};
    struct xccos_user ingrid = {.next = &tomas,
                                .id = XCCOS_NUMBER(0),
                                .uri = SLICE_LITERAL("sip:ingrid@x")};
    struct xccos_presence members = {.mask = XCCOS_NUMBER(3984),
                                     .value = SLICE_LITERAL("7,99")};
    struct xccos_presence managers = {.next = &members,
                                      .mask = XCCOS_NUMBER(12276),
                                      .value = SLICE_LITERAL("0")};
    struct xccos_room room = {.presences = &managers};
    struct people people;

    (void)state;
    people_init(&people);
    people_add(&people, SLICE_LITERAL("sip:gone@x"), SLICE_NONE,
               XCCOS_ROLE_MEMBER);
    people_take_list(&people, &room, &ingrid);
    assert_int_equal(people.n, 2);
    assert_slice_text(people_first(&people)->uri, "sip:ingrid@x");
    assert_int_equal(people_first(&people)->role, XCCOS_ROLE_MANAGER);
    assert_int_equal(people_next(people_first(&people))->role,
                     XCCOS_ROLE_MEMBER);
    people_deinit(&people);
}

/* There is an end to what is kept, and it shows. */
static void test_people_add__so_many(void **state)
{
    struct people people;
    char uri[32];

    (void)state;
    people_init(&people);
    for (int i = 0; i < PEOPLE_MAX; i++) {
        snprintf(uri, sizeof(uri), "sip:u%d@x", i);
        assert_true(people_add(&people, slice_of_text(uri), SLICE_NONE,
                               XCCOS_ROLE_MEMBER));
    }
    assert_false(people.is_cut);
    assert_false(people_add(&people, SLICE_LITERAL("sip:late@x"), SLICE_NONE,
                            XCCOS_ROLE_MEMBER));
    assert_true(people.is_cut);
    assert_int_equal(people.n, PEOPLE_MAX);
    people_deinit(&people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_people__each_once),
        RUN(test_people_take_list__of_a_join),
        RUN(test_people_add__so_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
