/* Entries become rows: the same ones whatever batches, crashes and snapshots
 * come between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/apply_work.h"
#include "node/chat/query.h"
#include "node/digest.h"
#include "node/state_rows.h"
#include "proto/base/endian.h"
#include "proto/entry.h"
#include "proto/record.h"
#include "proto/tlog/tile.h"
#include "storage/cursor.h"
#include "storage/generation.h"
#include "tests/sim/files_sim.h"
#include "tests/sim/store_sim.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/test.h"

#define IN(test) RUN_IN(test, stage_setup, tear_down)

/* A client asks to correct or withdraw a message of the lobby. */
#define REVISE(verb, id, chat)                                                 \
    "<xccos ver=\"1\" envid=\"7\" xmlns=\"urn:parlano:xml:ns:xccos\">"         \
    "<cmd id=\"cmd:" verb "\" seqid=\"1\"><data><chanib uri=\"" LOBBY          \
    "\"><msg id=\"grpchat\" seqid=\"1\" chanUri=\"" LOBBY "\" author=\"" ALICE \
    "\" chatId=\"" id "\">" chat "</msg></chanib></data></cmd></xccos>"

/* Another node, of which there is the applier alone. */
struct twin {
    struct stage *stage;
    char data[FILES_PATH_BYTES_MAX];
    struct applier *applier;
    struct replica *replica; /* Takes down what it is told. */
    struct replica_events events;
    uint32_t rules_known;
    unsigned entries, commits, releases;
    uint64_t restored;
    enum error fatal;
    LIST_ENTRY(twin) link;
};

static LIST_HEAD(, twin) twins = LIST_HEAD_INITIALIZER(twins);

static void remove_row(struct twin *twin, enum table table,
                       const uint64_t *parts);

static void on_entry(void *context, const struct applied_entry *entry,
                     const struct applied *applied,
                     const struct effects *effects)
{
    struct twin *twin = context;

    assert_int_equal(effects->log_index, entry->index);
    assert_true(applied->outcome < OUTCOMES);
    twin->entries += 1;
}

static void on_batch(void *context, uint64_t applied_index)
{
    struct twin *twin = context;

    assert_int_equal(applied_index, applier_applied(twin->applier));
    assert_int_equal(applied_index,
                     store_applied(applier_store(twin->applier)));
    twin->commits += 1;
}

static void on_release(void *context)
{
    struct twin *twin = context;

    twin->releases += 1;
    applier_released(twin->applier);
}

static void on_restored(void *context, uint64_t applied_index)
{
    struct twin *twin = context;

    twin->restored = applied_index;
}

static void on_fatal(void *context, enum error error, const char *reason)
{
    struct twin *twin = context;

    assert_non_null(reason);
    assert_int_equal(twin->fatal, ERROR_NONE); /* Told once. */
    twin->fatal = error;
}

static void on_committed(void *context, const struct replica_entry *entries,
                         size_t n)
{
    struct twin *twin = context;

    applier_apply(twin->applier, entries, n);
}

static enum error twin_open(struct twin *twin)
{
    enum error error = applier_open(
        &twin->applier,
        &(struct applier_settings){.loop = twin->stage->loop,
                                   .data = twin->data,
                                   .rules_known = twin->rules_known},
        &(struct applier_events){.context = twin,
                                 .entry = on_entry,
                                 .committed = on_batch,
                                 .release = on_release,
                                 .restored = on_restored,
                                 .fatal = on_fatal});

    if (error == ERROR_NONE) {
        applier_attach(twin->applier, twin->replica);
    }
    return error;
}

static struct twin *twin_new_of(struct stage *s, const char *data,
                                uint32_t rules_known)
{
    struct twin *twin = calloc(1, sizeof(*twin));

    assert_non_null(twin);
    twin->stage = s;
    twin->rules_known = rules_known;
    snprintf(twin->data, sizeof(twin->data), "%s", data);
    assert_int_equal(files_make_directory(twin->data), ERROR_NONE);
    twin->replica = fake_replica_new(3);
    twin->events.context = twin;
    twin->events.committed = on_committed;
    fake_replica_own(twin->replica, &twin->events);
    LIST_INSERT_HEAD(&twins, twin, link);
    assert_int_equal(twin_open(twin), ERROR_NONE);
    return twin;
}

static struct twin *twin_new(struct stage *s, const char *data)
{
    return twin_new_of(s, data, 1);
}

static void twin_free(struct twin *twin)
{
    LIST_REMOVE(twin, link);
    applier_abandon(twin->applier);
    fake_replica_free(twin->replica);
    free(twin);
}

static int tear_down(void **state)
{
    while (!LIST_EMPTY(&twins)) { /* Of a test that failed. */
        twin_free(LIST_FIRST(&twins));
    }
    return stage_teardown(state);
}

