#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

#define TRADERS "group:traders"

static int setup(void **state)
{
    struct chat_fixture *f;

    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(fixture_group(f, TRADERS), DONE);
    return 0;
}

static enum outcome give_user(struct chat_fixture *f, const char *uri,
                              const char *owner)
{
    Perch__UserChange change = PERCH__USER_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, uri, fixture_text(uri));
    CODEC_SET(&change, owner, fixture_text(owner));
    command.kind_case = PERCH__COMMAND__KIND_USER_CHANGE;
    command.user_change = &change;
    return fixture_administer(f, &command);
}

static enum outcome give_group(struct chat_fixture *f, const char *uri,
                               const char *owner)
{
    Perch__GroupChange change = PERCH__GROUP_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, uri, fixture_text(uri));
    CODEC_SET(&change, owner, fixture_text(owner));
    command.kind_case = PERCH__COMMAND__KIND_GROUP_CHANGE;
    command.group_change = &change;
    return fixture_administer(f, &command);
}

static enum outcome report(struct chat_fixture *f, Perch__OwnerReport *report)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_OWNER_REPORT;
    command.owner_report = report;
    return fixture_administer(f, &command);
}

/* The adapter on a host says how far it is, and keeps the lease for a time. */
static enum outcome tell(struct chat_fixture *f, const char *host,
                         Perch__OwnerReport__Phase phase, const char *run,
                         uint32_t lease_s)
{
    Perch__OwnerReport told = PERCH__OWNER_REPORT__INIT;

    CODEC_SET(&told, owner, fixture_text("corp"));
    CODEC_SET(&told, holder, fixture_text(host));
    CODEC_SET(&told, phase, phase);
    CODEC_SET(&told, run, fixture_text(run));
    CODEC_SET(&told, lease_s, lease_s);
    return report(f, &told);
}
#define TELL(f, host, phase, run, lease_s)                                     \
    tell(f, host, PERCH__OWNER_REPORT__PHASE__##phase, run, lease_s)

static enum outcome confirm(struct chat_fixture *f, const char *run)
{
    Perch__OwnerConfirm word = PERCH__OWNER_CONFIRM__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&word, run, fixture_text(run));
    command.kind_case = PERCH__COMMAND__KIND_OWNER_CONFIRM;
    command.owner_confirm = &word;
    return fixture_administer(f, &command);
}

static struct owner_view corp(const struct machine *machine)
{
    struct owner_view view;

    assert_true(query_owner(machine, 0, &view));
    assert_slice_text(view.name, "corp");
    return view;
}

static struct user_view bob(const struct chat_fixture *f)
{
    struct user_view view;

    view_user(query_user(f->machine, slice_of_text(BOB)), &view);
    return view;
}

/* Before the rules know owners, a command that names one is refused as the
 * older program refuses it. */
static void test_owner__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(give_user(f, BOB, "corp"), COMMAND_UNKNOWN);
    assert_no_trace(f);
    assert_outcome(TELL(f, "n1", READING, "", 9), COMMAND_UNKNOWN);
    assert_outcome(confirm(f, "r1"), COMMAND_UNKNOWN);
    fixture_raise(f);
    assert_outcome(give_user(f, BOB, "corp"), DONE);
    assert_outcome(TELL(f, "n1", READING, "", 9), DONE);
    assert_outcome(confirm(f, "r1"), OWNER_RUN_UNKNOWN);
}

/* A user is kept by a directory, or by administrators; the change is told, and
 * the same again is none. */
static void test_owner_put__a_user(void **state)
{
    struct chat_fixture *f = *state;

    assert_int_equal(bob(f).owner.len, 0);
    assert_outcome(give_user(f, BOB, "corp"), DONE);
    assert_slice_text(bob(f).owner, "corp");
    assert_int_equal(fixture_event(f, EVENT_USER_CHANGED)->changed,
                     CHANGED_OWNER);
    assert_int_equal(bob(f).version, 2);
    assert_outcome(give_user(f, BOB, "corp"), DONE);
    assert_int_equal(bob(f).version, 2);
    assert_outcome(give_user(f, BOB, ""), DONE);
    assert_int_equal(bob(f).owner.len, 0);
}

/* A group likewise. */
static void test_owner_put__a_group(void **state)
{
    struct chat_fixture *f = *state;
    struct group_view view;

    assert_outcome(give_group(f, TRADERS, "corp"), DONE);
    view_group(query_group(f->machine, slice_of_text(TRADERS)), &view);
    assert_slice_text(view.owner, "corp");
    assert_int_equal(fixture_event(f, EVENT_GROUP_CHANGED)->changed,
                     CHANGED_OWNER);
    assert_int_equal(view.version, 2);
}

/* A directory has a name of few characters, the same for all who write it. */
static void test_owner_check__names(void **state)
{
    struct chat_fixture *f = *state;
    char name[OWNER_BYTES_MAX + 2] = {0};

    assert_outcome(give_user(f, BOB, "Corp"), OWNER_INVALID);
    assert_no_trace(f);
    assert_outcome(give_user(f, BOB, "a b"), OWNER_INVALID);
    assert_outcome(give_group(f, TRADERS, "\xc3\xa4"), OWNER_INVALID);
    memset(name, 'x', OWNER_BYTES_MAX + 1);
    assert_outcome(give_group(f, TRADERS, name), OWNER_INVALID);
    name[OWNER_BYTES_MAX] = '\0';
    assert_outcome(give_group(f, TRADERS, name), DONE);
}

/* Two adapters never work at once: who has the lease keeps it until it ends or
 * is given back, and may ask again at any time. */
