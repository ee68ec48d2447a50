#include "tests/unit/test.h"

#include "raft/guard/status.h"
#include "tests/cluster/both_ways.h"
#include "tests/cluster/lone.h"

static bool granted(const struct lone *lone, raft_id to)
{
    const struct lone_sent *sent =
        lone_find_sent(lone, RAFT_IO_REQUEST_VOTE_RESULT, to);

    return sent != NULL && sent->message.request_vote_result.vote_granted;
}

/* --- VOTE --- */

/* A leader is handing over to server 2 when server 3 takes the next term; then
 * server 2 asks for a vote in that same term. */
static bool heir_comes_second(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone;
    struct raft_transfer transfer;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 1, rules);
    lone_elect(lone);
    lone_write_all(lone);
    GIVEN(raft_transfer(&lone->raft, &transfer, 2, NULL) == 0);
    lone_receive_result(lone, 3, 3, 0, 1); /* Steps down: term 3 is about. */
    GIVEN(lone->raft.state == RAFT_FOLLOWER);
    lone_receive_vote(lone, 3, 3, 9, 2, false, false);
    GIVEN(granted(lone, 3));
    lone_receive_vote(lone, 2, 3, 9, 2, true, false);
    return !granted(lone, 2) && lone->votes == 1;
}

static void test_vote__heir_gets_no_second_vote(void **state)
{
    (void)state;
    assert_rule_needed(heir_comes_second, GUARD_VOTE);
}

/* Whatever asks for it, a second vote does not reach the disk: the node stops.
 */
static bool second_vote_at_the_last_line(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone;
    struct raft_io *io;

    lone_disk_fill(&disk, 3, 1);
    disk.term = 5;
    disk.vote = 2;
    lone = lone_start_plain(&disk, 1, rules);
    io = guard_io(lone->guard);
    io->set_vote(io, 3);
    return disk.vote == 2 && lone->fatals == 1 && lone->why == GUARD_FATAL_VOTE;
}

static void test_vote__second_vote_is_fatal(void **state)
{
    (void)state;
    assert_rule_needed(second_vote_at_the_last_line, GUARD_VOTE);
}

/* --- NVVOTE --- */

/* The newest configuration in the log of server 3, which is not committed, does
 * not give it a vote; the others, who do not have it, need that vote. */
static bool stranger_is_asked(uint64_t rules, bool removed)
{
    struct lone_disk disk;
    struct lone_members without = lone_voters(removed ? 2 : 3);
    struct lone *lone;

    lone_disk_fill(&disk, 3, 2);
    without.roles[2] = RAFT_STANDBY;
    lone_disk_add_members(&disk, 1, &without);
    lone = lone_start_plain(&disk, 3, rules);
    lone_receive_vote(lone, 2, 4, 5, 3, false, false);
    HOLDS(granted(lone, 2));
    HOLDS(disk.vote == 2 && disk.term == 4);
    HOLDS(lone->raft.configuration.n == without.n);
    return removed || lone->raft.configuration.servers[2].role == RAFT_STANDBY;
}

static bool demoted_is_asked(uint64_t rules)
{
    return stranger_is_asked(rules, false);
}

static bool removed_is_asked(uint64_t rules)
{
    return stranger_is_asked(rules, true);
}

static void test_nvvote__stranger_votes(void **state)
{
    (void)state;
    assert_rule_needed(demoted_is_asked, GUARD_NVVOTE);
    assert_rule_needed(removed_is_asked, GUARD_NVVOTE);
}

/* A node without any log has nothing to vote with, whatever it is asked. */
static void test_nvvote__empty_node_does_not_vote(void **state)
{
    struct lone_disk disk = {.first = 1};
    struct lone *lone = lone_start_plain(&disk, 4, GUARD_RULES_ALL);

    (void)state;
    lone_receive_vote(lone, 2, 4, 5, 3, false, false);
    assert_false(granted(lone, 2));
    assert_int_equal(disk.vote, 0);
    lone_kill(lone);
}

/* --- STALELEADER --- */

/* A follower whose own timer has long to go has heard nothing of its leader for
 * the base timeout. */
static bool silent_leader(uint64_t rules)
{
    struct lone_disk disk;
    struct lone_options options = {.rules = rules, .random_percent = 100};
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start(&disk, 2, &options);
    lone_receive_append(lone, 1, 1, 1, 1, 1, NULL, 0);
    lone_tick(lone, LONE_ELECTION_MS - 1);
    lone_receive_vote(lone, 3, 2, 1, 1, false, false);
    GIVEN(!granted(lone, 3) && disk.term == 1); /* Too early. */
    lone_tick(lone, 1);
    GIVEN(lone->raft.state == RAFT_FOLLOWER);
    lone_receive_vote(lone, 3, 2, 1, 1, false, false);
    return granted(lone, 3);
}

