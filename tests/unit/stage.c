#include "tests/unit/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/tlog/note.h"
#include "proto/xccos/read.h"
#include "storage/checkpoint.h"
#include "tests/sim/files_sim.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/test.h"
#include "tests/wire/wire.h"

enum { OTHER = 2 };

static struct given *add_given(struct stage *s, const struct delivery *delivery,
                               edge_ref dialog)
{
    struct given *given = &s->given[s->n_given++];

    CHECK(s->n_given < STAGE_TOLD_MAX);
    *given = (struct given){.kind = (enum delivery_kind)delivery->letter.kind,
                            .dialog = dialog};
    return given;
}

static char *copy_text(struct slice text)
{
    char *copy = malloc(text.len + 1);

    CHECK(copy != NULL);
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    copy[text.len] = '\0';
    return copy;
}

static void take_body(struct stage *s, const struct delivery *delivery)
{
    const struct body *body = delivery->body.body;

    s->backlogs[edge_of(delivery->ref)] = delivery->backlog;
    if (!s->emit_nothing) {
        wire_emit("xccos", slice_of(body->bytes, body->len));
    }
    for (size_t i = 0; i < delivery->body.n; i++) {
        struct given *given = add_given(s, delivery, delivery->body.dialogs[i]);

        given->text = copy_text(slice_of(body->bytes, body->len));
        given->body = body;
        given->log_index = delivery->body.mark.log_index;
        given->reply = delivery->body.mark.reply;
    }
}

static void take_answer(struct stage *s, const struct delivery *delivery)
{
    struct given *given = add_given(s, delivery, delivery->ref);

    given->token = delivery->answer.token;
    given->status = delivery->answer.status;
    given->retry_after_s = delivery->answer.retry_after_s;
    given->text = copy_text(delivery->answer.reason);
}

static void take_sign_in(struct stage *s, const struct delivery *delivery)
{
    struct given *given = add_given(s, delivery, delivery->ref);

    given->token = delivery->sign_in.token;
    given->sign_in = delivery->sign_in.result;
    memcpy(given->hashes[0], delivery->sign_in.ha1, sizeof(given->hashes[0]));
    memcpy(given->hashes[1], delivery->sign_in.ha1_user,
           sizeof(given->hashes[1]));
    given->text = copy_text(delivery->sign_in.user_uri);
}

static void take_close(struct stage *s, const struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->close.n; i++) {
        add_given(s, delivery, delivery->close.dialogs[i])->text =
            copy_text(delivery->close.reason);
    }
}

static void take_presence(struct stage *s, const struct delivery *delivery)
{
    const struct delivery_presence *presence = &delivery->presence;
    struct given *given = add_given(s, delivery, delivery->ref);

    given->token = presence->token;
    given->status = presence->status;
    given->text =
        copy_text(presence->body == NULL
                      ? SLICE_NONE
                      : slice_of(presence->body->bytes, presence->body->len));
}

static void take(struct stage *s, const struct delivery *delivery)
{
    bool is_body = delivery->letter.kind == DELIVERY_BODY;

    s->bodies += is_body ? delivery->body.n : 0;
    s->answers += delivery->letter.kind == DELIVERY_ANSWER;
    if (s->count_only) {
        return;
    }
    switch ((enum delivery_kind)delivery->letter.kind) {
    case DELIVERY_BODY:
        take_body(s, delivery);
        break;
    case DELIVERY_ANSWER:
        take_answer(s, delivery);
        break;
    case DELIVERY_SIGN_IN:
        take_sign_in(s, delivery);
        break;
    case DELIVERY_PRESENCE:
        take_presence(s, delivery);
        break;
    case DELIVERY_CLOSE:
        take_close(s, delivery);
        break;
    case DELIVERY_DISMISS:
        add_given(s, delivery, delivery->ref)->text =
            copy_text(delivery->dismiss.user_uri);
        break;
    }
}

