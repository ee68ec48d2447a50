#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "node/chat/attending.h"
#include "proto/store.pb-c.h"
#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

#define FOLLOWING "<roomSetting xmlns=\"urn:x\">desk</roomSetting>"

/* The pool at the rules of talk. */
static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    fixture_raise(*state);
    return 0;
}

static Perch__Publish__Item item_of(uint32_t instance, uint32_t version,
                                    const struct guid *room)
{
    Perch__Publish__Item item = PERCH__PUBLISH__ITEM__INIT;

    CODEC_SET(&item, container, 1);
    CODEC_SET(&item, instance, instance);
    CODEC_SET(&item, version, version);
    CODEC_SET(&item, expire_type, fixture_text("static"));
    CODEC_SET(&item, xml, fixture_text(FOLLOWING));
    if (room != NULL) {
        CODEC_SET(&item, room, fixture_guid_bytes(room));
    }
    return item;
}

static enum outcome publish_n(struct chat_fixture *f, const char *user,
                              Perch__Publish__Item **items, size_t n)
{
    Perch__Publish publish = PERCH__PUBLISH__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    publish.n_items = n;
    publish.items = items;
    command.kind_case = PERCH__COMMAND__KIND_PUBLISH;
    command.publish = &publish;
    CODEC_SET(&command, user, fixture_text(user));
    return fixture_apply(f, 1, &command);
}

static enum outcome publish_one(struct chat_fixture *f, const char *user,
                                Perch__Publish__Item item)
{
    Perch__Publish__Item *list[] = {&item};

    return publish_n(f, user, list, 1);
}

static enum outcome follow(struct chat_fixture *f, const char *user,
                           uint32_t instance, const struct guid *room)
{
    return publish_one(f, user, item_of(instance, 0, room));
}

static enum outcome unfollow(struct chat_fixture *f, const char *user,
                             uint32_t instance, uint32_t version)
{
    Perch__Publish__Item item = item_of(instance, version, NULL);

    CODEC_SET(&item, remove, true);
    return publish_one(f, user, item);
}

/* @message_id  -1: the room's last. */
static enum outcome read_to(struct chat_fixture *f, const char *user,
                            const struct guid *room, int64_t message_id,
                            bool back)
{
    Perch__ReadMark mark = PERCH__READ_MARK__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&mark, room, fixture_guid_bytes(room));
    if (message_id >= 0) {
        CODEC_SET(&mark, message_id, (uint64_t)message_id);
    }
    CODEC_SET(&mark, back, back);
    command.kind_case = PERCH__COMMAND__KIND_READ_MARK;
    command.read_mark = &mark;
    CODEC_SET(&command, user, fixture_text(user));
    return fixture_apply(f, 1, &command);
}

static enum outcome reads(struct chat_fixture *f, size_t n, const char *user,
                          const struct guid *room, uint64_t message_id)
{
    static Perch__ReadMarks__Mark *list[READS_PER_COMMAND_MAX + 1];
    Perch__ReadMarks__Mark mark = PERCH__READ_MARKS__MARK__INIT;
    Perch__ReadMarks marks = PERCH__READ_MARKS__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&mark, user, fixture_text(user));
    CODEC_SET(&mark, room, fixture_guid_bytes(room));
    CODEC_SET(&mark, message_id, message_id);
    for (size_t i = 0; i < n; i++) {
        list[i] = &mark;
    }
    marks.n_marks = n;
    marks.marks = list;
    command.kind_case = PERCH__COMMAND__KIND_READ_MARKS;
    command.read_marks = &marks;
    return fixture_apply(f, 1, &command);
}

static struct attended stand(const struct chat_fixture *f, const char *user,
                             const struct guid *room)
{
    struct attended attended;

    attending_room(query_user(f->machine, slice_of_text(user)),
                   query_room(f->machine, room), &attended);
    return attended;
}

