/* What is said, and what becomes of it, in records. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/ledger_fixture.h"
#include "tests/unit/talk_fixture.h"

/* The archive is on after the first three messages: they are in no record. */
static int setup(void **state)
{
    if (talk_setup(state) != 0) {
        return -1;
    }
    assert_outcome(fixture_archive(*state, PERCH__ARCHIVE_MODE__ARCHIVE_ON),
                   DONE);
    return 0;
}

/* Bob says something in the lobby. Returns the CSN of it. */
static uint64_t say(struct chat_fixture *f, const char *text)
{
    uint64_t csn = ledger_records(f);

    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, text, NULL), DONE);
    assert_one_record(f, RECORD_POST);
    return csn;
}

static enum outcome post_as(struct chat_fixture *f, bool alert, bool story)
{
    Perch__Post post = PERCH__POST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&post, room, fixture_guid_bytes(&f->lobby));
    CODEC_SET(&post, text, fixture_text("title\nand text"));
    CODEC_SET(&post, alert, alert);
    CODEC_SET(&post, story, story);
    CODEC_SET(&command, user, fixture_text(BOB));
    CODEC_SET(&command, session, 2);
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    return fixture_apply(f, 2, &command);
}

/* Alerts and stories are kinds of their own, a story also when it is an alert;
 * its title is in the command alone, where it can be erased. */
static void test_record__alerts_and_stories(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(post_as(f, true, false), DONE);
    assert_one_record(f, RECORD_ALERT);
    assert_outcome(post_as(f, false, true), DONE);
    record = assert_one_record(f, RECORD_STORY);
    assert_false(has_field(&record, RECORD_FIELD_TITLE));
    assert_outcome(post_as(f, true, true), DONE);
    assert_one_record(f, RECORD_STORY);
}

/* The same post again is no record: nothing has happened. */
static void test_record__a_repeated_post_is_none(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "x", "r1"), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "x", "r1"), REPEATED);
    assert_int_equal(f->effects.records.n, 0);
}

/* A correction says whose message it is, and which record has it. */
static void test_record__correction(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t csn = say(f, "four");
    struct record record;

    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 4, "vier"), DONE);
    record = assert_one_record(f, RECORD_CORRECT);
    assert_field_room(&record, &f->lobby, "lobby");
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_text(&record, RECORD_FIELD_AUTHOR, BOB);
    assert_number(&record, RECORD_FIELD_MESSAGE_ID, 4);
    assert_number(&record, RECORD_FIELD_OF_CSN, csn);
    assert_true(f->effects.revised.has_csn);
    assert_int_equal(f->effects.revised.csn, csn + 1);
    /* One from before the archive has no record. */
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "eins"), DONE);
    record = assert_one_record(f, RECORD_CORRECT);
    assert_false(has_field(&record, RECORD_FIELD_OF_CSN));
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 1, "eins"), DONE);
    assert_int_equal(f->effects.records.n, 0); /* It says so already. */
    assert_outcome(talk_correct(f, ALICE, 1, &f->lobby, 1, "uno"),
                   NOT_THE_AUTHOR);
    record = assert_one_record(f, RECORD_DENIED);
    assert_field_room(&record, &f->lobby, "lobby");
}

static void test_record__withdrawal(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t csn = say(f, "four");
    struct record record;

    assert_outcome(talk_withdraw(f, BOB, 2, &f->lobby, 4), DONE);
    record = assert_one_record(f, RECORD_WITHDRAW);
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_number(&record, RECORD_FIELD_OF_CSN, csn);
    assert_outcome(talk_withdraw(f, NULL, 0, &f->lobby, 3), DONE);
    record = assert_one_record(f, RECORD_WITHDRAW);
    assert_false(has_field(&record, RECORD_FIELD_USER));
    assert_text(&record, RECORD_FIELD_AUTHOR, ALICE);
}

/* A redaction of several messages has a record for each, and the command is
 * with the first. */