static void on_deliveries(void *context, struct letter_list *list)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        take(context, (struct delivery *)letter);
        delivery_free((struct delivery *)letter);
    }
}

static void on_fatal(void *context, enum error error, const char *reason)
{
    struct stage *s = context;

    (void)reason;
    s->fatals += 1;
    s->fatal = error;
}

static void join_edges(struct stage *s)
{
    for (uint8_t i = 0; i < STAGE_EDGES; i++) {
        s->edges[i] = letters_new(s->loop, 1 << 20, on_deliveries, s);
        CHECK(s->edges[i] != NULL);
        sessions_set_edge(s->sessions, i, s->edges[i]);
    }
}

static void part_edges(struct stage *s)
{
    for (uint8_t i = 0; i < STAGE_EDGES; i++) {
        struct letter_list left;

        sessions_set_edge(s->sessions, i, NULL);
        letters_close(s->edges[i], &left);
        while (!STAILQ_EMPTY(&left)) {
            struct letter *letter = STAILQ_FIRST(&left);

            STAILQ_REMOVE_HEAD(&left, link);
            delivery_free((struct delivery *)letter);
        }
        letters_free(s->edges[i]);
    }
}

void stage_start(struct stage *s)
{
    const struct state_loop_owner owner = {.context = s, .fatal = on_fatal};
    const struct applier_settings applier = {
        .loop = s->loop, .data = s->data, .rules_known = COMMAND_RULES_KNOWN};
    const struct sessions_settings sessions = {
        .loop = s->loop,
        .node = 1,
        .raft_id = 1,
        .directory_id = 77,
        .rules_known = COMMAND_RULES_KNOWN,
        .masks = XCCOS_MASKS_DEFAULT,
        .pool_name = "Example",
        .catalog = s->catalog,
    };

    s->state = state_loop_new(&owner);
    assert_non_null(s->state);
    assert_int_equal(state_loop_open(s->state, &applier, &sessions),
                     ERROR_NONE);
    s->sessions = state_loop_sessions(s->state);
    fake_replica_own(s->replica, state_loop_events(s->state));
    state_loop_start(s->state, s->replica);
    join_edges(s);
}

void stage_end(struct stage *s, enum stage_end how)
{
    if (s->state == NULL) {
        return;
    }
    part_edges(s);
    if (how == STAGE_POWER_CUT) {
        files_sim_crash(s->data, 0);
    }
    if (how == STAGE_CLOSED) {
        state_loop_close(s->state);
    } else {
        state_loop_abandon(s->state);
    }
    files_sim_restart(s->data);
    s->state = NULL;
    s->sessions = NULL;
}

void stage_pass(struct stage *s, uint64_t ms)
{
    fake_loop_pass(s->loop, ms * 1000);
}

void stage_commit(struct stage *s)
{
    fake_loop_settle(s->loop);
    while (fake_replica_waiting(s->replica) > 0) {
        fake_replica_commit(s->replica, SIZE_MAX);
        fake_loop_settle(s->loop);
    }
}

void stage_reads(struct stage *s, enum error error)
{
    fake_loop_settle(s->loop);
    fake_replica_answer_reads(s->replica, error);
    fake_loop_settle(s->loop);
}

void stage_owe(struct stage *s, uint8_t edge, long bodies)
{
    assert_non_null(s->backlogs[edge]);
    atomic_fetch_add(s->backlogs[edge], (size_t)bodies);
}

static void hand_over(struct stage *s, struct intake *intake)
{
    intake->handed_us = loop_now_us(s->loop) - s->waited_us;
    assert_int_equal(
        letters_send(sessions_intake(s->sessions), &intake->letter),
        ERROR_NONE);
    fake_loop_settle(s->loop);
}

