#include "tests/unit/test.h"

#include "ops/bench/model.h"

enum { LISTED = 64, WANTED = 24, LOOKED_AT = 997 };

/* The model is the published one, and all its people are in 24 rooms. */
static void test_model__is_the_published_one(void **state)
{
    struct model model = model_of(MODEL_SMALL);
    unsigned rooms[LISTED];

    (void)state;
    assert_int_equal(model_rooms(&model), 33077);
    assert_int_equal(model_entries(&model), 1280050);
    for (unsigned user = 0; user < model.users; user++) {
        assert_int_equal(model_rooms_of(&model, user, rooms, WANTED), WANTED);
    }
    assert_int_equal(model_rooms_of(&model, 0, rooms, 5), 5);
}

static bool is_in(const struct model *model, unsigned room, unsigned user)
{
    struct model_members members = model_members(model, room);

    return (user + model->users - members.first) % model->users < members.n;
}

/* A user is a member of the rooms that are listed, each once, a large one at
 * the end. */
static void test_model_rooms_of__says_what_members_says(void **state)
{
    struct model model = model_of(MODEL_SMALL);
    unsigned rooms[LISTED];

    (void)state;
    for (unsigned user = 0; user < model.users; user += LOOKED_AT) {
        unsigned n = model_rooms_of(&model, user, rooms, WANTED);

        for (unsigned i = 0; i < n; i++) {
            assert_true(is_in(&model, rooms[i], user));
            assert_true(i == 0 || rooms[i] > rooms[i - 1]);
        }
        assert_int_equal(model_members(&model, rooms[n - 1]).n, 16000);
    }
}

/* A smaller model keeps the proportions, and has no room of more people than
 * there are. */
static void test_model__scaled_down(void **state)
{
    struct model model = model_of(1000);
    unsigned rooms[LISTED];

    (void)state;
    assert_int_equal(model.users, 1562);
    assert_int_equal(model.medium, 33);
    assert_int_equal(model.large, 1);
    assert_int_equal(model.large_members, model.users);
    for (unsigned user = 0; user < model.users; user++) {
        unsigned n = model_rooms_of(&model, user, rooms, WANTED);

        assert_in_range(n, 20, WANTED);
        for (unsigned i = 0; i < n; i++) {
            assert_true(is_in(&model, rooms[i], user));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_model__is_the_published_one),
        RUN(test_model_rooms_of__says_what_members_says),
        RUN(test_model__scaled_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