/* Cut its power, and start it again. */
static void twin_crash(struct twin *twin)
{
    files_sim_crash(twin->data, 0);
    applier_abandon(twin->applier);
    files_sim_restart(twin->data);
    fake_replica_own(twin->replica, &twin->events);
    assert_int_equal(twin_open(twin), ERROR_NONE);
}

/** Tell it the log from an index on, so many entries a batch. */
static void feed(struct twin *twin, uint64_t from, size_t batch)
{
    fake_replica_replay_to(twin->stage->replica, &twin->events, from, batch);
    fake_loop_settle(twin->stage->loop);
}

static void assert_same_rows(struct applier *a, struct applier *b)
{
    struct buffer x = BUFFER_EMPTY, y = BUFFER_EMPTY;

    assert_int_equal(rows_dump(applier_store(a), &x), ERROR_NONE);
    assert_int_equal(rows_dump(applier_store(b), &y), ERROR_NONE);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.data, y.data, x.len);
    buffer_deinit(&x);
    buffer_deinit(&y);
}

static bool digest_of(struct applier *applier, uint64_t *value_out)
{
    return applier_digest_at(applier, applier_digested(applier), value_out);
}

static void assert_same_digest(struct applier *a, struct applier *b)
{
    uint64_t x, y;

    assert_true(digest_of(a, &x));
    assert_true(digest_of(b, &y));
    assert_int_equal(x, y);
}

/* A day in the pool: rooms, posts, people who come and go, bytes that are
 * nothing, gaps. */
static void live(struct stage *s)
{
    edge_ref alice = stage_dial(s, ALICE, "a1"), bob = stage_dial(s, BOB, "b1");

    stage_join(s, alice, LOBBY_ID, DESK_ID, NULL);
    stage_join(s, bob, DESK_ID, NULL);
    fake_replica_skip(s->replica, 5);
    for (int i = 0; i < 40; i++) {
        stage_talk(s, alice, ALICE, i % 2 == 0 ? LOBBY : DESK, "words");
    }
    fake_replica_add_bytes(s->replica, SLICE_LITERAL("\x01"));
    stage_other_join(s, CAROL, 5, LOBBY_ID);
    stage_other_post(s, CAROL, 5, LOBBY_ID, "more words");
    fake_replica_skip(s->replica, 3000);
    stage_member(s, DESK_ID, BOB, true);
    stage_hang_up(s, alice, DIALOG_DROPPED, 20, 2);
    stage_commit(s);
}

/* However entries are batched, rows and digest are the same; each batch is one
 * commit, told when it is in the store. */
static void test_apply__any_batches(void **state)
{
    struct stage *s = *state;
    struct twin *one = twin_new(s, "/one"), *many = twin_new(s, "/many");

    live(s);
    feed(one, 1, 1);
    feed(many, 1, 10000);
    assert_int_equal(many->commits, 1);
    assert_true(one->commits > 50);
    assert_int_equal(one->entries, many->entries);
    assert_same_rows(one->applier, many->applier);
    assert_same_rows(one->applier, state_loop_applier(s->state));
    assert_same_digest(one->applier, many->applier);
    assert_same_digest(one->applier, state_loop_applier(s->state));
    assert_int_equal(fake_replica_told(many->replica)->applied,
                     fake_replica_last(s->replica));
    twin_free(one);
    twin_free(many);
}

/* The lobby's messages take one another back: what is decided of a message
 * depends on what the entry just before has made of it. */
static void take_back(struct stage *s, edge_ref alice)
{
    Perch__MessageRedact redact = PERCH__MESSAGE_REDACT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    uint64_t ids[] = {3, 2};
    struct guid lobby;

    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &lobby), ERROR_NONE);
    for (int i = 0; i < 6; i++) {
        stage_talk(s, alice, ALICE, LOBBY, "words");
    }
    stage_say(s, alice, REVISE("modmsg", "1", "<chat>better</chat>"));
    stage_say(s, alice, REVISE("modmsg", "1", "<chat>better</chat>"));
    stage_say(s, alice, REVISE("delmsg", "1", ""));
    stage_say(s, alice, REVISE("modmsg", "1", "<chat>too late</chat>"));
    CODEC_SET_BYTES(&redact, room, slice_of(lobby.bytes, GUID_BYTES));
    CODEC_SET_BYTES(&redact, reason, SLICE_LITERAL("why not"));
    redact.n_message_ids = 2;
    redact.message_ids = ids;
    command.kind_case = PERCH__COMMAND__KIND_MESSAGE_REDACT;
    command.message_redact = &redact;
    stage_administer(s, &command);
    stage_administer(s, &command);
    stage_talk(s, alice, ALICE, LOBBY, "more words");
}

