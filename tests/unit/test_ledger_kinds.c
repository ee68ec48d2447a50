/* What people and administrators change, in records: a test for each kind that
 * test_ledger.c, test_ledger_talk.c and test_disclosure.c have not. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/chat/archive.h"
#include "node/chat/invited.h"
#include "node/chat/text.h"
#include "tests/unit/ledger_fixture.h"
#include "tests/unit/talk_fixture.h"

static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    fixture_raise(*state);
    assert_outcome(fixture_archive(*state, PERCH__ARCHIVE_MODE__ARCHIVE_ON),
                   DONE);
    return 0;
}

/* Fill in a command's kind and give it as an administrator. */
#define ADMINISTER(f, KIND, field, part)                                       \
    administer(f, &(Perch__Command){.base = empty.base,                        \
                                    .kind_case = PERCH__COMMAND__KIND_##KIND,  \
                                    .field = (part)})

static const Perch__Command empty = PERCH__COMMAND__INIT;

static enum outcome administer(struct chat_fixture *f, Perch__Command *command)
{
    return fixture_administer(f, command);
}

static enum outcome change_room(struct chat_fixture *f, const char *name,
                                const char *description)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;

    CODEC_SET(&change, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&change, name, fixture_text(name));
    CODEC_SET(&change, description, fixture_text(description));
    CODEC_SET(&change, disabled, true);
    return ADMINISTER(f, ROOM_CHANGE, room_change, &change);
}

/* Those properties that changed, before and after, and no others. */
static void test_record__room(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomDelete gone = PERCH__ROOM_DELETE__INIT;
    struct guid guid = fixture_guid(9);
    struct record record;

    assert_outcome(
        fixture_room(f, &guid, "new", PERCH__VISIBILITY__OPEN, ALICE), DONE);
    assert_int_equal(f->effects.records.n, 2);
    record = assert_record(f, 0, RECORD_ROOM_CREATED);
    assert_field_room(&record, &guid, "new");
    assert_false(has_field(&record, RECORD_FIELD_BEFORE));
    assert_text(&record, RECORD_FIELD_AFTER,
                "name=new\ndescription=\ncategory=Trade\nvisibility=open\n"
                "auditorium=no\ndisabled=no\ninvitations_off=no\n"
                "file_upload_off=no\naddin=\n"
                "retention_days=as the category\n");
    record = assert_record(f, 1, RECORD_ROLE);
    assert_field_room(&record, &guid, "new");
    assert_text(&record, RECORD_FIELD_USER, ALICE);
    assert_number(&record, RECORD_FIELD_ROLES_BEFORE, 0);
    assert_number(&record, RECORD_FIELD_ROLES, ROLE_MANAGER);
    assert_outcome(change_room(f, "bureau", "back\\slash"), DONE);
    record = assert_one_record(f, RECORD_ROOM_CHANGED);
    assert_field_room(&record, &f->desk, "bureau");
    assert_text(&record, RECORD_FIELD_BEFORE,
                "name=desk\ndescription=\ndisabled=no\n");
    assert_text(&record, RECORD_FIELD_AFTER,
                "name=bureau\ndescription=back\\x5cslash\ndisabled=yes\n");
    assert_outcome(change_room(f, "bureau", "back\\slash"), DONE);
    assert_int_equal(f->effects.records.n, 0);
    CODEC_SET(&gone, room, fixture_guid_bytes(&f->desk));
    assert_outcome(ADMINISTER(f, ROOM_DELETE, room_delete, &gone), DONE);
    record = assert_one_record(f, RECORD_ROOM_DELETED);
    assert_field_room(&record, &f->desk, "bureau");
    assert_true(has_field(&record, RECORD_FIELD_BEFORE));
    assert_false(has_field(&record, RECORD_FIELD_AFTER));
}

/* Names that are as long as they may be, everywhere at once, still fit: what is
 * too long is cut between characters, and says so. */
