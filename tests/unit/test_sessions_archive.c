/* While the pool keeps an archive nothing is shown and nothing refused that is
 * not on record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/archive.h"
#include "node/session/denying.h"
#include "node/session/posting.h"
#include "node/session/recording.h"
#include "node/session/sessions.h"
#include "proto/base/buffer.h"
#include "proto/base/endian.h"
#include "proto/record.h"
#include "proto/tlog/tile.h"
#include "storage/keyspace.h"
#include "tests/sim/catalog_sim.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#define IN(test)  RUN_IN(test, setup, stage_teardown)
#define ELSEWHERE "ma-chan://elsewhere.example/" LOBBY_ID

static int setup_off(void **state)
{
    if (stage_setup(state) != 0) {
        return -1;
    }
    stage_raise(*state);
    return 0;
}

static int setup(void **state)
{
    if (setup_off(state) != 0) {
        return -1;
    }
    stage_archive(*state, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    return 0;
}

static uint64_t records_of(const struct stage *s)
{
    struct archive_view view;

    archive_view(applier_machine(state_loop_applier(s->state)), &view);
    return view.records;
}

/* A record as it lies in the store. */
struct held_record {
    struct buffer bytes;
    struct record record;
};

static struct held_record record_at(const struct stage *s, uint64_t csn)
{
    struct held_record held = {.bytes = BUFFER_EMPTY};
    uint64_t row = csn - csn % RECORDS_OF_ROW;
    struct slice rest, bytes;
    struct key key;

    key_build(TABLE_RECORDS, &row, &key);
    assert_int_equal(store_get(applier_store(state_loop_applier(s->state)),
                               TABLE_RECORDS, key_slice(&key), &held.bytes),
                     ERROR_NONE);
    rest = buffer_slice(&held.bytes);
    for (; row <= csn; row++) {
        assert_int_equal(bundle_next(&rest, &bytes), ERROR_NONE);
    }
    assert_int_equal(record_read(bytes, &held.record), ERROR_NONE);
    return held;
}

/* Check the newest record: its kind, outcome and actor. */
static void check_last(const struct stage *s, enum record_kind kind,
                       enum outcome outcome, const char *user)
{
    struct held_record held = record_at(s, records_of(s) - 1);
    struct slice value;

    assert_string_equal(record_kind_name(held.record.kind),
                        record_kind_name(kind));
    assert_int_equal(held.record.outcome, outcome);
    assert_true(record_find(&held.record, RECORD_FIELD_USER, &value));
    assert_true(slice_equal_text(value, user));
    buffer_deinit(&held.bytes);
}

static void send(struct stage *s, edge_ref dialog, const char *verb,
                 const char *data)
{
    char body[2048];

    snprintf(body, sizeof(body),
             "<xccos ver=\"1\" envid=\"5\" "
             "xmlns=\"urn:parlano:xml:ns:xccos\">"
             "<cmd id=\"cmd:%s\" seqid=\"1\"><data>%s</data></cmd></xccos>",
             verb, data);
    stage_send(s, dialog, body);
}

static void ask_lobby(struct stage *s, edge_ref dialog)
{
    send(s, dialog, "bccontext",
         "<chanib uri=\"" LOBBY "\"/><bcq><last cnt=\"5\"/></bcq>");
}

static edge_ref alice_in(struct stage *s)
{
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_join(s, alice, LOBBY_ID, NULL);
    stage_forget(s);
    return alice;
}

/* A history is shown when the read of it is committed and not before, whether
 * it goes before one's live copies or not; the record says who reads. */
static void test_archive__history_is_on_record_first(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);

    for (unsigned i = 0; i < 2; i++) {
        uint64_t before = records_of(s);

        ask_lobby(s, alice);
        stage_reads(s, ERROR_NONE);
        stage_pass(s, 1);
        stage_expect_none(s, alice);
        stage_commit(s);
        stage_expect(s, alice, "rpl:bccontext");
        assert_int_equal(records_of(s), before + 1);
        check_last(s, RECORD_HISTORY_READ, OUTCOME_DONE, ALICE);
    }
}

/* What a history shows is as the read's own entry left it: a message that was
 * committed before it is in it. */
static void test_archive__history_is_of_its_entry(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    ask_lobby(s, alice);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "just before");
    stage_commit(s);
    assert_non_null(
        strstr(stage_expect(s, alice, "rpl:bccontext"), "just before"));
}

