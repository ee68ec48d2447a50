#include "tests/unit/test.h"

#include <stdlib.h>

#include "node/chat/archive.h"
#include "node/chat/state.h"
#include "proto/tlog/hash.h"
#include "tests/unit/ledger_fixture.h"
#include "tests/unit/row_store.h"

static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    fixture_raise(*state);
    return 0;
}

/* As setup, and the archive is on; alice and bob are in the lobby, and bob in
 * the desk. */
static int setup_on(void **state)
{
    struct chat_fixture *f;

    if (setup(state) != 0) {
        return -1;
    }
    f = *state;
    assert_outcome(fixture_archive(f, PERCH__ARCHIVE_MODE__ARCHIVE_ON), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 1, BOB, 2), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 2, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 2, &f->desk), DONE);
    return 0;
}

/* While the archive is off there is no record; the command that switches it on
 * makes the first, and the one that switches it off the last. */
static void test_ledger__records_while_on(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(fixture_user(f, "sip:dan@example.com"), DONE);
    assert_int_equal(f->effects.records.n, 0);
    assert_outcome(fixture_archive(f, PERCH__ARCHIVE_MODE__ARCHIVE_ON), DONE);
    assert_int_equal(f->effects.records.n, 2);
    record = assert_record(f, 0, RECORD_ORIGIN);
    assert_int_equal(record.csn, 0);
    assert_true(has_field(&record, RECORD_FIELD_ORIGIN));
    record = assert_record(f, 1, RECORD_COMPLIANCE);
    assert_int_equal(record.csn, 1);
    assert_text(&record, RECORD_FIELD_MODE, "on");
    assert_text(&record, RECORD_FIELD_BEFORE, "mode=off\n");
    assert_int_equal(ledger_records(f), 2);

    assert_outcome(fixture_user(f, "sip:eve@example.com"), DONE);
    assert_int_equal(fixture_record(f, 0).csn, 2);
    assert_outcome(fixture_archive(f, PERCH__ARCHIVE_MODE__ARCHIVE_OFF), DONE);
    assert_int_equal(f->effects.records.n, 1);
    record = assert_record(f, 0, RECORD_COMPLIANCE);
    assert_text(&record, RECORD_FIELD_MODE, "off");
    assert_outcome(fixture_user(f, "sip:fay@example.com"), DONE);
    assert_int_equal(f->effects.records.n, 0);
    assert_outcome(fixture_archive(f, PERCH__ARCHIVE_MODE__ARCHIVE_ON), DONE);
    assert_int_equal(f->effects.records.n, 1); /* The origin is the same. */
    assert_int_equal(fixture_record(f, 0).csn, 4);
}

/* Who is in a room when the archive is switched on joins it, and leaves it when
 * it is switched off: joins and parts balance. What begins anew tells it anew.
 * A user's first endpoint is the edge of its joins, the last that of its parts.
 */
static void test_ledger__who_is_present(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 1, BOB, 2), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 3), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->desk), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 2, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 3, &f->lobby), DONE);
    assert_outcome(fixture_archive(f, PERCH__ARCHIVE_MODE__ARCHIVE_ON), DONE);
    assert_int_equal(f->effects.records.n, 5);
    assert_record(f, 1, RECORD_COMPLIANCE);
    record = assert_record(f, 2, RECORD_JOIN);
    assert_field_room(&record, &f->lobby, "lobby");
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_text(&record, RECORD_FIELD_REASON, "present already");
    assert_number(&record, RECORD_FIELD_EDGE, 1);
    record = assert_record(f, 3, RECORD_JOIN);
    assert_number(&record, RECORD_FIELD_EDGE, 0);
    record = assert_record(f, 4, RECORD_JOIN);
    assert_field_room(&record, &f->desk, "desk");
    assert_text(&record, RECORD_FIELD_USER, ALICE);
    assert_true(has_field(&record, RECORD_FIELD_SESSION));
    assert_outcome(fixture_archive(f, PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED),
                   DONE);
    assert_one_record(f, RECORD_COMPLIANCE);
    assert_outcome(fixture_reopen(f), DONE);
    assert_int_equal(f->effects.records.n, 4);
    assert_record(f, 0, RECORD_ORIGIN);
    assert_record(f, 1, RECORD_JOIN);
    assert_outcome(fixture_archive(f, PERCH__ARCHIVE_MODE__ARCHIVE_OFF), DONE);
    assert_int_equal(f->effects.records.n, 4);
    record = assert_record(f, 0, RECORD_PART);
    assert_text(&record, RECORD_FIELD_REASON, "archive switched off");
    assert_number(&record, RECORD_FIELD_EDGE, 0);
    assert_true(record.command.len > 0);
    record = assert_record(f, 1, RECORD_PART);
    assert_number(&record, RECORD_FIELD_EDGE, 1);
    assert_record(f, 3, RECORD_COMPLIANCE);
}