static void test_record__long_texts(void **state)
{
    enum { CHARACTERS = NAME_CHARACTERS_MAX };
    static char name[4 * CHARACTERS + 1], other[4 * CHARACTERS + 1];
    struct chat_fixture *f = *state;
    struct record record;
    struct slice value;
    uint64_t ignored;

    for (int i = 0; i < CHARACTERS; i++) {
        memcpy(name + 4 * i, "\xf0\x9f\x90\x9f", 4);
        memcpy(other + 4 * i, "\xf0\x9f\x90\xa0", 4);
    }
    assert_outcome(change_room(f, name, name), DONE);
    assert_outcome(change_room(f, other, other), DONE);
    record = assert_one_record(f, RECORD_ROOM_CHANGED);
    assert_text(&record, RECORD_FIELD_ROOM_NAME, other);
    assert_true(record.fields.len <= RECORD_FIELDS_BYTES_MAX);
    assert_true(record_find(&record, RECORD_FIELD_BEFORE, &value));
    assert_true(value.len <= 1200 && value.len > 1190);
    assert_int_equal(text_check(value, &ignored), TEXT_FINE);
    assert_memory_equal(value.data + value.len - 3, "\xe2\x80\xa6", 3);
}

static void test_record__category(void **state)
{
    struct chat_fixture *f = *state;
    Perch__CategoryCreate create = PERCH__CATEGORY_CREATE__INIT;
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    Perch__CategoryDelete gone = PERCH__CATEGORY_DELETE__INIT;
    ProtobufCBinaryData alice[] = {fixture_text(ALICE)};
    struct guid guid = fixture_guid(9);
    struct record record;

    CODEC_SET(&create, category, fixture_guid_bytes(&guid));
    CODEC_SET(&create, name, fixture_text("Desks"));
    assert_outcome(ADMINISTER(f, CATEGORY_CREATE, category_create, &create),
                   DONE);
    record = assert_one_record(f, RECORD_CATEGORY_CREATED);
    assert_true(has_field(&record, RECORD_FIELD_CATEGORY));
    assert_text(&record, RECORD_FIELD_CATEGORY_NAME, "Desks");
    CODEC_SET(&change, category, fixture_guid_bytes(&guid));
    CODEC_SET(&change, history, false);
    change.n_denied_add = 1;
    change.denied_add = alice;
    assert_outcome(ADMINISTER(f, CATEGORY_CHANGE, category_change, &change),
                   DONE);
    assert_int_equal(f->effects.records.n, 2);
    record = assert_record(f, 0, RECORD_ROLE);
    assert_text(&record, RECORD_FIELD_CATEGORY_NAME, "Desks");
    assert_number(&record, RECORD_FIELD_ROLES, ROLE_DENIED);
    record = assert_record(f, 1, RECORD_CATEGORY_CHANGED);
    assert_text(&record, RECORD_FIELD_BEFORE, "history=yes\n");
    assert_text(&record, RECORD_FIELD_AFTER, "history=no\n");
    CODEC_SET(&gone, category, fixture_guid_bytes(&guid));
    assert_outcome(ADMINISTER(f, CATEGORY_DELETE, category_delete, &gone),
                   DONE);
    record = assert_one_record(f, RECORD_CATEGORY_DELETED);
    assert_text(&record, RECORD_FIELD_CATEGORY_NAME, "Desks");
}

/* What a password is known by is in no record, not even as its command: the
 * record has the digest alone, and says itself that nothing lies beside. */
