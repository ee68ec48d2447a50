/* What is shown is committed first; while there is an archive it has a record
 * of it. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/ledger_fixture.h"

static int setup(void **state)
{
    struct chat_fixture *f;

    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(fixture_archive(f, PERCH__ARCHIVE_MODE__ARCHIVE_ON), DONE);
    assert_outcome(fixture_open(f, 1, BOB, 2), DONE);
    assert_outcome(fixture_open(f, 1, CAROL, 3), DONE);
    return 0;
}

static enum outcome act(struct chat_fixture *f, const char *user,
                        uint64_t serial, Perch__Command *command)
{
    CODEC_SET(command, user, fixture_text(user));
    CODEC_SET(command, session, serial);
    return fixture_apply(f, 1, command);
}

static enum outcome read_rooms(struct chat_fixture *f, const char *user,
                               uint64_t serial, size_t n, struct guid *rooms,
                               const char *what)
{
    static ProtobufCBinaryData list[DISCLOSURE_ROOMS_MAX + 1];
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__HistoryRead read = PERCH__HISTORY_READ__INIT;

    for (size_t i = 0; i < n; i++) {
        list[i] = fixture_guid_bytes(&rooms[i]);
    }
    read.n_rooms = n;
    read.rooms = list;
    CODEC_SET(&read, what, fixture_text(what));
    command.kind_case = PERCH__COMMAND__KIND_HISTORY_READ;
    command.history_read = &read;
    return act(f, user, serial, &command);
}

/* One record for each room that is shown. Who may not read one of them is shown
 * none, and there is no record of what was not shown. */
static void test_history_read(void **state)
{
    struct chat_fixture *f = *state;
    struct guid both[] = {f->lobby, f->desk}, gone = fixture_guid(99);
    uint64_t records;
    struct record record;

    assert_outcome(read_rooms(f, BOB, 2, 2, both, "bccontext 30"), DONE);
    assert_int_equal(f->effects.records.n, 2);
    record = assert_record(f, 0, RECORD_HISTORY_READ);
    assert_field_room(&record, &f->lobby, "lobby");
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_text(&record, RECORD_FIELD_NAME, "bccontext 30");
    record = assert_record(f, 1, RECORD_HISTORY_READ);
    assert_field_room(&record, &f->desk, "desk");
    records = ledger_records(f);
    assert_outcome(read_rooms(f, CAROL, 3, 2, both, "x"), NOT_A_MEMBER);
    assert_int_equal(f->applied.value, 1);
    assert_outcome(read_rooms(f, BOB, 2, 1, &gone, "x"), ROOM_UNKNOWN);
    assert_outcome(read_rooms(f, BOB, 3, 1, both, "x"), NOT_THE_SESSIONS_USER);
    assert_outcome(read_rooms(f, BOB, 9, 1, both, "x"), SESSION_UNKNOWN);
    assert_outcome(read_rooms(f, BOB, 2, 0, both, "x"), READING_INVALID);
    assert_outcome(read_rooms(f, BOB, 2, 1, both, "\xff"), READING_INVALID);
    assert_int_equal(ledger_records(f), records);
}

/* So many rooms at a time, and so long a text. */
static void test_history_read__bounds(void **state)
{
    static struct guid rooms[DISCLOSURE_ROOMS_MAX + 1];
    static char what[DISCLOSURE_BYTES_MAX + 2];
    struct chat_fixture *f = *state;

    for (size_t i = 0; i <= DISCLOSURE_ROOMS_MAX; i++) {
        rooms[i] = f->lobby;
    }
    memset(what, 'w', DISCLOSURE_BYTES_MAX);
    assert_outcome(read_rooms(f, BOB, 2, DISCLOSURE_ROOMS_MAX, rooms, what),
                   DONE);
    assert_int_equal(f->effects.records.n, DISCLOSURE_ROOMS_MAX);
    assert_outcome(read_rooms(f, BOB, 2, DISCLOSURE_ROOMS_MAX + 1, rooms, what),
                   READING_INVALID);
    what[DISCLOSURE_BYTES_MAX] = 'w';
    assert_outcome(read_rooms(f, BOB, 2, 1, rooms, what), READING_INVALID);
}

/* While there is no archive it is done without a trace. */
static void test_history_read__off(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_archive(f, PERCH__ARCHIVE_MODE__ARCHIVE_OFF), DONE);
    assert_outcome(read_rooms(f, BOB, 2, 1, &f->lobby, "x"), DONE);
    assert_int_equal(f->effects.records.n, 0);
    assert_no_trace(f);
}