edge_ref stage_dial_on(struct stage *s, uint8_t edge, edge_ref connection,
                       const char *user, const char *endpoint, bool resumes)
{
    edge_ref ref = ((edge_ref)edge << EDGE_REF_EDGE_SHIFT) | ++s->slots;
    struct intake *intake = intake_new(INTAKE_DIALOG_OPENED, edge, ref);

    CHECK(intake != NULL);
    intake->dialog = (struct intake_dialog){
        .connection = connection == 0 ? ref : connection,
        .user_uri = arena_copy_slice(intake->arena, slice_of_text(user)),
        .endpoint_id = arena_copy_slice(intake->arena, slice_of_text(endpoint)),
        .pool_uri = arena_copy_slice(intake->arena, slice_of_text(POOL_URI)),
        .resumes = resumes,
    };
    hand_over(s, intake);
    return ref;
}

edge_ref stage_dial(struct stage *s, const char *user, const char *endpoint)
{
    return stage_dial_on(s, 0, 0, user, endpoint, false);
}

void stage_dial_late(struct stage *s, const char *user, const char *endpoint,
                     uint64_t waited_us)
{
    s->waited_us = waited_us;
    stage_dial(s, user, endpoint);
    s->waited_us = 0;
}

void stage_hang_up(struct stage *s, edge_ref dialog, enum dialog_end end,
                   uint64_t delivered_index, uint32_t replies)
{
    struct intake *intake =
        intake_new(INTAKE_DIALOG_CLOSED, edge_of(dialog), dialog);

    CHECK(intake != NULL);
    intake->dialog.end = end;
    intake->dialog.delivered_index = delivered_index;
    intake->dialog.replies = replies;
    hand_over(s, intake);
}

void stage_confirm(struct stage *s, edge_ref dialog, uint64_t index,
                   uint32_t replies)
{
    struct intake *intake =
        intake_new(INTAKE_DELIVERED, edge_of(dialog), dialog);

    CHECK(intake != NULL);
    intake->delivered.n = 1;
    intake->delivered.marks =
        arena_alloc(intake->arena, sizeof(*intake->delivered.marks));
    intake->delivered.marks[0].dialog = dialog;
    intake->delivered.marks[0].log_index = index;
    intake->delivered.marks[0].replies = replies;
    hand_over(s, intake);
}

uint64_t stage_sign_in(struct stage *s, const char *user)
{
    struct intake *intake = intake_new(INTAKE_SIGN_IN, 0, 9);

    CHECK(intake != NULL);
    intake->sign_in.token = ++s->tokens;
    intake->sign_in.user_uri =
        arena_copy_slice(intake->arena, slice_of_text(user));
    hand_over(s, intake);
    return s->tokens;
}

uint64_t stage_send(struct stage *s, edge_ref dialog, const char *body)
{
    struct intake *intake = intake_new(INTAKE_REQUEST, edge_of(dialog), dialog);
    const struct xccos_primitive *primitive;
    uint64_t token = 0;

    CHECK(intake != NULL);
    assert_int_equal(xccos_read(slice_of_text(body), intake->arena,
                                &intake->request.envelope),
                     XCCOS_ERROR_NONE);
    primitive = intake->request.envelope->primitives;
    for (; primitive != NULL; primitive = primitive->next) {
        if (primitive->kind == XCCOS_KIND_MESSAGE) {
            token = s->tokens + 1;
        }
    }
    s->tokens += token != 0;
    intake->request.token = token;
    hand_over(s, intake);
    return token;
}

uint64_t stage_say(struct stage *s, edge_ref dialog, const char *body)
{
    uint64_t token = stage_send(s, dialog, body);

    stage_commit(s);
    stage_reads(s, ERROR_NONE);
    return token;
}

uint64_t stage_post(struct stage *s, edge_ref dialog, const char *author,
                    const char *room, const char *text)
{
    char body[16384];

    snprintf(body, sizeof(body),
             "<xccos ver=\"1\" envid=\"7\" xmlns=\"urn:parlano:xml:ns:xccos\">"
             "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"%s\" "
             "author=\"%s\" ts=\"2031-02-03T07:40:00Z\"><chat>%s</chat>"
             "</grpchat></xccos>",
             room, author, text);
    return stage_send(s, dialog, body);
}