/* Keep what is said for a day, let two pass, and purge up to a message. */
static void purge_on(struct stage *s, uint64_t after, uint64_t upto)
{
    Perch__RoomPurge room_purge = PERCH__ROOM_PURGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid lobby;

    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &lobby), ERROR_NONE);
    CODEC_SET_BYTES(&room_purge, room, slice_of(lobby.bytes, GUID_BYTES));
    CODEC_SET(&room_purge, after_id, after);
    CODEC_SET(&room_purge, upto_id, upto);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_PURGE;
    command.room_purge = &room_purge;
    stage_administer(s, &command);
    stage_commit(s);
}

static void purge(struct stage *s, uint64_t upto)
{
    Perch__RetentionSet retain = PERCH__RETENTION_SET__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid lobby;

    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &lobby), ERROR_NONE);
    CODEC_SET_BYTES(&retain, room, slice_of(lobby.bytes, GUID_BYTES));
    CODEC_SET(&retain, days, 1);
    command.kind_case = PERCH__COMMAND__KIND_RETENTION_SET;
    command.retention_set = &retain;
    stage_administer(s, &command);
    fake_replica_skip(s->replica, 2 * 86400); /* A second each. */
    purge_on(s, 0, upto);
}

static size_t count_rows(struct applier *applier, enum table table)
{
    struct view *view = NULL;
    struct cursor *cursor;
    struct row row;
    size_t n = 0;

    assert_int_equal(view_open(applier_store(applier), &view), ERROR_NONE);
    assert_int_equal(
        cursor_open(view, table, (struct range){.backward = false}, &cursor),
        ERROR_NONE);
    while (cursor_next(cursor, &row) == ERROR_NONE) {
        n += 1;
    }
    cursor_close(cursor);
    view_close(view);
    return n;
}

/* What a message was made is a row beside it, which stays as it was posted; an
 * entry that names messages sees what all before it have made of them, in
 * whatever batch they are. When they are purged nothing of them is left, and
 * the state is whole without them, even without a room's last message. */
static void test_apply__messages_that_are_named(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    struct twin *one, *many;

    stage_raise(s);
    stage_join(s, alice, LOBBY_ID, NULL);
    one = twin_new_of(s, "/one", COMMAND_RULES_KNOWN);
    many = twin_new_of(s, "/many", COMMAND_RULES_KNOWN);
    take_back(s, alice);
    feed(one, 1, 1);
    feed(many, 1, 10000);
    assert_true(many->commits < one->commits / 2);
    assert_int_equal(count_rows(one->applier, TABLE_MESSAGES), 7);
    /* Corrected once, withdrawn once, two redacted once. */
    assert_int_equal(count_rows(one->applier, TABLE_REVISIONS), 4);
    assert_same_rows(one->applier, many->applier);
    assert_same_rows(one->applier, state_loop_applier(s->state));
    assert_same_digest(one->applier, many->applier);

    purge(s, 7);
    twin_crash(one);
    feed(one, 1, 1);
    feed(many, 1, 10000);
    assert_int_equal(count_rows(many->applier, TABLE_MESSAGES), 0);
    assert_int_equal(count_rows(many->applier, TABLE_REVISIONS), 0);
    assert_same_rows(one->applier, many->applier);
    assert_same_digest(one->applier, many->applier);
    applier_close(many->applier);
    assert_int_equal(twin_open(many), ERROR_NONE);
    assert_same_rows(one->applier, many->applier);
    twin_free(one);
    twin_free(many);
}

/* A node whose row of a named message is gone would decide alone: it stops. */
static void test_apply__named_message_is_missing(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    struct twin *twin;

    stage_raise(s);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "one");
    stage_talk(s, alice, ALICE, LOBBY, "two");
    twin = twin_new_of(s, "/twin", COMMAND_RULES_KNOWN);
    feed(twin, 1, 100);
    remove_row(twin, TABLE_MESSAGES, (uint64_t[]){2, 1});
    fake_replica_skip(s->replica, 10); /* Its store is one ahead. */
    stage_say(s, alice, REVISE("delmsg", "1", ""));
    feed(twin, 1, 100);
    assert_int_equal(twin->fatal, ERROR_ROTTEN);
    twin_free(twin);
}

/* More entries than a batch may have make more batches. */
static void test_apply__batches_are_bounded(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");

    stage_other_join(s, CAROL, 5, LOBBY_ID);
    for (int i = 0; i < APPLY_BATCH_ENTRIES_MAX + 10; i++) {
        stage_other_post(s, CAROL, 5, LOBBY_ID, "words");
    }
    feed(twin, 1, 100000);
    assert_int_equal(twin->commits, 2);
    assert_int_equal(meter_count(&applier_meters(twin->applier)->batches), 2);
    twin_free(twin);
}