static uint32_t version(const struct chat_fixture *f, const char *user,
                        uint32_t instance)
{
    return attending_version(query_user(f->machine, slice_of_text(user)), 1,
                             instance);
}

/* Three messages of alice in the lobby. */
static void talk(struct chat_fixture *f)
{
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    for (int i = 0; i < 3; i++) {
        assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "hi", NULL),
                       DONE);
    }
}

/* Until the rules are raised nobody follows anything: such commands are
 * refused as the older program refuses them. */
static void test_publish__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(follow(f, ALICE, 1, &f->lobby), COMMAND_UNKNOWN);
    assert_no_trace(f);
    assert_outcome(read_to(f, ALICE, &f->lobby, 0, false), COMMAND_UNKNOWN);
    assert_outcome(reads(f, 1, ALICE, &f->lobby, 0), COMMAND_UNKNOWN);
    assert_no_trace(f);
}

/* An item is kept as it was said, under its container and instance, and counts
 * its publications; the user's endpoints are told once. */
static void test_publish__keeps_what_was_said(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(follow(f, ALICE, 7, &f->lobby), DONE);
    assert_int_equal(fixture_count(f, EVENT_PUBLISHED), 1);
    assert_int_equal(f->effects.n_events, 1);
    assert_int_equal(version(f, ALICE, 7), 1);
    assert_true(stand(f, ALICE, &f->lobby).follows);
    assert_false(stand(f, ALICE, &f->desk).follows);
    assert_false(stand(f, BOB, &f->lobby).follows);
    assert_outcome(publish_one(f, ALICE, item_of(7, 1, &f->desk)), DONE);
    assert_int_equal(version(f, ALICE, 7), 2);
    assert_false(stand(f, ALICE, &f->lobby).follows);
    assert_true(stand(f, ALICE, &f->desk).follows);
    assert_outcome(unfollow(f, ALICE, 7, 2), DONE);
    assert_int_equal(version(f, ALICE, 7), 0);
    assert_false(stand(f, ALICE, &f->desk).follows);
}

/* Who publishes over another version than there is changes nothing, and not
 * what stands beside it in the command either. */
static void test_publish__stale_version_conflicts(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Publish__Item good = item_of(1, 0, &f->lobby);
    Perch__Publish__Item stale = item_of(7, 0, &f->lobby);
    Perch__Publish__Item *list[] = {&good, &stale};

    assert_outcome(follow(f, ALICE, 7, &f->lobby), DONE);
    assert_outcome(publish_n(f, ALICE, list, 2), PUBLICATION_STALE);
    assert_int_equal(f->applied.value, 1);
    assert_no_trace(f);
    assert_int_equal(version(f, ALICE, 1), 0);
    assert_int_equal(version(f, ALICE, 7), 1);
    assert_outcome(unfollow(f, ALICE, 7, 2), PUBLICATION_STALE);
    assert_outcome(publish_one(f, ALICE, item_of(9, 1, NULL)),
                   PUBLICATION_STALE);
}

