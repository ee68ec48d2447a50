#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/archive_fixture.h"

static struct adapter_view seen(const struct chat_fixture *f, uint32_t slot)
{
    struct adapter_view view;

    assert_true(archive_adapter(f->machine, slot, &view));
    return view;
}

/* A new adapter is as Persistent Chat has them, and is to have everything from
 * the first record on. */
static void test_adapter_put__defaults(void **state)
{
    struct chat_fixture *f = *state;
    struct adapter_view view;

    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    assert_int_equal(f->applied.value, 1);
    assert_true(fixture_event(f, EVENT_ADAPTER_CHANGED)->is_in);
    view = seen(f, 0);
    assert_slice_text(view.name, "xml");
    assert_int_equal(view.type, PERCH__ADAPTER_TYPE__XML);
    assert_slice_text(view.output, "/srv/archive");
    assert_int_equal(view.run_interval_s, 900);
    assert_false(view.one_room_per_file || view.room_details ||
                 view.user_details || view.attachments_manifest ||
                 view.disabled);
    assert_int_equal(view.transform.len + view.program.len + view.error.len, 0);
    assert_int_equal(view.from_csn + view.cut_csn + view.acked_csn, 0);
    assert_archive_reloads(f);
}

/* Absent fields stay as they are; versions keep two who change one apart. */
static void test_adapter_put__changes(void **state)
{
    struct chat_fixture *f = *state;
    Perch__AdapterPut put = PERCH__ADAPTER_PUT__INIT;
    struct adapter_view view;

    CODEC_SET(&put, if_version, 1);
    assert_outcome(archive_adapter_put(f, &put, "xml"), ADAPTER_UNKNOWN);
    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    CODEC_SET(&put, if_version, 0);
    assert_outcome(archive_adapter_put(f, &put, "XML"), ADAPTER_EXISTS);
    CODEC_SET(&put, if_version, 2);
    assert_outcome(archive_adapter_put(f, &put, "xml"), VERSION_STALE);
    CODEC_SET(&put, if_version, 1);
    CODEC_SET(&put, room_details, true);
    CODEC_SET(&put, transform, fixture_text("<xsl/>"));
    assert_outcome(archive_adapter_put(f, &put, "XML"), DONE);
    assert_int_equal(f->applied.value, 2);
    view = seen(f, 0);
    assert_slice_text(view.name, "xml");
    assert_slice_text(view.output, "/srv/archive");
    assert_true(view.room_details);
    assert_slice_text(view.transform, "<xsl/>");
    put = (Perch__AdapterPut)PERCH__ADAPTER_PUT__INIT;
    CODEC_SET(&put, transform, fixture_text(""));
    CODEC_SET(&put, room_details, false);
    CODEC_SET(&put, one_room_per_file, true);
    CODEC_SET(&put, user_details, true);
    CODEC_SET(&put, attachments_manifest, true);
    CODEC_SET(&put, run_interval_s, 60);
    CODEC_SET(&put, output, fixture_text("/srv/other"));
    assert_outcome(archive_adapter_put(f, &put, "xml"), DONE);
    view = seen(f, 0);
    assert_int_equal(view.transform.len, 0);
    assert_true(!view.room_details && view.one_room_per_file &&
                view.user_details && view.attachments_manifest);
    assert_int_equal(view.run_interval_s, 60);
    assert_slice_text(view.output, "/srv/other");
    assert_archive_reloads(f);
}

static enum outcome try(struct chat_fixture *f, Perch__AdapterPut put)
{
    enum outcome outcome = archive_adapter_put(f, &put, "new");

    if (outcome != OUTCOME_DONE) {
        assert_no_trace(f);
    }
    return outcome;
}