/* A machine that is made from rows is the one that wrote them: it goes on to
 * the same rows. Entries that are in the store are skipped, untold. */
static void test_apply__restarts_anywhere(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");
    uint64_t half, applied;

    live(s);
    half = applier_applied(state_loop_applier(s->state));
    feed(twin, 1, 7);
    twin_crash(twin); /* Nothing was flushed: all is to be replayed. */
    assert_int_equal(applier_applied(twin->applier), 0);
    feed(twin, 1, 11);
    applier_flush(twin->applier, half);
    fake_loop_settle(s->loop);
    assert_true(fake_replica_told(twin->replica)->flushed >= half);
    live(s);
    feed(twin, half + 1, 3);
    twin_crash(twin);
    applied = applier_applied(twin->applier);
    assert_int_equal(applied, half);
    twin->entries = 0;
    feed(twin, 1, 5);
    assert_int_equal(meter_count(&applier_meters(twin->applier)->entries),
                     twin->entries + 1); /* One is bytes that are none. */
    assert_true(meter_count(&applier_meters(twin->applier)->skipped) > 50);
    assert_same_rows(twin->applier, state_loop_applier(s->state));
    assert_same_digest(twin->applier, state_loop_applier(s->state));
    twin->entries = 0;
    feed(twin, 1, 5);
    assert_int_equal(twin->entries, 0);
    twin_free(twin);
}

/* Closed in good order nothing is lost. */
static void test_apply__closes_with_a_flush(void **state)
{
    struct stage *s = *state;
    uint64_t applied;

    live(s);
    applied = applier_applied(state_loop_applier(s->state));
    stage_end(s, STAGE_CLOSED);
    stage_start(s);
    assert_int_equal(applier_applied(state_loop_applier(s->state)), applied);
}

/* Nodes are compared at indexes they all pass, whatever they have applied
 * since. */
static void test_digest__at_common_indexes(void **state)
{
    struct stage *s = *state;
    struct twin *one = twin_new(s, "/one"), *other = twin_new(s, "/other");
    uint64_t x, y;

    live(s);
    feed(one, 1, 100);
    feed(other, 1, 100);
    assert_true(applier_digest_at(one->applier, DIGEST_EVERY, &x));
    live(s);
    feed(other, 1, 100);
    assert_true(applier_digest_at(other->applier, DIGEST_EVERY, &y));
    assert_int_equal(x, y);
    assert_true(applier_digest_at(other->applier, 2 * DIGEST_EVERY, &y));
    assert_int_equal(x, y); /* No entry lies between the two. */
    assert_true(digest_of(other->applier, &y));
    assert_int_not_equal(x, y);
    assert_false(applier_digest_at(one->applier, 90 * DIGEST_EVERY, &x));
    twin_free(one);
    twin_free(other);
}

static uint64_t digest_after(uint64_t index, struct slice bytes,
                             struct applied applied, size_t n_events)
{
    struct digest digest;
    uint64_t value;

    digest_init(&digest, 1, 77);
    digest_add(&digest, index, bytes, applied, n_events);
    assert_true(digest_at(&digest, index, &value));
    return value;
}

/* Whatever differs between two nodes' entries, answers and events shows. */
static void test_digest__tells_all_apart(void **state)
{
    struct slice bytes = SLICE_LITERAL("entry"), other = SLICE_LITERAL("entrx");
    struct applied done = {OUTCOME_DONE, 1}, more = {OUTCOME_DONE, 2};
    struct applied refused = {OUTCOME_NOT_JOINED, 1};
    uint64_t value = digest_after(5, bytes, done, 1);

    (void)state;
    assert_int_equal(value, digest_after(5, bytes, done, 1));
    assert_int_not_equal(value, digest_after(6, bytes, done, 1));
    assert_int_not_equal(value, digest_after(5, other, done, 1));
    assert_int_not_equal(value, digest_after(5, bytes, more, 1));
    assert_int_not_equal(value, digest_after(5, bytes, refused, 1));
    assert_int_not_equal(value, digest_after(5, bytes, done, 2));
}

/* A command nobody can read is answered as such to its node, and changes
 * nothing else; bytes that are no entry are passed over. */