static void test_record__password(void **state)
{
    static const char secret[] = "0123456789abcdef",
                      other[] = "fedcba9876543210";
    struct chat_fixture *f = *state;
    Perch__UserCreate create = PERCH__USER_CREATE__INIT;
    Perch__UserChange change = PERCH__USER_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct record record;
    struct slice bytes;

    CODEC_SET(&create, uri, fixture_text("sip:dan@example.com"));
    CODEC_SET(&create, ha1, fixture_text(secret));
    command.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command.user_create = &create;
    assert_true(archive_withholds(f->machine, &command, 40));
    create.has_ha1 = false;
    create.ha1 = fixture_text("");
    assert_false(archive_withholds(f->machine, &command, 16384));
    assert_true(archive_withholds(f->machine, &command, 16385));
    CODEC_SET(&create, ha1, fixture_text(secret));
    assert_outcome(ADMINISTER(f, USER_CREATE, user_create, &create), DONE);
    record = assert_one_record(f, RECORD_USER_CREATED);
    assert_text(&record, RECORD_FIELD_USER, "sip:dan@example.com");
    assert_int_equal(record.flags, RECORD_WITHHELD);
    assert_int_equal(record.command.len, RECORD_DIGEST_BYTES);
    assert_numbers(&record, RECORD_FIELD_WITHHOLDS, 1, &record.csn);
    assert_int_equal(f->effects.records.payload.len, 0);
    CODEC_SET(&change, uri, fixture_text("sip:dan@example.com"));
    CODEC_SET(&change, ha1, fixture_text(other));
    assert_outcome(ADMINISTER(f, USER_CHANGE, user_change, &change), DONE);
    record = assert_one_record(f, RECORD_USER_CHANGED);
    assert_text(&record, RECORD_FIELD_BEFORE, "password=set\n");
    assert_text(&record, RECORD_FIELD_AFTER, "password=set\n");
    bytes = effects_record_at(&f->effects, 0);
    assert_null(memmem(bytes.data, bytes.len, other, 16));
    assert_null(memmem(bytes.data, bytes.len, "666564636261", 12));
    /* Also when it is refused. */
    assert_outcome(ADMINISTER(f, USER_CREATE, user_create, &create),
                   USER_EXISTS);
    record = assert_one_record(f, RECORD_DENIED);
    assert_int_equal(record.flags, RECORD_WITHHELD);
    assert_numbers(&record, RECORD_FIELD_WITHHOLDS, 1, &record.csn);
}

/* So is one in an adapter's output: it is masked, and yet tells that it was
 * changed. */
static void test_record__adapter_password(void **state)
{
    struct chat_fixture *f = *state;
    Perch__AdapterPut put = PERCH__ADAPTER_PUT__INIT;
    struct record record;
    struct slice bytes;

    CODEC_SET(&put, name, fixture_text("vault"));
    CODEC_SET(&put, type, PERCH__ADAPTER_TYPE__POSTGRESQL);
    CODEC_SET(&put, output, fixture_text("postgresql://a:first@db/archive"));
    assert_outcome(ADMINISTER(f, ADAPTER_PUT, adapter_put, &put), DONE);
    record = assert_one_record(f, RECORD_ADAPTER);
    assert_int_equal(record.flags, RECORD_WITHHELD);
    assert_numbers(&record, RECORD_FIELD_WITHHOLDS, 1, &record.csn);
    assert_text(&record, RECORD_FIELD_ACTOR, "root");
    assert_int_equal(f->effects.records.payload.len, 0);
    bytes = effects_record_at(&f->effects, 0);
    assert_null(memmem(bytes.data, bytes.len, "first", 5));
    assert_non_null(memmem(bytes.data, bytes.len,
                           "output=postgresql://a:***@db/archive\n", 36));
    CODEC_SET(&put, output, fixture_text("postgresql://a:other@db/archive"));
    assert_outcome(ADMINISTER(f, ADAPTER_PUT, adapter_put, &put), DONE);
    record = assert_one_record(f, RECORD_ADAPTER);
    assert_text(&record, RECORD_FIELD_BEFORE,
                "output=postgresql://a:***@db/archive\n");
    assert_text(&record, RECORD_FIELD_AFTER,
                "output=postgresql://a:***@db/archive\n");
    CODEC_SET(&put, output, fixture_text("host=db"));
    assert_outcome(ADMINISTER(f, ADAPTER_PUT, adapter_put, &put), DONE);
    record = assert_one_record(f, RECORD_ADAPTER);
    assert_int_equal(record.flags, 0);
    assert_text(&record, RECORD_FIELD_AFTER, "output=host=db\n");
}

