#include "tests/unit/test.h"

#include "raft/guard/status.h"
#include "tests/cluster/both_ways.h"
#include "tests/cluster/lone.h"

static struct raft_append_entries_result result_to(const struct lone *lone,
                                                   raft_id to)
{
    const struct lone_sent *sent =
        lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES_RESULT, to);

    GIVEN(sent != NULL);
    return sent->message.append_entries_result;
}

/* --- ACKCLAMP, outgoing --- */

/* A follower has an entry that an older leader left behind; the heartbeat of a
 * newer one ends before it. */
static bool leftover_is_vouched_for(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 2);
    lone_disk_add(&disk, 2, 666);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 3, 3, 2, 1, 2, NULL, 0);
    GIVEN(result_to(lone, 3).rejected == 0);
    return result_to(lone, 3).last_log_index == 2;
}

static void test_ackclamp__only_what_is_checked_is_vouched_for(void **state)
{
    (void)state;
    assert_rule_needed(leftover_is_vouched_for, GUARD_ACKCLAMP);
}

/* What is checked counts as soon as it is on disk. */
static void test_ackclamp__what_is_checked_is_vouched_for(void **state)
{
    struct lone_entry entries[2] = {lone_command(3, 7), lone_command(3, 8)};
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 3, 2);
    lone = lone_start_plain(&disk, 2, GUARD_RULES_ALL);
    lone_receive_append(lone, 3, 3, 2, 1, 2, entries, 2);
    assert_int_equal(lone->n_sent, 0);
    lone_write_all(lone);
    assert_int_equal(result_to(lone, 3).last_log_index, 4);
    lone_kill(lone);
}

/* --- FIG8 --- */

/* A leader of term 3 has an entry of term 2, which a majority has; of its own
 * term nothing is on its disk yet. */
static bool old_entry_is_counted(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone_disk_add(&disk, 2, 7);
    disk.term = 2;
    lone = lone_start_plain(&disk, 1, rules);
    lone_elect(lone);
    GIVEN(lone->raft.current_term == 3 && lone->n_writes == 1);
    lone_receive_result(lone, 2, 3, 0, 2);
    HOLDS(lone->raft.commit_index == 1 && lone->applied[2] == 0);
    lone_write_all(lone); /* Its no-op, entry 3. */
    lone_receive_result(lone, 2, 3, 0, 3);
    return lone->raft.commit_index == 3 && lone->applied[2] == 7;
}

static void test_fig8__entries_of_earlier_terms_are_not_counted(void **state)
{
    (void)state;
    assert_rule_needed(old_entry_is_counted, GUARD_FIG8);
}

/* Server 1 leads term t with its log as it is; nobody answers. */
static struct lone *lead(struct lone_disk *disk, raft_id id, raft_term term,
                         uint64_t rules)
{
    struct lone *lone;

    disk->term = term - 1;
    disk->vote = 0;
    lone = lone_start_plain(disk, id, rules);
    lone->hold_sends = true;
    lone_elect(lone);
    GIVEN(lone->raft.current_term == term);
    return lone;
}

/* Figure 8 of the Raft paper, in a pool of three. X is written by the leader of
 * term 2 on its own disk, Y by the leader of term 3 on its own. The first leads
 * again in term 4, gives X to a third, and dies when its no-op is not yet on
 * its disk. The second, whose Y is newer than X, leads term 5. */
static bool figure_8(uint64_t rules)
{
    struct lone_disk a_disk, b_disk, c_disk;
    struct lone *a, *b, *c;
    uint64_t x_applied;

    lone_disk_fill(&a_disk, 3, 1);
    lone_disk_fill(&b_disk, 3, 1);
    lone_disk_fill(&c_disk, 3, 1);
    lone_disk_add(&a_disk, 2, 'X');
    lone_disk_add(&b_disk, 3, 'Y');
    c_disk.term = 3;

    a = lead(&a_disk, 1, 4, rules);
    c = lone_start_plain(&c_disk, 3, rules);
    c->hold_sends = true;
    for (unsigned i = 0; i < 6; i++) {
        lone_pass(a, c);
        lone_write_all(c);
        lone_pass(c, a);
        lone_tick(a, LONE_HEARTBEAT_MS);
    }
    GIVEN(c_disk.n >= 2 && c_disk.log[1].term == 2);
    x_applied = a->applied[2];
    lone_kill(a);

    b = lead(&b_disk, 2, 5, rules);
    /* The no-op that a sent to c is of term 4, so c would not vote for b; it is
     * lost with the crash of both before c's disk had it. */
    lone_kill(c);
    c_disk.n = 2;
    c = lone_start_plain(&c_disk, 3, rules);
    c->hold_sends = true;
    lone_receive_vote(c, 2, 5, 2, 3, false, false);
    GIVEN(c_disk.vote == 2);
    for (unsigned i = 0; i < 10; i++) {
        lone_write_all(b);
        lone_pass(b, c);
        lone_write_all(c);
        lone_pass(c, b);
        lone_tick(b, LONE_HEARTBEAT_MS);
    }
    GIVEN(b->applied[2] == 'Y' && c->applied[2] == 'Y');
    return x_applied == 0;
}

static void test_fig8__figure_8_of_the_paper(void **state)
{
    (void)state;
    assert_rule_needed(figure_8, GUARD_FIG8);
}

/* What peers vouched for before the no-op was stored counts at that moment,
 * not a heartbeat later. */
static void test_fig8__early_acknowledgements_are_not_lost(void **state)
{
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 1, GUARD_RULES_ALL);
    lone_elect(lone);
    lone_receive_result(lone, 2, 2, 0, 1);
    lone_receive_result(lone, 2, 2, 0, 2);
    assert_int_equal(lone->raft.commit_index, 1);
    assert_false(guard_settled(lone->guard));
    lone_write_all(lone);
    assert_int_equal(lone->raft.commit_index, 2);
    assert_true(guard_settled(lone->guard));
    lone_kill(lone);
}

