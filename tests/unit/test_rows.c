#include "tests/unit/test.h"

#include <stdlib.h>

#include "proto/store.pb-c.h"
#include "tests/unit/archive_fixture.h"
#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"
#include "tests/unit/talk_fixture.h"

/* Carol follows the lobby, and has set her feeds to none. */
static void attend(struct chat_fixture *f)
{
    Perch__FeedsPut feeds = PERCH__FEEDS_PUT__INIT;
    Perch__Publish publish = PERCH__PUBLISH__INIT;
    Perch__Publish__Item item = PERCH__PUBLISH__ITEM__INIT;
    Perch__Publish__Item *list[] = {&item};
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&item, room, fixture_guid_bytes(&f->lobby));
    publish.n_items = 1;
    publish.items = list;
    CODEC_SET(&command, user, fixture_text(CAROL));
    command.kind_case = PERCH__COMMAND__KIND_PUBLISH;
    command.publish = &publish;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    command.kind_case = PERCH__COMMAND__KIND_FEEDS_PUT;
    command.feeds_put = &feeds;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
}

/* A room that is gone, and one who may administer besides root. */
static void administer(struct chat_fixture *f)
{
    Perch__RoomDelete delete = PERCH__ROOM_DELETE__INIT;
    Perch__AdministratorGrant grant = PERCH__ADMINISTRATOR_GRANT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid guid = fixture_guid(200);

    assert_outcome(fixture_room(f, &guid, "old", PERCH__VISIBILITY__OPEN, NULL),
                   DONE);
    CODEC_SET(&delete, room, fixture_guid_bytes(&guid));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_DELETE;
    command.room_delete = &delete;
    assert_outcome(fixture_administer(f, &command), DONE);
    CODEC_SET(&grant, name, fixture_text("certificate:olga"));
    CODEC_SET(&grant, role, PERCH__ADMINISTRATOR_ROLE__OPERATOR);
    command.kind_case = PERCH__COMMAND__KIND_ADMINISTRATOR_GRANT;
    command.administrator_grant = &grant;
    assert_outcome(fixture_administer(f, &command), DONE);
}

/* An archive that is on, with all that its row may have, an adapter with a cut
 * that waits, and a witness. */
static void archive(struct chat_fixture *f)
{
    assert_outcome(archive_key(f, 1, 0, 0xee), DONE);
    assert_outcome(archive_key(f, 1, 1, 1), DONE);
    assert_outcome(archive_key(f, 2, 2, 2), DONE);
    assert_outcome(archive_mode(f, PERCH__ARCHIVE_MODE__ARCHIVE_ON, NULL),
                   DONE);
    assert_outcome(archive_witness_put(f, "w.example", "http://w.example", 7),
                   DONE);
    assert_outcome(archive_adapter_add(f, "xml"), DONE);
    assert_outcome(archive_cut(f, "xml"), DONE);
    assert_outcome(archive_begin(f), DONE);
    assert_outcome(archive_cosign(f, 1, f->applied.value, 1), DONE);
    assert_outcome(archive_cosign(f, 2, archive_seen(f).open.size, 2), DONE);
    archive_later(f, 60);
    assert_outcome(archive_begin(f), DONE);
    assert_outcome(archive_cosign(f, 2, archive_seen(f).open.size, 2), DONE);
    assert_outcome(archive_marked(f, 1, 2, 0), DONE);
}

