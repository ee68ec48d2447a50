#include "tests/unit/chat_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/test.h"

struct guid fixture_guid(uint8_t byte)
{
    struct guid guid;

    memset(guid.bytes, byte, GUID_BYTES);
    return guid;
}

ProtobufCBinaryData fixture_text(const char *text)
{
    return codec_bytes(slice_of_text(text));
}

ProtobufCBinaryData fixture_guid_bytes(const struct guid *guid)
{
    return codec_bytes(slice_of(guid->bytes, GUID_BYTES));
}

static void forget_row(void *context, const struct row_key *key,
                       const struct slice *value)
{
    (void)context;
    (void)key;
    (void)value;
}

/* Of the entry, not of the command: the machine never came to decide. */
static bool was_turned_away(enum outcome outcome)
{
    return outcome == OUTCOME_NODE_NOT_STARTED ||
           outcome == OUTCOME_EPOCH_STALE || outcome == OUTCOME_DUPLICATE ||
           outcome == OUTCOME_NUMBER_GAP;
}

/* What is judged beforehand is what is then applied, and judging leaves no
 * trace: asserted for every administrator's command of every test. */
static struct applied judge(struct chat_fixture *f, const Perch__Command *read,
                            const struct applied_entry *entry)
{
    struct applied judged = {OUTCOMES, 0};

    if (read != NULL && machine_is_administrators(read)) {
        judged = machine_judge(f->machine, read, entry);
        assert_true(machine_hash(f->machine) == f->hash);
        assert_int_equal(machine_changes(f->machine), 0);
    }
    return judged;
}

enum outcome fixture_apply_entry(struct chat_fixture *f,
                                 struct applied_entry entry,
                                 Perch__Command *command)
{
    Perch__Command *read = NULL;
    struct applied judged;

    arena_reset(f->arena);
    buffer_clear(&f->bytes);
    if (command != NULL) {
        if (f->needs != 0) {
            CODEC_SET(command, needs_rules, f->needs);
        }
        command_write(command, &f->bytes);
        assert_int_equal(command_read(f->arena, buffer_slice(&f->bytes), &read),
                         ERROR_NONE);
    }
    machine_write_changes(f->machine, forget_row, NULL);
    f->hash = machine_hash(f->machine);
    f->index += 1;
    entry.index = f->index;
    entry.term = 1;
    entry.sent_at_us = f->now_us;
    entry.bytes = buffer_slice(&f->bytes);
    entry.facts = said_book_facts(f->book, f->machine, read, f->arena);
    f->now_us += 1000000;
    judged = judge(f, read, &entry);
    f->applied = machine_apply(f->machine, &entry, read, &f->effects);
    said_book_take(f->book, &f->effects);
    if (judged.outcome != OUTCOMES && !was_turned_away(f->applied.outcome) &&
        f->applied.outcome != OUTCOME_OWNER_BUSY) {
        assert_int_equal(judged.outcome, f->applied.outcome);
        assert_true(judged.outcome == OUTCOME_DONE ||
                    judged.value == f->applied.value);
    }
    return f->applied.outcome;
}

enum outcome fixture_apply(struct chat_fixture *f, uint8_t node,
                           Perch__Command *command)
{
    struct applied_entry entry = {
        .node = node, .epoch = f->epochs[node], .number = ++f->numbers[node]};

    return fixture_apply_entry(f, entry, command);
}

enum outcome fixture_administer(struct chat_fixture *f, Perch__Command *command)
{
    CODEC_SET_BYTES(command, administrator, SLICE_LITERAL("root"));
    CODEC_SET_BYTES(command, source, SLICE_LITERAL("socket"));
    if (machine_rules_version(f->machine) >= RULES_TALK) {
        CODEC_SET(command, credential, PERCH__CREDENTIAL__LOCAL);
    }
    return fixture_apply(f, 1, command);
}

enum outcome fixture_start(struct chat_fixture *f, uint8_t node)
{
    Perch__NodeStarted start = PERCH__NODE_STARTED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid id = fixture_guid((uint8_t)(0xa0 + ++f->starts));
    enum outcome outcome;

