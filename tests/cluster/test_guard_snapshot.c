#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/cluster/both_ways.h"
#include "tests/cluster/lone.h"

/* --- SNAPTERM --- */

/* The leader's snapshot ends at an entry of term 2; a follower has one of term
 * 3 there, which was never committed. */
static bool snapshot_over_another_entry(uint64_t rules)
{
    struct lone_members members = lone_voters(3);
    const struct lone_sent *sent;
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 2);
    lone_disk_add(&disk, 3, 666);
    disk.term = 3;
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_snapshot(lone, 1, 4, 3, 2, &members);
    sent = lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES_RESULT, 1);
    HOLDS(sent == NULL || sent->message.append_entries_result.rejected != 0 ||
          sent->message.append_entries_result.last_log_index < 3);
    HOLDS(lone->why == GUARD_FATAL_CUT && lone->cut_index == 3);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_snapshot(lone, 1, 4, 3, 2, &members);
    lone_put_done(lone, 0);
    return lone->raft.last_applied == 3 && disk.snapshot_term == 2;
}

static void test_snapterm__other_entry_is_cut_first(void **state)
{
    (void)state;
    assert_rule_needed(snapshot_over_another_entry, GUARD_SNAPTERM);
}

/* What is committed is never cut, whatever a snapshot says: the node stops and
 * keeps its files. */
static void test_snapshot__contradiction_is_fatal(void **state)
{
    struct lone_members members = lone_voters(3);

    (void)state;
    for (raft_term term = 1; term <= 3; term += 2) {
        struct lone_disk disk;
        struct lone *lone;

        lone_disk_fill(&disk, 3, 2);
        lone_disk_add(&disk, 2, 7);
        lone = lone_start_plain(&disk, 2, GUARD_RULES_ALL);
        lone_receive_append(lone, 1, 3, 3, 2, 3, NULL, 0);
        assert_int_equal(lone->raft.commit_index, 3);
        lone_receive_snapshot(lone, 1, 3, 3, term, &members);
        assert_int_equal(lone->fatals, 1);
        assert_int_equal(lone->why, GUARD_FATAL_CONFLICT);
        assert_int_equal(lone->puts, 0);
        assert_int_equal(disk.n, 3);
        lone_kill(lone);
    }
}

/* --- Offers: an InstallSnapshot is kept until its files are here --- */

static struct lone *start_withholding(struct lone_disk *disk)
{
    struct lone_options options = {.rules = GUARD_RULES_ALL, .withhold = true};

    lone_disk_fill(disk, 3, 2);
    return lone_start(disk, 2, &options);
}

/* The core does not see it before, repeated ones are dropped, and the leader is
 * heard from all the while. */
static void test_offer__is_kept_until_ready(void **state)
{
    struct lone_members members = lone_voters(3);
    struct lone_disk disk;
    struct lone *lone = start_withholding(&disk);

    (void)state;
    lone_receive_snapshot(lone, 1, 1, 50, 1, &members);
    assert_int_equal(lone->offers, 1);
    assert_int_equal(lone->puts, 0);
    assert_int_equal(lone->raft.follower_state.current_leader.id, 1);
    lone_tick(lone, LONE_ELECTION_MS - 1);
    lone_receive_snapshot(lone, 1, 1, 60, 1, &members);
    assert_int_equal(lone->offers, 1);
    lone_tick(lone, LONE_ELECTION_MS - 1);
    assert_int_equal(lone->raft.state, RAFT_FOLLOWER);
    guard_snapshot_ready(lone->guard);
    assert_int_equal(lone->puts, 1);
    lone_put_done(lone, 0);
    assert_int_equal(lone->raft.last_applied, 50);
    assert_int_equal(lone->drops, 0);
    lone_kill(lone);
}

/* A change of leaders does not make the copy worthless. */
static void test_offer__outlives_its_leader(void **state)
{
    struct lone_members members = lone_voters(3);
    struct lone_disk disk;
    struct lone *lone = start_withholding(&disk);
    const struct lone_sent *sent;

    (void)state;
    lone_receive_snapshot(lone, 1, 1, 50, 1, &members);
    lone_receive_vote(lone, 3, 2, 50, 1, true, false);
    guard_snapshot_ready(lone->guard); /* Nobody leads: it waits. */
    assert_int_equal(lone->puts, 0);
    lone_receive_append(lone, 3, 2, 60, 2, 50, NULL, 0);
    assert_int_equal(lone->puts, 1);
    lone_put_done(lone, 0);
    sent = lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES_RESULT, 0);
    assert_int_equal(sent->message.server_id, 3);
    assert_int_equal(sent->message.append_entries_result.last_log_index, 50);
    lone_kill(lone);
}

/* Also when leaders change while it is being installed, the new one is told
 * what there is then. */