/* Something of every kind of row is in the state. */
static int setup(void **state)
{
    struct guid addin;
    struct chat_fixture *f;
    Perch__Probe probe = PERCH__PROBE__INIT;
    Perch__NodeMark mark = PERCH__NODE_MARK__INIT;
    Perch__NodeMark__Exception one = PERCH__NODE_MARK__EXCEPTION__INIT;
    Perch__NodeMark__Exception *list[] = {&one};
    Perch__Command command = PERCH__COMMAND__INIT;

    fixture_setup(state);
    f = *state;
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 3), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 2), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 2, &f->lobby), DONE);
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "hi", "r-1"), DONE);
    command.kind_case = PERCH__COMMAND__KIND_PROBE;
    command.probe = &probe;
    CODEC_SET(&probe, slot, 3);
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    CODEC_SET(&mark, delivered_index, 9);
    CODEC_SET(&one, serial, 1);
    CODEC_SET(&one, delivered_index, 8);
    mark.n_exceptions = 1;
    mark.exceptions = list;
    command.kind_case = PERCH__COMMAND__KIND_NODE_MARK;
    command.node_mark = &mark;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    assert_outcome(fixture_close(f, 2, 2, f->index), DONE);
    fixture_raise(f);
    assert_outcome(fixture_group(f, "group:desk"), DONE);
    assert_outcome(fixture_group(f, "unit:london"), DONE);
    assert_outcome(fixture_member(f, "group:desk", "unit:london", true), DONE);
    assert_outcome(fixture_member(f, "unit:london", CAROL, true), DONE);
    assert_outcome(fixture_role(f, &f->desk, "group:desk", ROLE_MEMBER, false),
                   DONE);
    assert_outcome(talk_hold(f, "case", NULL, CAROL), DONE);
    attend(f);
    addin = fixture_guid(77);
    assert_outcome(fixture_addin(f, &addin, "Tides", "https://tides.example/"),
                   DONE);
    administer(f);
    assert_outcome(fixture_filter(f, "deals", "word:insider"), DONE);
    archive(f);
    return 0;
}

static struct row_store *rows_of(const struct machine *machine)
{
    struct row_store *store = row_store_new();

    machine_write_all(machine, row_store_take, store);
    return store;
}

static void count_kind(void *context, const struct row_key *key,
                       const struct slice *value)
{
    size_t *counts = context;

    (void)value;
    counts[key->kind] += 1;
}

/* Memory is its rows: a machine made from them is equal in every bit, and goes
 * on as the first would have. */
static void test_machine_load__rebuilds_the_machine(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = rows_of(f->machine);
    uint64_t hash = machine_hash(f->machine);
    size_t counts[ROW_KINDS] = {0};
    struct machine *again;
    enum error error;

    row_store_each(store, count_kind, counts);
    for (int kind = 0; kind < ROW_MESSAGE; kind++) {
        assert_true(counts[kind] > 0);
    }
    again = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_int_equal(error, ERROR_NONE);
    assert_true(machine_hash(again) == hash);
    assert_int_equal(machine_changes(again), 0);

    machine_free(f->machine);
    f->machine = again;
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "hi", "r-1"),
                   REPEATED);
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->desk, "hi", "r-2"), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 5), DONE);
    row_store_free(store);
}

/* Writing the changes of each entry, or of all at once, leaves the same rows:
 * nothing shows how entries were batched. */
static void test_machine_write_changes__batches_do_not_show(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *all = rows_of(f->machine), *batched;
    struct machine *again;
    enum error error;
    uint64_t hash;

    batched = rows_of(f->machine);
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "1", "r-2"), DONE);
    machine_write_changes(f->machine, row_store_take, all);
    /* The fixture settles before each entry; keep these changes too. */
    machine_write_all(f->machine, row_store_take, batched);
    assert_outcome(fixture_start(f, 1), DONE);
    machine_write_changes(f->machine, row_store_take, all);
    hash = machine_hash(f->machine);
    again = row_store_machine(all, COMMAND_RULES_KNOWN, &error);
    assert_int_equal(error, ERROR_NONE);
    assert_true(machine_hash(again) == hash);
    machine_free(again);

    /* The restart took sessions away: old rows without the changes are no
     * whole. */
    assert_true(row_store_count(all) < row_store_count(batched));
    row_store_free(batched);
    row_store_free(all);
}

/* An entry that changes one row many times writes it once, and nothing else. */
static void test_machine_write_changes__only_what_changed(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *changed = row_store_new();
    size_t counts[ROW_KINDS] = {0};

    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "1", "r-9"), DONE);
    machine_write_changes(f->machine, row_store_take, changed);
    row_store_each(changed, count_kind, counts);
    assert_int_equal(row_store_count(changed), 6);
    assert_int_equal(counts[ROW_COUNTERS], 1);
    assert_int_equal(counts[ROW_ROOM], 1);
    assert_int_equal(counts[ROW_ORIGIN], 1);
    assert_int_equal(counts[ROW_OUTCOMES], 1);
    assert_int_equal(counts[ROW_RETRY], 1);
    assert_int_equal(counts[ROW_LEDGER], 1);
    machine_write_changes(f->machine, row_store_take, changed);
    assert_int_equal(row_store_count(changed), 6);
    row_store_free(changed);
}

struct without {
    struct row_store *store;
    struct row_key missing;
};