static void test_record__redaction(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t csn = say(f, "four"), ids[] = {4, 2};
    struct record record;

    assert_outcome(talk_redact(f, &f->lobby, 2, ids, "secret", "***"), DONE);
    assert_int_equal(f->effects.records.n, 2);
    record = assert_record(f, 0, RECORD_REDACT);
    assert_number(&record, RECORD_FIELD_MESSAGE_ID, 2);
    assert_false(has_field(&record, RECORD_FIELD_OF_CSN));
    assert_text(&record, RECORD_FIELD_REASON, "secret");
    assert_true(record.command.len > 0);
    record = assert_record(f, 1, RECORD_REDACT);
    assert_number(&record, RECORD_FIELD_MESSAGE_ID, 4);
    assert_number(&record, RECORD_FIELD_OF_CSN, csn);
    assert_int_equal(record.command.len, 0);
    assert_outcome(talk_redact(f, &f->lobby, 1, ids, "", NULL), REASON_MISSING);
    assert_one_record(f, RECORD_DENIED);
}

static void test_record__clearing(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(talk_clear(f, &f->lobby, 2, "begin anew"), DONE);
    record = assert_one_record(f, RECORD_CLEAR);
    assert_field_room(&record, &f->lobby, "lobby");
    assert_number(&record, RECORD_FIELD_UPTO_ID, 2);
    assert_text(&record, RECORD_FIELD_REASON, "begin anew");
}

/* A purge names the records of what is erased, of its corrections too: those
 * whose payloads are to go. */
static void test_record__purge(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t four = say(f, "four"), correction = ledger_records(f);
    struct record record;

    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 4, "vier"), DONE);
    assert_outcome(talk_retain(f, &f->lobby, 10), DONE);
    assert_outcome(talk_purge(f, &f->lobby, 0, 4), RETENTION_RUNS);
    assert_one_record(f, RECORD_DENIED);
    talk_days(f, 11);
    assert_outcome(talk_purge(f, &f->lobby, 0, 4), DONE);
    record = assert_one_record(f, RECORD_PURGE);
    assert_field_room(&record, &f->lobby, "lobby");
    assert_number(&record, RECORD_FIELD_UPTO_ID, 4);
    assert_number(&record, RECORD_FIELD_COUNT, 4);
    assert_numbers(&record, RECORD_FIELD_WITHHOLDS, 2,
                   (uint64_t[]){four, correction});
}

static enum outcome import_at(struct chat_fixture *f, uint64_t first_id,
                              size_t n, const char *author)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__MessagesImport import = PERCH__MESSAGES_IMPORT__INIT;
    Perch__MessagesImport__Message messages[8], *list[8];
    Perch__Post post = PERCH__POST__INIT;

    CODEC_SET(&post, text, fixture_text("said elsewhere"));
    for (size_t i = 0; i < n; i++) {
        perch__messages_import__message__init(&messages[i]);
        CODEC_SET(&messages[i], author,
                  fixture_text(i == 1 ? author : "sip:old@else.example"));
        CODEC_SET(&messages[i], display_name, fixture_text("Old"));
        CODEC_SET(&messages[i], sent_at_us, 999999 + (int64_t)(first_id + i));
        messages[i].post = &post;
        list[i] = &messages[i];
    }
    CODEC_SET(&import, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&import, first_id, first_id);
    import.n_messages = n;
    import.messages = list;
    command.kind_case = PERCH__COMMAND__KIND_MESSAGES_IMPORT;
    command.messages_import = &import;
    return fixture_administer(f, &command);
}

static enum outcome import(struct chat_fixture *f, size_t n, const char *author)
{
    return import_at(f, 1, n, author);
}

/* Each message that is imported has a record, and the command is with the
 * first. */
static void test_record__import(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t csn = ledger_records(f);
    struct record record;
    struct said said;

    assert_outcome(import(f, 4, BOB), DONE);
    assert_int_equal(f->effects.records.n, 4);
    record = assert_record(f, 1, RECORD_IMPORT);
    assert_field_room(&record, &f->desk, "desk");
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_text(&record, RECORD_FIELD_NAME, "root");
    assert_number(&record, RECORD_FIELD_MESSAGE_ID, 2);
    assert_number(&record, RECORD_FIELD_SENT_AT, 1000001);
    said = talk_said(f, &f->desk, 3);
    assert_int_equal(said.csn, csn + 2);
    assert_int_equal(said.command_csn, csn);
}

/* The command of an import is withheld with the last of its messages, not
 * before, whichever is the last: one may be held. */
