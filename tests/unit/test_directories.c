#include "tests/unit/test.h"

#include "node/session/directories.h"
#include "tests/unit/chat_fixture.h"

enum { US_PER_S = 1000000 };

static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    fixture_raise(*state);
    return 0;
}

static void tell(struct chat_fixture *f, const char *directory,
                 Perch__OwnerReport__Phase phase, const char *run)
{
    Perch__OwnerReport told = PERCH__OWNER_REPORT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&told, owner, fixture_text(directory));
    CODEC_SET(&told, holder, fixture_text("host"));
    CODEC_SET(&told, phase, phase);
    CODEC_SET(&told, run, fixture_text(run));
    CODEC_SET(&told, lease_s, 0);
    command.kind_case = PERCH__COMMAND__KIND_OWNER_REPORT;
    command.owner_report = &told;
    assert_outcome(fixture_administer(f, &command), DONE);
}
#define TELL(f, directory, phase, run)                                         \
    tell(f, directory, PERCH__OWNER_REPORT__PHASE__##phase, run)

static void confirm(struct chat_fixture *f, const char *run)
{
    Perch__OwnerConfirm word = PERCH__OWNER_CONFIRM__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&word, run, fixture_text(run));
    command.kind_case = PERCH__COMMAND__KIND_OWNER_CONFIRM;
    command.owner_confirm = &word;
    assert_outcome(fixture_administer(f, &command), DONE);
}

static int64_t value(const struct meter_gauge *gauge)
{
    return atomic_load(&gauge->value);
}

static void assert_count(const struct chat_fixture *f, int known, int held,
                         int failed)
{
    struct directory_meters meters = {.held = {77}}; /* Of before. */

    directories_count(f->machine, &meters);
    assert_int_equal(value(&meters.known), known);
    assert_int_equal(value(&meters.held), held);
    assert_int_equal(value(&meters.failed), failed);
}

static int64_t done_at_s(const struct chat_fixture *f)
{
    struct directory_meters meters = {.done_at_s = {77}};

    directories_count(f->machine, &meters);
    return value(&meters.done_at_s);
}

/* A run that is held counts until a word is given for it, however often its
 * adapter then fails; a failure until a run comes to something. */
static void test_directories_count__by_their_last_report(void **state)
{
    struct chat_fixture *f = *state;

    assert_count(f, 0, 0, 0);
    TELL(f, "corp", READING, "");
    assert_count(f, 1, 0, 0);
    TELL(f, "corp", HELD, "r1");
    TELL(f, "hr", FAILED, "");
    assert_count(f, 2, 1, 1);
    TELL(f, "corp", FAILED, "");
    assert_count(f, 2, 1, 2);
    confirm(f, "r1");
    assert_count(f, 2, 0, 2);
    TELL(f, "corp", DONE, "");
    assert_count(f, 2, 0, 1);
}

/* The one furthest behind is told of, and one that never was done is that. */
static void test_directories_count__the_furthest_behind(void **state)
{
    struct chat_fixture *f = *state;
    int64_t first_s;

    assert_int_equal(done_at_s(f), 0);
    TELL(f, "corp", DONE, "");
    first_s = done_at_s(f);
    assert_in_range(f->now_us / US_PER_S - first_s, 0, 1);
    TELL(f, "hr", FAILED, "");
    assert_int_equal(done_at_s(f), 0);
    f->now_us += 10 * US_PER_S;
    TELL(f, "hr", DONE, "");
    assert_int_equal(done_at_s(f), first_s);
    TELL(f, "corp", DONE, "");
    assert_in_range(done_at_s(f), first_s + 10, first_s + 20);
}

int main(void)
{
#define CASE(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_directories_count__by_their_last_report),
        CASE(test_directories_count__the_furthest_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