/* What is no text, too long, twice in a command, or of no user, is refused. */
static void test_publish__refuses_what_cannot_be_kept(void **state)
{
    static char long_text[PUBLICATION_BYTES_MAX + 2];
    struct chat_fixture *f = *state;
    Perch__Publish__Item item = item_of(1, 0, &f->lobby), same = item;
    Perch__Publish__Item *list[PUBLICATIONS_PER_COMMAND_MAX + 1];

    memset(long_text, 'x', PUBLICATION_BYTES_MAX + 1);
    CODEC_SET(&item, xml, fixture_text(long_text));
    assert_outcome(publish_one(f, ALICE, item), PUBLICATION_TOO_LONG);
    CODEC_SET(&item, xml, fixture_text("\xff"));
    assert_outcome(publish_one(f, ALICE, item), PUBLICATION_INVALID);
    item = same;
    CODEC_SET(&item, expire_type, fixture_text("for ever and ever"));
    assert_outcome(publish_one(f, ALICE, item), PUBLICATION_INVALID);
    item = same;
    CODEC_SET(&item, room, fixture_text("lobby"));
    assert_outcome(publish_one(f, ALICE, item), PUBLICATION_INVALID);
    for (size_t i = 0; i <= PUBLICATIONS_PER_COMMAND_MAX; i++) {
        list[i] = &same;
    }
    assert_outcome(publish_n(f, ALICE, list, 2), PUBLICATION_INVALID);
    assert_int_equal(f->applied.value, 1);
    assert_outcome(publish_n(f, ALICE, list, 0), PUBLICATIONS_TOO_MANY);
    assert_outcome(publish_n(f, ALICE, list, PUBLICATIONS_PER_COMMAND_MAX + 1),
                   PUBLICATIONS_TOO_MANY);
    assert_outcome(publish_one(f, "sip:nobody@example.com", same),
                   USER_UNKNOWN);
    assert_no_trace(f);
    assert_outcome(fixture_disable_user(f, BOB, true), DONE);
    assert_outcome(publish_one(f, BOB, same), USER_DISABLED);
    assert_outcome(fixture_set(f, SETTING_CHAT_ENABLED, 0), DONE);
    assert_outcome(publish_one(f, ALICE, same), CHAT_NOT_ENABLED);
}

/* A document holds so many items; one that is taken back makes room. */
static void test_publish__document_has_an_end(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Publish__Item items[PUBLICATIONS_PER_COMMAND_MAX];
    Perch__Publish__Item *list[PUBLICATIONS_PER_COMMAND_MAX];
    uint32_t instance = 0;

    while (instance < PUBLICATIONS_PER_USER_MAX) {
        for (size_t i = 0; i < PUBLICATIONS_PER_COMMAND_MAX; i++) {
            items[i] = item_of(++instance, 0, NULL);
            list[i] = &items[i];
        }
        assert_outcome(publish_n(f, ALICE, list, PUBLICATIONS_PER_COMMAND_MAX),
                       DONE);
    }
    assert_outcome(follow(f, ALICE, instance + 1, NULL), PUBLICATIONS_FULL);
    assert_no_trace(f);
    assert_outcome(publish_one(f, ALICE, item_of(5, 1, NULL)), DONE);
    assert_outcome(unfollow(f, ALICE, 6, 1), DONE);
    assert_outcome(follow(f, ALICE, instance + 1, NULL), DONE);
}

/* Following begins at the room's present: what was said before is read. A mark
 * that was there stays. */
static void test_publish__begins_at_the_present(void **state)
{
    struct chat_fixture *f = *state;

    talk(f);
    assert_outcome(follow(f, BOB, 1, &f->lobby), DONE);
    assert_true(stand(f, BOB, &f->lobby).read_id == 3);
    assert_outcome(read_to(f, BOB, &f->lobby, 1, true), DONE);
    assert_outcome(unfollow(f, BOB, 1, 1), DONE);
    assert_outcome(follow(f, BOB, 1, &f->lobby), DONE);
    assert_true(stand(f, BOB, &f->lobby).read_id == 1);
}

/* A room may be followed by several items; it is, until the last is gone. */
static void test_publish__two_items_of_one_room(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(follow(f, BOB, 1, &f->lobby), DONE);
    assert_outcome(follow(f, BOB, 2, &f->lobby), DONE);
    assert_outcome(unfollow(f, BOB, 1, 1), DONE);
    assert_true(stand(f, BOB, &f->lobby).follows);
    assert_outcome(unfollow(f, BOB, 2, 1), DONE);
    assert_false(stand(f, BOB, &f->lobby).follows);
}

/* To follow a room tells nothing of it: a secret one, or none, is kept as
 * any. */