/* Without a leader nothing is shown: what was never sent is taken back and
 * answered 503, and so is what was sent and is not heard of any more; when it
 * is committed after all, nobody is shown anything. */
static void test_archive__no_record_nothing_shown(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    uint64_t before = records_of(s);

    ask_lobby(s, alice);
    stage_pass(s, READ_PATIENCE_MS + 2 * PROPOSER_TICK_MS);
    stage_expect(s, alice, "ERROR_BUSY");
    stage_commit(s);
    assert_int_equal(records_of(s), before);

    ask_lobby(s, alice);
    fake_replica_send_all(s->replica);
    stage_pass(s, READ_PATIENCE_MS + 2 * PROPOSER_TICK_MS);
    stage_expect_none(s, alice);
    stage_pass(s, RECORDING_PATIENCE_MS - READ_PATIENCE_MS);
    stage_expect(s, alice, "ERROR_BUSY");
    stage_commit(s);
    assert_int_equal(records_of(s), before + 1);
    stage_pass(s, 1);
    stage_expect_none(s, alice);

    fake_replica_busy(s->replica, true);
    ask_lobby(s, alice);
    stage_expect(s, alice, "ERROR_BUSY");
    stage_expect_none(s, alice);
}

/* A client that is gone when its read is committed is shown nothing, and
 * nothing is left behind. */
static void test_archive__reader_is_gone(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);

    ask_lobby(s, alice);
    stage_hang_up(s, alice, DIALOG_LEFT, 0, 0);
    stage_commit(s);
    stage_expect_none(s, alice);
}

/* A read that was asked while there was no archive, and finds one when its
 * turn comes, is put on record, too. */
static void test_archive__switched_on_meanwhile(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t before;

    ask_lobby(s, alice);
    stage_archive(s, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    before = records_of(s);
    stage_reads(s, ERROR_NONE);
    stage_pass(s, 1);
    stage_expect_none(s, alice);
    stage_commit(s);
    stage_expect(s, alice, "rpl:bccontext");
    assert_int_equal(records_of(s), before + 2); /* Her session is the first. */
    check_last(s, RECORD_HISTORY_READ, OUTCOME_DONE, ALICE);
}

/* With the archive off a read costs the log nothing. */
static void test_archive__off_needs_no_record(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    uint64_t before = fake_replica_last(s->replica);

    ask_lobby(s, alice);
    stage_reads(s, ERROR_NONE);
    stage_expect(s, alice, "rpl:bccontext");
    stage_commit(s);
    assert_int_equal(fake_replica_last(s->replica), before);
}

/* A search is on record before its answer, with its words and rooms. */
static void test_archive__search_is_on_record_first(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    struct held_record held;
    struct slice words;

    stage_talk(s, alice, ALICE, LOBBY, "the crane");
    stage_forget(s);
    send(s, alice, "bcsearch",
         "<chanib uri=\"" LOBBY "\"/><bcq><matches>crane</matches></bcq>");
    stage_reads(s, ERROR_NONE);
    stage_pass(s, 1);
    stage_expect_none(s, alice);
    stage_commit(s);
    stage_pass(s, 1);
    assert_non_null(
        strstr(stage_expect(s, alice, "rpl:bcsearch"), "the crane"));
    check_last(s, RECORD_SEARCH, OUTCOME_DONE, ALICE);
    held = record_at(s, records_of(s) - 1);
    assert_true(record_find(&held.record, RECORD_FIELD_ROOM, &words));
    assert_non_null(
        memmem(held.record.command.data, held.record.command.len, "crane", 5));
    buffer_deinit(&held.bytes);
}

/* A post by one who is not in the room is refused by the rules themselves, and
 * the refusal is on record before it is answered. */
static void test_archive__refusal_of_a_post(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    edge_ref carol = stage_dial(s, CAROL, "c1");
    uint64_t token = stage_post(s, alice, ALICE, LOBBY, "hello");

    stage_expect_none(s, alice);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 412);
    check_last(s, RECORD_DENIED, OUTCOME_NOT_JOINED, ALICE);
    token = stage_post(s, carol, CAROL, DESK, "let me in");
    stage_commit(s);
    assert_int_equal(stage_answer(s, carol, token)->status, 403);
    check_last(s, RECORD_DENIED, OUTCOME_NOT_A_MEMBER, CAROL);
}