static void test_offer__is_vouched_for_in_a_later_term(void **state)
{
    struct lone_members members = lone_voters(3);
    struct lone_disk disk;
    struct lone *lone = start_withholding(&disk);
    const struct lone_sent *sent;

    (void)state;
    lone_receive_snapshot(lone, 1, 1, 50, 1, &members);
    guard_snapshot_ready(lone->guard);
    lone_receive_append(lone, 3, 2, 60, 2, 50, NULL, 0);
    lone_put_done(lone, 0);
    sent = lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES_RESULT, 3);
    assert_int_equal(sent->message.append_entries_result.rejected, 0);
    assert_int_equal(sent->message.append_entries_result.term, 2);
    assert_int_equal(sent->message.append_entries_result.last_log_index, 50);
    lone_kill(lone);
}

/* When the log has come as far by itself, the copy is not needed; when the copy
 * fails, the next offer is taken. */
static void test_offer__is_dropped_or_fails(void **state)
{
    struct lone_members members = lone_voters(3);
    struct lone_entry entries[2] = {lone_command(1, 7), lone_command(1, 8)};
    struct lone_disk disk;
    struct lone *lone = start_withholding(&disk);

    (void)state;
    lone_receive_snapshot(lone, 1, 1, 50, 1, &members);
    guard_snapshot_failed(lone->guard);
    assert_int_equal(lone->drops, 0);
    lone_receive_snapshot(lone, 1, 1, 4, 1, &members);
    assert_int_equal(lone->offers, 2);
    lone_receive_append(lone, 1, 1, 2, 1, 2, entries, 2);
    assert_int_equal(lone->drops, 1);
    lone_write_all(lone);
    guard_snapshot_ready(lone->guard); /* Late, and harmless. */
    assert_int_equal(lone->puts, 0);
    assert_int_equal(lone->raft.last_stored, 4);
    lone_kill(lone);
}

/* Entries whose write is under way must not come after the snapshot that
 * replaces them. */
static void test_offer__waits_for_writes(void **state)
{
    struct lone_members members = lone_voters(3);
    struct lone_entry entry = lone_command(1, 7);
    struct lone_disk disk;
    struct lone *lone = start_withholding(&disk);

    (void)state;
    lone_receive_snapshot(lone, 1, 1, 50, 1, &members);
    lone_receive_append(lone, 1, 1, 2, 1, 2, &entry, 1);
    guard_snapshot_ready(lone->guard);
    assert_int_equal(lone->puts, 0);
    lone_write_all(lone);
    assert_int_equal(lone->puts, 1);
    lone_put_done(lone, 0);
    assert_int_equal(lone->raft.last_stored, 50);
    lone_kill(lone);
}

/* --- As leader --- */

/* Commit entry 6 and take a snapshot there; then send server 3 that snapshot,
 * for it needs entry 1. */
static void begin_transfer(struct lone *lone)
{
    lone_elect(lone);
    lone_write_all(lone);
    lone_receive_result(lone, 2, 2, 0, 6);
    lone_put_done(lone, 0);
    for (unsigned i = 0; i < 10 && lone->gets == 0; i++) {
        struct raft_progress *progress = &lone->raft.leader_state.progress[2];

        lone_receive_result(lone, 3, 2, progress->next_index - 1, 0);
        lone_tick(lone, LONE_HEARTBEAT_MS);
    }
}

/* A leader of term 2 with a snapshot, which server 3 needs and is being sent.
 */
static struct lone *leader_in_transfer(struct lone_disk *disk, unsigned wait)
{
    struct lone_options options = {.rules = GUARD_RULES_ALL,
                                   .snapshot_threshold = 2,
                                   .snapshot_trailing = 1,
                                   .snapshot_wait = wait};
    struct lone *lone;

    lone_disk_fill(disk, 3, 5);
    lone = lone_start(disk, 1, &options);
    begin_transfer(lone);
    assert_int_equal(lone->works, 1); /* It was taken beside the loop. */
    assert_int_equal(lone->gets, 1);
    assert_int_equal(lone->raft.leader_state.progress[2].state, 2);
    return lone;
}

static void commit_one(struct lone *lone)
{
    lone_propose(lone, 7);
    lone_write_all(lone);
    lone_receive_result(lone, 2, 2, 0, raft_last_index(&lone->raft));
}

/* While a peer is being sent a snapshot the log is not compacted: what the peer
 * needs next must still be there. */
static void test_may_snapshot__not_while_a_peer_copies(void **state)
{
    struct lone_disk disk;
    struct lone *lone = leader_in_transfer(&disk, 0);

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        commit_one(lone);
    }
    assert_int_equal(lone->puts, 1);
    lone_receive_result(lone, 3, 2, 0, 6); /* It has installed it. */
    assert_int_not_equal(lone->raft.leader_state.progress[2].state, 2);
    commit_one(lone);
    assert_int_equal(lone->puts, 2);
    lone_kill(lone);
}

/* But not for ever: a log that has grown by so much is compacted all the same.
 */
static void test_may_snapshot__waits_for_a_peer_only_so_long(void **state)
{
    struct lone_disk disk;
    struct lone *lone = leader_in_transfer(&disk, 10);

    (void)state;
    for (unsigned i = 0; i < 11; i++) {
        commit_one(lone);
    }
    assert_int_equal(lone->puts, 1);
    commit_one(lone); /* 2, the threshold, and 10 more. */
    assert_int_equal(lone->puts, 2);
    lone_kill(lone);
}