    CODEC_SET(&start, start_id, fixture_guid_bytes(&id));
    CODEC_SET(&start, raft_id, node);
    CODEC_SET(&start, rules_known, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &start;
    outcome =
        fixture_apply_entry(f, (struct applied_entry){.node = node}, &command);
    f->epochs[node] = f->applied.value;
    f->numbers[node] = 0;
    return outcome;
}

void fixture_raise(struct chat_fixture *f)
{
    Perch__RulesRaise raise = PERCH__RULES_RAISE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&raise, version, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_RULES_RAISE;
    command.rules_raise = &raise;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
}

static void put_key(struct chat_fixture *f)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchiveKeyPut put = PERCH__ARCHIVE_KEY_PUT__INIT;
    uint8_t key[NOTE_KEY_BYTES] = {0xed};

    CODEC_SET_BYTES(&put, public_key, slice_of(key, sizeof(key)));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT;
    command.archive_key_put = &put;
    fixture_administer(f, &command);
}

enum outcome fixture_archive(struct chat_fixture *f, Perch__ArchiveMode mode)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchivePut put = PERCH__ARCHIVE_PUT__INIT;

    put_key(f);
    CODEC_SET(&put, mode, mode);
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_PUT;
    command.archive_put = &put;
    return fixture_administer(f, &command);
}

enum outcome fixture_reopen(struct chat_fixture *f)
{
    Perch__ArchiveReopen reopen = PERCH__ARCHIVE_REOPEN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&reopen, reason, fixture_text("all is lost"));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_REOPEN;
    command.archive_reopen = &reopen;
    return fixture_administer(f, &command);
}

struct record fixture_record(const struct chat_fixture *f, size_t at)
{
    struct record record;

    assert_true(at < f->effects.records.n);
    assert_int_equal(record_read(effects_record_at(&f->effects, at), &record),
                     ERROR_NONE);
    return record;
}

enum outcome fixture_group(struct chat_fixture *f, const char *uri)
{
    Perch__GroupCreate group = PERCH__GROUP_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&group, uri, fixture_text(uri));
    command.kind_case = PERCH__COMMAND__KIND_GROUP_CREATE;
    command.group_create = &group;
    return fixture_administer(f, &command);
}

enum outcome fixture_member(struct chat_fixture *f, const char *group,
                            const char *member, bool is_in)
{
    Perch__GroupChange change = PERCH__GROUP_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData members[] = {fixture_text(member)};

    CODEC_SET(&change, uri, fixture_text(group));
    change.members_add = change.members_remove = members;
    change.n_members_add = is_in;
    change.n_members_remove = !is_in;
    command.kind_case = PERCH__COMMAND__KIND_GROUP_CHANGE;
    command.group_change = &change;
    return fixture_administer(f, &command);
}

enum outcome fixture_addin(struct chat_fixture *f, const struct guid *guid,
                           const char *name, const char *url)
{
    Perch__AddinCreate create = PERCH__ADDIN_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&create, addin, fixture_guid_bytes(guid));
    CODEC_SET(&create, name, fixture_text(name));
    CODEC_SET(&create, url, fixture_text(url));
    command.kind_case = PERCH__COMMAND__KIND_ADDIN_CREATE;
    command.addin_create = &create;
    return fixture_administer(f, &command);
}

enum outcome fixture_filter(struct chat_fixture *f, const char *name,
                            const char *expression)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__FilterCreate create = PERCH__FILTER_CREATE__INIT;
    ProtobufCBinaryData expressions[] = {fixture_text(expression)};

    CODEC_SET(&create, name, fixture_text(name));
    CODEC_SET(&create, action, PERCH__FILTER_ACTION__BLOCK);
    create.n_expressions = 1;
    create.expressions = expressions;
    command.kind_case = PERCH__COMMAND__KIND_FILTER_CREATE;
    command.filter_create = &create;
    return fixture_administer(f, &command);
}

enum outcome fixture_user(struct chat_fixture *f, const char *uri)
{
    Perch__UserCreate user = PERCH__USER_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&user, uri, fixture_text(uri));
    command.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command.user_create = &user;
    return fixture_administer(f, &command);
}

