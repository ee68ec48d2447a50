#include "tests/unit/test.h"

#include <string.h>

#include "raft/core_input.h"
#include "raft/core_members.h"
#include "raft/guard/rules.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/world.h"

enum {
    SECOND = 1000000,
    LONG_ENOUGH_US = 20000, /* For a commit; less than a heartbeat. */
};

/* Nodes without faults, the first voters of them founders. */
static struct world *calm_world(unsigned nodes, unsigned voters)
{
    static const struct network_faults network = {
        .delay_us = 200, .jitter_us = 300, .in_order = true};
    static const struct disk_faults disk = {.write_us = 100, .jitter_us = 200};
    struct world_settings settings = {
        .seed = 5, .nodes = nodes, .voters = voters, .rules = GUARD_RULES_ALL};
    struct world *world = world_new(&settings);

    world->snapshot_timeout_ms = 600000;
    world->snapshot_threshold = 64;
    world->snapshot_trailing = 16;
    network_set_faults(world->network, &network);
    for (unsigned i = 0; i < nodes; i++) {
        disk_set_faults(world->nodes[i].disk, &disk);
        node_start(&world->nodes[i]);
    }
    world_pass(world, 3 * SECOND);
    return world;
}

static void assert_all_is_well(struct world *world)
{
    assert_null(truth_violation(world->truth)->kind);
    world_free(world);
}

static struct core *leader_of(struct world *world)
{
    struct node *leader = world_leader(world);

    assert_non_null(leader);
    return leader->life->core;
}

static struct core *follower_of(struct world *world)
{
    for (unsigned i = 0; i < world->settings.nodes; i++) {
        if (!node_leads(&world->nodes[i])) {
            return world->nodes[i].life->core;
        }
    }
    fail();
    return NULL;
}

/* --- Proposals --- */

/* Batches are taken from the leader alone and up to the limit, and are done
 * when a majority has them; all nodes know of it long before the next
 * heartbeat. */
static void test_core_propose__batches(void **state)
{
    struct world *world = calm_world(3, 3);
    struct core *leader = leader_of(world);
    uint64_t before = core_status(leader).last_index;
    uint8_t bytes[64] = {0};
    struct slice entry = slice_of(bytes, sizeof(bytes));
    uint64_t index;

    (void)state;
    assert_int_equal(core_propose(follower_of(world), &entry, 1, &index),
                     ERROR_NOT_LEADER);
    for (uint32_t i = 0; i < world->batches_max; i++) {
        node_propose(world_leader(world), 3);
    }
    assert_int_equal(core_status(leader).batches, world->batches_max);
    assert_int_equal(core_propose(leader, &entry, 1, &index), ERROR_BUSY);
    world_pass(world, LONG_ENOUGH_US);
    assert_int_equal(core_status(leader).batches, 0);
    assert_int_equal(truth_acknowledged(world->truth), 3 * world->batches_max);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(core_status(world->nodes[i].life->core).applied_index,
                         before + 3 * world->batches_max);
    }
    assert_all_is_well(world);
}

/* A leader that is cut off gives its batches up when it steps down, and says
 * so. */
static void test_core_propose__cut_off_leader_gives_up(void **state)
{
    struct world *world = calm_world(3, 3);
    struct node *leader = world_leader(world);

    (void)state;
    for (unsigned other = 0; other < 3; other++) {
        network_cut(world->network, leader->number, other, true);
        network_cut(world->network, other, leader->number, true);
    }
    node_propose(leader, 3);
    assert_int_equal(leader->batches_failed, 0);
    world_pass(world, 3 * SECOND);
    assert_int_equal(leader->batches_failed, 1);
    assert_int_equal(core_status(leader->life->core).batches, 0);
    assert_int_not_equal(core_status(leader->life->core).state, CORE_LEADER);
    assert_true(world_leader(world) != leader);
    assert_all_is_well(world);
}

/* --- Reads --- */

/* Only a leader that has applied its no-op knows what was committed before it;
 * a voter vouches for its own term alone. */
static void test_core_read_index__leader_alone(void **state)
{
    struct world *world = calm_world(3, 3);
    struct core *follower = follower_of(world);
    uint64_t term = 0, index = 0;

    (void)state;
    assert_int_equal(core_read_index(follower, &term, &index),
                     ERROR_NOT_LEADER);
    assert_int_equal(core_read_index(leader_of(world), &term, &index),
                     ERROR_NONE);
    assert_int_equal(index, core_status(leader_of(world)).commit_index);
    assert_true(core_answers_ping(follower, term));
    assert_false(core_answers_ping(follower, term - 1));
    assert_false(core_answers_ping(follower, term + 1));
    assert_all_is_well(world);
}

