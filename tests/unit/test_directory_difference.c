#include "ops/directory/difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ops/directory/guard.h"
#include "tests/unit/temp_directory.h"
#include "tests/unit/test.h"

struct scene {
    struct roster wanted, held;
    struct difference difference;
    bool finished;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    roster_init(&scene->wanted);
    roster_init(&scene->held);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    difference_deinit(&scene->difference);
    roster_deinit(&scene->wanted);
    roster_deinit(&scene->held);
    free(scene);
    return 0;
}

static struct roster_user *add_user(struct roster *roster, const char *uri,
                                    const char *owner)
{
    struct roster_user *user = roster_add_user(roster);

    user->uri = uri;
    user->owner = owner;
    user->version = 7;
    return user;
}

static void add_users(struct roster *roster, const char *owner, int from,
                      int upto)
{
    for (int i = from; i < upto; i++) {
        char uri[32];

        snprintf(uri, sizeof(uri), "sip:u%03d@x", i);
        add_user(roster, roster_text(roster, uri), owner);
    }
}

/* A group of people u000 and so on. */
static void add_group(struct roster *roster, const char *uri, const char *owner,
                      int from, int upto)
{
    struct roster_group *group = roster_add_group(roster);

    group->uri = uri;
    group->owner = owner;
    group->version = 3;
    for (int i = from; i < upto; i++) {
        char member[32];

        snprintf(member, sizeof(member), "sip:u%03d@x", i);
        roster_add_member(roster, roster_text(roster, member));
    }
}

static const struct difference *compare(struct scene *scene)
{
    if (!scene->finished) {
        roster_finish(&scene->wanted);
        roster_finish(&scene->held);
        scene->finished = true;
    }
    difference_deinit(&scene->difference);
    difference_init(&scene->difference, "corp", &scene->wanted, &scene->held);
    return &scene->difference;
}

static size_t judge(struct scene *scene, unsigned percent, unsigned least,
                    char why[GUARD_WHY_BYTES])
{
    const struct guard guard = {percent, least};

    return guard_judge(&guard, compare(scene), why);
}

/* What is as it should be is not touched. */
static void test_difference__nothing(void **state)
{
    struct scene *scene = *state;

    add_users(&scene->wanted, "", 0, 5);
    add_users(&scene->held, "corp", 0, 5);
    add_group(&scene->wanted, "group:g", "", 0, 5);
    add_group(&scene->held, "group:g", "corp", 0, 5);
    assert_int_equal(compare(scene)->n, 0);
    assert_int_equal(scene->difference.n_leaving, 0);
}

/* New people come first, then groups, then who is in them. */
static void test_difference__creates_in_order(void **state)
{
    struct scene *scene = *state;
    const struct difference *d;

    add_users(&scene->wanted, "", 0, 2);
    add_group(&scene->wanted, "group:g", "", 0, 2);
    d = compare(scene);
    assert_int_equal(d->n, 4);
    assert_int_equal(d->changes[0].kind, CHANGE_CREATE_USER);
    assert_string_equal(d->changes[0].uri, "sip:u000@x");
    assert_int_equal(d->changes[2].kind, CHANGE_CREATE_GROUP);
    assert_int_equal(d->changes[3].kind, CHANGE_GROUP);
    assert_int_equal(d->changes[3].n_add, 2);
    assert_int_equal(d->changes[3].if_version, 0);
    assert_int_equal(d->n_leaving, 0);
}

/* What administrators, or another directory, made is not this one's to change;
 * its people may be in this one's groups. */
static void test_difference__leaves_others_alone(void **state)
{
    struct scene *scene = *state;
    const struct difference *d;

    add_user(&scene->wanted, "sip:u000@x", "")->name = "New name";
    add_user(&scene->held, "sip:u000@x", "");
    add_user(&scene->held, "sip:u001@x", "");
    add_user(&scene->held, "sip:u002@x", "other");
    add_group(&scene->wanted, "group:g", "", 0, 1);
    add_group(&scene->held, "group:g", "", 1, 2);
    add_group(&scene->held, "group:h", "other", 1, 2);
    add_group(&scene->wanted, "group:ours", "", 0, 1);
    d = compare(scene);
    assert_int_equal(d->n, 2);
    assert_string_equal(d->changes[0].uri, "group:ours");
    assert_string_equal(d->changes[1].add[0], "sip:u000@x");
    assert_int_equal(d->foreign, 2);
    assert_int_equal(d->n_leaving, 0);
}