enum outcome fixture_disable_user(struct chat_fixture *f, const char *uri,
                                  bool disabled)
{
    Perch__UserChange change = PERCH__USER_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, uri, fixture_text(uri));
    CODEC_SET(&change, disabled, disabled);
    command.kind_case = PERCH__COMMAND__KIND_USER_CHANGE;
    command.user_change = &change;
    return fixture_administer(f, &command);
}

enum outcome fixture_room(struct chat_fixture *f, const struct guid *guid,
                          const char *name, Perch__Visibility visibility,
                          const char *manager)
{
    Perch__RoomCreate room = PERCH__ROOM_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData managers[] = {fixture_text(manager)};

    CODEC_SET(&room, room, fixture_guid_bytes(guid));
    CODEC_SET(&room, category, fixture_guid_bytes(&f->trade));
    CODEC_SET(&room, name, fixture_text(name));
    CODEC_SET(&room, visibility, visibility);
    room.n_managers = manager == NULL ? 0 : 1;
    room.managers = managers;
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CREATE;
    command.room_create = &room;
    return fixture_administer(f, &command);
}

enum outcome fixture_open_at(struct chat_fixture *f, uint8_t node,
                             const char *user, uint64_t serial,
                             const char *endpoint_id)
{
    Perch__SessionOpen open = PERCH__SESSION_OPEN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&open, endpoint_id, fixture_text(endpoint_id));
    CODEC_SET(&command, user, fixture_text(user));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_SESSION_OPEN;
    command.session_open = &open;
    return fixture_apply(f, node, &command);
}

enum outcome fixture_open(struct chat_fixture *f, uint8_t node,
                          const char *user, uint64_t serial)
{
    char endpoint_id[24];

    snprintf(endpoint_id, sizeof(endpoint_id), "%llu",
             (unsigned long long)serial);
    return fixture_open_at(f, node, user, serial, endpoint_id);
}

enum outcome fixture_close(struct chat_fixture *f, uint8_t node,
                           uint64_t serial, uint64_t delivered_index)
{
    Perch__SessionClose close = PERCH__SESSION_CLOSE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&close, serial, serial);
    CODEC_SET(&close, reason, PERCH__SESSION_CLOSE__REASON__DROPPED);
    CODEC_SET(&close, delivered_index, delivered_index);
    command.kind_case = PERCH__COMMAND__KIND_SESSION_CLOSE;
    command.session_close = &close;
    return fixture_apply(f, node, &command);
}

enum outcome fixture_join(struct chat_fixture *f, uint8_t node,
                          const char *user, uint64_t serial,
                          const struct guid *room)
{
    Perch__Join join = PERCH__JOIN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData rooms[] = {fixture_guid_bytes(room)};

    join.n_rooms = 1;
    join.rooms = rooms;
    CODEC_SET(&command, user, fixture_text(user));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_JOIN;
    command.join = &join;
    return fixture_apply(f, node, &command);
}

enum outcome fixture_part(struct chat_fixture *f, uint8_t node,
                          const char *user, uint64_t serial,
                          const struct guid *room)
{
    Perch__Part part = PERCH__PART__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&part, room, fixture_guid_bytes(room));
    CODEC_SET(&command, user, fixture_text(user));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_PART;
    command.part = &part;
    return fixture_apply(f, node, &command);
}

enum outcome fixture_post(struct chat_fixture *f, uint8_t node,
                          const char *user, uint64_t serial,
                          const struct guid *room, const char *what,
                          const char *retry_id)
{
    Perch__Post post = PERCH__POST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&post, room, fixture_guid_bytes(room));
    CODEC_SET_BYTES(&post, text, slice_of_text(what));
    if (retry_id != NULL) {
        CODEC_SET(&post, retry_id, fixture_text(retry_id));
    }
    CODEC_SET(&command, user, fixture_text(user));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    return fixture_apply(f, node, &command);
}

enum outcome fixture_set(struct chat_fixture *f, enum setting setting,
                         uint32_t value)
{
    Perch__PoolPut put = PERCH__POOL_PUT__INIT;
    Perch__PoolPut__Setting one = PERCH__POOL_PUT__SETTING__INIT,
                            *list[] = {&one};
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&one, number, setting);
    CODEC_SET(&one, value, value);
    put.n_settings = 1;
    put.settings = list;
    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = &put;
    return fixture_administer(f, &command);
}