static void test_core_read_index__not_before_the_no_op(void **state)
{
    struct world *world = calm_world(3, 3);
    struct node *next = &world->nodes[0];
    uint64_t term, index;

    (void)state;
    if (next == world_leader(world)) {
        next = &world->nodes[1];
    }
    disk_stall(next->disk, SECOND); /* Its no-op takes its time. */
    assert_int_equal(core_transfer(leader_of(world), node_id(next->number)),
                     ERROR_NONE);
    while (!node_leads(next)) {
        world_pass(world, 1000);
    }
    assert_false(core_status(next->life->core).settled);
    assert_int_equal(core_read_index(next->life->core, &term, &index),
                     ERROR_NOT_LEADER);
    world_pass(world, 2 * SECOND);
    assert_int_equal(core_read_index(next->life->core, &term, &index),
                     ERROR_NONE);
    assert_all_is_well(world);
}

/* --- Members --- */

static enum core_member_role role_of(const struct core *core, uint64_t id)
{
    struct core_peers peers = core_peers(core);

    for (size_t i = 0; i < peers.n; i++) {
        if (peers.list[i].id == id) {
            return peers.list[i].role;
        }
    }
    fail();
    return CORE_SPARE;
}

/* A fourth node is added, copies the log, is made a voter, and leads; a founder
 * is removed. */
static void test_core_members__a_node_comes_and_one_goes(void **state)
{
    struct world *world = calm_world(4, 3);
    uint64_t fourth = node_id(3);
    uint64_t founder;

    (void)state;
    node_propose(world_leader(world), 20);
    assert_int_equal(core_add(leader_of(world), fourth), ERROR_NONE);
    assert_int_equal(core_add(leader_of(world), 77), ERROR_BUSY);
    world_pass(world, SECOND);
    assert_int_equal(role_of(leader_of(world), fourth), CORE_SPARE);
    assert_int_equal(core_assign(leader_of(world), fourth, CORE_STANDBY),
                     ERROR_NONE);
    world_pass(world, SECOND);
    assert_int_equal(core_assign(leader_of(world), fourth, CORE_VOTER),
                     ERROR_NONE);
    world_pass(world, SECOND);
    assert_int_equal(core_transfer(leader_of(world), fourth), ERROR_NONE);
    world_pass(world, SECOND);
    assert_true(node_leads(&world->nodes[3]));
    founder = node_id(0);
    assert_int_equal(core_remove(leader_of(world), founder), ERROR_NONE);
    world_pass(world, SECOND);
    assert_int_equal(core_peers(leader_of(world)).n, 3);
    assert_int_equal(core_peers(leader_of(world)).uncommitted_index, 0);
    assert_int_equal(world->nodes[3].life->state.hash,
                     world->nodes[1].life->state.hash);
    assert_all_is_well(world);
}

/* What cannot be done is refused by its name. */
static void test_core_members__refusals(void **state)
{
    struct world *world = calm_world(3, 3);
    struct core *leader = leader_of(world);

    (void)state;
    assert_int_equal(core_add(follower_of(world), 9), ERROR_NOT_LEADER);
    assert_int_equal(core_transfer(follower_of(world), 0), ERROR_NOT_LEADER);
    assert_int_equal(core_add(leader, node_id(1)), ERROR_EXISTS);
    assert_int_equal(core_assign(leader, 9, CORE_VOTER), ERROR_NOT_FOUND);
    assert_int_equal(core_assign(leader, node_id(1), CORE_VOTER),
                     ERROR_INVALID);
    assert_int_equal(core_remove(leader, 9), ERROR_NOT_FOUND);
    assert_int_equal(core_transfer(leader, 9), ERROR_NOT_FOUND);
    assert_true(core_may_change(leader));
    for (uint64_t id = 20; core_peers(leader).n < CORE_MEMBERS_MAX; id++) {
        assert_int_equal(core_add(leader, id), ERROR_NONE);
        world_pass(world, SECOND);
    }
    assert_int_equal(core_add(leader, 99), ERROR_TOO_LARGE);
    assert_all_is_well(world);
}

/* --- Snapshots --- */

/* A node comes back behind the log, and the node that it is to copy from goes
 * away in the middle: the leader hears of it and offers another copy, long
 * before its own patience ends. */
