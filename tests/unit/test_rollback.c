#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/state.h"
#include "tests/unit/archive_fixture.h"
#include "tests/unit/row_store.h"

#define WITNESS "w.example/w"
#define URL     "http://w.example"

enum { RECORDS_MAX = 64 };

/* Two pools: one that goes on, and one that was restored from an older state
 * of it, which has lost what the first did since. */
struct scene {
    struct chat_fixture *f; /* The restored one. */
    uint64_t kept;          /* Records it has. */
    size_t n;               /* Records that it has lost, in their order. */
    struct buffer lost[RECORDS_MAX];
    uint64_t messages; /* Of the lobby, before the loss. */
    uint64_t numbers[FIXTURE_NODES];
    struct merkle_hash root;
};

static void keep_records(struct scene *s)
{
    for (size_t i = 0; i < s->f->effects.records.n; i++) {
        assert_true(s->n < RECORDS_MAX);
        buffer_init(&s->lost[s->n]);
        buffer_append_slice(&s->lost[s->n],
                            effects_record_at(&s->f->effects, i));
        s->n += 1;
    }
}

static void say(struct scene *s, const char *text)
{
    assert_outcome(archive_say(s->f, text), DONE);
    keep_records(s);
}

static void redact(struct scene *s, uint64_t message_id)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__MessageRedact part = PERCH__MESSAGE_REDACT__INIT;

    CODEC_SET(&part, room, fixture_guid_bytes(&s->f->lobby));
    part.n_message_ids = 1;
    part.message_ids = &message_id;
    CODEC_SET(&part, reason, fixture_text("secret"));
    command.kind_case = PERCH__COMMAND__KIND_MESSAGE_REDACT;
    command.message_redact = &part;
    assert_outcome(fixture_administer(s->f, &command), DONE);
    keep_records(s);
}

/* A node starts and says what the witness has seen; 0: it has not asked. */
static void start_of(struct chat_fixture *f, uint8_t node, uint64_t size,
                     struct slice origin)
{
    Perch__NodeStarted started = PERCH__NODE_STARTED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid id = fixture_guid((uint8_t)(0xa0 + ++f->starts));

    CODEC_SET(&started, start_id, fixture_guid_bytes(&id));
    CODEC_SET(&started, raft_id, node);
    CODEC_SET(&started, rules_known, COMMAND_RULES_KNOWN);
    if (size > 0) {
        CODEC_SET(&started, witness, fixture_text(WITNESS));
        CODEC_SET(&started, witness_size, size);
        CODEC_SET_BYTES(&started, witness_origin, origin);
    }
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &started;
    assert_outcome(
        fixture_apply_entry(f, (struct applied_entry){.node = node}, &command),
        DONE);
    f->epochs[node] = f->applied.value;
    f->numbers[node] = 0;
}

static void start(struct chat_fixture *f, uint8_t node, uint64_t size)
{
    start_of(f, node, size, archive_seen(f).origin);
}

/* As the machine was. Its entries go on from where the log is. */
static void restore(struct scene *s, const struct row_store *rows)
{
    struct chat_fixture *f = s->f;
    enum error error;

    memcpy(f->numbers, s->numbers, sizeof(f->numbers));
    machine_free(f->machine);
    f->machine = row_store_machine(rows, COMMAND_RULES_KNOWN, &error);
    assert_int_equal(error, ERROR_NONE);
}