static enum outcome search(struct chat_fixture *f, const char *user,
                           uint64_t serial, const struct guid *room,
                           const char *words)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Searched searched = PERCH__SEARCHED__INIT;
    ProtobufCBinaryData rooms[1];

    if (room != NULL) {
        rooms[0] = fixture_guid_bytes(room);
        searched.n_rooms = 1;
        searched.rooms = rooms;
    }
    CODEC_SET(&searched, words, fixture_text(words));
    CODEC_SET(&searched, what, fixture_text("from today"));
    command.kind_case = PERCH__COMMAND__KIND_SEARCHED;
    command.searched = &searched;
    return act(f, user, serial, &command);
}

static void test_searched(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(search(f, BOB, 2, &f->desk, "profit"), DONE);
    record = assert_one_record(f, RECORD_SEARCH);
    assert_field_room(&record, &f->desk, "desk");
    assert_text(&record, RECORD_FIELD_TITLE, "profit");
    assert_text(&record, RECORD_FIELD_NAME, "from today");
    assert_outcome(search(f, CAROL, 3, NULL, "loss"), DONE);
    record = assert_one_record(f, RECORD_SEARCH);
    assert_false(has_field(&record, RECORD_FIELD_ROOM));
    assert_text(&record, RECORD_FIELD_USER, CAROL);
    assert_outcome(search(f, CAROL, 3, &f->desk, "x"), NOT_A_MEMBER);
    assert_int_equal(f->effects.records.n, 0);
}

static enum outcome deny(struct chat_fixture *f, const struct guid *room,
                         const char *notice, bool post)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__PostDenied denied = PERCH__POST_DENIED__INIT;
    Perch__Post said = PERCH__POST__INIT;

    CODEC_SET(&said, room, fixture_guid_bytes(room));
    CODEC_SET(&said, text, fixture_text("a bad word"));
    denied.post = post ? &said : NULL;
    CODEC_SET(&denied, notice, fixture_text(notice));
    command.kind_case = PERCH__COMMAND__KIND_POST_DENIED;
    command.post_denied = &denied;
    return act(f, BOB, 2, &command);
}

/* What was said and refused is in the command, why in the record. */
static void test_post_denied(void **state)
{
    struct chat_fixture *f = *state;
    struct guid gone = fixture_guid(99);
    struct record record;

    assert_outcome(deny(f, &f->lobby, "mind your language", true), DONE);
    record = assert_one_record(f, RECORD_DENIED);
    assert_field_room(&record, &f->lobby, "lobby");
    assert_text(&record, RECORD_FIELD_REASON, "mind your language");
    assert_true(slice_equal(record.command, buffer_slice(&f->bytes)));
    assert_outcome(deny(f, &gone, "x", true), ROOM_UNKNOWN);
    record = assert_one_record(f, RECORD_DENIED);
    assert_int_equal(record.outcome, OUTCOME_ROOM_UNKNOWN);
    assert_true(has_field(&record, RECORD_FIELD_ROOM));
    assert_outcome(deny(f, &f->lobby, "x", false), ROOM_UNKNOWN);
    assert_outcome(deny(f, &f->lobby, "\xff", true), READING_INVALID);
}

static enum outcome look(struct chat_fixture *f, const struct guid *room,
                         bool export)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__MessagesRead read = PERCH__MESSAGES_READ__INIT;
    ProtobufCBinaryData rooms[1];

    if (room != NULL) {
        rooms[0] = fixture_guid_bytes(room);
        read.n_rooms = 1;
        read.rooms = rooms;
    }
    CODEC_SET(&read, what, fixture_text("messages list"));
    CODEC_SET(&read, export, export);
    command.kind_case = PERCH__COMMAND__KIND_MESSAGES_READ;
    command.messages_read = &read;
    return fixture_administer(f, &command);
}

static void test_messages_read(void **state)
{
    struct chat_fixture *f = *state;
    struct guid gone = fixture_guid(99);
    struct record record;

    assert_outcome(look(f, &f->desk, false), DONE);
    record = assert_one_record(f, RECORD_MESSAGES_READ);
    assert_field_room(&record, &f->desk, "desk");
    assert_outcome(look(f, &f->desk, true), DONE);
    assert_one_record(f, RECORD_EXPORT);
    assert_outcome(look(f, NULL, false), DONE); /* Rooms are not named. */
    record = assert_one_record(f, RECORD_MESSAGES_READ);
    assert_false(has_field(&record, RECORD_FIELD_ROOM));
    assert_text(&record, RECORD_FIELD_ACTOR, "root");
    assert_outcome(look(f, &gone, false), ROOM_UNKNOWN);
    assert_one_record(f, RECORD_DENIED); /* An administrator's. */
}