static void test_apply__malformed(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");
    struct node_view node;
    uint8_t bytes[40];

    entry_write(bytes, &(struct entry){.origin_node = 2,
                                       .origin_epoch = s->admin_epoch,
                                       .number = ++s->admin_number,
                                       .sent_at_us = 5,
                                       .command = SLICE_LITERAL("\xff\xff")});
    fake_replica_add_bytes(s->replica, slice_of(bytes, sizeof(bytes)));
    fake_replica_add_bytes(s->replica, SLICE_LITERAL("nonsense, but 16"));
    stage_user(s, "sip:dora@example.com");
    feed(twin, 1, 3);
    assert_true(query_node(applier_machine(twin->applier), 2, &node));
    assert_int_equal(node.number_last, s->admin_number);
    assert_non_null(query_user(applier_machine(twin->applier),
                               SLICE_LITERAL("sip:dora@example.com")));
    assert_int_equal(twin->fatal, ERROR_NONE);
    assert_same_rows(twin->applier, state_loop_applier(s->state));
    twin_free(twin);
}

static void assert_stops(struct twin *twin, enum error error)
{
    uint64_t applied = applier_applied(twin->applier);
    unsigned commits = twin->commits;

    assert_int_equal(twin->fatal, error);
    stage_user(twin->stage, "sip:erik@example.com");
    feed(twin, 1, 100);
    assert_int_equal(applier_applied(twin->applier), applied);
    assert_int_equal(twin->commits, commits);
}

/* An entry of a later format stops the node before it: applying on would make
 * it another state than the others'. */
static void test_apply__later_format_stops(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");
    uint8_t bytes[40] = {0};

    feed(twin, 1, 100);
    fake_replica_blind(s->replica, true);
    entry_write(bytes, &(struct entry){.origin_node = 2, .number = 1});
    bytes[0] = ENTRY_FORMAT + 1;
    fake_replica_add_bytes(s->replica, slice_of(bytes, sizeof(bytes)));
    feed(twin, 1, 100);
    assert_stops(twin, ERROR_UNSUPPORTED);
    fake_replica_blind(s->replica, false);
    twin_free(twin);
}

/* Rules this program does not know stop it; entries before them in the batch
 * are not in the store, and are applied by the program that comes next. */
static void test_apply__later_rules_stop(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");
    Perch__RulesRaise raise = PERCH__RULES_RAISE__INIT;
    Perch__NodeStarted started = PERCH__NODE_STARTED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    feed(twin, 1, 100);
    fake_replica_blind(s->replica, true);
    /* All nodes have to know them: ours says so, falsely. */
    for (uint8_t node = 1; node <= 2; node++) {
        char id[] = "start that knows";

        id[0] = (char)('0' + node);
        perch__command__init(&command);
        CODEC_SET_BYTES(&started, start_id, slice_of(id, GUID_BYTES));
        CODEC_SET(&started, raft_id, node);
        CODEC_SET(&started, rules_known, 2);
        command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
        command.node_started = &started;
        fake_replica_add(s->replica, node, 0, 0, &command);
    }
    s->admin_epoch = fake_replica_last(s->replica);
    s->admin_number = 0;
    perch__command__init(&command);
    CODEC_SET(&raise, version, 2);
    command.kind_case = PERCH__COMMAND__KIND_RULES_RAISE;
    command.rules_raise = &raise;
    stage_administer(s, &command);
    feed(twin, 1, 100);
    assert_stops(twin, ERROR_UNSUPPORTED);
    fake_replica_blind(s->replica, false);
    twin_free(twin);
}

/* A store that cannot write stops its node, and nothing of the batch is told
 * to anybody. */
static void test_apply__store_fails(void **state)
{
    struct stage *s = *state;
    edge_ref alice = stage_dial(s, ALICE, "a1");
    uint64_t told;

    stage_join(s, alice, LOBBY_ID, NULL);
    told = fake_replica_told(s->replica)->applied;
    stage_post(s, alice, ALICE, LOBBY, "into the void");
    files_sim_crash(s->data, 0);
    fake_replica_commit(s->replica, 1);
    stage_expect_none(s, alice);
    assert_int_equal(s->fatals, 1);
    assert_int_equal(fake_replica_told(s->replica)->applied, told);
    fake_replica_commit(s->replica, 1);
    stage_expect_none(s, alice);
    stage_end(s, STAGE_KILLED);
}

/* A disk that cannot flush stops the node too: the log must not be cut. */
static void test_flush__fails(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");

    feed(twin, 1, 100);
    files_sim_fail(twin->data, 0, ERROR_NO_SPACE);
    applier_flush(twin->applier, 5);
    fake_loop_settle(s->loop);
    assert_true(twin->fatal != ERROR_NONE);
    assert_int_equal(fake_replica_told(twin->replica)->flushed, 0);
    files_sim_restart(twin->data);
    twin_free(twin);
}

/* A checkpoint is the state at its index, also when more is applied while it
 * is made; another node goes on from it to the same rows. */