/* Who gave it is a field: the command may lie beside, and go. */
static void test_ledger__who_administered(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(fixture_user(f, "sip:dan@example.com"), DONE);
    record = assert_one_record(f, RECORD_USER_CREATED);
    assert_text(&record, RECORD_FIELD_ACTOR, "root");
    assert_outcome(fixture_user(f, "sip:dan@example.com"), USER_EXISTS);
    record = assert_one_record(f, RECORD_DENIED);
    assert_text(&record, RECORD_FIELD_ACTOR, "root");
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "hi", NULL), DONE);
    record = assert_one_record(f, RECORD_POST);
    assert_false(has_field(&record, RECORD_FIELD_ACTOR));
}

/* A post's record has all that identifies it, and the command as it was
 * committed, byte for byte; the message's row learns its number. */
static void test_ledger__post(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t csn = ledger_records(f);
    struct record record;
    struct slice value;

    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "hello", NULL),
                   DONE);
    assert_int_equal(f->effects.records.n, 1);
    record = assert_record(f, 0, RECORD_POST);
    assert_int_equal(record.csn, csn);
    assert_int_equal(record.node, 1);
    assert_int_equal(record.outcome, OUTCOME_DONE);
    assert_int_equal(record.flags, 0);
    assert_int_equal(record.time_us, f->effects.sent_at_us);
    assert_true(record_find(&record, RECORD_FIELD_ROOM, &value));
    assert_memory_equal(value.data, f->lobby.bytes, GUID_BYTES);
    assert_text(&record, RECORD_FIELD_ROOM_NAME, "lobby");
    assert_text(&record, RECORD_FIELD_USER, ALICE);
    assert_number(&record, RECORD_FIELD_MESSAGE_ID, 1);
    assert_true(slice_equal(record.command, buffer_slice(&f->bytes)));
    assert_true(f->effects.message.has_csn);
    assert_int_equal(f->effects.message.csn, csn);
}

/* What is refused is a record as well; what leaves no trace is none. */
static void test_ledger__refusals(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;
    uint64_t csn;

    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->desk, "psst", NULL),
                   NOT_JOINED);
    record = assert_record(f, 0, RECORD_DENIED);
    assert_int_equal(record.outcome, OUTCOME_NOT_JOINED);
    assert_text(&record, RECORD_FIELD_ROOM_NAME, "desk");
    assert_text(&record, RECORD_FIELD_USER, ALICE);
    assert_text(&record, RECORD_FIELD_REASON, outcome_text(OUTCOME_NOT_JOINED));
    assert_outcome(fixture_open(f, 2, CAROL, 7), DONE);
    assert_outcome(fixture_join(f, 2, CAROL, 7, &f->desk), NOT_A_MEMBER);
    assert_int_equal(f->effects.records.n, 1);
    record = assert_record(f, 0, RECORD_DENIED);
    assert_int_equal(record.outcome, OUTCOME_NOT_A_MEMBER);
    assert_text(&record, RECORD_FIELD_ROOM_NAME, "desk");
    assert_outcome(fixture_user(f, ALICE), USER_EXISTS);
    record = assert_record(f, 0, RECORD_DENIED);
    assert_text(&record, RECORD_FIELD_NAME, "user_create");
    csn = ledger_records(f);
    f->numbers[1] -= 1;
    assert_outcome(fixture_user(f, "sip:late@example.com"), DUPLICATE);
    assert_outcome(fixture_close(f, 1, 99, 0), SESSION_UNKNOWN);
    assert_int_equal(ledger_records(f), csn);
}