static void test_staleleader__silence_frees_the_vote(void **state)
{
    (void)state;
    assert_rule_needed(silent_leader, GUARD_STALELEADER);
}

/* --- PREVTERM --- */

/* Server 1 has the longer log, server 2 the newer term; server 3 is gone. They
 * must find a leader between them. */
static bool two_that_refuse(uint64_t rules)
{
    struct lone_options first = {.rules = rules, .pre_vote = true};
    struct lone_options second = {
        .rules = rules, .pre_vote = true, .random_percent = 60};
    struct lone_disk long_log, new_term;
    struct lone *a, *b;

    lone_disk_fill(&long_log, 3, 5);
    lone_disk_fill(&new_term, 3, 2);
    new_term.term = 9;
    a = lone_start(&long_log, 1, &first);
    b = lone_start(&new_term, 2, &second);
    a->hold_sends = b->hold_sends = true;
    for (unsigned i = 0; i < 400; i++) {
        lone_tick(a, LONE_HEARTBEAT_MS);
        lone_tick(b, LONE_HEARTBEAT_MS);
        while (lone_pass(a, b) + lone_pass(b, a) > 0) {
            lone_write_all(a);
            lone_write_all(b);
        }
    }
    return a->raft.state == RAFT_LEADER &&
           b->raft.follower_state.current_leader.id == 1;
}

static void test_prevterm__refusal_tells_the_newer_term(void **state)
{
    (void)state;
    assert_rule_needed(two_that_refuse, GUARD_PREVTERM);
}

/* --- TICKGATE --- */

/* A follower's append is under way when its timer fires. */
static bool timer_fires_in_write(uint64_t rules)
{
    struct lone_disk disk;
    struct lone_entry entry = lone_command(1, 7);
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 1, 1, 1, 1, 1, &entry, 1);
    lone_tick(lone, 3 * LONE_ELECTION_MS);
    HOLDS(lone->raft.state == RAFT_FOLLOWER);
    HOLDS(lone_count_sent(lone, RAFT_IO_REQUEST_VOTE, 0) == 0);
    lone_write_all(lone);
    lone_tick(lone, 1); /* And now it may stand. */
    return lone->raft.state == RAFT_CANDIDATE;
}

/* The leader hands over to a follower whose append is under way. */
static bool handed_over_in_write(uint64_t rules)
{
    struct lone_disk disk;
    struct lone_entry entry = lone_command(1, 7);
    struct raft_message message = {
        .type = RAFT_IO_TIMEOUT_NOW, .server_id = 1, .timeout_now = {1, 2, 1}};
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 1, 1, 1, 1, 1, &entry, 1);
    lone_receive(lone, &message);
    HOLDS(lone->raft.state == RAFT_FOLLOWER);
    lone_write_all(lone);
    lone_receive(lone, &message);
    return lone->raft.state == RAFT_CANDIDATE;
}

/* A snapshot is being installed when the timer fires. */
static bool timer_fires_in_install(uint64_t rules)
{
    struct lone_members members = lone_voters(3);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_snapshot(lone, 1, 1, 50, 1, &members);
    GIVEN(lone->put != NULL);
    lone_tick(lone, 3 * LONE_ELECTION_MS);
    HOLDS(lone->raft.state == RAFT_FOLLOWER);
    lone_put_done(lone, 0);
    return lone->restores == 1 && lone->raft.last_stored == 50;
}

static void test_tickgate__no_election_with_writes_under_way(void **state)
{
    (void)state;
    assert_rule_needed(timer_fires_in_write, GUARD_TICKGATE);
    assert_rule_needed(handed_over_in_write, GUARD_TICKGATE);
    assert_rule_needed(timer_fires_in_install, GUARD_TICKGATE);
}

/* --- HANDOVER --- */