static void test_checkpoint__goes_on_elsewhere(void **state)
{
    struct stage *s = *state;
    struct twin *first = twin_new(s, "/first"),
                *second = twin_new(s, "/second");
    const struct fake_told *told;

    live(s);
    feed(first, 1, 100);
    assert_int_equal(files_make_directory("/second/sent"), ERROR_NONE);
    applier_checkpoint(first->applier, 7, "/second/sent");
    fake_loop_settle(s->loop);
    told = fake_replica_told(first->replica);
    assert_int_equal(told->checkpoint, 7);
    assert_int_equal(told->checkpoint_error, ERROR_NONE);
    assert_int_equal(told->checkpoint_index, applier_applied(first->applier));
    stage_sync("/second/sent");
    applier_restore(second->applier, "/second/sent", told->checkpoint_index);
    fake_loop_settle(s->loop);
    assert_int_equal(second->releases, 1);
    assert_int_equal(second->restored, told->checkpoint_index);
    assert_int_equal(fake_replica_told(second->replica)->restored,
                     told->checkpoint_index);
    assert_same_rows(first->applier, second->applier);
    live(s);
    feed(first, told->checkpoint_index + 1, 4);
    feed(second, told->checkpoint_index + 1, 9);
    assert_same_rows(first->applier, second->applier);
    assert_same_digest(first->applier, second->applier);
    twin_crash(second); /* What was restored is durable. */
    assert_true(applier_applied(second->applier) >= told->checkpoint_index);
    twin_free(first);
    twin_free(second);
}

/* A checkpoint that cannot be made is told, and is not the node's end. */
static void test_checkpoint__fails(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");

    feed(twin, 1, 100);
    applier_checkpoint(twin->applier, 9, "/nowhere/at/all");
    fake_loop_settle(s->loop);
    assert_int_equal(fake_replica_told(twin->replica)->checkpoint, 9);
    assert_true(fake_replica_told(twin->replica)->checkpoint_error !=
                ERROR_NONE);
    assert_int_equal(twin->fatal, ERROR_NONE);
    twin_free(twin);
}

/* A store that cannot be believed is copied to nobody, and ends the node. */
static void test_checkpoint__of_rot(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");

    feed(twin, 1, 100);
    assert_int_equal(store_sim_rot("/twin/store/store-1-0"), ERROR_NONE);
    applier_checkpoint(twin->applier, 9, "/twin/sent");
    fake_loop_settle(s->loop);
    assert_int_equal(twin->fatal, ERROR_ROTTEN);
    assert_int_equal(fake_replica_told(twin->replica)->checkpoint, 0);
    twin_free(twin);
}

/* The state never moves backwards: an older snapshot is not taken. */
static void test_restore__older_is_not_taken(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");
    uint64_t applied;

    feed(twin, 1, 100);
    applied = applier_applied(twin->applier);
    applier_restore(twin->applier, "/twin/none", applied);
    fake_loop_settle(s->loop);
    assert_int_equal(twin->releases, 0);
    assert_int_equal(fake_replica_told(twin->replica)->restored, applied);
    twin_free(twin);
}

/* What is no whole store stops the node; the one before stays. */
static void test_restore__broken(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");
    uint64_t applied;

    feed(twin, 1, 100);
    applier_flush(twin->applier, UINT64_MAX);
    fake_loop_settle(s->loop);
    applied = applier_applied(twin->applier);
    applier_restore(twin->applier, "/twin/none", applied + 10);
    fake_loop_settle(s->loop);
    assert_true(twin->fatal != ERROR_NONE);
    assert_int_equal(twin->restored, 0);
    twin->fatal = ERROR_NONE;
    twin_crash(twin);
    assert_int_equal(applier_applied(twin->applier), applied);
    twin_free(twin);
}

/* A log that begins after the state has a hole before it. */
static void test_reconcile__forgotten(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");
    uint64_t applied;

    feed(twin, 1, 100);
    applied = applier_applied(twin->applier);
    assert_int_equal(applier_reconcile(twin->applier, 0, applied + 5),
                     ERROR_NONE);
    assert_int_equal(applier_reconcile(twin->applier, applied, applied + 5),
                     ERROR_NONE);
    assert_int_equal(applier_reconcile(twin->applier, applied + 1, applied + 5),
                     ERROR_FORGOTTEN);
    assert_int_equal(applier_reconcile(twin->applier, 0, applied - 1),
                     ERROR_FORGOTTEN);
    twin_free(twin);
}

/* Take one row out of a store behind the applier's back. */
static void remove_row(struct twin *twin, enum table table,
                       const uint64_t *parts)
{
    struct store *store = applier_store(twin->applier);
    struct batch *batch = batch_new();
    struct key key;

    key_build(table, parts, &key);
    batch_delete(batch, table, key_slice(&key));
    assert_int_equal(store_commit(store, batch, store_applied(store) + 1),
                     ERROR_NONE);
    batch_free(batch);
}