/* One command, several records: the first has the command, each its ordinal.
 * Who was in the room already has not joined it again. */
static void test_ledger__joins_and_parts(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(fixture_join(f, 1, BOB, 2, &f->lobby), DONE);
    assert_int_equal(f->effects.records.n, 0);
    assert_outcome(fixture_close(f, 1, 2, 0), DONE);
    assert_int_equal(f->effects.records.n, 3);
    record = assert_record(f, 0, RECORD_PART);
    assert_text(&record, RECORD_FIELD_ROOM_NAME, "lobby");
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_text(&record, RECORD_FIELD_REASON, leave_text(LEAVE_DROPPED));
    assert_number(&record, RECORD_FIELD_EDGE, 1);
    assert_true(record.command.len > 0);
    record = assert_record(f, 1, RECORD_PART);
    assert_text(&record, RECORD_FIELD_ROOM_NAME, "desk");
    assert_int_equal(record.command.len, 0);
    record = assert_record(f, 2, RECORD_SESSION_CLOSED);
    assert_int_equal(record.csn + 1, ledger_records(f));
    assert_outcome(fixture_start(f, 1), DONE);
    assert_int_equal(f->effects.records.n, 3);
    record = assert_record(f, 0, RECORD_PART);
    assert_text(&record, RECORD_FIELD_REASON, leave_text(LEAVE_NODE_RESTARTED));
    assert_record(f, 2, RECORD_NODE_STARTED);
}

/* A command of more bytes than records carry goes beside, by its digest. */
static void test_ledger__large_commands_beside(void **state)
{
    struct chat_fixture *f = *state;
    struct merkle_hash digest;
    struct record record;
    char text[400];

    assert_outcome(fixture_set(f, SETTING_ARCHIVE_INLINE_BYTES_MAX, 300), DONE);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, text, NULL), DONE);
    record = assert_record(f, 0, RECORD_POST);
    assert_int_equal(record.flags, RECORD_WITHHELD);
    hash_bytes(buffer_slice(&f->bytes), &digest);
    assert_true(slice_equal(record.command,
                            slice_of(digest.bytes, sizeof(digest.bytes))));
    assert_true(
        slice_equal(f->effects.records.payload, buffer_slice(&f->bytes)));
    assert_false(has_field(&record, RECORD_FIELD_WITHHOLDS));
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "short", NULL),
                   DONE);
    assert_int_equal(fixture_record(f, 0).flags, 0);
    assert_int_equal(f->effects.records.payload.len, 0);
}

/* The ledger survives a restart, and its tree with it. */
static void test_ledger__row(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = row_store_new();
    struct archive_view ours, theirs;
    struct machine *again;
    enum error error;

    machine_write_all(f->machine, row_store_take, store);
    again = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_non_null(again);
    archive_view(f->machine, &ours);
    archive_view(again, &theirs);
    assert_int_equal(ours.records, theirs.records);
    assert_int_equal(ours.records_talk, theirs.records_talk);
    assert_int_equal(ours.record_us, theirs.record_us);
    assert_true(machine_hash(again) == machine_hash(f->machine));
    machine_free(again);
    row_store_free(store);
}

/* The frontier is that of the tree over the records' bytes. */
static void test_ledger__tree(void **state)
{
    struct chat_fixture *f = *state;
    struct merkle_frontier frontier = f->machine->ledger.frontier;
    struct merkle_hash leaf, ours, theirs;

    for (int i = 0; i < 9; i++) {
        assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "again", NULL),
                       DONE);
        merkle_leaf(effects_record_at(&f->effects, 0), &leaf);
        merkle_grow(&frontier, &leaf);
    }
    merkle_root(&frontier, &ours);
    merkle_root(&f->machine->ledger.frontier, &theirs);
    assert_true(merkle_equal(&ours, &theirs));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ledger__records_while_on, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_ledger__who_is_present, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_ledger__who_administered, setup_on,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_ledger__post, setup_on,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_ledger__refusals, setup_on,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_ledger__joins_and_parts, setup_on,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_ledger__large_commands_beside,
                                        setup_on, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_ledger__row, setup_on,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_ledger__tree, setup_on,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