static void test_owner_report__one_holder_at_a_time(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(TELL(f, "n1", READING, "", 60), DONE);
    assert_outcome(TELL(f, "n2", READING, "", 60), OWNER_BUSY);
    assert_no_trace(f);
    assert_outcome(TELL(f, "n1", APPLYING, "r1", 60), DONE);
    f->now_us += 61 * 1000000;
    assert_outcome(TELL(f, "n2", READING, "", 60), DONE);
    assert_slice_text(corp(f->machine).holder, "n2");
    assert_outcome(TELL(f, "n1", APPLYING, "r1", 60), OWNER_BUSY);
    assert_outcome(TELL(f, "n2", DONE, "", 0), DONE);
    assert_outcome(TELL(f, "n1", READING, "", 60), DONE);
}

/* A confirmation is for one run: it lasts through failures and ends when the
 * adapter is done or holds another. */
static void test_owner_confirm__that_run_alone(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(TELL(f, "n1", HELD, "r1", 0), DONE);
    assert_slice_text(corp(f->machine).held, "r1");
    assert_outcome(confirm(f, "r2"), OWNER_RUN_UNKNOWN);
    assert_no_trace(f);
    assert_outcome(TELL(f, "n1", READING, "", 9), DONE);
    assert_outcome(confirm(f, "r1"), DONE);
    assert_outcome(TELL(f, "n1", FAILED, "", 9), DONE);
    assert_outcome(TELL(f, "n1", HELD, "r1", 9), DONE);
    assert_slice_text(corp(f->machine).confirmed, "r1");
    assert_outcome(TELL(f, "n1", HELD, "r2", 9), DONE);
    assert_int_equal(corp(f->machine).confirmed.len, 0);
    assert_outcome(confirm(f, "r1"), OWNER_RUN_UNKNOWN);
    assert_outcome(confirm(f, "r2"), DONE);
    assert_outcome(TELL(f, "n1", DONE, "", 0), DONE);
    assert_int_equal(corp(f->machine).confirmed.len, 0);
    assert_int_equal(corp(f->machine).held.len, 0);
    assert_outcome(confirm(f, "r2"), OWNER_RUN_UNKNOWN);
}

/* A report says who holds, where it stands, for how long, and what is held. */
static void test_owner_report__needs_its_fields(void **state)
{
    struct chat_fixture *f = *state;
    Perch__OwnerReport told = PERCH__OWNER_REPORT__INIT;

    assert_outcome(report(f, &told), OWNER_INVALID);
    CODEC_SET(&told, owner, fixture_text("corp"));
    CODEC_SET(&told, holder, fixture_text("n1"));
    assert_outcome(report(f, &told), OWNER_REPORT_INVALID);
    assert_no_trace(f);
    assert_outcome(TELL(f, "", READING, "", 9), OWNER_REPORT_INVALID);
    assert_outcome(TELL(f, "n1", HELD, "", 9), OWNER_REPORT_INVALID);
    assert_outcome(TELL(f, "n1", READING, "", OWNER_LEASE_S_MAX + 1),
                   OWNER_REPORT_INVALID);
    assert_outcome(TELL(f, "n1", READING, "a run", 9), OWNER_REPORT_INVALID);
    assert_outcome(TELL(f, "n1", READING, "", OWNER_LEASE_S_MAX), DONE);
}

/* A pool follows as many directories as it has places for. */
static void test_owner_report__as_many_as_there_are_places(void **state)
{
    struct chat_fixture *f = *state;
    Perch__OwnerReport told = PERCH__OWNER_REPORT__INIT;
    char name[] = "a";

    CODEC_SET(&told, holder, fixture_text("n1"));
    CODEC_SET(&told, phase, PERCH__OWNER_REPORT__PHASE__READING);
    for (int i = 0; i < OWNERS_MAX; i++) {
        name[0] = (char)('a' + i);
        CODEC_SET(&told, owner, fixture_text(name));
        assert_outcome(report(f, &told), DONE);
    }
    CODEC_SET(&told, owner, fixture_text("another"));
    assert_outcome(report(f, &told), OWNERS_FULL);
    CODEC_SET(&told, owner, fixture_text("a"));
    assert_outcome(report(f, &told), DONE);
}

/* A node that starts anew knows all of it again. */
static void test_owner__lies_in_rows(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = row_store_new();
    struct machine *again;
    enum error error;

    assert_outcome(give_user(f, BOB, "corp"), DONE);
    assert_outcome(give_group(f, TRADERS, "corp"), DONE);
    assert_outcome(TELL(f, "n1", HELD, "r1", 60), DONE);
    assert_outcome(confirm(f, "r1"), DONE);
    machine_write_all(f->machine, row_store_take, store);
    again = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_non_null(again);
    assert_true(machine_hash(again) == machine_hash(f->machine));
    assert_slice_text(corp(again).confirmed, "r1");
    assert_true(corp(again).lease_until_us == corp(f->machine).lease_until_us);
    machine_free(again);
    row_store_free(store);
}

int main(void)
{
#define CASE(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_owner__waits_for_the_rules,
                                        fixture_setup, fixture_teardown),
        CASE(test_owner_put__a_user),
        CASE(test_owner_put__a_group),
        CASE(test_owner_check__names),
        CASE(test_owner_report__one_holder_at_a_time),
        CASE(test_owner_confirm__that_run_alone),
        CASE(test_owner_report__needs_its_fields),
        CASE(test_owner_report__as_many_as_there_are_places),
        CASE(test_owner__lies_in_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