/* Leadership is handed to server 2 when an entry is on its way to it. */
static bool handed_over_too_early(uint64_t rules)
{
    struct lone_disk leader_disk, heir_disk;
    struct raft_transfer transfer;
    struct lone *leader, *heir;

    lone_disk_fill(&leader_disk, 3, 1);
    lone_disk_fill(&heir_disk, 3, 1);
    leader = lone_start_plain(&leader_disk, 1, rules);
    heir = lone_start_plain(&heir_disk, 2, rules);
    leader->hold_sends = heir->hold_sends = true;
    lone_elect(leader);
    for (unsigned i = 0; i < 5; i++) {
        lone_tick(leader, LONE_HEARTBEAT_MS);
        while (lone_pass(leader, heir) + lone_pass(heir, leader) > 0) {
            lone_write_all(leader);
            lone_write_all(heir);
        }
    }
    GIVEN(guard_may_change(leader->guard));
    lone_propose(leader, 7);
    GIVEN(raft_transfer(&leader->raft, &transfer, 2, NULL) == 0);
    guard_step(leader->guard);
    lone_pass(leader, heir);
    GIVEN(heir->raft.state == RAFT_FOLLOWER); /* It is writing. */
    lone_write_all(heir);
    lone_pass(heir, leader);
    lone_pass(leader, heir);
    HOLDS(heir->raft.state == RAFT_CANDIDATE);
    lone_pass(heir, leader);
    lone_pass(leader, heir);
    return heir->raft.state == RAFT_LEADER && heir->raft.current_term == 3;
}

static void test_handover__waits_for_the_heirs_disk(void **state)
{
    (void)state;
    assert_rule_needed(handed_over_too_early, GUARD_HANDOVER);
}

/* --- DURABLEVOTE --- */

/* TICKGATE keeps such a node from standing at all, so it is off here: what a
 * candidate says of its log must be on its disk. */
static bool candidate_with_write_under_way(uint64_t rules)
{
    struct lone_disk disk;
    struct lone_entry entry = lone_command(1, 7);
    const struct lone_sent *sent;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 1, 1, 1, 1, 1, &entry, 1);
    lone_tick(lone, 3 * LONE_ELECTION_MS);
    sent = lone_find_sent(lone, RAFT_IO_REQUEST_VOTE, 3);
    GIVEN(sent != NULL);
    return sent->message.request_vote.last_log_index == 1 &&
           sent->message.request_vote.last_log_term == 1;
}

static void test_durablevote__candidate_tells_what_is_on_disk(void **state)
{
    (void)state;
    assert_rule_needed_without(candidate_with_write_under_way,
                               GUARD_DURABLEVOTE,
                               guard_rule_bit(GUARD_TICKGATE));
}

/* --- SELFELECT --- */

/* The only voter sends an entry to its standby, and loses it in a crash before
 * its own disk had it. What it then writes at that place is another entry, and
 * must not look like the same one. */
static bool only_voter_comes_back(uint64_t rules)
{
    struct lone_members members = lone_voters(2);
    struct lone_disk disk, standby_disk;
    struct lone *voter, *standby;

    members.roles[1] = RAFT_STANDBY;
    lone_disk_found(&disk, &members);
    lone_disk_found(&standby_disk, &members);
    for (uint64_t value = 7; value < 9; value++) {
        voter = lone_start_plain(&disk, 1, rules);
        standby = lone_start_plain(&standby_disk, 2, rules);
        voter->hold_sends = standby->hold_sends = true;
        GIVEN(voter->raft.state == RAFT_LEADER);
        if (value == 8) {
            lone_write_all(voter);
        }
        lone_propose(voter, value);
        for (unsigned i = 0; i < 10; i++) {
            lone_tick(voter, LONE_HEARTBEAT_MS);
            lone_pass(voter, standby);
            lone_write_all(standby);
            lone_pass(standby, voter);
            if (value == 8) {
                lone_write_all(voter);
            }
        }
        if (value == 7) {
            lone_kill(voter);
            lone_kill(standby);
        }
    }
    GIVEN(voter->raft.last_applied > 1);
    for (raft_index i = 2; i <= standby->raft.last_applied; i++) {
        HOLDS(voter->applied[i] == standby->applied[i]);
    }
    return standby->raft.last_applied == voter->raft.last_applied;
}

static void test_selfelect__only_voter_takes_a_new_term(void **state)
{
    (void)state;
    assert_rule_needed(only_voter_comes_back, GUARD_SELFELECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_vote__heir_gets_no_second_vote),
        RUN(test_vote__second_vote_is_fatal),
        RUN(test_nvvote__stranger_votes),
        RUN(test_nvvote__empty_node_does_not_vote),
        RUN(test_staleleader__silence_frees_the_vote),
        RUN(test_prevterm__refusal_tells_the_newer_term),
        RUN(test_tickgate__no_election_with_writes_under_way),
        RUN(test_handover__waits_for_the_heirs_disk),
        RUN(test_durablevote__candidate_tells_what_is_on_disk),
        RUN(test_selfelect__only_voter_takes_a_new_term),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