void stage_talk(struct stage *s, edge_ref dialog, const char *author,
                const char *room, const char *text)
{
    uint64_t token = stage_post(s, dialog, author, room, text);

    stage_commit(s);
    assert_int_equal(stage_answer(s, dialog, token)->status, 200);
}

void stage_join(struct stage *s, edge_ref dialog, const char *room, ...)
{
    char body[8192];
    size_t len;
    va_list rooms;

    len = (size_t)snprintf(body, sizeof(body),
                           "<xccos ver=\"1\" envid=\"3\" "
                           "xmlns=\"urn:parlano:xml:ns:xccos\">"
                           "<cmd id=\"cmd:bjoin\" seqid=\"1\"><data>");
    va_start(rooms, room);
    for (unsigned i = 0; room != NULL; room = va_arg(rooms, const char *)) {
        len += (size_t)snprintf(body + len, sizeof(body) - len,
                                "<chanid key=\"%u\" domain=\"example.com\" "
                                "value=\"%s\"/>",
                                i++, room);
    }
    va_end(rooms);
    snprintf(body + len, sizeof(body) - len, "</data></cmd></xccos>");
    stage_say(s, dialog, body);
    stage_expect(s, dialog, "rpl:bjoin");
}

static struct given *find_next(struct stage *s, edge_ref dialog)
{
    for (size_t i = 0; i < s->n_given; i++) {
        if (!s->given[i].seen && s->given[i].dialog == dialog) {
            return &s->given[i];
        }
    }
    return NULL;
}

const struct given *stage_next(struct stage *s, edge_ref dialog)
{
    struct given *given;

    fake_loop_settle(s->loop);
    given = find_next(s, dialog);
    assert_non_null(given);
    given->seen = true;
    return given;
}

const char *stage_expect(struct stage *s, edge_ref dialog, const char *part)
{
    const struct given *given = stage_next(s, dialog);

    assert_int_equal(given->kind, DELIVERY_BODY);
    if (strstr(given->text, part) == NULL) {
        fail_msg("not in it: %s\n%s", part, given->text);
    }
    return given->text;
}

void stage_expect_none(struct stage *s, edge_ref dialog)
{
    struct given *given;

    fake_loop_settle(s->loop);
    given = find_next(s, dialog);
    if (given != NULL) {
        fail_msg("given: %s", given->text);
    }
}

const struct given *stage_answer(struct stage *s, edge_ref dialog,
                                 uint64_t token)
{
    const struct given *given = stage_next(s, dialog);

    while (given->kind == DELIVERY_BODY) { /* Answers may come behind. */
        ((struct given *)(uintptr_t)given)->seen = false;
        given = NULL;
        for (size_t i = 0; i < s->n_given && given == NULL; i++) {
            if (!s->given[i].seen && s->given[i].dialog == dialog &&
                s->given[i].kind == DELIVERY_ANSWER) {
                s->given[i].seen = true;
                given = &s->given[i];
            }
        }
        assert_non_null(given);
    }
    assert_int_equal(given->kind, DELIVERY_ANSWER);
    assert_int_equal(given->token, token);
    return given;
}

void stage_expect_close(struct stage *s, edge_ref dialog, const char *reason)
{
    const struct given *given = stage_next(s, dialog);

    assert_int_equal(given->kind, DELIVERY_CLOSE);
    assert_string_equal(given->text, reason);
}

void stage_forget(struct stage *s)
{
    fake_loop_settle(s->loop);
    for (size_t i = 0; i < s->n_given; i++) {
        s->given[i].seen = true;
    }
}

void stage_other(struct stage *s, Perch__Command *command)
{
    fake_replica_add(s->replica, OTHER, s->admin_epoch, ++s->admin_number,
                     command);
    fake_loop_settle(s->loop);
}