/* What the rules cannot know is told to them: another's name, another pool's
 * room. Nobody is shown the text. */
static void test_archive__refusal_by_the_node(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s), bob = stage_dial(s, BOB, "b1");
    uint64_t token, before;

    stage_join(s, bob, LOBBY_ID, NULL);
    stage_forget(s);
    before = records_of(s);
    token = stage_post(s, alice, BOB, LOBBY, "not by me");
    stage_expect_none(s, alice);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 403);
    assert_int_equal(records_of(s), before + 1);
    token = stage_post(s, alice, ALICE, "ma-chan://elsewhere.example/" LOBBY_ID,
                       "to others");
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 404);
    assert_int_equal(records_of(s), before + 2);
    stage_expect_none(s, bob);
}

/* So are joins and corrections of another pool's rooms: they are answered once
 * that they were asked for is on record, and what is ours is done. */
static void test_archive__another_pools_rooms(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    uint64_t before = records_of(s);
    struct held_record held;

    send(s, alice, "bjoin",
         "<chanid key=\"0\" domain=\"elsewhere.example\" value=\"" LOBBY_ID
         "\"/><chanid key=\"1\" domain=\"example.com\" value=\"" DESK_ID
         "\"/>");
    stage_pass(s, 1);
    stage_expect_none(s, alice);
    stage_commit(s);
    stage_expect(s, alice, "rpl:bjoin");
    assert_int_equal(records_of(s), before + 2);
    held = record_at(s, before);
    assert_int_equal(held.record.kind, RECORD_DENIED);
    assert_non_null(memmem(held.record.command.data, held.record.command.len,
                           ELSEWHERE, strlen(ELSEWHERE)));
    buffer_deinit(&held.bytes);
    check_last(s, RECORD_JOIN, OUTCOME_DONE, ALICE);
    stage_forget(s);
    send(s, alice, "modmsg",
         "<chanib uri=\"" ELSEWHERE "\"><msg id=\"grpchat\" seqid=\"1\" "
         "chanUri=\"" ELSEWHERE "\" author=\"" ALICE "\" chatId=\"1\">"
         "<chat>better</chat></msg></chanib>");
    stage_pass(s, 1);
    stage_expect_none(s, alice);
    stage_commit(s);
    stage_expect(s, alice, "ERROR_");
    assert_int_equal(records_of(s), before + 3);
}

/* What administrators alone may is refused to users on record. */
static void test_archive__what_administrators_may(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    uint64_t before = records_of(s);

    send(s, alice, "purge", "<chanib uri=\"" LOBBY "\"/>");
    stage_pass(s, 1);
    stage_expect_none(s, alice);
    stage_commit(s);
    stage_expect(s, alice, "ERROR_PERMISSION");
    check_last(s, RECORD_DENIED, OUTCOME_DONE, ALICE);
    send(s, alice, "chandelete", "<chanib uri=\"" LOBBY "\"/>");
    stage_commit(s);
    stage_expect(s, alice, "ERROR_PERMISSION");
    assert_int_equal(records_of(s), before + 2);
    fake_replica_busy(s->replica, true);
    send(s, alice, "purge", "<chanib uri=\"" LOBBY "\"/>");
    stage_expect(s, alice, "ERROR_BUSY");
}

/* Who is refused again and again is bounded: beyond the budget a refusal is
 * answered 503 and leaves no trace in the log. Time fills the budget again, and
 * another user has one of his own. */
static void test_archive__refusals_are_bounded(void **state)
{
    struct stage *s = *state;
    edge_ref carol = stage_dial(s, CAROL, "c1");
    edge_ref alice = stage_dial(s, ALICE, "a1");
    const struct session_meters *meters = sessions_meters(s->sessions);
    uint64_t token, before;

    for (unsigned i = 0; i < DENIALS_BURST; i++) {
        token = stage_post(s, carol, CAROL, DESK, "let me in");
        stage_commit(s);
        assert_int_equal(stage_answer(s, carol, token)->status, 403);
    }
    before = fake_replica_last(s->replica);
    token = stage_post(s, carol, CAROL, DESK, "let me in");
    assert_int_equal(stage_answer(s, carol, token)->status, 503);
    stage_commit(s);
    assert_int_equal(fake_replica_last(s->replica), before);
    assert_int_equal(meter_count(&meters->denials_bounded), 1);
    assert_int_equal(meter_count(&meters->denials), DENIALS_BURST);
    token = stage_post(s, alice, ALICE, LOBBY, "hello");
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 412);
    stage_pass(s, 1000 / DENIALS_PER_S);
    token = stage_post(s, carol, CAROL, DESK, "let me in");
    stage_commit(s);
    assert_int_equal(stage_answer(s, carol, token)->status, 403);
}