/* Who is missing or disabled in the directory is disabled, once; a name that
 * changes with it is changed before, and the version counts that. */
static void test_difference__disables(void **state)
{
    struct scene *scene = *state;
    struct roster_user *user;
    const struct difference *d;

    user = add_user(&scene->wanted, "sip:a@x", "");
    user->disabled = true;
    user->name = "Renamed";
    add_user(&scene->held, "sip:a@x", "corp");
    add_user(&scene->held, "sip:b@x", "corp");
    add_user(&scene->held, "sip:c@x", "corp")->disabled = true;
    user = add_user(&scene->wanted, "sip:never@x", "");
    user->disabled = true;
    d = compare(scene);
    assert_int_equal(d->n, 3);
    assert_int_equal(d->changes[0].kind, CHANGE_USER);
    assert_int_equal(d->changes[0].if_version, 7);
    assert_int_equal(d->changes[1].kind, CHANGE_DISABLE_USER);
    assert_int_equal(d->changes[1].if_version, 8);
    assert_string_equal(d->changes[2].uri, "sip:b@x");
    assert_int_equal(d->n_leaving, 2);
    assert_string_equal(d->leaving[0], "user sip:a@x");
}

/* Who comes back is let in again. */
static void test_difference__enables(void **state)
{
    struct scene *scene = *state;
    const struct difference *d;

    add_user(&scene->wanted, "sip:a@x", "");
    add_user(&scene->held, "sip:a@x", "corp")->disabled = true;
    d = compare(scene);
    assert_int_equal(d->n, 1);
    assert_true(d->changes[0].enables);
    assert_int_equal(d->n_leaving, 0);
}

/* A group that vanished is emptied and stays; that is counted with what its
 * members lose. */
static void test_difference__empties(void **state)
{
    struct scene *scene = *state;
    const struct difference *d;

    add_group(&scene->held, "group:g", "corp", 0, 3);
    add_group(&scene->held, "group:empty", "corp", 0, 0);
    d = compare(scene);
    assert_int_equal(d->n, 1);
    assert_int_equal(d->changes[0].n_remove, 3);
    assert_null(d->changes[0].name);
    assert_int_equal(d->n_leaving, 3);
    assert_string_equal(d->leaving[0], "member group:g sip:u000@x");
    assert_int_equal(d->n_shrinks, 2);
}

/* What two entries claim is left as it is, in every way. */
static void test_difference__unclear_is_left(void **state)
{
    struct scene *scene = *state;

    add_user(&scene->wanted, "sip:a@x", "")->disabled = true;
    add_user(&scene->wanted, "sip:a@x", "");
    add_user(&scene->held, "sip:a@x", "corp")->name = "A";
    add_group(&scene->wanted, "group:g", "", 0, 1);
    add_group(&scene->wanted, "group:g", "", 0, 0);
    add_group(&scene->held, "group:g", "corp", 5, 9);
    assert_int_equal(compare(scene)->n, 0);
}

/* Members whom the pool does not know and will not know are not asked for: one
 * of them would have the whole change refused. */
static void test_difference__adds_only_who_is_there(void **state)
{
    struct scene *scene = *state;
    const struct difference *d;

    add_users(&scene->wanted, "", 0, 1);
    add_user(&scene->wanted, "sip:u001@x", "")->disabled = true;
    add_group(&scene->wanted, "group:g", "", 0, 3);
    d = compare(scene);
    assert_int_equal(d->changes[d->n - 1].n_add, 1);
}

/* A share is too much when it is more than so many per cent and at least so
 * many: exactly at the share passes, and so do the few of a small group. */