static void assert_rotten_without(struct stage *s, enum table table,
                                  const uint64_t *parts)
{
    struct twin *twin = twin_new_of(s, "/twin", COMMAND_RULES_KNOWN);
    struct applier *before = twin->applier;

    feed(twin, 1, 100);
    remove_row(twin, table, parts);
    applier_close(before);
    assert_int_equal(twin_open(twin), ERROR_ROTTEN);
    twin->applier = NULL;
    twin_free(twin);
    assert_int_equal(files_remove("/twin"), ERROR_NONE);
}

/* A row that is missing is found when the state is loaded, of whatever kind. */
static void test_load__missing_rows(void **state)
{
    struct stage *s = *state;

    stage_user(s, "sip:dora@example.com"); /* Nothing refers to her. */
    live(s);
    assert_rotten_without(s, TABLE_USERS, (uint64_t[]){4});
    assert_rotten_without(s, TABLE_META, (uint64_t[]){META_POOL});
    assert_rotten_without(s, TABLE_META, (uint64_t[]){META_COUNTERS});
    assert_rotten_without(s, TABLE_META, (uint64_t[]){META_DIGEST});
    assert_rotten_without(s, TABLE_USERS, (uint64_t[]){2});
    assert_rotten_without(s, TABLE_ORIGINS, (uint64_t[]){2});
    assert_rotten_without(s, TABLE_MESSAGES, (uint64_t[]){2, 21});
}

/* A value that is none of its kind is no state. */
static void test_load__wrong_rows(void **state)
{
    struct stage *s = *state;
    struct twin *twin = twin_new(s, "/twin");
    struct store *store = applier_store(twin->applier);
    struct batch *batch = batch_new();
    struct key key;

    feed(twin, 1, 100);
    key_build(TABLE_USERS, (uint64_t[]){1}, &key);
    batch_put(batch, TABLE_USERS, key_slice(&key), SLICE_LITERAL("\xff\xff"));
    assert_int_equal(store_commit(store, batch, store_applied(store) + 1),
                     ERROR_NONE);
    batch_free(batch);
    applier_close(twin->applier);
    assert_int_equal(twin_open(twin), ERROR_ROTTEN);
    twin->applier = NULL;
    twin_free(twin);
}