/* Where it is required that what is said is archived, a node whose own archive
 * cannot take it takes no posts: 503, with the reason and when to try again.
 * They are taken again when it can; and where it is not required, all the
 * same. */
static void test_archive__fault_of_this_node(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    const struct given *told;
    uint64_t token, before;

    sessions_set_archive_fault(s->sessions, true);
    stage_talk(s, alice, ALICE, LOBBY, "it is only on");
    stage_archive(s, PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED);
    stage_forget(s);
    before = fake_replica_last(s->replica);
    token = stage_post(s, alice, ALICE, LOBBY, "it is required");
    told = stage_answer(s, alice, token);
    assert_int_equal(told->status, 503);
    assert_int_equal(told->retry_after_s, POST_RETRY_AFTER_S);
    assert_non_null(strstr(told->text, "archived"));
    stage_commit(s);
    assert_int_equal(fake_replica_last(s->replica), before);
    stage_expect_none(s, alice);
}

/* What is told has the number of its record: the copy that comes live, the
 * message in a history, and what it was corrected to. */
static void test_archive__numbers_of_records(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    char first[32], second[32];

    snprintf(first, sizeof(first), " perch:csn=\"%llu\"",
             (unsigned long long)records_of(s));
    stage_talk(s, alice, ALICE, LOBBY, "good words");
    stage_expect(s, alice, first);
    ask_lobby(s, alice); /* Up to the join. */
    ask_lobby(s, alice);
    stage_commit(s);
    assert_null(strstr(stage_expect(s, alice, "rpl:bccontext"), "good words"));
    stage_expect(s, alice, first);
    snprintf(second, sizeof(second), " perch:csn=\"%llu\"",
             (unsigned long long)records_of(s));
    send(s, alice, "modmsg",
         "<chanib uri=\"" LOBBY
         "\"><msg id=\"grpchat\" seqid=\"1\" chanUri=\"" LOBBY
         "\" author=\"" ALICE "\" chatId=\"1\"><chat>better words</chat>"
         "</msg></chanib>");
    stage_commit(s);
    stage_forget(s);
    check_last(s, RECORD_CORRECT, OUTCOME_DONE, ALICE);
    ask_lobby(s, alice);
    stage_commit(s);
    assert_non_null(strstr(stage_expect(s, alice, "better words"), second));
}

/* A command that is archived beside its record, which has only a digest of it,
 * has a salt: nobody finds out by guessing what it said. Shorter ones have
 * none. */
static void test_archive__long_commands_are_salted(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    struct held_record held;
    struct arena *arena = arena_new(4096);
    struct buffer payload = BUFFER_EMPTY;
    Perch__Command *command;
    uint8_t key[8];

    stage_set(s, SETTING_ARCHIVE_INLINE_BYTES_MAX, 100);
    stage_talk(s, alice, ALICE, LOBBY, "short");
    held = record_at(s, records_of(s) - 1);
    assert_int_equal(held.record.flags, 0);
    assert_int_equal(command_read(arena, held.record.command, &command),
                     ERROR_NONE);
    assert_false(command->has_salt);
    buffer_deinit(&held.bytes);

    stage_talk(s, alice, ALICE, LOBBY,
               "A text of more than a hundred bytes, of which there is "
               "nothing to be said but that it is one that is that long.");
    held = record_at(s, records_of(s) - 1);
    assert_int_equal(held.record.flags, RECORD_WITHHELD);
    buffer_deinit(&held.bytes);
    put_be64(key, records_of(s) - 1);
    assert_int_equal(store_get(applier_store(state_loop_applier(s->state)),
                               TABLE_PAYLOADS, slice_of(key, sizeof(key)),
                               &payload),
                     ERROR_NONE);
    assert_int_equal(command_read(arena, buffer_slice(&payload), &command),
                     ERROR_NONE);
    assert_int_equal(command->salt.len, PROPOSER_SALT_BYTES);
    buffer_deinit(&payload);
    arena_free(arena);
}