void stage_administer(struct stage *s, Perch__Command *command)
{
    CODEC_SET_BYTES(command, administrator, SLICE_LITERAL("root"));
    CODEC_SET_BYTES(command, source, SLICE_LITERAL("socket"));
    stage_other(s, command);
}

static void other_entry(void *context, const struct applied_entry *entry,
                        const struct applied *applied,
                        const struct effects *effects)
{
    (void)context;
    (void)entry;
    (void)applied;
    (void)effects;
}

static void other_committed(void *context, uint64_t applied_index)
{
    (void)context;
    (void)applied_index;
}

static void other_fatal(void *context, enum error error, const char *reason)
{
    (void)context;
    fail_msg("%s: %s", error_name(error), reason);
}

static void other_takes(void *context, const struct replica_entry *entries,
                        size_t n)
{
    applier_apply(context, entries, n);
}

/* Make the other node's checkpoint. Returns its index. */
static uint64_t copy_state(struct stage *s, const char *data,
                           const char *directory)
{
    struct replica *replica = fake_replica_new(3);
    struct applier *applier = NULL;
    uint64_t index;

    assert_int_equal(
        applier_open(
            &applier,
            &(struct applier_settings){.loop = s->loop,
                                       .data = data,
                                       .rules_known = COMMAND_RULES_KNOWN},
            &(struct applier_events){.entry = other_entry,
                                     .committed = other_committed,
                                     .fatal = other_fatal}),
        ERROR_NONE);
    applier_attach(applier, replica);
    fake_replica_replay_to(
        s->replica,
        &(struct replica_events){.context = applier, .committed = other_takes},
        1, 100);
    assert_int_equal(
        store_checkpoint(applier_store(applier), directory, &index),
        ERROR_NONE);
    applier_abandon(applier);
    fake_replica_free(replica);
    return index;
}

static enum error sync_entry(void *context, const struct files_entry *entry)
{
    char path[FILES_PATH_BYTES_MAX];

    TRY(files_path(path, context, entry->name));
    return files_sync(path);
}

void stage_sync(const char *directory)
{
    char path[FILES_PATH_BYTES_MAX];

    snprintf(path, sizeof(path), "%s", directory);
    assert_int_equal(files_list(path, sync_entry, path), ERROR_NONE);
    assert_int_equal(files_sync(path), ERROR_NONE);
}

void stage_snapshot(struct stage *s)
{
    const struct replica_events *events = fake_replica_events(s->replica);
    char directory[FILES_PATH_BYTES_MAX + 16], data[FILES_PATH_BYTES_MAX + 16];
    uint64_t index;

    snprintf(data, sizeof(data), "%s-other", s->data);
    snprintf(directory, sizeof(directory), "%s/sent", s->data);
    assert_int_equal(files_make_directory(data), ERROR_NONE);
    index = copy_state(s, data, directory);
    stage_sync(directory);
    assert_int_equal(files_remove(data), ERROR_NONE);
    events->restore(events->context, directory, index);
}

static ProtobufCBinaryData bytes_of(const char *text)
{
    return codec_bytes(slice_of_text(text));
}

/* Valid until the next call but three. */
static ProtobufCBinaryData guid_of(const char *text)
{
    static struct guid guids[4];
    static unsigned next;
    struct guid *guid = &guids[next++ % 4];

    CHECK(guid_read(slice_of_text(text), guid) == ERROR_NONE);
    return codec_bytes(slice_of(guid->bytes, GUID_BYTES));
}

#define TRADE_ID "99999999-9999-9999-9999-999999999999"

void stage_user(struct stage *s, const char *uri)
{
    Perch__UserCreate user = PERCH__USER_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&user, uri, bytes_of(uri));
    CODEC_SET(&user, ha1, bytes_of("0123456789abcdef"));
    CODEC_SET(&user, ha1_user, bytes_of("fedcba9876543210"));
    command.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command.user_create = &user;
    stage_administer(s, &command);
}

