#include "tests/unit/test.h"

#include "raft/guard/status.h"
#include "tests/cluster/both_ways.h"
#include "tests/cluster/lone.h"

/* Voters 1 to 3 and a spare. */
static struct lone_members with_spare(void)
{
    struct lone_members members = lone_voters(4);

    members.roles[3] = RAFT_SPARE;
    return members;
}

/* The configuration in use is the one that the log on disk says, after the node
 * was started anew when it stopped to be. */
static unsigned members_in_use(struct lone *lone, struct lone_disk *disk,
                               uint64_t rules)
{
    if (lone->fatals > 0) {
        GIVEN(lone->why == GUARD_FATAL_CUT);
        lone = lone_start_plain(disk, lone->raft.id, rules);
    }
    return lone->raft.configuration.n;
}

/* --- Cut: the configuration to go back to is compacted away --- */

static bool rollback_to_a_snapshot(uint64_t rules)
{
    struct lone_members added = with_spare();
    struct lone_entry change = lone_change(2, &added);
    struct lone_entry other = lone_command(3, 7);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 0);
    disk.n = 0;
    disk.first = 6;
    disk.snapshot_index = 5;
    disk.snapshot_term = 1;
    disk.snapshot_members_index = 1;
    disk.snapshot_members = lone_voters(3);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 1, 2, 5, 1, 5, &change, 1);
    lone_write_all(lone);
    GIVEN(lone->raft.configuration.n == 4);
    lone_receive_append(lone, 3, 3, 5, 1, 5, &other, 1);
    HOLDS(lone->cut_index == 6 && disk.n == 0);
    return members_in_use(lone, &disk, rules) == 3;
}

/* --- Cut: a start has forgotten that the configuration is uncommitted --- */

static bool rollback_after_a_start(uint64_t rules)
{
    struct lone_members added = with_spare();
    struct lone_entry other = lone_command(3, 7);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 2);
    lone_disk_add_members(&disk, 2, &added);
    lone = lone_start_plain(&disk, 2, rules);
    GIVEN(lone->raft.configuration.n == 4);
    lone_receive_append(lone, 3, 3, 2, 1, 2, &other, 1);
    lone_write_all(lone);
    return members_in_use(lone, &disk, rules) == 3;
}

static void test_conf__cut_configuration_is_not_used(void **state)
{
    (void)state;
    assert_rule_needed(rollback_to_a_snapshot, GUARD_CONF);
    assert_rule_needed(rollback_after_a_start, GUARD_CONF);
}

/* Cutting behind the configuration needs no restart. */
static void test_conf__other_cuts_go_on(void **state)
{
    struct lone_entry other = lone_command(3, 7);
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 3, 2);
    lone_disk_add(&disk, 2, 6);
    lone = lone_start_plain(&disk, 2, GUARD_RULES_ALL);
    lone_receive_append(lone, 3, 3, 2, 1, 2, &other, 1);
    lone_write_all(lone);
    assert_int_equal(lone->fatals, 0);
    assert_int_equal(lone->truncates, 1);
    assert_int_equal(lone->raft.last_stored, 3);
    lone_kill(lone);
}

/* --- Snapshots --- */

/* A snapshot falls due at entry 2, when entry 3, a change of members, is in use
 * and not committed. */
static bool snapshot_with_uncommitted(uint64_t rules)
{
    struct lone_options options = {.rules = rules, .snapshot_threshold = 1};
    struct lone_members added = with_spare();
    struct lone_entry change = lone_change(1, &added);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 2);
    lone = lone_start(&disk, 2, &options);
    lone_receive_append(lone, 1, 1, 2, 1, 1, &change, 1);
    lone_write_all(lone);
    GIVEN(lone->raft.configuration.n == 4);
    lone_receive_append(lone, 1, 1, 3, 1, 2, NULL, 0);
    GIVEN(lone->raft.last_applied == 2);
    HOLDS(lone->put == NULL || lone->put_disk.snapshot_members.n == 3);
    lone_receive_append(lone, 1, 1, 3, 1, 3, NULL, 0);
    return lone->put != NULL && lone->put_disk.snapshot_members.n == 4;
}

/* The same after a start, which has forgotten that it is not committed. */
static bool snapshot_after_a_start(uint64_t rules)
{
    struct lone_options options = {.rules = rules, .snapshot_threshold = 1};
    struct lone_members added = with_spare();
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 2);
    lone_disk_add_members(&disk, 1, &added);
    lone = lone_start(&disk, 2, &options);
    lone_receive_append(lone, 1, 1, 3, 1, 2, NULL, 0);
    GIVEN(lone->raft.last_applied == 2);
    return lone->put == NULL || lone->put_disk.snapshot_members.n == 3;
}

static void test_conf__snapshot_waits_for_the_configuration(void **state)
{
    (void)state;
    assert_rule_needed(snapshot_with_uncommitted, GUARD_CONF);
    assert_rule_needed(snapshot_after_a_start, GUARD_CONF);
}

/* An uncommitted change of members is replaced by an installed snapshot: there
 * is nothing uncommitted any more, and snapshots may be taken again. */
static bool install_over_uncommitted(uint64_t rules)
{
    struct lone_members members = lone_voters(3);
    struct lone_members added = with_spare();
    struct lone_entry change = lone_change(1, &added);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 2);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 1, 1, 2, 1, 1, &change, 1);
    lone_write_all(lone);
    GIVEN(lone->raft.configuration_uncommitted_index == 3);
    lone_receive_snapshot(lone, 1, 1, 50, 1, &members);
    lone_put_done(lone, 0);
    GIVEN(lone->raft.last_applied == 50 && lone->raft.configuration.n == 3);
    return lone->raft.configuration_uncommitted_index == 0 &&
           guard_may_snapshot(lone->guard);
}

static void test_conf__installed_snapshot_leaves_nothing_uncommitted(
    void **state)
{
    (void)state;
    assert_rule_needed(install_over_uncommitted, GUARD_CONF);
}

/* --- When a change may begin --- */

/* Not before the term's no-op is applied, not while another is uncommitted, not
 * during a transfer. */
static void test_may_change__one_at_a_time(void **state)
{
    struct raft_change change;
    struct raft_transfer transfer;
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 1, GUARD_RULES_ALL);
    assert_false(guard_may_change(lone->guard));
    lone_elect(lone);
    assert_false(guard_may_change(lone->guard));
    lone_write_all(lone);
    lone_receive_result(lone, 2, 2, 0, 2);
    assert_true(guard_may_change(lone->guard));
    assert_int_equal(raft_add(&lone->raft, &change, 4, "4", NULL), 0);
    guard_step(lone->guard);
    assert_false(guard_may_change(lone->guard));
    lone_write_all(lone);
    lone_receive_result(lone, 2, 2, 0, 3);
    assert_true(guard_may_change(lone->guard));
    assert_int_equal(raft_transfer(&lone->raft, &transfer, 2, NULL), 0);
    assert_false(guard_may_change(lone->guard));
    lone_kill(lone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_conf__cut_configuration_is_not_used),
        RUN(test_conf__other_cuts_go_on),
        RUN(test_conf__snapshot_waits_for_the_configuration),
        RUN(test_conf__installed_snapshot_leaves_nothing_uncommitted),
        RUN(test_may_change__one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
