/* Every message of the core comes out of its frame as it went in. */
#include "tests/unit/test.h"

#include <string.h>

#include "proto/base/arena.h"
#include "raft/replica/wire.h"

enum { FROM = 3, TO = 0x12305 };

struct scene {
    struct wire_scratch out, in;
    struct buffer payload;
    struct arena *arena;
};

static int set_up(void **state)
{
    static struct scene scene;

    scene = (struct scene){.arena = arena_new(4096)};
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    wire_scratch_free(&scene->out);
    wire_scratch_free(&scene->in);
    buffer_deinit(&scene->payload);
    arena_free(scene->arena);
    return 0;
}

/* Through the struct, the bytes and back. */
static struct core_message carry(struct scene *scene,
                                 const struct core_message *message)
{
    struct peer_message wire, read;
    struct core_message carried;

    buffer_clear(&scene->payload);
    assert_int_equal(wire_write(message, &scene->out, &wire), ERROR_NONE);
    assert_int_equal(peer_write(&wire, &scene->payload), ERROR_NONE);
    assert_int_equal(peer_read((uint8_t)wire.kind,
                               buffer_slice(&scene->payload), scene->arena,
                               &read),
                     ERROR_NONE);
    memset(&carried, 0, sizeof(carried));
    assert_int_equal(wire_read(&read, FROM, &scene->in, &carried), ERROR_NONE);
    assert_int_equal(carried.kind, message->kind);
    assert_int_equal(carried.term, message->term);
    assert_int_equal(carried.peer, FROM);
    return carried;
}

static void test_wire__carries_appends(void **state)
{
    static const enum core_entry_kind kinds[] = {
        CORE_ENTRY_COMMAND, CORE_ENTRY_BARRIER, CORE_ENTRY_MEMBERS};
    struct core_entry entries[3];
    struct core_message message = {.kind = CORE_APPEND, .peer = TO, .term = 9};
    struct core_message carried;

    for (size_t i = 0; i < 3; i++) {
        entries[i] = (struct core_entry){7 + i, kinds[i],
                                         SLICE_LITERAL("sixteen bytes...")};
    }
    message.append.prev_index = 100;
    message.append.prev_term = 6;
    message.append.commit_index = 98;
    message.append.entries = entries;
    message.append.n = 3;
    carried = carry(*state, &message);
    assert_int_equal(carried.append.prev_index, 100);
    assert_int_equal(carried.append.prev_term, 6);
    assert_int_equal(carried.append.commit_index, 98);
    assert_int_equal(carried.append.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(carried.append.entries[i].term, 7 + i);
        assert_int_equal(carried.append.entries[i].kind, kinds[i]);
        assert_slice_text(carried.append.entries[i].bytes, "sixteen bytes...");
    }
}

static void test_wire__carries_results(void **state)
{
    struct core_message message = {.kind = CORE_APPEND_RESULT,
                                   .peer = TO,
                                   .term = 4,
                                   .append_result = {55, 54}};
    struct core_message carried = carry(*state, &message);

    assert_int_equal(carried.append_result.rejected, 55);
    assert_int_equal(carried.append_result.last_index, 54);
}

static void test_wire__carries_votes(void **state)
{
    struct core_message message = {.kind = CORE_VOTE,
                                   .peer = TO,
                                   .term = 5,
                                   .vote = {.candidate = 0x77701,
                                            .last_index = 12,
                                            .last_term = 4,
                                            .disrupt = true}};
    struct core_message carried = carry(*state, &message);

    assert_int_equal(carried.vote.candidate, 0x77701);
    assert_int_equal(carried.vote.last_index, 12);
    assert_int_equal(carried.vote.last_term, 4);
    assert_true(carried.vote.disrupt);
    assert_false(carried.vote.pre_vote);
    message.vote.disrupt = false;
    message.vote.pre_vote = true;
    carried = carry(*state, &message);
    assert_false(carried.vote.disrupt);
    assert_true(carried.vote.pre_vote);
}

static void test_wire__carries_answers_to_votes(void **state)
{
    static const enum core_pre_vote pre_votes[] = {
        CORE_PRE_VOTE_UNKNOWN, CORE_PRE_VOTE_YES, CORE_PRE_VOTE_NO};

    for (size_t i = 0; i < 3; i++) {
        struct core_message message = {.kind = CORE_VOTE_RESULT,
                                       .peer = TO,
                                       .term = 5,
                                       .vote_result = {i == 1, pre_votes[i]}};
        struct core_message carried = carry(*state, &message);

        assert_int_equal(carried.vote_result.granted, i == 1);
        assert_int_equal(carried.vote_result.pre_vote, pre_votes[i]);
    }
}

static void test_wire__carries_snapshots(void **state)
{
    struct core_members members = {
        .n = 3,
        .list = {{1, CORE_VOTER}, {0xabc02, CORE_STANDBY}, {3, CORE_SPARE}}};
    struct core_message message = {
        .kind = CORE_SNAPSHOT,
        .peer = TO,
        .term = 6,
        .snapshot = {.last_index = 1000,
                     .last_term = 5,
                     .members_index = 40,
                     .members = &members,
                     .manifest = SLICE_LITERAL("a manifest")}};
    struct core_message carried = carry(*state, &message);

    assert_int_equal(carried.snapshot.last_index, 1000);
    assert_int_equal(carried.snapshot.last_term, 5);
    assert_int_equal(carried.snapshot.members_index, 40);
    assert_slice_text(carried.snapshot.manifest, "a manifest");
    assert_int_equal(carried.snapshot.members->n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(carried.snapshot.members->list[i].id,
                         members.list[i].id);
        assert_int_equal(carried.snapshot.members->list[i].role,
                         members.list[i].role);
    }
}

static void test_wire__carries_the_rest(void **state)
{
    struct core_message now = {.kind = CORE_TIMEOUT_NOW,
                               .peer = TO,
                               .term = 8,
                               .timeout_now = {77, 7}};
    struct core_message lost = {
        .kind = CORE_SNAPSHOT_LOST, .peer = TO, .term = 8};
    struct core_message carried = carry(*state, &now);

    assert_int_equal(carried.timeout_now.last_index, 77);
    assert_int_equal(carried.timeout_now.last_term, 7);
    carry(*state, &lost);
}

/* A configuration that is none makes the frame malformed; what is not for a
 * core is not taken for it. */
static void test_wire_read__believes_nothing(void **state)
{
    struct scene *scene = *state;
    struct peer_message snapshot = {
        .kind = PEER_INSTALL_SNAPSHOT,
        .install_snapshot = {.term = 1,
                             .configuration = SLICE_LITERAL("not sixteen")}};
    struct peer_message ping = {.kind = PEER_PING};
    struct core_message to;

    assert_int_equal(wire_read(&snapshot, FROM, &scene->in, &to),
                     ERROR_MALFORMED);
    snapshot.install_snapshot.configuration =
        SLICE_LITERAL("12345678\7\0\0\0\0\0\0\0");
    assert_int_equal(wire_read(&snapshot, FROM, &scene->in, &to),
                     ERROR_MALFORMED);
    assert_int_equal(wire_read(&ping, FROM, &scene->in, &to), ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_wire__carries_appends, set_up, tear_down),
        RUN_IN(test_wire__carries_results, set_up, tear_down),
        RUN_IN(test_wire__carries_votes, set_up, tear_down),
        RUN_IN(test_wire__carries_answers_to_votes, set_up, tear_down),
        RUN_IN(test_wire__carries_snapshots, set_up, tear_down),
        RUN_IN(test_wire__carries_the_rest, set_up, tear_down),
        RUN_IN(test_wire_read__believes_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