/* What a filter blocks is on record before its author hears of it, a
 * correction as well as a post; nobody else is shown it. */
static void test_archive__refusal_by_a_filter(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s), bob = stage_dial(s, BOB, "b1");
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__FilterCreate create = PERCH__FILTER_CREATE__INIT;
    ProtobufCBinaryData list[] = {codec_bytes(SLICE_LITERAL("word:insider"))};
    struct held_record held;
    uint64_t token;

    CODEC_SET(&create, name, codec_bytes(SLICE_LITERAL("deals")));
    CODEC_SET(&create, action, PERCH__FILTER_ACTION__BLOCK);
    CODEC_SET(&create, notice, codec_bytes(SLICE_LITERAL("ask")));
    create.n_expressions = 1;
    create.expressions = list;
    command.kind_case = PERCH__COMMAND__KIND_FILTER_CREATE;
    command.filter_create = &create;
    stage_administer(s, &command);
    stage_join(s, bob, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "outside");
    stage_forget(s);

    token = stage_post(s, alice, ALICE, LOBBY, "an insider");
    stage_pass(s, 1);
    stage_expect_none(s, alice);
    stage_commit(s);
    assert_int_equal(stage_answer(s, alice, token)->status, 403);
    check_last(s, RECORD_DENIED, OUTCOME_DONE, ALICE);
    held = record_at(s, records_of(s) - 1);
    assert_non_null(memmem(held.record.command.data, held.record.command.len,
                           "an insider", 10));
    buffer_deinit(&held.bytes);

    send(s, alice, "modmsg",
         "<chanib uri=\"" LOBBY
         "\"><msg id=\"grpchat\" seqid=\"1\" chanUri=\"" LOBBY
         "\" author=\"" ALICE "\" chatId=\"1\"><chat>insider again</chat>"
         "</msg></chanib>");
    stage_pass(s, 1);
    stage_expect_none(s, alice);
    stage_commit(s);
    stage_expect(s, alice, "ERROR_PERMISSION");
    check_last(s, RECORD_DENIED, OUTCOME_DONE, ALICE);
    stage_expect_none(s, bob);
}

/* A record of the lobby as a copy of the archive would have it: behind the last
 * by some, of a message. */
static void lose(const struct stage *s, uint64_t behind, enum record_kind kind,
                 uint64_t message_id, Perch__Command *command,
                 struct buffer *record_out)
{
    struct held_record last = record_at(s, records_of(s) - 1);
    struct buffer fields = BUFFER_EMPTY, bytes = BUFFER_EMPTY;
    struct record record = {.kind = kind,
                            .node = 1,
                            .csn = records_of(s) + behind,
                            .log_index = last.record.log_index + 1 + behind,
                            .term = last.record.term,
                            .time_us = last.record.time_us};
    struct guid lobby;

    assert_int_equal(guid_read(SLICE_LITERAL(LOBBY_ID), &lobby), ERROR_NONE);
    record_put_text(&fields, RECORD_FIELD_ROOM,
                    slice_of(lobby.bytes, GUID_BYTES));
    record_put_text(&fields, RECORD_FIELD_USER, SLICE_LITERAL(BOB));
    record_put_number(&fields, RECORD_FIELD_MESSAGE_ID, message_id);
    command_write(command, &bytes);
    record.fields = buffer_slice(&fields);
    record.command = buffer_slice(&bytes);
    buffer_init(record_out);
    record_write(&record, record_out);
    buffer_deinit(&fields);
    buffer_deinit(&bytes);
    buffer_deinit(&last.bytes);
}

static void halt(struct stage *s, uint64_t size)
{
    static const uint8_t key[32] = {1};
    Perch__WitnessPut put = PERCH__WITNESS_PUT__INIT;
    Perch__ArchiveHalt halt = PERCH__ARCHIVE_HALT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&put, name, codec_bytes(SLICE_LITERAL("witness.test/w")));
    CODEC_SET(&put, url, codec_bytes(SLICE_LITERAL("https://witness.test")));
    CODEC_SET(&put, public_key, codec_bytes(slice_of(key, sizeof(key))));
    command.kind_case = PERCH__COMMAND__KIND_WITNESS_PUT;
    command.witness_put = &put;
    stage_administer(s, &command);
    CODEC_SET(&halt, witness, put.name);
    CODEC_SET(&halt, size, records_of(s) + size);
    command = (Perch__Command)PERCH__COMMAND__INIT;
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_HALT;
    command.archive_halt = &halt;
    stage_other(s, &command);
}