static void test_core_snapshot__failed_copy_is_offered_again(void **state)
{
    struct world *world = calm_world(3, 3);
    struct node *leader = world_leader(world);
    struct node *late = &world->nodes[(leader->number + 1) % 3];
    uint64_t installed = world->result.snapshots_installed;

    (void)state;
    assert_true(world->snapshot_timeout_ms > 10000);
    node_crash(late);
    for (int i = 0; i < 300; i++) {
        node_propose(leader, 10);
        world_pass(world, LONG_ENOUGH_US);
    }
    assert_true(core_status(leader->life->core).snapshot_index > 0);
    node_start(late);
    while (!node_is_copying(late)) {
        world_pass(world, 1000);
    }
    network_cut(world->network, leader->number, late->number, true);
    while (node_is_copying(late)) {
        world_pass(world, 1000);
    }
    network_mend(world->network);
    assert_int_equal(world->result.snapshots_installed, installed);
    world_pass(world, 5 * SECOND);
    assert_true(world->result.snapshots_installed > installed);
    assert_int_equal(core_status(late->life->core).applied_index,
                     core_status(leader_of(world)).applied_index);
    assert_all_is_well(world);
}

/* --- What peers send --- */

static void assert_malformed(struct core *core, struct core_message message)
{
    assert_int_equal(core_receive(core, &message), ERROR_MALFORMED);
}

/* No message that a sane peer would not send gets as far as the library. */
static void test_core_receive__refuses_nonsense(void **state)
{
    struct world *world = calm_world(3, 3);
    struct core *core = world->nodes[0].life->core;
    uint8_t bytes[16] = {9};
    struct core_members none = {.n = 0};
    struct core_entry entry = {1, CORE_ENTRY_COMMAND, slice_of(bytes, 16)};
    struct core_message append = {.kind = CORE_APPEND, .peer = 2, .term = 1};
    struct core_message other = append;

    (void)state;
    append.append.entries = &entry;
    append.append.n = 1;
    other.kind = (enum core_message_kind)99;
    assert_malformed(core, other);
    other = append;
    other.peer = 0;
    assert_malformed(core, other);
    other.peer = node_id(0);
    assert_malformed(core, other);
    other = append;
    other.append.prev_index = 5; /* But no term. */
    assert_malformed(core, other);
    entry.term = 2; /* Newer than its message. */
    assert_malformed(core, append);
    entry.term = 1;
    entry.bytes.len = 13;
    assert_malformed(core, append);
    entry.bytes.len = 16;
    entry.kind = CORE_ENTRY_MEMBERS; /* Bytes that are none. */
    assert_malformed(core, append);
    entry.kind = (enum core_entry_kind)7;
    assert_malformed(core, append);
    other = (struct core_message){.kind = CORE_VOTE, .peer = 2, .term = 9};
    other.vote.candidate = 3; /* Asks for another. */
    assert_malformed(core, other);
    other = (struct core_message){.kind = CORE_SNAPSHOT, .peer = 2, .term = 1};
    other.snapshot.last_index = other.snapshot.last_term = 1;
    other.snapshot.members = &none;
    assert_malformed(core, other);
    assert_all_is_well(world);
}

/* --- Beginning --- */

static enum error rotten(void *context, struct core_image *image_out,
                         void (*each)(void *to, const struct core_entry *entry),
                         void *to)
{
    (void)context;
    (void)image_out;
    (void)each;
    (void)to;
    return ERROR_ROTTEN;
}

static void ignore_fatal(void *context, enum core_fatal why, const char *text)
{
    (void)context;
    (void)why;
    (void)text;
}

/* What keeps the log from being read is what core_start says. */
static void test_core_start__tells_why_not(void **state)
{
    struct schedule *schedule = schedule_new();
    struct loop_sim_traits traits = {.id = 1, .seed = 1};
    struct loop *loop = loop_sim_new(schedule, &traits);
    struct disk *disk = disk_new(schedule, 1, 1);
    struct core_log log = disk_attach(disk, loop_sim_actor(loop));
    struct core_settings settings = core_settings_default(1);
    struct core_network network = {NULL, NULL, NULL};
    struct core_hooks hooks = {.fatal = ignore_fatal};
    struct core *core;

    (void)state;
    log.load = rotten;
    core = core_new(loop, &settings, &log, &network, &hooks);
    assert_non_null(core);
    assert_int_equal(core_start(core), ERROR_ROTTEN);
    core_free(core);
    disk_free(disk);
    schedule_free(schedule);
    loop_sim_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_core_propose__batches),
        RUN(test_core_propose__cut_off_leader_gives_up),
        RUN(test_core_read_index__leader_alone),
        RUN(test_core_read_index__not_before_the_no_op),
        RUN(test_core_members__a_node_comes_and_one_goes),
        RUN(test_core_members__refusals),
        RUN(test_core_snapshot__failed_copy_is_offered_again),
        RUN(test_core_receive__refuses_nonsense),
        RUN(test_core_start__tells_why_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