static int setup(void **state)
{
    struct row_store *rows = row_store_new();
    struct scene *s = calloc(1, sizeof(*s));
    void *fixture;

    assert_non_null(s);
    if (archive_setup(&fixture) != 0) {
        return -1;
    }
    s->f = fixture;
    assert_outcome(archive_witness_put(s->f, WITNESS, URL, 7), DONE);
    assert_outcome(archive_say(s->f, "kept"), DONE);
    assert_outcome(archive_adapter_add(s->f, "xml"), DONE);
    assert_outcome(archive_cut(s->f, "xml"), DONE);
    assert_outcome(archive_cut_done(s->f, "xml", s->f->applied.value), DONE);
    archive_publish(s->f);
    s->kept = archive_seen(s->f).records;
    s->messages = fixture_view(s->f, &s->f->lobby).message_id_last;
    memcpy(s->numbers, s->f->numbers, sizeof(s->numbers));
    machine_write_all(s->f->machine, row_store_take, rows);
    say(s, "first");
    say(s, "second");
    redact(s, s->messages + 1);
    say(s, "third");
    archive_root(s->f->machine, &s->root);
    restore(s, rows);
    row_store_free(rows);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    void *fixture = s->f;

    for (size_t i = 0; i < s->n; i++) {
        buffer_deinit(&s->lost[i]);
    }
    free(s);
    return fixture_teardown(&fixture);
}

static enum outcome refill(struct scene *s, uint64_t first_csn, size_t from,
                           size_t n)
{
    ProtobufCBinaryData records[RECORDS_MAX];
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchiveRefill part = PERCH__ARCHIVE_REFILL__INIT;

    for (size_t i = 0; i < n; i++) {
        records[i] = codec_bytes(buffer_slice(&s->lost[from + i]));
    }
    CODEC_SET(&part, first_csn, first_csn);
    part.n_records = n;
    part.records = records;
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_REFILL;
    command.archive_refill = &part;
    return fixture_apply(s->f, 1, &command);
}

static enum outcome reopen(struct chat_fixture *f, const char *origin,
                           const char *reason)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchiveReopen part = PERCH__ARCHIVE_REOPEN__INIT;

    if (origin != NULL) {
        CODEC_SET(&part, origin, fixture_text(origin));
    }
    CODEC_SET(&part, reason, fixture_text(reason));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_REOPEN;
    command.archive_reopen = &part;
    return fixture_administer(f, &command);
}

/* A restored pool is halted by the first of its nodes that starts and has asked
 * the witness before: no record takes the place of one that is missing, not
 * even that of the start. */
static void test_node_started__halts_before_it_starts(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;
    uint64_t seen = s->kept + s->n;

    start(f, 2, seen);
    assert_int_equal(fixture_count(f, EVENT_ARCHIVE_HALTED), 1);
    assert_int_equal(fixture_count(f, EVENT_NODE_STARTED), 1);
    assert_int_equal(f->effects.records.n, 0);
    start(f, 1, seen);
    start(f, 3, 0);
    assert_int_equal(archive_seen(f).records, s->kept);
    assert_int_equal(archive_seen(f).halted_size, seen);
    assert_outcome(refill(s, s->kept, 0, s->n), DONE);
    assert_false(archive_seen(f).halted);
}

/* A node that was away while the pool began anew has asked about a tree that is
 * no more: that says nothing. */
static void test_node_started__of_another_origin(void **state)
{
    struct scene *s = *state;

    start_of(s->f, 2, s->kept + s->n, SLICE_LITERAL("example.com/before"));
    assert_false(archive_seen(s->f).halted);
    assert_int_equal(fixture_count(s->f, EVENT_ARCHIVE_HALTED), 0);
}

/* A pool that has what its witness has seen goes on. */
static void test_node_started__has_all(void **state)
{
    struct scene *s = *state;

    start(s->f, 2, s->kept);
    assert_false(archive_seen(s->f).halted);
    assert_int_equal(fixture_count(s->f, EVENT_ARCHIVE_HALTED), 0);
    assert_true(s->f->effects.records.n > 0);
}

/* A witness that has seen more than there is halts the archive; what it says is
 * weighed, not believed of anybody. */