/* --- FASTBACK --- */

/* Leader and follower differ in the last 40 entries. Count the heartbeats until
 * the follower has what the leader has. */
static bool long_way_back(uint64_t rules)
{
    struct lone_disk leader_disk, follower_disk;
    struct lone *leader, *follower;
    unsigned beats = 0;

    lone_disk_fill(&leader_disk, 3, 10);
    lone_disk_fill(&follower_disk, 3, 10);
    for (unsigned i = 0; i < 40; i++) {
        lone_disk_add(&leader_disk, 3, 1000 + i);
        lone_disk_add(&follower_disk, 2, 2000 + i);
    }
    leader = lead(&leader_disk, 1, 4, rules);
    follower = lone_start_plain(&follower_disk, 2, rules);
    follower->hold_sends = true;
    while (follower->raft.last_stored < 51 && beats < 100) {
        while (lone_pass(leader, follower) + lone_pass(follower, leader) > 0) {
            lone_write_all(leader);
            lone_write_all(follower);
        }
        lone_tick(leader, LONE_HEARTBEAT_MS);
        lone_receive_result(leader, 3, 4, 10, 10); /* Somebody is there. */
        beats++;
    }
    GIVEN(follower->raft.last_stored == 51);
    return beats <= 4;
}

static void test_fastback__leader_finds_the_place_at_once(void **state)
{
    (void)state;
    assert_rule_needed(long_way_back, GUARD_FASTBACK);
}

/* --- SNAPREJ --- */

/* A peer is being sent a snapshot that ends where the leader's log ends, and
 * refuses a heartbeat, which ends there too. */
static bool heartbeat_refused_in_transfer(uint64_t rules)
{
    struct lone_options options = {
        .rules = rules, .snapshot_threshold = 2, .snapshot_trailing = 1};
    struct lone_disk disk;
    struct lone *lone;
    raft_index last;

    lone_disk_fill(&disk, 3, 5);
    lone = lone_start(&disk, 1, &options);
    lone_elect(lone);
    lone_write_all(lone);
    lone_receive_result(lone, 2, 2, 0, 6);
    GIVEN(lone->raft.last_applied == 6 && lone->put != NULL);
    lone_put_done(lone, 0);
    last = lone->raft.log.snapshot.last_index;
    GIVEN(last == 6);
    for (unsigned i = 0; i < 10 && lone->gets == 0; i++) {
        lone_receive_result(
            lone, 3, 2, lone->raft.leader_state.progress[2].next_index - 1, 0);
        lone_tick(lone, LONE_HEARTBEAT_MS);
    }
    GIVEN(lone->gets == 1);
    lone_receive_result(lone, 3, 2, last, 0);
    lone_tick(lone, LONE_HEARTBEAT_MS);
    HOLDS(lone->gets == 1);
    return lone->raft.leader_state.progress[2].state == 2 &&
           lone->raft.leader_state.progress[2].recent_recv;
}

static void test_snaprej__refused_heartbeat_ends_no_transfer(void **state)
{
    (void)state;
    assert_rule_needed(heartbeat_refused_in_transfer, GUARD_SNAPREJ);
}

/* --- STALEDONE and NOBODY --- */

/* Server 1 asked for a write in term 2; when it is done, server 3 leads term 3
 * and has asked for nothing yet. ACKCLAMP makes the answer say 0, so that what
 * can be seen is that there is an answer. */
static bool write_of_an_older_term(uint64_t rules)
{
    struct lone_entry entry = lone_command(2, 7);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 1, 2, 1, 1, 1, &entry, 1);
    lone_receive_append(lone, 3, 3, 1, 1, 1, NULL, 0);
    lone_clear_sent(lone);
    lone_write_all(lone);
    GIVEN(lone->raft.last_stored == 2);
    return lone_count_sent(lone, RAFT_IO_APPEND_ENTRIES_RESULT, 0) == 0;
}

static void test_staledone__older_write_is_not_reported(void **state)
{
    (void)state;
    assert_rule_needed(write_of_an_older_term, GUARD_STALEDONE);
}

/* When a write is done, no leader is known: it fell silent, and a vote was
 * asked for. */
static bool write_done_for_nobody(uint64_t rules)
{
    struct lone_entry entry = lone_command(2, 7);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 1, 2, 1, 1, 1, &entry, 1);
    lone_tick(lone, LONE_ELECTION_MS);
    lone_receive_vote(lone, 3, 2, 0, 0, false, true);
    GIVEN(lone->raft.follower_state.current_leader.id == 0);
    lone_write_all(lone);
    for (unsigned i = 0; i < lone->n_sent; i++) {
        HOLDS(lone->sent[i].message.server_id != 0);
    }
    return true;
}

static void test_nobody__results_have_a_receiver(void **state)
{
    (void)state;
    assert_rule_needed(write_done_for_nobody, GUARD_NOBODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_ackclamp__only_what_is_checked_is_vouched_for),
        RUN(test_ackclamp__what_is_checked_is_vouched_for),
        RUN(test_fig8__entries_of_earlier_terms_are_not_counted),
        RUN(test_fig8__figure_8_of_the_paper),
        RUN(test_fig8__early_acknowledgements_are_not_lost),
        RUN(test_fastback__leader_finds_the_place_at_once),
        RUN(test_snaprej__refused_heartbeat_ends_no_transfer),
        RUN(test_staledone__older_write_is_not_reported),
        RUN(test_nobody__results_have_a_receiver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