/* Sessions end, and roles go untold, before a user is gone. */
static void test_record__user(void **state)
{
    struct chat_fixture *f = *state;
    Perch__UserDelete gone = PERCH__USER_DELETE__INIT;
    struct record record;

    assert_outcome(fixture_open(f, 1, BOB, 2), DONE);
    record = assert_one_record(f, RECORD_SESSION_OPENED);
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_text(&record, RECORD_FIELD_ENDPOINT, "2");
    assert_outcome(fixture_join(f, 1, BOB, 2, &f->desk), DONE);
    record = assert_one_record(f, RECORD_JOIN);
    assert_number(&record, RECORD_FIELD_EDGE, 1);
    assert_outcome(fixture_disable_user(f, CAROL, true), DONE);
    record = assert_one_record(f, RECORD_USER_CHANGED);
    assert_text(&record, RECORD_FIELD_BEFORE, "disabled=no\n");
    CODEC_SET(&gone, uri, fixture_text(BOB));
    assert_outcome(ADMINISTER(f, USER_DELETE, user_delete, &gone), DONE);
    assert_int_equal(f->effects.records.n, 3);
    record = assert_record(f, 0, RECORD_PART);
    assert_text(&record, RECORD_FIELD_REASON, leave_text(LEAVE_USER_DELETED));
    record = assert_record(f, 1, RECORD_SESSION_CLOSED);
    assert_text(&record, RECORD_FIELD_USER, BOB);
    record = assert_record(f, 2, RECORD_USER_DELETED);
    assert_text(&record, RECORD_FIELD_USER, BOB);
}

static void test_record__group(void **state)
{
    struct chat_fixture *f = *state;
    Perch__GroupChange change = PERCH__GROUP_CHANGE__INIT;
    Perch__GroupDelete gone = PERCH__GROUP_DELETE__INIT;
    struct record record;

    assert_outcome(fixture_group(f, "group:traders"), DONE);
    record = assert_one_record(f, RECORD_GROUP_CREATED);
    assert_text(&record, RECORD_FIELD_GROUP, "group:traders");
    assert_outcome(fixture_group(f, "group:all"), DONE);
    assert_outcome(fixture_member(f, "group:traders", BOB, true), DONE);
    record = assert_record(f, 0, RECORD_MEMBERSHIP);
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_text(&record, RECORD_FIELD_GROUP, "group:traders");
    assert_text(&record, RECORD_FIELD_MODE, "added");
    assert_record(f, 1, RECORD_GROUP_CHANGED);
    assert_outcome(fixture_member(f, "group:all", "group:traders", true), DONE);
    record = assert_record(f, 0, RECORD_MEMBERSHIP);
    assert_text(&record, RECORD_FIELD_GROUP, "group:all");
    assert_text(&record, RECORD_FIELD_NAME, "group:traders");
    assert_outcome(fixture_role(f, &f->desk, "group:all", ROLE_MEMBER, false),
                   DONE);
    record = assert_record(f, 0, RECORD_ROLE);
    assert_text(&record, RECORD_FIELD_GROUP, "group:all");
    assert_false(has_field(&record, RECORD_FIELD_USER));
    CODEC_SET(&change, uri, fixture_text("group:all"));
    CODEC_SET(&change, chat, PERCH__CHAT_POLICY__ENABLED);
    assert_outcome(ADMINISTER(f, GROUP_CHANGE, group_change, &change), DONE);
    record = assert_one_record(f, RECORD_GROUP_CHANGED);
    assert_text(&record, RECORD_FIELD_AFTER, "chat=enabled\n");
    CODEC_SET(&gone, uri, fixture_text("group:all"));
    assert_outcome(ADMINISTER(f, GROUP_DELETE, group_delete, &gone), DONE);
    record = assert_one_record(f, RECORD_GROUP_DELETED);
    assert_text(&record, RECORD_FIELD_GROUP, "group:all");
}