static void test_guard_judge__shares(void **state)
{
    struct scene *scene = *state;
    char why[GUARD_WHY_BYTES];

    add_users(&scene->wanted, "", 10, 100);
    add_users(&scene->held, "corp", 0, 100);
    assert_int_equal(judge(scene, 10, 3, why), 0);
    assert_string_equal(why, "");
    assert_int_equal(judge(scene, 9, 3, why), 1);
    assert_string_equal(why, "10 of 100 would go from users (more than 9% and "
                             "at least 3); 1 such");
    assert_int_equal(judge(scene, 9, 11, why), 0);
    assert_int_equal(judge(scene, 0, 1, why), 1);
    assert_int_equal(judge(scene, 100, 1, why), 0);
}

/* One group that runs empty is too much, however many there are; the worst is
 * named. */
static void test_guard_judge__one_group(void **state)
{
    struct scene *scene = *state;
    char why[GUARD_WHY_BYTES];

    add_users(&scene->wanted, "", 0, 100);
    add_users(&scene->held, "corp", 0, 100);
    add_group(&scene->wanted, "group:big", "", 0, 80);
    add_group(&scene->held, "group:big", "corp", 0, 100);
    add_group(&scene->wanted, "group:small", "", 0, 0);
    add_group(&scene->held, "group:small", "corp", 0, 3);
    assert_int_equal(judge(scene, 10, 3, why), 2);
    assert_string_equal(why, "3 of 3 would go from group:small (more than 10% "
                             "and at least 3); 2 such");
}

/* A run has the name of what it takes away, and of nothing else. */
static void test_guard_name(void **state)
{
    struct scene *scene = *state;
    char name[GUARD_RUN_BYTES], other[GUARD_RUN_BYTES];

    add_users(&scene->wanted, "", 0, 2);
    add_users(&scene->held, "corp", 0, 3);
    guard_name(compare(scene), name);
    assert_int_equal(strlen(name), 16);
    scene->wanted.users[0].name = "Renamed";
    guard_name(compare(scene), other);
    assert_int_equal(scene->difference.n, 2);
    assert_string_equal(name, other);
    scene->wanted.n_users = 1;
    guard_name(compare(scene), other);
    assert_string_not_equal(name, other);
    scene->wanted.n_users = 2;
    scene->held.n_users = 2;
    guard_name(compare(scene), other);
    assert_string_equal(other, "");
}

/* What is left of a confirmed run is part of it; anything more is not; a file
 * of another run, one that was changed, or none, confirms nothing. */
static void test_guard_is_part(void **state)
{
    struct scene *scene = *state;
    char folder[TEMP_DIRECTORY_BYTES], path[512], name[GUARD_RUN_BYTES];
    FILE *file;

    temp_directory_make(folder);
    snprintf(path, sizeof(path), "%s/corp.held", folder);
    add_users(&scene->wanted, "", 0, 2);
    add_users(&scene->held, "corp", 0, 8);
    guard_name(compare(scene), name);
    assert_false(guard_is_part(path, name, &scene->difference));
    assert_int_equal(guard_keep(path, &scene->difference), ERROR_NONE);
    assert_true(guard_is_part(path, name, &scene->difference));
    scene->held.n_users = 5;
    assert_true(guard_is_part(path, name, compare(scene)));
    scene->wanted.n_users = 1;
    assert_false(guard_is_part(path, name, compare(scene)));
    scene->wanted.n_users = 2;
    assert_false(guard_is_part(path, "0123456789abcdef", compare(scene)));
    file = fopen(path, "a");
    assert_non_null(file);
    fputs("user sip:u001@x\n", file);
    fclose(file);
    assert_false(guard_is_part(path, name, compare(scene)));
    temp_directory_remove(folder);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_difference__nothing),
        CASE(test_difference__creates_in_order),
        CASE(test_difference__leaves_others_alone),
        CASE(test_difference__disables),
        CASE(test_difference__enables),
        CASE(test_difference__empties),
        CASE(test_difference__unclear_is_left),
        CASE(test_difference__adds_only_who_is_there),
        CASE(test_guard_judge__shares),
        CASE(test_guard_judge__one_group),
        CASE(test_guard_name),
        CASE(test_guard_is_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