void stage_room(struct stage *s, const char *guid, const char *name,
                const char *description, bool is_open)
{
    Perch__RoomCreate room = PERCH__ROOM_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData managers[] = {bytes_of(ALICE)};

    CODEC_SET(&room, room, guid_of(guid));
    CODEC_SET(&room, category, guid_of(TRADE_ID));
    CODEC_SET(&room, name, bytes_of(name));
    if (description != NULL) {
        CODEC_SET(&room, description, bytes_of(description));
    }
    CODEC_SET(&room, visibility,
              is_open ? PERCH__VISIBILITY__OPEN : PERCH__VISIBILITY__CLOSED);
    room.n_managers = is_open ? 0 : 1;
    room.managers = managers;
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CREATE;
    command.room_create = &room;
    stage_administer(s, &command);
}

void stage_member(struct stage *s, const char *guid, const char *user,
                  bool remove)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData members[] = {bytes_of(user)};

    CODEC_SET(&change, room, guid_of(guid));
    if (remove) {
        change.n_members_remove = 1;
        change.members_remove = members;
    } else {
        change.n_members_add = 1;
        change.members_add = members;
    }
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    stage_administer(s, &command);
}

void stage_raise(struct stage *s)
{
    Perch__RulesRaise raise = PERCH__RULES_RAISE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&raise, version, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_RULES_RAISE;
    command.rules_raise = &raise;
    stage_administer(s, &command);
}

static void put_log_key(struct stage *s)
{
    Perch__ArchiveKeyPut put = PERCH__ARCHIVE_KEY_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    uint8_t key[NOTE_KEY_BYTES] = {0xed};

    CODEC_SET_BYTES(&put, public_key, slice_of(key, sizeof(key)));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT;
    command.archive_key_put = &put;
    stage_administer(s, &command);
}

void stage_archive(struct stage *s, Perch__ArchiveMode mode)
{
    Perch__ArchivePut put = PERCH__ARCHIVE_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    put_log_key(s);
    CODEC_SET(&put, mode, mode);
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_PUT;
    command.archive_put = &put;
    stage_administer(s, &command);
}

void stage_category(struct stage *s, Perch__CategoryChange *change)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(change, category, guid_of(TRADE_ID));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CHANGE;
    command.category_change = change;
    stage_administer(s, &command);
}

void stage_change(struct stage *s, const char *guid, Perch__RoomChange *change)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(change, room, guid_of(guid));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = change;
    stage_administer(s, &command);
}

void stage_group(struct stage *s, const char *uri, const char *display_name,
                 const char *member)
{
    Perch__GroupCreate create = PERCH__GROUP_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData members[] = {bytes_of(member)};

    CODEC_SET(&create, uri, bytes_of(uri));
    if (display_name != NULL) {
        CODEC_SET(&create, display_name, bytes_of(display_name));
    }
    create.n_members = 1;
    create.members = members;
    command.kind_case = PERCH__COMMAND__KIND_GROUP_CREATE;
    command.group_create = &create;
    stage_administer(s, &command);
}

void stage_addin(struct stage *s, const char *guid, const char *name,
                 const char *url)
{
    Perch__AddinCreate create = PERCH__ADDIN_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&create, addin, guid_of(guid));
    CODEC_SET(&create, name, bytes_of(name));
    CODEC_SET(&create, url, bytes_of(url));
    command.kind_case = PERCH__COMMAND__KIND_ADDIN_CREATE;
    command.addin_create = &create;
    stage_administer(s, &command);
}

void stage_disable(struct stage *s, const char *guid)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, room, guid_of(guid));
    CODEC_SET(&change, disabled, true);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    stage_administer(s, &command);
}

void stage_set(struct stage *s, enum setting setting, uint32_t value)
{
    Perch__PoolPut__Setting one = PERCH__POOL_PUT__SETTING__INIT;
    Perch__PoolPut__Setting *settings[] = {&one};
    Perch__PoolPut put = PERCH__POOL_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&one, number, (uint32_t)setting);
    CODEC_SET(&one, value, value);
    put.n_settings = 1;
    put.settings = settings;
    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = &put;
    stage_administer(s, &command);
}