static void test_archive_halt__is_founded(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;
    uint64_t seen = s->kept + s->n;

    assert_outcome(archive_halted(f, "other", seen, false), WITNESS_UNKNOWN);
    assert_outcome(archive_halted(f, WITNESS, s->kept, false), HALT_UNFOUNDED);
    assert_false(archive_seen(f).halted);
    assert_outcome(archive_halted(f, WITNESS, seen - 1, false), DONE);
    assert_int_equal(fixture_event(f, EVENT_ARCHIVE_HALTED)->message_id,
                     seen - 1);
    assert_int_equal(f->effects.records.n, 0);
    assert_outcome(archive_halted(f, WITNESS, seen - 2, false), REPEATED);
    assert_outcome(archive_halted(f, WITNESS, seen, false), DONE);
    assert_true(archive_seen(f).halted);
    assert_int_equal(archive_seen(f).halted_size, seen);
    assert_slice_text(archive_seen(f).halted_by, WITNESS);
    assert_archive_reloads(f);
}

/* While it is halted nothing is said or changed, people come and read, and no
 * record takes the place of one that is missing. */
static void test_archive_halt__stops_changes(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;
    uint64_t seen = s->kept + s->n;
    struct guid guid = fixture_guid(50);

    assert_outcome(archive_halted(f, WITNESS, seen, false), DONE);
    assert_outcome(fixture_open(f, 1, CAROL, 3), DONE);
    assert_outcome(fixture_join(f, 1, CAROL, 3, &f->lobby), DONE);
    assert_int_equal(f->effects.records.n, 0);
    assert_outcome(archive_say(f, "hi"), ARCHIVE_ROLLED_BACK);
    assert_int_equal(f->effects.records.n, 0);
    assert_outcome(fixture_user(f, "sip:new@example.com"), ARCHIVE_ROLLED_BACK);
    assert_outcome(fixture_room(f, &guid, "new", PERCH__VISIBILITY__OPEN, NULL),
                   ARCHIVE_ROLLED_BACK);
    assert_outcome(fixture_set(f, SETTING_USERS_MAX, 5), ARCHIVE_ROLLED_BACK);
    assert_outcome(archive_mode(f, PERCH__ARCHIVE_MODE__ARCHIVE_OFF, NULL),
                   ARCHIVE_ROLLED_BACK);
    assert_outcome(archive_begin(f), ARCHIVE_ROLLED_BACK);
    assert_outcome(archive_cut(f, "xml"), ARCHIVE_ROLLED_BACK);
    assert_int_equal(archive_gate(f->machine, f->now_us),
                     OUTCOME_ARCHIVE_ROLLED_BACK);
    assert_outcome(fixture_part(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(fixture_start(f, 2), DONE);
    assert_outcome(archive_marked(f, 1, s->kept, 0), DONE);
    assert_int_equal(archive_seen(f).records, s->kept);
}

/* An administrator and a user have nothing to say of what a witness has seen.
 */
static void test_archive_halt__by_nodes(void **state)
{
    struct scene *s = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchiveHalt part = PERCH__ARCHIVE_HALT__INIT;

    CODEC_SET(&part, witness, fixture_text(WITNESS));
    CODEC_SET(&part, size, 1000);
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_HALT;
    command.archive_halt = &part;
    assert_outcome(fixture_administer(s->f, &command), NOT_A_NODE);
    assert_false(archive_seen(s->f).halted);
}

static const struct brought_row *brought(const struct scene *s, size_t at)
{
    assert_true(at < s->f->effects.brought.n);
    return &s->f->effects.brought.rows[at];
}

static void assert_tells(const struct scene *s, size_t at, const char *text)
{
    struct slice value = effects_brought_at(&s->f->effects, at);

    assert_non_null(memmem(value.data, value.len, text, strlen(text)));
}

/* Records come back verbatim: the tree is as it was, messages are in their
 * room again under their own ids, what was redacted stays so, and the halt is
 * over. */
static void test_archive_refill__ends_the_halt(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;
    uint64_t seen = s->kept + s->n;
    struct archive_ended_view ended;
    struct record record;

    assert_outcome(archive_halted(f, WITNESS, seen, false), DONE);
    assert_outcome(refill(s, s->kept, 0, s->n), DONE);
    assert_int_equal(f->applied.value, seen);
    assert_false(archive_seen(f).halted);
    assert_int_equal(fixture_view(f, &f->lobby).message_id_last,
                     s->messages + 3);
    assert_int_equal(f->effects.brought.n, 4);
    assert_int_equal(brought(s, 0)->message_id, s->messages + 1);
    assert_false(brought(s, 0)->is_revision);
    assert_tells(s, 0, "first");
    assert_tells(s, 1, "second");
    assert_true(brought(s, 2)->is_revision);
    assert_int_equal(brought(s, 2)->message_id, s->messages + 1);
    assert_int_equal(brought(s, 3)->message_id, s->messages + 3);
    assert_int_equal(f->effects.records.csn, s->kept);
    assert_int_equal(f->effects.records.n, s->n + 4);
    for (size_t i = 0; i < s->n; i++) {
        assert_true(slice_equal(effects_record_at(&f->effects, i),
                                buffer_slice(&s->lost[i])));
    }
    record = fixture_record(f, s->n);
    assert_int_equal(record.kind, RECORD_ROLLBACK);
    assert_int_equal(record.ordinal, 0);
    assert_int_equal(record_number(&record, RECORD_FIELD_COUNT, 0), s->n);
    assert_int_equal(record_number(&record, RECORD_FIELD_NUMBER, 0), seen);
    assert_true((record.flags & RECORD_WITHHELD) != 0);
    assert_int_equal(f->effects.records.payload.len, 0);
    record = fixture_record(f, s->n + 1);
    assert_int_equal(record.kind, RECORD_REFILL);
    assert_int_equal(record_number(&record, RECORD_FIELD_FIRST_CSN, 0),
                     s->kept);
    assert_int_equal(record_number(&record, RECORD_FIELD_LAST_CSN, 0),
                     seen - 1);
    for (size_t i = s->n + 2; i < s->n + 4; i++) {
        assert_int_equal(fixture_record(f, i).kind, RECORD_JOIN);
    }
    assert_true(archive_ended(f->machine, &ended));
    assert_int_equal(ended.size, seen);
    assert_int_equal(ended.records, s->kept);
    assert_outcome(fixture_user(f, "sip:new@example.com"), DONE);
    assert_archive_reloads(f);
}

/* In several commands as in one; the tree is the one that was lost. */
static void test_archive_refill__by_and_by(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;
    uint64_t seen = s->kept + s->n;
    struct merkle_hash root;

    assert_outcome(archive_halted(f, WITNESS, seen + 1, false), DONE);
    assert_outcome(refill(s, s->kept, 0, 1), DONE);
    assert_int_equal(f->effects.records.n, 1);
    assert_true(archive_seen(f).halted);
    assert_archive_reloads(f);
    assert_outcome(refill(s, s->kept + 1, 1, s->n - 1), DONE);
    assert_int_equal(archive_seen(f).records, seen);
    archive_root(f->machine, &root);
    assert_true(merkle_equal(&root, &s->root));
    assert_true(archive_seen(f).halted); /* One is missing still. */
}

/* Only what is missing comes back, in order, and only as long as it is. */
static void test_archive_refill__refuses(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;
    uint64_t seen = s->kept + s->n;

    assert_outcome(refill(s, s->kept, 0, 1), ARCHIVE_NOT_HALTED);
    assert_outcome(archive_halted(f, WITNESS, seen - 1, false), DONE);
    assert_outcome(refill(s, s->kept + 1, 1, 1), REFILL_POSITION);
    assert_int_equal(f->applied.value, s->kept);
    assert_outcome(refill(s, s->kept, 0, 0), REFILL_EMPTY);
    assert_outcome(refill(s, s->kept, 0, s->n), REFILL_TOO_MANY);
    assert_outcome(refill(s, s->kept, 1, 2), REFILL_INVALID);
    assert_int_equal(f->applied.value, 0);
    s->lost[1].len -= 1;
    assert_outcome(refill(s, s->kept, 0, 2), REFILL_INVALID);
    assert_int_equal(f->applied.value, 1);
    assert_int_equal(archive_seen(f).records, s->kept);
    assert_int_equal(f->effects.brought.n, 0);
    s->lost[1].len += 1;
    assert_outcome(refill(s, s->kept, 0, 1), DONE);
}

/* A record of the future is none, nor one of before its predecessor. */
static void test_archive_refill__times(void **state)
{
    struct scene *s = *state;
    uint8_t *time = s->lost[1].data + 32;
    uint8_t was = time[1];

    assert_outcome(archive_halted(s->f, WITNESS, s->kept + s->n, false), DONE);
    time[1] = 0x7f;
    assert_outcome(refill(s, s->kept, 0, 2), REFILL_INVALID);
    assert_int_equal(s->f->applied.value, 1);
    time[1] = 0;
    assert_outcome(refill(s, s->kept, 0, 2), REFILL_INVALID);
    time[1] = was;
    assert_outcome(refill(s, s->kept, 0, 2), DONE);
}

/* Make a lost record one of another kind, whose command is not with it. */
static void withhold(struct scene *s, size_t at, enum record_kind kind)
{
    static const uint8_t digest[RECORD_DIGEST_BYTES];
    struct buffer made = BUFFER_EMPTY;
    struct record record;

    assert_int_equal(record_read(buffer_slice(&s->lost[at]), &record),
                     ERROR_NONE);
    record.kind = kind;
    record.flags = RECORD_WITHHELD;
    record.command = slice_of(digest, sizeof(digest));
    record_write(&record, &made);
    buffer_deinit(&s->lost[at]);
    s->lost[at] = made;
}

/* What the archive has by its digest alone comes back as a line that says so:
 * ids stay dense. What took back or corrected it comes back, too. */
static void test_archive_refill__withheld(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;

    withhold(s, 0, RECORD_IMPORT);
    withhold(s, 1, RECORD_STORY);
    withhold(s, 2, RECORD_CORRECT);
    assert_outcome(archive_halted(f, WITNESS, s->kept + s->n, false), DONE);
    assert_outcome(refill(s, s->kept, 0, s->n), DONE);
    assert_int_equal(fixture_view(f, &f->lobby).message_id_last,
                     s->messages + 3);
    assert_int_equal(f->effects.brought.n, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_tells(s, i, "was not in the copy");
    }
    assert_false(brought(s, 1)->is_revision);
    assert_true(brought(s, 2)->is_revision);
    assert_tells(s, 3, "third");
}

/* A message that is not its room's next does not come back, and what was made
 * of one that is not there is nothing. */
static void test_archive_refill__not_the_next(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;

    withhold(s, 0, RECORD_WITHDRAW); /* The next is missing now. */
    assert_outcome(archive_halted(f, WITNESS, s->kept + s->n, false), DONE);
    assert_outcome(refill(s, s->kept, 0, s->n), DONE);
    assert_int_equal(f->effects.brought.n, 0);
    assert_int_equal(fixture_view(f, &f->lobby).message_id_last, s->messages);
}

/* Another history cannot be made whole. */
static void test_archive_halt__forked(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;

    assert_outcome(archive_halted(f, WITNESS, s->kept + 2, false), DONE);
    assert_outcome(archive_halted(f, WITNESS, s->kept - 1, true), DONE);
    assert_true(archive_seen(f).halted_forked);
    assert_outcome(archive_halted(f, WITNESS, s->kept + 3, false), REPEATED);
    assert_archive_reloads(f);
    assert_outcome(refill(s, s->kept, 0, 1), ARCHIVE_FORKED);
    assert_outcome(reopen(f, NULL, "forked"), DONE);
    assert_false(archive_seen(f).halted);
}

/* A new origin is a new tree; its first record says what the old one had, what
 * is missing of it, who gave it up and why. */
static void test_archive_reopen__begins_anew(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;
    uint64_t seen = s->kept + s->n;
    struct archive_past_view past;
    struct adapter_view adapter;
    struct archive_node_view node;
    struct record record;
    struct slice value;

    assert_outcome(archive_halted(f, WITNESS, seen, false), DONE);
    assert_outcome(reopen(f, NULL, "the disks are gone"), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_slice_text(archive_seen(f).origin, "example.com/perch/eeeeeeee/2");
    assert_int_equal(archive_seen(f).begun_index, f->index);
    assert_false(archive_seen(f).halted);
    assert_false(archive_seen(f).published.is);
    record = fixture_record(f, 0);
    assert_int_equal(record.kind, RECORD_ORIGIN);
    assert_int_equal(record.csn, 0);
    assert_int_equal(record_number(&record, RECORD_FIELD_FIRST_CSN, 0),
                     s->kept);
    assert_int_equal(record_number(&record, RECORD_FIELD_LAST_CSN, 0),
                     seen - 1);
    assert_true(record_find(&record, RECORD_FIELD_REASON, &value));
    assert_slice_text(value, "the disks are gone");
    assert_true(archive_past(f->machine, &past));
    assert_slice_text(past.origin, "example.com/perch/eeeeeeee");
    assert_int_equal(past.records, s->kept);
    assert_int_equal(past.seen, seen);
    assert_true(record_find(&record, RECORD_FIELD_DIGEST, &value));
    assert_memory_equal(value.data, past.root.bytes, MERKLE_HASH_BYTES);
    assert_true(archive_adapter(f->machine, 0, &adapter));
    assert_int_equal(adapter.cut_csn + adapter.acked_csn + adapter.n_cuts, 0);
    assert_true(adapter.past_acked > 0);
    assert_true(archive_node(f->machine, 1, &node));
    assert_true(node.has_key);
    assert_archive_reloads(f);
    assert_outcome(archive_say(f, "we go on"), DONE);
    archive_publish(f);
}

/* An origin is given up for a reason, by name, while there is an archive. */
static void test_archive_reopen__refuses(void **state)
{
    struct scene *s = *state;
    struct chat_fixture *f = s->f;

    assert_outcome(reopen(f, NULL, ""), REASON_MISSING);
    assert_outcome(reopen(f, "a b", "why"), ARCHIVE_ORIGIN_INVALID);
    assert_outcome(reopen(f, "example.com/perch/eeeeeeee", "why"),
                   ARCHIVE_ORIGIN_USED);
    assert_int_equal(archive_seen(f).origins, 1);
    assert_outcome(archive_mode(f, PERCH__ARCHIVE_MODE__ARCHIVE_OFF, NULL),
                   DONE);
    assert_outcome(reopen(f, NULL, "why"), ARCHIVE_IS_OFF);
    assert_outcome(archive_mode(f, PERCH__ARCHIVE_MODE__ARCHIVE_ON, NULL),
                   DONE);
    assert_outcome(reopen(f, "example.com/two", "moved"), DONE);
    assert_slice_text(archive_seen(f).origin, "example.com/two");
    assert_outcome(reopen(f, NULL, "again"), DONE);
    assert_slice_text(archive_seen(f).origin, "example.com/perch/eeeeeeee/3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_node_started__halts_before_it_starts),
        TEST(test_node_started__of_another_origin),
        TEST(test_node_started__has_all),
        TEST(test_archive_halt__is_founded),
        TEST(test_archive_halt__stops_changes),
        TEST(test_archive_halt__by_nodes),
        TEST(test_archive_halt__forked),
        TEST(test_archive_refill__ends_the_halt),
        TEST(test_archive_refill__by_and_by),
        TEST(test_archive_refill__refuses),
        TEST(test_archive_refill__times),
        TEST(test_archive_refill__withheld),
        TEST(test_archive_refill__not_the_next),
        TEST(test_archive_reopen__begins_anew),
        TEST(test_archive_reopen__refuses),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