/* Each thing that is wrong has a refusal of its own. */
static void test_adapter_put__refuses(void **state)
{
    static const char *const names[] = {"", ".hidden", "a/b", "a b",
                                        "\xc3\xa4"};
    struct chat_fixture *f = *state;
    Perch__AdapterPut good = PERCH__ADAPTER_PUT__INIT, put;
    char *transform = calloc(1, ARCHIVE_TRANSFORM_BYTES_MAX + 2);
    char output[ARCHIVE_OUTPUT_BYTES_MAX + 2];

    CODEC_SET(&good, output, fixture_text("/srv"));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        put = good;
        assert_outcome(archive_adapter_put(f, &put, names[i]),
                       ADAPTER_NAME_INVALID);
    }
    put = good;
    put.has_output = false;
    assert_outcome(try(f, put), ADAPTER_OUTPUT_INVALID);
    put = good;
    CODEC_SET(&put, output, fixture_text("/srv\n/tmp"));
    assert_outcome(try(f, put), ADAPTER_OUTPUT_INVALID);
    memset(output, 'o', sizeof(output));
    output[sizeof(output) - 1] = '\0';
    CODEC_SET(&put, output, fixture_text(output));
    assert_outcome(try(f, put), ADAPTER_OUTPUT_INVALID);
    put = good;
    CODEC_SET(&put, type, (Perch__AdapterType)8);
    assert_outcome(try(f, put), ADAPTER_TYPE_INVALID);
    put = good;
    CODEC_SET(&put, run_interval_s, ARCHIVE_INTERVAL_S_MIN - 1);
    assert_outcome(try(f, put), ADAPTER_INTERVAL_INVALID);
    CODEC_SET(&put, run_interval_s, ARCHIVE_INTERVAL_S_MAX + 1);
    assert_outcome(try(f, put), ADAPTER_INTERVAL_INVALID);
    put = good;
    memset(transform, 't', ARCHIVE_TRANSFORM_BYTES_MAX + 1);
    CODEC_SET(&put, transform, fixture_text(transform));
    assert_outcome(try(f, put), ADAPTER_TRANSFORM_INVALID);
    put = good;
    CODEC_SET(&put, program, fixture_text("mine"));
    assert_outcome(try(f, put), ADAPTER_PROGRAM_INVALID);
    put = good;
    CODEC_SET(&put, type, PERCH__ADAPTER_TYPE__PROGRAM);
    assert_outcome(try(f, put), ADAPTER_PROGRAM_INVALID);
    CODEC_SET(&put, program, fixture_text("mine"));
    put.has_output = false;
    assert_outcome(try(f, put), DONE);
    free(transform);
}

/* There are so many adapters and no more. */
static void test_adapter_put__full(void **state)
{
    struct chat_fixture *f = *state;
    char name[16];

    for (int i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        snprintf(name, sizeof(name), "a%d", i);
        assert_outcome(archive_adapter_add(f, name), DONE);
    }
    assert_outcome(archive_adapter_add(f, "more"), ADAPTERS_FULL);
    assert_outcome(archive_adapter_add(f, "a3"), DONE);
}

static enum outcome remove_adapter(struct chat_fixture *f, const char *name,
                                   uint32_t if_version)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__AdapterRemove part = PERCH__ADAPTER_REMOVE__INIT;

    CODEC_SET(&part, name, fixture_text(name));
    CODEC_SET(&part, if_version, if_version);
    command.kind_case = PERCH__COMMAND__KIND_ADAPTER_REMOVE;
    command.adapter_remove = &part;
    return fixture_administer(f, &command);
}

/* An adapter goes with its cuts; one of that name is then a new one. */
static void test_adapter_remove__forgets(void **state)
{
    struct chat_fixture *f = *state;
    struct adapter_view view;

    assert_outcome(remove_adapter(f, "xml", 1), ADAPTER_UNKNOWN);
    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    assert_outcome(archive_cut(f, "xml"), DONE);
    assert_outcome(remove_adapter(f, "xml", 2), VERSION_STALE);
    assert_outcome(remove_adapter(f, "xml", 1), DONE);
    assert_false(fixture_event(f, EVENT_ADAPTER_CHANGED)->is_in);
    assert_false(archive_adapter(f->machine, 0, &view));
    assert_archive_reloads(f);
    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    assert_int_equal(seen(f, 0).n_cuts, 0);
    assert_int_equal(seen(f, 0).cut_csn, 0);
}

/* A cut takes all since the last, up to but without its own record: nothing is
 * in two and nothing in none. */