/* A peer that was connected anew may have lost what it was sent: the leader
 * asks where it is, and does not wait for the install timeout. */
static void test_peer_reset__leader_asks_again(void **state)
{
    struct lone_disk disk;
    struct lone *lone = leader_in_transfer(&disk, 0);
    const struct lone_sent *sent;

    (void)state;
    guard_peer_reset(lone->guard, 2); /* Not being sent one: no matter. */
    guard_peer_reset(lone->guard, 3);
    lone_clear_sent(lone);
    lone_tick(lone, LONE_HEARTBEAT_MS);
    sent = lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES, 3);
    assert_non_null(sent);
    assert_int_equal(sent->message.append_entries.prev_log_index, 6);
    lone_receive_result(lone, 3, 2, 6, 1);
    assert_int_equal(lone->gets, 2); /* It does not have it. */
    lone_kill(lone);
}

/* A checkpoint cannot be made just now, when a peer needs one. */
static bool checkpoint_cannot_be_made(uint64_t rules)
{
    struct lone_options options = {
        .rules = rules, .snapshot_threshold = 2, .snapshot_trailing = 1};
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 5);
    lone = lone_start(&disk, 1, &options);
    begin_transfer(lone);
    GIVEN(lone->gets == 1);
    lone->get_cb(lone->get, NULL, RAFT_BUSY);
    for (unsigned i = 0; i < 20; i++) {
        lone_tick(lone, LONE_HEARTBEAT_MS);
        lone_receive_result(lone, 2, 2, 0, 6);
        lone_receive_result(lone, 3, 2, 6, 1);
    }
    return lone->gets > 1;
}

static void test_getagain__failed_checkpoint_is_asked_for_again(void **state)
{
    (void)state;
    assert_rule_needed(checkpoint_cannot_be_made, GUARD_GETAGAIN);
}

/* A peer is copying the snapshot at 6 when it is offered a newer one, which it
 * does not take; then it has installed what it had. */
static bool older_snapshot_is_installed(uint64_t rules)
{
    struct lone_options options = {
        .rules = rules, .snapshot_threshold = 2, .snapshot_trailing = 1};
    const struct lone_sent *sent;
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 5);
    lone = lone_start(&disk, 1, &options);
    begin_transfer(lone);
    guard_peer_reset(lone->guard, 3);
    commit_one(lone);
    commit_one(lone);
    GIVEN(lone->puts == 2);
    lone_put_done(lone, 0);
    lone_tick(lone, LONE_HEARTBEAT_MS);
    lone_receive_result(lone, 3, 2, 6, 1);
    lone_tick(lone, LONE_HEARTBEAT_MS);
    GIVEN(lone->raft.leader_state.progress[2].state == 2);
    GIVEN(lone->raft.leader_state.progress[2].snapshot_index == 8);
    lone_clear_sent(lone);
    lone_receive_result(lone, 3, 2, 0, 6);
    lone_tick(lone, LONE_HEARTBEAT_MS);
    HOLDS(lone->raft.leader_state.progress[2].match_index == 6);
    sent = lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES, 3);
    return (sent != NULL && sent->message.append_entries.prev_log_index == 6) ||
           lone->gets > 2;
}

static void test_oldsnap__installed_one_counts(void **state)
{
    (void)state;
    assert_rule_needed(older_snapshot_is_installed, GUARD_OLDSNAP);
}

/* The way of a snapshot got to the peer: sent once it is made, and its end
 * reported. */
static void test_snapshot_get__is_sent(void **state)
{
    struct lone_disk disk;
    struct lone *lone = leader_in_transfer(&disk, 0);
    struct raft_snapshot *snapshot = raft_calloc(1, sizeof(*snapshot));

    (void)state;
    snapshot->index = 6;
    snapshot->term = 2;
    snapshot->n_bufs = 1;
    snapshot->bufs = raft_calloc(1, sizeof(*snapshot->bufs));
    snapshot->bufs[0] = (struct raft_buffer){raft_calloc(1, 8), 8};
    lone->get_cb(lone->get, snapshot, 0);
    assert_int_equal(lone_count_sent(lone, RAFT_IO_INSTALL_SNAPSHOT, 3), 1);
    lone_finish_sends(lone);
    lone_kill(lone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_snapterm__other_entry_is_cut_first),
        RUN(test_snapshot__contradiction_is_fatal),
        RUN(test_offer__is_kept_until_ready),
        RUN(test_offer__outlives_its_leader),
        RUN(test_offer__is_vouched_for_in_a_later_term),
        RUN(test_offer__is_dropped_or_fails),
        RUN(test_offer__waits_for_writes),
        RUN(test_may_snapshot__not_while_a_peer_copies),
        RUN(test_may_snapshot__waits_for_a_peer_only_so_long),
        RUN(test_peer_reset__leader_asks_again),
        RUN(test_getagain__failed_checkpoint_is_asked_for_again),
        RUN(test_oldsnap__installed_one_counts),
        RUN(test_snapshot_get__is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