static void test_record__pool(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(fixture_set(f, SETTING_JOIN_ROOMS_MAX, 17), DONE);
    record = assert_one_record(f, RECORD_CONFIGURATION);
    assert_text(&record, RECORD_FIELD_BEFORE, "JOIN_ROOMS_MAX=256\n");
    assert_text(&record, RECORD_FIELD_AFTER, "JOIN_ROOMS_MAX=17\n");
}

static void test_record__addin(void **state)
{
    struct chat_fixture *f = *state;
    Perch__AddinDelete gone = PERCH__ADDIN_DELETE__INIT;
    struct guid guid = fixture_guid(9);
    struct record record;

    assert_outcome(fixture_addin(f, &guid, "Quotes", "http://quotes.example/"),
                   DONE);
    record = assert_one_record(f, RECORD_ADDIN);
    assert_text(&record, RECORD_FIELD_MODE, "created");
    assert_text(&record, RECORD_FIELD_AFTER,
                "name=Quotes\nurl=http://quotes.example/\n");
    CODEC_SET(&gone, addin, fixture_guid_bytes(&guid));
    assert_outcome(ADMINISTER(f, ADDIN_DELETE, addin_delete, &gone), DONE);
    record = assert_one_record(f, RECORD_ADDIN);
    assert_text(&record, RECORD_FIELD_MODE, "deleted");
    assert_text(&record, RECORD_FIELD_BEFORE,
                "name=Quotes\nurl=http://quotes.example/\n");
}

static void test_record__filter(void **state)
{
    struct chat_fixture *f = *state;
    Perch__FilterChange change = PERCH__FILTER_CHANGE__INIT;
    Perch__FilterDelete gone = PERCH__FILTER_DELETE__INIT;
    struct record record;

    assert_outcome(fixture_filter(f, "words", "word:bad"), DONE);
    record = assert_one_record(f, RECORD_FILTER);
    assert_text(&record, RECORD_FIELD_NAME, "words");
    CODEC_SET(&change, filter, fixture_text("words"));
    CODEC_SET(&change, name, fixture_text("terms"));
    CODEC_SET(&change, disabled, true);
    assert_outcome(ADMINISTER(f, FILTER_CHANGE, filter_change, &change), DONE);
    record = assert_one_record(f, RECORD_FILTER);
    assert_text(&record, RECORD_FIELD_NAME, "terms");
    assert_text(&record, RECORD_FIELD_BEFORE, "name=words\ndisabled=no\n");
    assert_text(&record, RECORD_FIELD_AFTER, "name=terms\ndisabled=yes\n");
    CODEC_SET(&gone, filter, fixture_text("terms"));
    assert_outcome(ADMINISTER(f, FILTER_DELETE, filter_delete, &gone), DONE);
    record = assert_one_record(f, RECORD_FILTER);
    assert_text(&record, RECORD_FIELD_NAME, "terms");
    assert_false(has_field(&record, RECORD_FIELD_AFTER));
}