static void test_cut__takes_all_since_the_last(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t before, first_last;
    struct adapter_view view;

    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    before = archive_seen(f).records;
    assert_outcome(archive_cut(f, "xml"), DONE);
    first_last = f->applied.value;
    assert_int_equal(first_last, before - 1);
    assert_int_equal(fixture_event(f, EVENT_CUT)->message_id, first_last);
    assert_int_equal(fixture_record(f, 0).csn, before);
    assert_outcome(archive_cut(f, "xml"), CUT_EMPTY);
    assert_int_equal(f->effects.records.n, 0);
    assert_outcome(archive_say(f, "more"), DONE);
    assert_outcome(archive_cut(f, "xml"), DONE);
    view = seen(f, 0);
    assert_int_equal(view.n_cuts, 2);
    assert_int_equal(view.cuts[0].first_csn, 0);
    assert_int_equal(view.cuts[0].last_csn, first_last);
    assert_int_equal(view.cuts[1].first_csn, first_last + 1);
    assert_int_equal(view.cuts[1].last_csn, before + 1);
    assert_int_equal(view.cut_csn, before + 2);
    assert_archive_reloads(f);
}

/* Cuts and deliveries alone are nothing to cut, or there would be no end. */
static void test_cut__nothing_but_cuts(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_adapter_add(f, "a"), DONE);
    assert_outcome(archive_adapter_add(f, "b"), DONE);
    assert_outcome(archive_cut(f, "a"), DONE);
    assert_outcome(archive_cut_done(f, "a", f->applied.value), DONE);
    assert_outcome(archive_cut(f, "b"), DONE);
    assert_outcome(archive_cut(f, "a"), CUT_EMPTY);
    assert_outcome(archive_cut(f, "c"), ADAPTER_UNKNOWN);
}

/* So many cuts wait and no more; a disabled adapter is not cut for. */
static void test_cut__refuses(void **state)
{
    struct chat_fixture *f = *state;
    Perch__AdapterPut put = PERCH__ADAPTER_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Cut part = PERCH__CUT__INIT;

    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    for (int i = 0; i < ARCHIVE_CUTS_MAX; i++) {
        assert_outcome(archive_say(f, "more"), DONE);
        assert_outcome(archive_cut(f, "xml"), DONE);
    }
    assert_outcome(archive_say(f, "more"), DONE);
    assert_outcome(archive_cut(f, "xml"), CUTS_FULL);
    assert_archive_reloads(f);
    assert_outcome(archive_cut_done(f, "xml", seen(f, 0).cuts[0].last_csn),
                   DONE);
    assert_outcome(archive_cut(f, "xml"), DONE);
    CODEC_SET(&put, disabled, true);
    assert_outcome(archive_adapter_put(f, &put, "xml"), DONE);
    assert_outcome(archive_cut(f, "xml"), ADAPTER_DISABLED);
    CODEC_SET(&part, adapter, fixture_text("xml"));
    command.kind_case = PERCH__COMMAND__KIND_CUT;
    command.cut = &part;
    CODEC_SET(&command, user, fixture_text(ALICE));
    assert_outcome(fixture_apply(f, 1, &command), NOT_AN_ADMINISTRATOR);
}

/* An administrator need not wait for the interval to end. */
static void test_cut__by_an_administrator(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Cut part = PERCH__CUT__INIT;

    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    CODEC_SET(&part, adapter, fixture_text("xml"));
    command.kind_case = PERCH__COMMAND__KIND_CUT;
    command.cut = &part;
    assert_outcome(fixture_administer(f, &command), DONE);
    assert_int_equal(seen(f, 0).n_cuts, 1);
}

/* The oldest cut is acknowledged, as a whole, with its sheet; what went wrong
 * before is forgotten with it. */