static void allow_files(struct chat_fixture *f, bool category, bool room)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__CategoryChange of_category = PERCH__CATEGORY_CHANGE__INIT;
    Perch__RoomChange of_room = PERCH__ROOM_CHANGE__INIT;

    CODEC_SET(&of_category, category, fixture_guid_bytes(&f->trade));
    CODEC_SET(&of_category, file_upload, category);
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CHANGE;
    command.category_change = &of_category;
    assert_outcome(fixture_administer(f, &command), DONE);
    CODEC_SET(&of_room, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&of_room, file_upload, room);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &of_room;
    assert_outcome(fixture_administer(f, &command), DONE);
}

static enum outcome upload(struct chat_fixture *f, const char *user,
                           uint64_t serial, const char *name,
                           size_t digest_bytes, uint64_t bytes)
{
    static const uint8_t digest[64] = {1};
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__FileUp up = PERCH__FILE_UP__INIT;

    CODEC_SET(&up, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&up, name, fixture_text(name));
    CODEC_SET_BYTES(&up, digest, slice_of(digest, digest_bytes));
    CODEC_SET(&up, bytes, bytes);
    CODEC_SET(&up, verdict, fixture_text("clean"));
    command.kind_case = PERCH__COMMAND__KIND_FILE_UP;
    command.file_up = &up;
    return act(f, user, serial, &command);
}

static enum outcome download(struct chat_fixture *f, const char *user,
                             uint64_t serial)
{
    static const uint8_t digest[32] = {1};
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__FileDown down = PERCH__FILE_DOWN__INIT;

    CODEC_SET(&down, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&down, name, fixture_text("plan.pdf"));
    CODEC_SET_BYTES(&down, digest, slice_of(digest, sizeof(digest)));
    command.kind_case = PERCH__COMMAND__KIND_FILE_DOWN;
    command.file_down = &down;
    return act(f, user, serial, &command);
}

/* Files are given by those who may post, while category and room take them, and
 * fetched by those who may read. */
static void test_files(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(upload(f, BOB, 2, "plan.pdf", 32, 5), FILES_OFF);
    allow_files(f, true, false);
    assert_outcome(upload(f, BOB, 2, "plan.pdf", 32, 5), FILES_OFF);
    allow_files(f, true, true);
    assert_outcome(upload(f, BOB, 2, "plan.pdf", 32, 5), DONE);
    record = assert_one_record(f, RECORD_FILE_UP);
    assert_field_room(&record, &f->desk, "desk");
    assert_text(&record, RECORD_FIELD_NAME, "plan.pdf");
    assert_number(&record, RECORD_FIELD_BYTES, 5);
    assert_true(has_field(&record, RECORD_FIELD_DIGEST));
    assert_text(&record, RECORD_FIELD_TITLE, "clean");
    assert_outcome(upload(f, CAROL, 3, "plan.pdf", 32, 5), NOT_A_MEMBER);
    assert_outcome(upload(f, BOB, 2, "", 32, 5), FILE_INVALID);
    assert_outcome(upload(f, BOB, 2, "a\nb", 32, 5), FILE_INVALID);
    assert_outcome(upload(f, BOB, 2, "plan.pdf", 31, 5), FILE_INVALID);
    assert_outcome(fixture_set(f, SETTING_FILE_KIB_MAX, 1), DONE);
    assert_outcome(upload(f, BOB, 2, "plan.pdf", 32, 1024), DONE);
    assert_outcome(upload(f, BOB, 2, "plan.pdf", 32, 1025), FILE_TOO_LARGE);
    allow_files(f, false, true);
    assert_outcome(download(f, BOB, 2), DONE);
    assert_one_record(f, RECORD_FILE_DOWN);
    assert_outcome(download(f, CAROL, 3), NOT_A_MEMBER);
    assert_int_equal(f->effects.records.n, 0);
}

/* A canary is a node's own or a compliance officer's, and has a nonce. */
static void test_canary(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Canary canary = PERCH__CANARY__INIT;
    struct record record;

    CODEC_SET_BYTES(&canary, nonce, SLICE_LITERAL("0123456789abcdef"));
    command.kind_case = PERCH__COMMAND__KIND_CANARY;
    command.canary = &canary;
    assert_outcome(fixture_apply(f, 2, &command), DONE);
    record = assert_one_record(f, RECORD_CANARY);
    assert_number(&record, RECORD_FIELD_NUMBER, 2);
    assert_outcome(act(f, BOB, 2, &command), NOT_AN_ADMINISTRATOR);
    command.has_user = false;
    command.user = fixture_text("");
    CODEC_SET_BYTES(&canary, nonce, SLICE_LITERAL("0123456789abcde"));
    assert_outcome(fixture_apply(f, 2, &command), CANARY_INVALID);
    assert_int_equal(f->effects.records.n, 0);
}

int main(void)
{
#define WITH(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(test_history_read),
        WITH(test_history_read__bounds),
        WITH(test_history_read__off),
        WITH(test_searched),
        WITH(test_post_denied),
        WITH(test_messages_read),
        WITH(test_files),
        WITH(test_canary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