static void test_record__hold_and_retention(void **state)
{
    struct chat_fixture *f = *state;
    struct record record;

    assert_outcome(talk_hold(f, "case 7", &f->desk, NULL), DONE);
    record = assert_one_record(f, RECORD_HOLD);
    assert_field_room(&record, &f->desk, "desk");
    assert_text(&record, RECORD_FIELD_NAME, "case 7");
    assert_text(&record, RECORD_FIELD_MODE, "placed");
    assert_outcome(talk_hold(f, "case 7", NULL, BOB), DONE);
    record = assert_one_record(f, RECORD_HOLD);
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_outcome(talk_lift(f, "case 7", NULL, BOB), DONE);
    record = assert_one_record(f, RECORD_HOLD);
    assert_text(&record, RECORD_FIELD_MODE, "lifted");
    assert_outcome(talk_retain(f, &f->desk, 30), DONE);
    record = assert_one_record(f, RECORD_RETENTION);
    assert_text(&record, RECORD_FIELD_BEFORE,
                "retention_days=as the category\n");
    assert_text(&record, RECORD_FIELD_AFTER, "retention_days=30\n");
    assert_outcome(talk_retain(f, NULL, 90), DONE);
    record = assert_one_record(f, RECORD_RETENTION);
    assert_text(&record, RECORD_FIELD_CATEGORY_NAME, "Trade");
}

/* The first grant makes administrators of several, each a record. */
static void test_record__administrators(void **state)
{
    struct chat_fixture *f = *state;
    Perch__AdministratorGrant grant = PERCH__ADMINISTRATOR_GRANT__INIT;
    Perch__AdministratorRevoke revoke = PERCH__ADMINISTRATOR_REVOKE__INIT;
    struct record record;
    size_t last;

    CODEC_SET(&grant, name, fixture_text("certificate:ann"));
    CODEC_SET(&grant, role, PERCH__ADMINISTRATOR_ROLE__OPERATOR);
    assert_outcome(
        ADMINISTER(f, ADMINISTRATOR_GRANT, administrator_grant, &grant), DONE);
    assert_int_equal(f->effects.records.n, f->effects.n_events);
    last = f->effects.records.n - 1;
    record = assert_record(f, last, RECORD_ADMINISTRATOR);
    assert_text(&record, RECORD_FIELD_NAME, "certificate:ann");
    assert_number(&record, RECORD_FIELD_ROLES, ADMINISTRATOR_BIT(OPERATOR));
    record = assert_record(f, 0, RECORD_ADMINISTRATOR);
    assert_text(&record, RECORD_FIELD_NAME, "local:root");
    CODEC_SET(&revoke, name, fixture_text("certificate:ann"));
    assert_outcome(
        ADMINISTER(f, ADMINISTRATOR_REVOKE, administrator_revoke, &revoke),
        DONE);
    record = assert_one_record(f, RECORD_ADMINISTRATOR);
    assert_text(&record, RECORD_FIELD_NAME, "certificate:ann");
    assert_number(&record, RECORD_FIELD_ROLES, 0);
}

/* A node that is lost takes all its sessions along; each is told. */
static void test_record__nodes(void **state)
{
    struct chat_fixture *f = *state;
    Perch__NodeLost lost = PERCH__NODE_LOST__INIT;
    Perch__NodeAdmit admit = PERCH__NODE_ADMIT__INIT;
    Perch__SessionExpel expel = PERCH__SESSION_EXPEL__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct record record;

    assert_outcome(fixture_open(f, 2, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 2), DONE);
    assert_outcome(fixture_join(f, 2, ALICE, 1, &f->lobby), DONE);
    CODEC_SET(&expel, node, 2);
    CODEC_SET(&expel, epoch, f->epochs[2]);
    CODEC_SET(&expel, serial, 2);
    assert_outcome(ADMINISTER(f, SESSION_EXPEL, session_expel, &expel), DONE);
    record = assert_one_record(f, RECORD_SESSION_CLOSED);
    assert_text(&record, RECORD_FIELD_REASON, leave_text(LEAVE_EXPELLED));
    CODEC_SET(&lost, node, 2);
    CODEC_SET(&lost, epoch, f->epochs[2]);
    command.kind_case = PERCH__COMMAND__KIND_NODE_LOST;
    command.node_lost = &lost;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    assert_int_equal(f->effects.records.n, 3);
    record = assert_record(f, 0, RECORD_PART);
    assert_text(&record, RECORD_FIELD_REASON, leave_text(LEAVE_NODE_LOST));
    assert_record(f, 1, RECORD_SESSION_CLOSED);
    record = assert_record(f, 2, RECORD_NODE_LOST);
    assert_int_equal(record.node, 1); /* Which proposed it. */
    assert_true(has_field(&record, RECORD_FIELD_SESSION));
    CODEC_SET(&admit, node, 2);
    CODEC_SET(&admit, raft_id, 2);
    assert_outcome(fixture_set(f, SETTING_REJOIN_POLICY, REJOIN_MANUAL), DONE);
    assert_outcome(ADMINISTER(f, NODE_ADMIT, node_admit, &admit), DONE);
    assert_one_record(f, RECORD_NODE_ADMITTED);
}