/* What was said, and what became of it, in records that are lost: made in
 * behalf of the two commands. */
static void lose_two(const struct stage *s, struct buffer lost[2])
{
    Perch__Post post = PERCH__POST__INIT;
    Perch__MessageCorrect correct = PERCH__MESSAGE_CORRECT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&post, text, codec_bytes(SLICE_LITERAL("the heron")));
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    lose(s, 0, RECORD_POST, 2, &command, &lost[0]);
    CODEC_SET(&correct, text, codec_bytes(SLICE_LITERAL("the ibis")));
    command.kind_case = PERCH__COMMAND__KIND_MESSAGE_CORRECT;
    command.message_correct = &correct;
    lose(s, 1, RECORD_CORRECT, 1, &command, &lost[1]);
}

static void refill(struct stage *s, const struct buffer lost[2])
{
    Perch__ArchiveRefill refill = PERCH__ARCHIVE_REFILL__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData records[] = {codec_bytes(buffer_slice(&lost[0])),
                                     codec_bytes(buffer_slice(&lost[1]))};

    CODEC_SET(&refill, first_csn, records_of(s));
    refill.n_records = 2;
    refill.records = records;
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_REFILL;
    command.archive_refill = &refill;
    stage_administer(s, &command);
}

/* Ask who said a word in the lobby. */
static const char *search(struct stage *s, edge_ref dialog, const char *word)
{
    char data[200];

    snprintf(data, sizeof(data),
             "<chanib uri=\"" LOBBY "\"/><bcq><matches>%s</matches></bcq>",
             word);
    stage_forget(s);
    send(s, dialog, "bcsearch", data);
    stage_commit(s);
    stage_pass(s, 1);
    return stage_expect(s, dialog, "rpl:bcsearch");
}

/* What comes back with records of the archive is a message again: read and
 * found, and what was corrected is found by its new words alone. */
static void test_archive__what_is_refilled_is_found(void **state)
{
    struct stage *s = *state;
    edge_ref alice = alice_in(s);
    struct buffer lost[2];
    uint64_t before;

    stage_talk(s, alice, ALICE, LOBBY, "the crane");
    assert_non_null(strstr(search(s, alice, "crane"), "the crane"));
    halt(s, 2);
    before = records_of(s);
    lose_two(s, lost);
    refill(s, lost);
    assert_true(records_of(s) > before + 2);
    stage_pass(s, 1000);
    assert_non_null(strstr(search(s, alice, "heron"), "the heron"));
    assert_non_null(strstr(search(s, alice, "ibis"), "the ibis"));
    assert_null(strstr(search(s, alice, "crane"), "the crane"));
    stage_forget(s);
    ask_lobby(s, alice); /* Up to the join. */
    ask_lobby(s, alice);
    stage_commit(s);
    stage_expect(s, alice, "rpl:bccontext");
    assert_non_null(
        strstr(stage_expect(s, alice, "rpl:bccontext"), "the heron"));
    buffer_deinit(&lost[0]);
    buffer_deinit(&lost[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_archive__history_is_on_record_first),
        IN(test_archive__history_is_of_its_entry),
        IN(test_archive__no_record_nothing_shown),
        IN(test_archive__reader_is_gone),
        RUN_IN(test_archive__switched_on_meanwhile, setup_off, stage_teardown),
        RUN_IN(test_archive__off_needs_no_record, setup_off, stage_teardown),
        IN(test_archive__search_is_on_record_first),
        IN(test_archive__refusal_of_a_post),
        IN(test_archive__refusal_by_the_node),
        IN(test_archive__another_pools_rooms),
        IN(test_archive__what_administrators_may),
        IN(test_archive__refusals_are_bounded),
        IN(test_archive__fault_of_this_node),
        IN(test_archive__numbers_of_records),
        IN(test_archive__long_commands_are_salted),
        IN(test_archive__refusal_by_a_filter),
        IN(test_archive__what_is_refilled_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