static void other_open(struct stage *s, const char *user, uint64_t serial)
{
    Perch__SessionOpen open = PERCH__SESSION_OPEN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&open, endpoint_id, bytes_of("elsewhere"));
    CODEC_SET(&command, user, bytes_of(user));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_SESSION_OPEN;
    command.session_open = &open;
    stage_other(s, &command);
}

void stage_other_join(struct stage *s, const char *user, uint64_t serial,
                      const char *guid)
{
    Perch__Join join = PERCH__JOIN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData rooms[] = {guid_of(guid)};

    other_open(s, user, serial);
    join.n_rooms = 1;
    join.rooms = rooms;
    CODEC_SET(&command, user, bytes_of(user));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_JOIN;
    command.join = &join;
    stage_other(s, &command);
}

void stage_other_post(struct stage *s, const char *user, uint64_t serial,
                      const char *guid, const char *text)
{
    Perch__Post post = PERCH__POST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&post, room, guid_of(guid));
    CODEC_SET(&post, text, bytes_of(text));
    CODEC_SET(&command, user, bytes_of(user));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    stage_other(s, &command);
}

static void start_other(struct stage *s)
{
    Perch__NodeStarted started = PERCH__NODE_STARTED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&started, start_id, bytes_of("another-start-id"));
    CODEC_SET(&started, raft_id, OTHER);
    CODEC_SET(&started, rules_known, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &started;
    fake_replica_add(s->replica, OTHER, 0, 0, &command);
    s->admin_epoch = fake_replica_last(s->replica);
}

static void found_pool(struct stage *s)
{
    Perch__PoolPut put = PERCH__POOL_PUT__INIT;
    Perch__CategoryCreate category = PERCH__CATEGORY_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&put, domain, bytes_of("example.com"));
    CODEC_SET(&put, pool_uri, bytes_of(POOL_URI));
    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = &put;
    stage_administer(s, &command);
    stage_user(s, ALICE);
    stage_user(s, BOB);
    stage_user(s, CAROL);
    CODEC_SET(&category, category, guid_of(TRADE_ID));
    CODEC_SET(&category, name, bytes_of("Trade"));
    perch__command__init(&command);
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command.category_create = &category;
    stage_administer(s, &command);
    stage_room(s, LOBBY_ID, "Lobby", "Where all meet", true);
    stage_room(s, DESK_ID, "Desk", NULL, false);
    stage_member(s, DESK_ID, BOB, false);
}

int stage_setup_bare(void **state)
{
    static unsigned made;
    struct stage *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->given = calloc(STAGE_TOLD_MAX, sizeof(*s->given));
    assert_non_null(s->given);
    files_sim_reset();
    snprintf(s->data, sizeof(s->data), "/stage-%u", ++made);
    snprintf(s->catalog, sizeof(s->catalog), "/stage-%u/catalog", made);
    assert_int_equal(files_make_directory(s->data), ERROR_NONE);
    s->loop = fake_loop_new(made);
    s->replica = fake_replica_new(1);
    *state = s;
    return 0;
}

int stage_setup(void **state)
{
    struct stage *s;

    stage_setup_bare(state);
    s = *state;
    stage_start(s);
    start_other(s);
    found_pool(s);
    stage_commit(s);
    assert_true(proposer_epoch(sessions_proposer(s->sessions)) != 0);
    stage_forget(s);
    return 0;
}

int stage_teardown(void **state)
{
    struct stage *s = *state;

    stage_end(s, STAGE_CLOSED);
    for (size_t i = 0; i < s->n_given; i++) {
        free(s->given[i].text);
    }
    free(s->given);
    fake_replica_free(s->replica);
    fake_loop_free(s->loop);
    files_sim_reset();
    free(s);
    return 0;
}