static void test_record__purge_of_an_import(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t csn = ledger_records(f);
    struct record record;

    assert_outcome(import(f, 4, BOB), DONE);
    assert_outcome(talk_retain(f, &f->desk, 10), DONE);
    assert_outcome(talk_hold(f, "case", NULL, BOB), DONE);
    talk_days(f, 11);
    assert_outcome(talk_purge(f, &f->desk, 0, 1), DONE);
    record = assert_one_record(f, RECORD_PURGE);
    assert_false(has_field(&record, RECORD_FIELD_WITHHOLDS));
    assert_outcome(talk_purge(f, &f->desk, 1, 4), DONE);
    record = assert_one_record(f, RECORD_PURGE);
    assert_number(&record, RECORD_FIELD_COUNT, 2);
    assert_numbers(&record, RECORD_FIELD_WITHHOLDS, 2,
                   (uint64_t[]){csn + 2, csn + 3});
    assert_outcome(talk_lift(f, "case", NULL, BOB), DONE);
    assert_outcome(talk_purge(f, &f->desk, 0, 4), DONE);
    record = assert_one_record(f, RECORD_PURGE);
    assert_numbers(&record, RECORD_FIELD_WITHHOLDS, 2,
                   (uint64_t[]){csn + 1, csn});
}

/* Records of the origin before are no matter of this one's, though they had
 * the same CSNs: one of them that stays keeps no command of this one's. */
static void test_record__purge_of_imports_of_two_origins(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;
    uint64_t csn;

    for (int i = 0; i < 8; i++) {
        say(f, "before");
    }
    csn = ledger_records(f);
    assert_outcome(import(f, 4, BOB), DONE);
    assert_outcome(fixture_reopen(f), DONE);
    while (ledger_records(f) < csn) {
        say(f, "behind");
    }
    assert_int_equal(ledger_records(f), csn);
    assert_outcome(import_at(f, 5, 2, CAROL), DONE);
    assert_outcome(talk_retain(f, &f->desk, 10), DONE);
    assert_outcome(talk_hold(f, "case", NULL, BOB), DONE);
    talk_days(f, 11);
    assert_outcome(talk_purge(f, &f->desk, 0, 6), DONE);
    record = assert_one_record(f, RECORD_PURGE);
    assert_number(&record, RECORD_FIELD_COUNT, 5);
    assert_numbers(&record, RECORD_FIELD_WITHHOLDS, 2,
                   (uint64_t[]){csn + 1, csn});
}

/* More CSNs than one record has room for go on in the next. */
static void test_record__purge_of_many(void **state)
{
    enum { CORRECTIONS = 450 };
    struct chat_fixture *f = *state;
    uint64_t csn = say(f, "four"), wanted[CORRECTIONS + 1];
    struct record record;
    char text[16];

    wanted[0] = csn;
    for (int i = 0; i < CORRECTIONS; i++) {
        snprintf(text, sizeof(text), "%d", i);
        assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 4, text), DONE);
        wanted[i + 1] = csn + 1 + (uint64_t)i;
    }
    assert_outcome(talk_retain(f, &f->lobby, 10), DONE);
    talk_days(f, 11);
    assert_outcome(talk_purge(f, &f->lobby, 0, 4), DONE);
    assert_int_equal(f->effects.records.n, 2);
    record = assert_record(f, 0, RECORD_PURGE);
    assert_numbers(&record, RECORD_FIELD_WITHHOLDS, 400, wanted);
    assert_true(record.command.len > 0);
    record = assert_record(f, 1, RECORD_PURGE);
    assert_numbers(&record, RECORD_FIELD_WITHHOLDS, CORRECTIONS + 1 - 400,
                   wanted + 400);
    assert_int_equal(record.command.len, 0);
}

int main(void)
{
#define WITH(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(test_record__alerts_and_stories),
        WITH(test_record__a_repeated_post_is_none),
        WITH(test_record__correction),
        WITH(test_record__withdrawal),
        WITH(test_record__redaction),
        WITH(test_record__clearing),
        WITH(test_record__purge),
        WITH(test_record__import),
        WITH(test_record__purge_of_an_import),
        WITH(test_record__purge_of_imports_of_two_origins),
        WITH(test_record__purge_of_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