static void test_cut_done__oldest_first(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t first, second;
    struct adapter_view view;

    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    assert_outcome(archive_cut_done(f, "xml", 0), CUT_UNKNOWN);
    assert_outcome(archive_cut(f, "xml"), DONE);
    first = f->applied.value;
    assert_outcome(archive_say(f, "more"), DONE);
    assert_outcome(archive_cut(f, "xml"), DONE);
    second = f->applied.value;
    assert_outcome(archive_cut_done(f, "xml", second), CUT_UNKNOWN);
    assert_outcome(archive_cut_done(f, "xml", first - 1), CUT_UNKNOWN);
    assert_outcome(archive_cut_done(f, "eml", first), ADAPTER_UNKNOWN);
    assert_outcome(archive_cut_done(f, "xml", first), DONE);
    assert_int_equal(fixture_event(f, EVENT_DELIVERED)->message_id, first);
    view = seen(f, 0);
    assert_int_equal(view.acked_csn, first + 1);
    assert_int_equal(view.sheet[31], (uint8_t)first);
    assert_int_equal(view.n_cuts, 1);
    assert_int_equal(view.cuts[0].first_csn, first + 1);
    assert_outcome(archive_cut_done(f, "xml", first), CUT_UNKNOWN);
    assert_outcome(archive_cut_done(f, "xml", second), DONE);
    assert_int_equal(seen(f, 0).acked_csn, seen(f, 0).cut_csn);
    assert_archive_reloads(f);
}

/* A sheet is named by its digest. */
static void test_cut_done__refuses(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__CutDone done = PERCH__CUT_DONE__INIT;

    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    assert_outcome(archive_cut(f, "xml"), DONE);
    CODEC_SET(&done, adapter, fixture_text("xml"));
    CODEC_SET(&done, last_csn, f->applied.value);
    CODEC_SET(&done, sheet, fixture_text("short"));
    command.kind_case = PERCH__COMMAND__KIND_CUT_DONE;
    command.cut_done = &done;
    assert_outcome(fixture_apply(f, 1, &command), CUT_SHEET_INVALID);
    assert_no_trace(f);
    assert_int_equal(seen(f, 0).n_cuts, 1);
}

static enum outcome report(struct chat_fixture *f, const char *name,
                           const char *error, uint32_t attempts)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__AdapterReport part = PERCH__ADAPTER_REPORT__INIT;

    CODEC_SET(&part, adapter, fixture_text(name));
    CODEC_SET(&part, error, fixture_text(error));
    CODEC_SET(&part, attempts, attempts);
    command.kind_case = PERCH__COMMAND__KIND_ADAPTER_REPORT;
    command.adapter_report = &part;
    return fixture_apply(f, 1, &command);
}

/* How an adapter fares is shown until it goes on; it is no record. */
static void test_adapter_report__is_shown(void **state)
{
    struct chat_fixture *f = *state;
    char error[ARCHIVE_ERROR_BYTES_MAX + 2];
    uint64_t last;

    assert_outcome(report(f, "xml", "no disk", 3), ADAPTER_UNKNOWN);
    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    assert_outcome(archive_cut(f, "xml"), DONE);
    last = f->applied.value;
    assert_outcome(report(f, "xml", "no disk", 3), DONE);
    assert_int_equal(f->effects.records.n, 0);
    assert_slice_text(seen(f, 0).error, "no disk");
    assert_int_equal(seen(f, 0).attempts, 3);
    assert_archive_reloads(f);
    memset(error, 'e', sizeof(error));
    error[sizeof(error) - 1] = '\0';
    assert_outcome(report(f, "xml", error, 4), ADAPTER_REPORT_INVALID);
    assert_outcome(report(f, "xml", "\xff", 4), ADAPTER_REPORT_INVALID);
    assert_outcome(archive_cut_done(f, "xml", last), DONE);
    assert_int_equal(seen(f, 0).error.len + seen(f, 0).attempts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define BARE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, archive_setup_bare, fixture_teardown)
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, archive_setup, fixture_teardown)
        TEST(test_adapter_put__defaults),
        TEST(test_adapter_put__changes),
        BARE(test_adapter_put__refuses),
        TEST(test_adapter_put__full),
        TEST(test_adapter_remove__forgets),
        TEST(test_cut__takes_all_since_the_last),
        TEST(test_cut__nothing_but_cuts),
        TEST(test_cut__refuses),
        TEST(test_cut__by_an_administrator),
        TEST(test_cut_done__oldest_first),
        TEST(test_cut_done__refuses),
        TEST(test_adapter_report__is_shown),
#undef BARE
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