static void test_publish__secret_room_is_as_any(void **state)
{
    struct chat_fixture *f = *state;
    struct guid secret = fixture_guid(0x77), none = fixture_guid(0x78);

    assert_outcome(
        fixture_room(f, &secret, "secret", PERCH__VISIBILITY__SECRET, ALICE),
        DONE);
    assert_outcome(follow(f, BOB, 1, &secret), DONE);
    assert_int_equal(f->effects.n_events, 1);
    assert_outcome(follow(f, BOB, 2, &none), DONE);
    assert_int_equal(f->effects.n_events, 1);
    assert_outcome(read_to(f, BOB, &secret, -1, false), ROOM_UNKNOWN);
    assert_outcome(read_to(f, BOB, &none, -1, false), ROOM_UNKNOWN);
}

/* A mark moves forward, is told, and goes back only where that is asked. */
static void test_read_mark__moves_forward(void **state)
{
    struct chat_fixture *f = *state;

    talk(f);
    assert_outcome(read_to(f, BOB, &f->lobby, 2, false), DONE);
    assert_true(f->applied.value == 2);
    assert_int_equal(f->effects.n_events, 1);
    assert_true(fixture_event(f, EVENT_READ)->message_id == 2);
    assert_outcome(read_to(f, BOB, &f->lobby, 1, false), REPEATED);
    assert_true(f->applied.value == 2);
    assert_int_equal(f->effects.n_events, 0);
    assert_outcome(read_to(f, BOB, &f->lobby, 2, true), REPEATED);
    assert_outcome(read_to(f, BOB, &f->lobby, 0, true), DONE);
    assert_true(stand(f, BOB, &f->lobby).read_id == 0);
    assert_outcome(read_to(f, BOB, &f->lobby, -1, false), DONE);
    assert_true(stand(f, BOB, &f->lobby).read_id == 3);
    assert_outcome(read_to(f, BOB, &f->lobby, 4, false), MESSAGE_UNKNOWN);
    assert_no_trace(f);
}

/* Who may not read a room has no mark in it. */
static void test_read_mark__asks_for_the_right_to_read(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(read_to(f, CAROL, &f->desk, -1, false), NOT_A_MEMBER);
    assert_no_trace(f);
    assert_outcome(read_to(f, BOB, &f->desk, -1, false), DONE);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MEMBER, true), DONE);
    assert_outcome(read_to(f, BOB, &f->desk, 0, true), NOT_A_MEMBER);
    assert_true(stand(f, BOB, &f->desk).has_mark);
}

/* A user has marks in so many rooms. */
static void test_read_mark__rooms_have_an_end(void **state)
{
    struct chat_fixture *f = *state;
    struct guid guid = fixture_guid(0x55);

    for (uint32_t i = 0; i <= READS_PER_USER_MAX; i++) {
        char name[32];

        guid.bytes[0] = (uint8_t)(1 + i / 256);
        guid.bytes[1] = (uint8_t)i;
        snprintf(name, sizeof(name), "room %u", i);
        assert_outcome(
            fixture_room(f, &guid, name, PERCH__VISIBILITY__OPEN, NULL), DONE);
        if (i < READS_PER_USER_MAX) {
            assert_outcome(read_to(f, BOB, &guid, -1, false), DONE);
        }
    }
    assert_outcome(read_to(f, BOB, &guid, -1, false), READS_FULL);
    assert_outcome(follow(f, BOB, 1, &guid), READS_FULL);
    assert_no_trace(f);
    guid.bytes[1] -= 1;
    assert_outcome(follow(f, BOB, 1, &guid), DONE);
}

/* What a node has seen people read moves marks of those who follow the room or
 * have one, forward, and is silent of all else. */