static void test_record__profile(void **state)
{
    struct chat_fixture *f = *state;
    Perch__FeedsPut feeds = PERCH__FEEDS_PUT__INIT;
    Perch__Publish publish = PERCH__PUBLISH__INIT;
    Perch__Publish__Item item = PERCH__PUBLISH__ITEM__INIT, *items[] = {&item};
    Perch__ReadMark mark = PERCH__READ_MARK__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct record record;

    CODEC_SET(&command, user, fixture_text(BOB));
    command.kind_case = PERCH__COMMAND__KIND_FEEDS_PUT;
    command.feeds_put = &feeds;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    record = assert_one_record(f, RECORD_PROFILE);
    assert_text(&record, RECORD_FIELD_USER, BOB);
    assert_text(&record, RECORD_FIELD_NAME, "feeds");
    CODEC_SET(&item, container, 1);
    CODEC_SET(&item, instance, 1);
    CODEC_SET(&item, expire_type, fixture_text("static"));
    CODEC_SET(&item, xml, fixture_text("<roomSetting/>"));
    publish.n_items = 1;
    publish.items = items;
    command.kind_case = PERCH__COMMAND__KIND_PUBLISH;
    command.publish = &publish;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    record = assert_one_record(f, RECORD_PROFILE);
    assert_text(&record, RECORD_FIELD_NAME, "presence document");
    CODEC_SET(&mark, room, fixture_guid_bytes(&f->lobby));
    CODEC_SET(&mark, message_id, 0);
    command.kind_case = PERCH__COMMAND__KIND_READ_MARK;
    command.read_mark = &mark;
    fixture_apply(f, 1, &command);
    assert_int_equal(f->effects.records.n, 0); /* Housekeeping. */
}

/* What is shown of invitations: each room once. */
static void test_record__invitations(void **state)
{
    struct chat_fixture *f = *state;
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    Perch__InvitationsTake take = PERCH__INVITATIONS_TAKE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct record record;

    CODEC_SET(&change, category, fixture_guid_bytes(&f->trade));
    CODEC_SET(&change, invitations, true);
    assert_outcome(ADMINISTER(f, CATEGORY_CHANGE, category_change, &change),
                   DONE);
    assert_outcome(fixture_role(f, &f->desk, CAROL, ROLE_MEMBER, false), DONE);
    assert_outcome(fixture_role(f, &f->lobby, CAROL, ROLE_MEMBER, false), DONE);
    assert_outcome(fixture_open(f, 1, CAROL, 3), DONE);
    CODEC_SET(&command, user, fixture_text(CAROL));
    CODEC_SET(&command, session, 3);
    command.kind_case = PERCH__COMMAND__KIND_INVITATIONS_TAKE;
    command.invitations_take = &take;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    assert_int_equal(f->effects.records.n, 2);
    record = assert_record(f, 0, RECORD_INVITATION);
    assert_field_room(&record, &f->desk, "desk");
    assert_text(&record, RECORD_FIELD_USER, CAROL);
    record = assert_record(f, 1, RECORD_INVITATION);
    assert_field_room(&record, &f->lobby, "lobby");
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    assert_int_equal(f->effects.records.n, 0);
}