static void copy_without(void *context, const struct row_key *key,
                         const struct slice *value)
{
    struct without *without = context;

    if (row_compare(key, &without->missing) != 0) {
        row_store_take(without->store, key, value);
    }
}

struct missing_each {
    const struct row_store *all;
    size_t tried;
};

static void try_without(void *context, const struct row_key *key,
                        const struct slice *value)
{
    struct missing_each *each = context;
    struct without without = {row_store_new(), *key};
    enum error error;

    (void)value;
    row_store_each(each->all, copy_without, &without);
    assert_null(row_store_machine(without.store, COMMAND_RULES_KNOWN, &error));
    assert_int_equal(error, ERROR_MALFORMED);
    each->tried += 1;
    row_store_free(without.store);
}

/* Not one row can be missing without being missed. */
static void test_machine_load_end__misses_every_row(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = rows_of(f->machine);
    struct missing_each each = {store, 0};

    row_store_each(store, try_without, &each);
    assert_int_equal(each.tried, row_store_count(store));
    row_store_free(store);
}

static void try_twice(void *context, const struct row_key *key,
                      const struct slice *value)
{
    const struct row_store *all = context;
    enum error error;
    struct machine *machine;

    if (key->kind <= ROW_COUNTERS || key->kind == ROW_OUTCOMES) {
        return; /* Idempotent; a second counters row is told at the end. */
    }
    machine = row_store_machine(all, COMMAND_RULES_KNOWN, &error);
    assert_non_null(machine);
    assert_int_equal(machine_load(machine, key, *value), ERROR_MALFORMED);
    machine_free(machine);
}

/* A row that contradicts what is there is refused. */
static void test_machine_load__refuses_a_row_twice(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = rows_of(f->machine);

    row_store_each(store, try_twice, store);
    row_store_free(store);
}

static void try_damaged(void *context, const struct row_key *key,
                        const struct slice *value)
{
    uint8_t bytes[4096];
    size_t len = value->len < sizeof(bytes) ? value->len : sizeof(bytes);

    for (size_t i = 0; i < len * 8; i += 3) {
        struct without without = {row_store_new(), *key};
        struct slice damaged = {bytes, value->len};
        struct machine *machine;
        enum error error;

        if (value->len > sizeof(bytes)) {
            row_store_free(without.store);
            return;
        }
        memcpy(bytes, value->data, len);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        row_store_each(context, copy_without, &without);
        row_store_take(without.store, key, &damaged);
        machine = row_store_machine(without.store, COMMAND_RULES_KNOWN, &error);
        assert_true((machine != NULL) == (error == ERROR_NONE));
        machine_free(machine);
        row_store_free(without.store);
    }
}

/* A flipped bit in a value is refused or makes another, consistent state; it
 * never breaks the machine. (That it is seen at all is the store's task.) */
static void test_machine_load__stands_damaged_values(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = rows_of(f->machine);

    row_store_each(store, try_damaged, store);
    row_store_free(store);
}

/* A state under later rules than the program knows is not loaded. */
static void test_machine_load__refuses_later_rules(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Stored__Pool pool = PERCH__STORED__POOL__INIT;
    struct row_key key = {ROW_POOL, {0, 0, 0}};
    struct buffer value = BUFFER_EMPTY;
    struct machine *machine = machine_new(1);

    (void)f;
    CODEC_SET(&pool, rules_version, 2);
    codec_write(&pool.base, &value);
    assert_int_equal(machine_load(machine, &key, buffer_slice(&value)),
                     ERROR_UNSUPPORTED);
    key.kind = ROW_MESSAGE;
    assert_int_equal(machine_load(machine, &key, buffer_slice(&value)),
                     ERROR_MALFORMED);
    machine_free(machine);
    buffer_deinit(&value);
}

struct pool_row {
    struct arena *arena;
    Perch__Stored__Pool *pool;
    Perch__Stored__Counters *counters;
};

static void read_pool(void *context, const struct row_key *key,
                      const struct slice *value)
{
    struct pool_row *row = context;

    if (key->kind == ROW_POOL) {
        assert_int_equal(codec_read(row->arena,
                                    &perch__stored__pool__descriptor, *value,
                                    &row->pool),
                         ERROR_NONE);
    }
    if (key->kind == ROW_COUNTERS) {
        assert_int_equal(codec_read(row->arena,
                                    &perch__stored__counters__descriptor,
                                    *value, &row->counters),
                         ERROR_NONE);
    }
}