/* Of the first records there are none once the node's files have them. */
static void test_load__records(void **state)
{
    struct stage *s = *state;
    struct twin *twin;

    stage_raise(s);
    stage_archive(s, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    live(s);
    twin = twin_new_of(s, "/twin", COMMAND_RULES_KNOWN);
    feed(twin, 1, 5);
    assert_true(count_rows(twin->applier, TABLE_RECORDS) > 3);
    assert_same_rows(twin->applier, state_loop_applier(s->state));
    remove_row(twin, TABLE_RECORDS, (uint64_t[]){0});
    remove_row(twin, TABLE_RECORDS, (uint64_t[]){RECORDS_OF_ROW});
    twin_crash(twin);
    assert_int_equal(twin->fatal, ERROR_NONE);
    twin_free(twin);
    assert_int_equal(files_remove("/twin"), ERROR_NONE);
    assert_rotten_without(s, TABLE_RECORDS, (uint64_t[]){2 * RECORDS_OF_ROW});
    assert_rotten_without(s, TABLE_META, (uint64_t[]){META_LEDGER});
}

/* An archive that begins anew has none of the records before. */
static void test_apply__archive_begins_anew(void **state)
{
    struct stage *s = *state;
    Perch__ArchiveReopen reopen = PERCH__ARCHIVE_REOPEN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct twin *one, *many;

    stage_raise(s);
    stage_archive(s, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    live(s);
    CODEC_SET(&reopen, reason, codec_bytes(SLICE_LITERAL("all is lost")));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_REOPEN;
    command.archive_reopen = &reopen;
    stage_administer(s, &command);
    one = twin_new_of(s, "/one", COMMAND_RULES_KNOWN);
    many = twin_new_of(s, "/many", COMMAND_RULES_KNOWN);
    feed(one, 1, 1);
    feed(many, 1, 10000);
    assert_int_equal(count_rows(many->applier, TABLE_RECORDS), 1);
    assert_same_rows(one->applier, many->applier);
    twin_crash(many);
    assert_int_equal(many->fatal, ERROR_NONE);
    twin_free(one);
    twin_free(many);
}

/* Count the CSNs that the last purge of a row's records withholds; SIZE_MAX
 * without one. */
static size_t withheld_by(struct slice bundle)
{
    struct slice bytes, value;
    struct record record;
    size_t n = SIZE_MAX;

    while (bundle_next(&bundle, &bytes) == ERROR_NONE) {
        assert_int_equal(record_read(bytes, &record), ERROR_NONE);
        if (record.kind == RECORD_PURGE) {
            value = SLICE_NONE;
            record_find(&record, RECORD_FIELD_WITHHOLDS, &value);
            n = value.len / sizeof(uint64_t);
        }
    }
    return n;
}

static size_t count_withheld(struct applier *applier)
{
    struct view *view = NULL;
    struct cursor *cursor;
    size_t n = SIZE_MAX;
    struct row row;

    assert_int_equal(view_open(applier_store(applier), &view), ERROR_NONE);
    assert_int_equal(cursor_open(view, TABLE_RECORDS,
                                 (struct range){.backward = true}, &cursor),
                     ERROR_NONE);
    while (n == SIZE_MAX && cursor_next(cursor, &row) == ERROR_NONE) {
        n = withheld_by(row.value);
    }
    cursor_close(cursor);
    view_close(view);
    return n;
}

/* Rows of messages and of what they were made know their records: a purge names
 * them all. Those of an archive that was given up are not this one's. */
static void test_apply__purge_names_records(void **state)
{
    struct stage *s = *state;
    Perch__ArchiveReopen reopen = PERCH__ARCHIVE_REOPEN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    edge_ref alice = stage_dial(s, ALICE, "a1");

    stage_raise(s);
    stage_archive(s, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    stage_join(s, alice, LOBBY_ID, NULL);
    take_back(s, alice); /* Seven, and four revisions. */
    stage_commit(s);
    purge(s, 4);
    assert_int_equal(count_withheld(state_loop_applier(s->state)), 8);
    CODEC_SET(&reopen, reason, codec_bytes(SLICE_LITERAL("all is lost")));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_REOPEN;
    command.archive_reopen = &reopen;
    stage_administer(s, &command);
    purge_on(s, 4, 7);
    assert_int_equal(count_withheld(state_loop_applier(s->state)), 0);
}

/* The last record is the ledger's. */
static void test_load__last_record(void **state)
{
    struct stage *s = *state;
    uint64_t last;

    stage_raise(s);
    stage_archive(s, PERCH__ARCHIVE_MODE__ARCHIVE_ON);
    live(s);
    last = (count_rows(state_loop_applier(s->state), TABLE_RECORDS) - 1) *
           RECORDS_OF_ROW;
    assert_rotten_without(s, TABLE_RECORDS, &last);
}

/* What the state knows of nodes decides who may come back, and as whom. */
static void test_state_loop__knows_nodes(void **state)
{
    struct stage *s = *state;
    const struct replica_events *events = fake_replica_events(s->replica);

    assert_true(events->may_rejoin(events->context, 2));
    stage_set(s, SETTING_REJOIN_POLICY, 1);
    assert_false(events->may_rejoin(events->context, 2));
    assert_true(events->knows_directory(events->context, 1, 77));
    assert_false(events->knows_directory(events->context, 1, 78));
    assert_true(events->knows_directory(events->context, 256 + 1, 78));
    assert_true(events->knows_directory(events->context, 9, 78));
}

/* The replica's own end is the node's, told once. */
static void test_state_loop__replica_fails(void **state)
{
    struct stage *s = *state;
    const struct replica_events *events = fake_replica_events(s->replica);

    events->fatal(events->context, ERROR_IO, "the disk is gone");
    events->fatal(events->context, ERROR_IO, "and again");
    assert_int_equal(s->fatals, 1);
    assert_int_equal(s->fatal, ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_apply__any_batches),
        IN(test_apply__messages_that_are_named),
        IN(test_apply__named_message_is_missing),
        IN(test_apply__batches_are_bounded),
        IN(test_apply__restarts_anywhere),
        IN(test_apply__closes_with_a_flush),
        IN(test_digest__at_common_indexes),
        IN(test_digest__tells_all_apart),
        IN(test_apply__malformed),
        IN(test_apply__later_format_stops),
        IN(test_apply__later_rules_stop),
        IN(test_apply__store_fails),
        IN(test_flush__fails),
        IN(test_checkpoint__goes_on_elsewhere),
        IN(test_checkpoint__fails),
        IN(test_checkpoint__of_rot),
        IN(test_restore__older_is_not_taken),
        IN(test_restore__broken),
        IN(test_reconcile__forgotten),
        IN(test_load__missing_rows),
        IN(test_load__wrong_rows),
        IN(test_load__records),
        IN(test_load__last_record),
        IN(test_apply__archive_begins_anew),
        IN(test_apply__purge_names_records),
        IN(test_state_loop__knows_nodes),
        IN(test_state_loop__replica_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