enum outcome fixture_role(struct chat_fixture *f, const struct guid *room,
                          const char *user, enum role role, bool remove)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData users[] = {fixture_text(user)};

    CODEC_SET(&change, room, fixture_guid_bytes(room));
    change.members_add = change.members_remove = users;
    change.managers_add = change.managers_remove = users;
    change.n_members_add = role == ROLE_MEMBER && !remove;
    change.n_members_remove = role == ROLE_MEMBER && remove;
    change.n_managers_add = role == ROLE_MANAGER && !remove;
    change.n_managers_remove = role == ROLE_MANAGER && remove;
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    return fixture_administer(f, &command);
}

size_t fixture_count(const struct chat_fixture *f, enum event_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < f->effects.n_events; i++) {
        n += f->effects.events[i].kind == kind;
    }
    return n;
}

const struct event *fixture_event(const struct chat_fixture *f,
                                  enum event_kind kind)
{
    for (size_t i = 0; i < f->effects.n_events; i++) {
        if (f->effects.events[i].kind == kind) {
            return &f->effects.events[i];
        }
    }
    fail_msg("no event of kind %d", kind);
    return NULL;
}

struct room_view fixture_view(const struct chat_fixture *f,
                              const struct guid *guid)
{
    const struct room *room = query_room(f->machine, guid);
    struct room_view view;

    assert_non_null(room);
    view_room(room, &view);
    return view;
}

static void assert_quiet(void *context, const struct row_key *key,
                         const struct slice *value)
{
    (void)context;
    (void)value;
    if (key->kind != ROW_COUNTERS && key->kind != ROW_ORIGIN &&
        key->kind != ROW_OUTCOMES) {
        fail_msg("row %s changed", row_name(key->kind));
    }
}

void assert_no_trace(struct chat_fixture *f)
{
    assert_false(f->effects.has_message);
    assert_int_equal(f->effects.n_events, 0);
    machine_write_changes(f->machine, assert_quiet, NULL);
}

static void make_pool(struct chat_fixture *f)
{
    Perch__PoolPut put = PERCH__POOL_PUT__INIT;
    Perch__CategoryCreate category = PERCH__CATEGORY_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&put, domain, fixture_text("example.com"));
    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = &put;
    assert_outcome(fixture_administer(f, &command), DONE);

    CODEC_SET(&category, category, fixture_guid_bytes(&f->trade));
    CODEC_SET(&category, name, fixture_text("Trade"));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command.category_create = &category;
    assert_outcome(fixture_administer(f, &command), DONE);
}

int fixture_setup(void **state)
{
    struct chat_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    *state = f;
    f->machine = machine_new(COMMAND_RULES_KNOWN);
    f->arena = arena_new(4096);
    f->now_us = 1900000000000000;
    f->trade = fixture_guid(1);
    f->lobby = fixture_guid(2);
    f->desk = fixture_guid(3);
    effects_init(&f->effects);
    buffer_init(&f->bytes);
    f->book = said_book_new();
    assert_outcome(fixture_start(f, 1), DONE);
    assert_outcome(fixture_start(f, 2), DONE);
    make_pool(f);
    assert_outcome(fixture_user(f, ALICE), DONE);
    assert_outcome(fixture_user(f, BOB), DONE);
    assert_outcome(fixture_user(f, CAROL), DONE);
    assert_outcome(
        fixture_room(f, &f->lobby, "lobby", PERCH__VISIBILITY__OPEN, NULL),
        DONE);
    assert_outcome(
        fixture_room(f, &f->desk, "desk", PERCH__VISIBILITY__CLOSED, ALICE),
        DONE);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MEMBER, false), DONE);
    return 0;
}

int fixture_teardown(void **state)
{
    struct chat_fixture *f = *state;

    machine_free(f->machine);
    effects_deinit(&f->effects);
    buffer_deinit(&f->bytes);
    said_book_free(f->book);
    arena_free(f->arena);
    free(f);
    return 0;
}