/* What only a later program knows is left out of rows while it has its default,
 * so that two programs sharing a pool have equal rows: settings, and counts of
 * row kinds. */
static void test_machine_write_all__leaves_defaults_out(void **state)
{
    struct chat_fixture *f = *state;
    struct pool_row row = {arena_new(4096), NULL, NULL};
    struct machine *fresh = machine_new(1);

    machine_write_all(fresh, read_pool, &row);
    assert_int_equal(row.pool->n_settings, 0);
    assert_int_equal(row.counters->n_rows, ROW_COUNTERS + 1);
    machine_free(fresh);
    assert_outcome(fixture_set(f, SETTING_HISTORY_DEFAULT, 31), DONE);
    machine_write_all(f->machine, read_pool, &row);
    assert_int_equal(row.pool->n_settings, 1);
    assert_int_equal(row.pool->settings[0]->number, SETTING_HISTORY_DEFAULT);
    assert_int_equal(row.pool->settings[0]->value, 31);
    assert_outcome(fixture_set(f, SETTING_HISTORY_DEFAULT, 30), DONE);
    machine_write_all(f->machine, read_pool, &row);
    assert_int_equal(row.pool->n_settings, 0);
    arena_free(row.arena);
}

/* A machine to which nothing happened needs no rows, and two of them are
 * equal; one entry makes them differ. */
static void test_machine_hash__tells_states_apart(void **state)
{
    struct chat_fixture *f = *state;
    struct machine *one = machine_new(1), *two = machine_new(1);

    assert_int_equal(machine_load_end(two), ERROR_NONE);
    assert_true(machine_hash(one) == machine_hash(two));
    assert_true(machine_hash(one) != machine_hash(f->machine));
    machine_free(one);
    machine_free(two);
    assert_outcome(fixture_set(f, SETTING_HISTORY_DEFAULT, 31), DONE);
    assert_true(machine_hash(f->machine) != f->hash);
}

/* Rows that others refer to come first, and keys order as bytes; where the row
 * of counters has a kind is for ever. */
static void test_row_compare__orders_by_kind_then_numbers(void **state)
{
    struct row_key a = {ROW_ROLE, {1, 2, 0}}, b = {ROW_ROLE, {1, 10, 0}};

    (void)state;
    assert_true(row_compare(&a, &b) < 0);
    assert_int_equal(row_compare(&a, &a), 0);
    b.part[0] = 0;
    assert_true(row_compare(&a, &b) > 0);
    b.kind = ROW_ORIGIN;
    assert_true(row_compare(&a, &b) < 0);
    assert_true(ROW_USER < ROW_GROUP && ROW_GROUP < ROW_MEMBERSHIP &&
                ROW_MEMBERSHIP < ROW_ROLE);
    assert_int_equal(row_place(ROW_POOL), 0);
    assert_int_equal(row_place(ROW_ROLE), 5);
    assert_int_equal(row_place(ROW_SESSION), 8);
    assert_int_equal(row_place(ROW_MESSAGE), 12);
    assert_int_equal(row_place(ROW_GROUP), 13);
    assert_int_equal(row_place(ROW_MEMBERSHIP), 14);
    assert_int_equal(row_place(ROW_HOLD), 18);
    assert_int_equal(row_place(ROW_REVISION), 19);
    assert_int_equal(row_place(ROW_ADDIN), 20);
    assert_int_equal(row_place(ROW_TOMBSTONE), 21);
    assert_int_equal(row_place(ROW_ADMINISTRATOR), 22);
    assert_int_equal(row_place(ROW_FILTER), 23);
    assert_int_equal(row_parts(ROW_SESSION), 3);
    assert_string_equal(row_name(ROW_SESSION), "session");
}

int main(void)
{
#define IN(name) RUN_IN(test_##name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IN(machine_load__rebuilds_the_machine),
        IN(machine_write_changes__batches_do_not_show),
        IN(machine_write_changes__only_what_changed),
        IN(machine_load_end__misses_every_row),
        IN(machine_load__refuses_a_row_twice),
        IN(machine_load__stands_damaged_values),
        IN(machine_load__refuses_later_rules),
        IN(machine_write_all__leaves_defaults_out),
        IN(machine_hash__tells_states_apart),
        RUN(test_row_compare__orders_by_kind_then_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