static void test_read_marks__pass_over_what_would_be_refused(void **state)
{
    struct chat_fixture *f = *state;

    talk(f);
    assert_outcome(reads(f, 1, BOB, &f->lobby, 2), DONE);
    assert_true(f->applied.value == 0);
    assert_false(stand(f, BOB, &f->lobby).has_mark);
    assert_outcome(read_to(f, BOB, &f->lobby, 1, false), DONE);
    assert_outcome(reads(f, 2, BOB, &f->lobby, 2), DONE);
    assert_true(f->applied.value == 1);
    assert_int_equal(fixture_count(f, EVENT_READ), 1);
    assert_outcome(reads(f, 1, BOB, &f->lobby, 1), DONE);
    assert_outcome(reads(f, 1, BOB, &f->lobby, 4), DONE);
    assert_outcome(reads(f, 1, "sip:nobody@example.com", &f->lobby, 3), DONE);
    assert_true(f->applied.value == 0);
    assert_true(stand(f, BOB, &f->lobby).read_id == 2);
    assert_outcome(fixture_disable_user(f, BOB, true), DONE);
    assert_outcome(reads(f, 1, BOB, &f->lobby, 3), DONE);
    assert_true(f->applied.value == 0);
    assert_outcome(reads(f, READS_PER_COMMAND_MAX + 1, BOB, &f->lobby, 3),
                   READS_TOO_MANY);
    assert_no_trace(f);
}

static Perch__FeedsPut__Feed feed_of(const char *name,
                                     ProtobufCBinaryData *word,
                                     ProtobufCBinaryData *author)
{
    Perch__FeedsPut__Feed feed = PERCH__FEEDS_PUT__FEED__INIT;

    CODEC_SET(&feed, name, fixture_text(name));
    feed.n_words = word != NULL;
    feed.words = word;
    feed.n_authors = author != NULL;
    feed.authors = author;
    return feed;
}

static enum outcome put_feeds(struct chat_fixture *f, size_t n,
                              Perch__FeedsPut__Feed *feed, int64_t if_version)
{
    Perch__FeedsPut__Feed *list[FEEDS_MAX + 1];
    Perch__FeedsPut put = PERCH__FEEDS_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    for (size_t i = 0; i < n; i++) {
        list[i] = feed;
    }
    put.n_feeds = n;
    put.feeds = list;
    if (if_version >= 0) {
        CODEC_SET(&put, if_version, (uint32_t)if_version);
    }
    command.kind_case = PERCH__COMMAND__KIND_FEEDS_PUT;
    command.feeds_put = &put;
    CODEC_SET(&command, user, fixture_text(BOB));
    return fixture_apply(f, 1, &command);
}