static enum outcome report(struct chat_fixture *f, const char *holder,
                           Perch__OwnerReport__Phase phase)
{
    Perch__OwnerReport told = PERCH__OWNER_REPORT__INIT;

    CODEC_SET(&told, owner, fixture_text("corp"));
    CODEC_SET(&told, holder, fixture_text(holder));
    CODEC_SET(&told, phase, phase);
    CODEC_SET(&told, run, fixture_text("r1"));
    CODEC_SET(&told, lease_s, 60);
    return ADMINISTER(f, OWNER_REPORT, owner_report, &told);
}

/* A directory's phases are records, its heartbeats are not; nor that another
 * adapter has the lease. */
static void test_record__directory(void **state)
{
    struct chat_fixture *f = *state;
    Perch__OwnerConfirm word = PERCH__OWNER_CONFIRM__INIT;
    struct record record;

    assert_outcome(report(f, "a", PERCH__OWNER_REPORT__PHASE__READING), DONE);
    record = assert_one_record(f, RECORD_DIRECTORY);
    assert_text(&record, RECORD_FIELD_NAME, "corp");
    assert_outcome(report(f, "a", PERCH__OWNER_REPORT__PHASE__READING), DONE);
    assert_int_equal(f->effects.records.n, 0);
    assert_outcome(report(f, "b", PERCH__OWNER_REPORT__PHASE__READING),
                   OWNER_BUSY);
    assert_int_equal(f->effects.records.n, 0);
    assert_outcome(report(f, "a", PERCH__OWNER_REPORT__PHASE__HELD), DONE);
    record = assert_one_record(f, RECORD_DIRECTORY);
    assert_text(&record, RECORD_FIELD_BEFORE, "phase=reading\nheld=\n");
    assert_text(&record, RECORD_FIELD_AFTER, "phase=held\nheld=r1\n");
    CODEC_SET(&word, run, fixture_text("r1"));
    assert_outcome(ADMINISTER(f, OWNER_CONFIRM, owner_confirm, &word), DONE);
    record = assert_one_record(f, RECORD_DIRECTORY);
    assert_text(&record, RECORD_FIELD_AFTER, "confirmed=r1\n");
}

static void test_record__key(void **state)
{
    struct chat_fixture *f = *state;
    Perch__ArchiveKeyPut put = PERCH__ARCHIVE_KEY_PUT__INIT;
    uint8_t key[NOTE_KEY_BYTES] = {1, 2, 3};
    struct record record;
    struct slice value;

    CODEC_SET(&put, node, 2);
    CODEC_SET_BYTES(&put, public_key, slice_of(key, sizeof(key)));
    assert_outcome(ADMINISTER(f, ARCHIVE_KEY_PUT, archive_key_put, &put), DONE);
    record = assert_one_record(f, RECORD_KEY);
    assert_text(&record, RECORD_FIELD_NAME, "node");
    assert_number(&record, RECORD_FIELD_NUMBER, 2);
    assert_true(record_find(&record, RECORD_FIELD_DIGEST, &value));
    assert_true(slice_equal(value, slice_of(key, sizeof(key))));
    put.public_key = fixture_text("");
    assert_outcome(ADMINISTER(f, ARCHIVE_KEY_PUT, archive_key_put, &put), DONE);
    record = assert_one_record(f, RECORD_KEY);
    assert_text(&record, RECORD_FIELD_MODE, "taken away");
}

int main(void)
{
#define WITH(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(test_record__room),
        WITH(test_record__long_texts),
        WITH(test_record__category),
        WITH(test_record__password),
        WITH(test_record__adapter_password),
        WITH(test_record__user),
        WITH(test_record__group),
        WITH(test_record__pool),
        WITH(test_record__addin),
        WITH(test_record__filter),
        WITH(test_record__hold_and_retention),
        WITH(test_record__administrators),
        WITH(test_record__nodes),
        WITH(test_record__profile),
        WITH(test_record__invitations),
        WITH(test_record__directory),
        WITH(test_record__key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