/* Feeds are replaced as a whole, by those who have seen the last version. */
static void test_feeds_put__replaces_all(void **state)
{
    struct chat_fixture *f = *state;
    ProtobufCBinaryData word = fixture_text("ferry");
    ProtobufCBinaryData author = fixture_text("SIP:Alice@example.com");
    Perch__FeedsPut__Feed feed = feed_of("harbour", &word, &author);
    const struct user *bob = query_user(f->machine, slice_of_text(BOB));
    Perch__Stored__Feeds *kept;
    struct arena *arena = arena_new(4096);
    uint32_t version;

    assert_true(attending_feeds(bob, &version).len == 0 && version == 0);
    assert_outcome(put_feeds(f, 1, &feed, 1), VERSION_STALE);
    assert_outcome(put_feeds(f, 1, &feed, 0), DONE);
    assert_int_equal(f->applied.value, 1);
    assert_int_equal(codec_read(arena, &perch__stored__feeds__descriptor,
                                attending_feeds(bob, &version), &kept),
                     ERROR_NONE);
    assert_int_equal(kept->n_feeds, 1);
    assert_true(
        slice_equal_text(codec_slice(kept->feeds[0]->words[0]), "ferry"));
    assert_true(
        slice_equal_text(codec_slice(kept->feeds[0]->authors[0]), ALICE));
    assert_outcome(put_feeds(f, 0, NULL, 1), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_outcome(put_feeds(f, 0, NULL, 1), VERSION_STALE);
    assert_no_trace(f);
    arena_free(arena);
}

/* A feed has a name of its own, and something to look for. */
static void test_feeds_put__refuses_what_picks_nothing(void **state)
{
    struct chat_fixture *f = *state;
    ProtobufCBinaryData word = fixture_text("ferry"), empty = fixture_text("");
    ProtobufCBinaryData many[FEED_WORDS_MAX + 1];
    Perch__FeedsPut__Feed feed = feed_of("harbour", NULL, NULL);

    assert_outcome(put_feeds(f, 1, &feed, -1), FEED_INVALID);
    feed = feed_of("harbour", &empty, NULL);
    assert_outcome(put_feeds(f, 1, &feed, -1), FEED_INVALID);
    feed = feed_of("", &word, NULL);
    assert_outcome(put_feeds(f, 1, &feed, -1), FEED_INVALID);
    feed = feed_of("two\nlines", &word, NULL);
    assert_outcome(put_feeds(f, 1, &feed, -1), FEED_INVALID);
    feed = feed_of("harbour", NULL, &word);
    assert_outcome(put_feeds(f, 1, &feed, -1), FEED_INVALID);
    for (size_t i = 0; i <= FEED_WORDS_MAX; i++) {
        many[i] = word;
    }
    feed = feed_of("harbour", many, NULL);
    feed.n_words = FEED_WORDS_MAX + 1;
    assert_outcome(put_feeds(f, 1, &feed, -1), FEED_INVALID);
    feed.n_words = FEED_WORDS_MAX;
    assert_outcome(put_feeds(f, 2, &feed, -1), FEED_INVALID);
    assert_int_equal(f->applied.value, 1);
    assert_outcome(put_feeds(f, FEEDS_MAX + 1, &feed, -1), FEEDS_TOO_MANY);
    assert_no_trace(f);
    assert_outcome(put_feeds(f, 1, &feed, -1), DONE);
}

/* All of it lies in rows: a machine made from them is equal in every bit and
 * answers as the first. */
static void test_attention__survives_a_restart(void **state)
{
    struct chat_fixture *f = *state;
    ProtobufCBinaryData word = fixture_text("ferry");
    Perch__FeedsPut__Feed feed = feed_of("harbour", &word, NULL);
    struct row_store *store = row_store_new();
    enum error error;
    uint64_t hash;

    talk(f);
    assert_outcome(follow(f, BOB, 1, &f->lobby), DONE);
    assert_outcome(follow(f, BOB, 2, NULL), DONE);
    assert_outcome(read_to(f, CAROL, &f->lobby, 0, false), DONE);
    assert_outcome(put_feeds(f, 1, &feed, -1), DONE);
    hash = machine_hash(f->machine);
    machine_write_all(f->machine, row_store_take, store);
    machine_free(f->machine);
    f->machine = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_int_equal(error, ERROR_NONE);
    assert_true(machine_hash(f->machine) == hash);
    assert_true(stand(f, BOB, &f->lobby).follows);
    assert_true(stand(f, BOB, &f->lobby).read_id == 3);
    assert_false(stand(f, CAROL, &f->lobby).follows);
    assert_true(stand(f, CAROL, &f->lobby).has_mark);
    assert_outcome(unfollow(f, BOB, 1, 1), DONE);
    assert_outcome(put_feeds(f, 0, NULL, 1), DONE);
    row_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_publish__waits_for_the_rules,
                                        fixture_setup, fixture_teardown),
#define WITH(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
        WITH(test_publish__keeps_what_was_said),
        WITH(test_publish__stale_version_conflicts),
        WITH(test_publish__refuses_what_cannot_be_kept),
        WITH(test_publish__document_has_an_end),
        WITH(test_publish__begins_at_the_present),
        WITH(test_publish__two_items_of_one_room),
        WITH(test_publish__secret_room_is_as_any),
        WITH(test_read_mark__moves_forward),
        WITH(test_read_mark__asks_for_the_right_to_read),
        WITH(test_read_mark__rooms_have_an_end),
        WITH(test_read_marks__pass_over_what_would_be_refused),
        WITH(test_feeds_put__replaces_all),
        WITH(test_feeds_put__refuses_what_picks_nothing),
        WITH(test_attention__survives_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
