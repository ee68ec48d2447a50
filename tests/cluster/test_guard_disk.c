#include "tests/unit/test.h"

#include <string.h>

#include "tests/cluster/both_ways.h"
#include "tests/cluster/lone.h"
#include "tests/cluster/poison_heap.h"

/* --- FAILSTOP --- */

/* A node that has stopped says and does nothing any more. */
static bool is_silent(struct lone *lone)
{
    unsigned n = lone->n_sent;
    raft_term term = lone->raft.current_term;
    unsigned short state = lone->raft.state;

    lone_tick(lone, 10 * LONE_ELECTION_MS);
    lone_receive_vote(lone, 3, term + 5, 100, term + 4, true, false);
    lone_receive_append(lone, 3, term + 5, 0, 0, 0, NULL, 0);
    return lone->n_sent == n && lone->raft.current_term == term &&
           lone->raft.state == state;
}

static bool stopped_for_disk(struct lone *lone)
{
    return lone->fatals == 1 && lone->why == GUARD_FATAL_DISK &&
           is_silent(lone);
}

/* A leader's write of an entry fails when the entry is already on its way to
 * others. It must not give its place and term to another one. */
static bool leader_write_fails(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone;
    raft_index first;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 1, rules);
    lone_elect(lone);
    lone_write_all(lone);
    lone_receive_result(lone, 2, 2, 0, 2);
    lone_propose(lone, 7);
    first = raft_last_index(&lone->raft);
    lone_write_fails(lone, RAFT_IOERR);
    if (lone->fatals == 0) {
        lone_propose(lone, 8);
        GIVEN(raft_last_index(&lone->raft) == first); /* The fault itself. */
    }
    return stopped_for_disk(lone);
}

/* A follower's write fails: what is in memory is not on disk. */
static bool follower_write_fails(uint64_t rules)
{
    struct lone_entry entry = lone_command(1, 7);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 1, 1, 1, 1, 1, &entry, 1);
    lone_write_fails(lone, RAFT_NOSPACE);
    if (lone->fatals == 0) {
        GIVEN(raft_last_index(&lone->raft) == 2 && disk.n == 1);
    }
    return stopped_for_disk(lone);
}

static bool truncate_fails(uint64_t rules)
{
    struct lone_entry entry = lone_command(2, 7);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 3);
    lone = lone_start_plain(&disk, 2, rules);
    lone->meta_result = RAFT_IOERR;
    disk.term = lone->raft.current_term = 2; /* So that no term is written. */
    lone_receive_append(lone, 1, 2, 1, 1, 1, &entry, 1);
    return stopped_for_disk(lone);
}

static bool term_fails(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone->meta_result = RAFT_IOERR;
    lone_receive_append(lone, 1, 2, 1, 1, 1, NULL, 0);
    return stopped_for_disk(lone) && disk.term == 1;
}

static bool vote_fails(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone->meta_result = RAFT_IOERR;
    lone_receive_vote(lone, 3, 1, 5, 1, false, false);
    return stopped_for_disk(lone) &&
           lone_count_sent(lone, RAFT_IO_REQUEST_VOTE_RESULT, 0) == 0;
}

static bool snapshot_fails(uint64_t rules)
{
    struct lone_members members = lone_voters(3);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 3);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_snapshot(lone, 1, 1, 50, 1, &members);
    GIVEN(lone->put != NULL);
    lone_put_done(lone, RAFT_IOERR);
    return stopped_for_disk(lone) && lone->restores == 0;
}

static void test_failstop__no_write_may_fail(void **state)
{
    (void)state;
    assert_rule_needed(leader_write_fails, GUARD_FAILSTOP);
    assert_rule_needed(follower_write_fails, GUARD_FAILSTOP);
    assert_rule_needed(truncate_fails, GUARD_FAILSTOP);
    assert_rule_needed(term_fails, GUARD_FAILSTOP);
    assert_rule_needed(vote_fails, GUARD_FAILSTOP);
    assert_rule_needed(snapshot_fails, GUARD_FAILSTOP);
}

/* --- HOLD --- */

enum {
    LINK_MS = 15,
    DISK_MS = 10,
    ROUND_MS = 2 * LINK_MS + DISK_MS, /* Until a follower's answer is here. */
    PROPOSING_MS = 4000,
};

/* Proposals come every so many ms; a follower answers each after ROUND_MS, the
 * own disk after DISK_MS. Returns how many are committed, of how many. */
static void propose_steadily(uint64_t rules, unsigned every_ms,
                             raft_index *committed, raft_index *proposed)
{
    uint64_t written_at[1024] = {0}, answered_at[1024] = {0};
    raft_index next_written = 3, next_answered = 3, last = 2;
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 1, rules);
    lone_elect(lone);
    lone_write_all(lone);
    lone_receive_result(lone, 2, 2, 0, 2);
    GIVEN(lone->raft.commit_index == 2);
    for (uint64_t now = 0; now < PROPOSING_MS; now++) {
        lone->now_ms++;
        if (now % LONE_HEARTBEAT_MS == 0) {
            lone_tick(lone, 0);
        }
        if (now % every_ms == 0) {
            GIVEN(lone_propose(lone, now + 1) == 0);
            last++;
            written_at[last] = now + DISK_MS;
            answered_at[last] = now + ROUND_MS;
        }
        while (next_written <= last && written_at[next_written] <= now) {
            lone_written(lone);
            next_written++;
        }
        while (next_answered <= last && answered_at[next_answered] <= now) {
            lone_receive_result(lone, 2, 2, 0, next_answered);
            next_answered++;
        }
        lone_clear_sent(lone);
    }
    *committed = lone->raft.commit_index - 2;
    *proposed = last - 2;
}

/* All but those of the last round are committed. */
static bool steady(uint64_t rules, unsigned every_ms)
{
    raft_index committed, proposed;

    propose_steadily(rules, every_ms, &committed, &proposed);
    if ((rules & guard_rule_bit(GUARD_HOLD)) == 0) {
        GIVEN(committed == 0); /* Not slow: nothing at all. */
    }
    return committed + ROUND_MS / every_ms + 1 >= proposed;
}

static bool steady_5ms(uint64_t rules)
{
    return steady(rules, 5);
}

static bool steady_20ms(uint64_t rules)
{
    return steady(rules, 20);
}

static bool steady_24ms(uint64_t rules)
{
    return steady(rules, 24);
}

static void test_hold__steady_proposals_are_committed(void **state)
{
    (void)state;
    assert_rule_needed(steady_5ms, GUARD_HOLD);
    assert_rule_needed(steady_20ms, GUARD_HOLD);
    assert_rule_needed(steady_24ms, GUARD_HOLD);
}

/* The library is told of an own write when the others have it, also when they
 * were faster; and of all of them when leadership ends. */
static void test_hold__held_writes_are_released(void **state)
{
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 5, 1);
    lone = lone_start_plain(&disk, 1, GUARD_RULES_ALL);
    lone_elect(lone);
    lone_write_all(lone);
    lone_propose(lone, 7);
    lone_propose(lone, 8);
    lone_write_all(lone);
    assert_int_equal(lone->raft.last_stored, 2); /* The no-op is never held. */
    lone_receive_result(lone, 2, 2, 0, 3);
    assert_int_equal(lone->raft.last_stored, 2);
    lone_receive_result(lone, 3, 2, 0, 3); /* Two others and self of five. */
    assert_int_equal(lone->raft.last_stored, 3);
    assert_int_equal(lone->applied[3], 7);
    lone_receive_append(lone, 2, 3, 3, 2, 3, NULL, 0);
    assert_int_equal(lone->raft.state, RAFT_FOLLOWER);
    assert_int_equal(lone->raft.last_stored, 4);
    assert_int_equal(lone->applied[4], 0);
    lone_kill(lone);
}

/* With one voter nothing is held. */
static void test_hold__only_voter_commits_by_itself(void **state)
{
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 1, 1);
    lone = lone_start_plain(&disk, 1, GUARD_RULES_ALL);
    lone_propose(lone, 7);
    lone_write_all(lone);
    assert_int_equal(lone->raft.commit_index, 3);
    assert_int_equal(lone->applied[3], 7);
    lone_kill(lone);
}

/* --- UNBATCH --- */

/* Entries 2 and 3 were loaded in one batch. Entry 3 is on its way to server 2
 * when a newer leader has both cut. What is on its way must stay readable. */
static bool cut_while_being_sent(uint64_t rules)
{
    struct lone_entry other = lone_command(3, 9);
    const struct lone_sent *sent;
    struct lone_disk disk;
    struct lone *lone;
    uint64_t value;

    poison_heap_begin();
    lone_disk_fill(&disk, 3, 3);
    disk.batched = true;
    lone = lone_start_plain(&disk, 1, rules);
    lone_elect(lone);
    lone_write_all(lone);
    lone->hold_sends = true;
    lone_receive_result(lone, 2, 2, 3, 2); /* It has entry 2, not 3. */
    lone_tick(lone, LONE_HEARTBEAT_MS);
    sent = lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES, 2);
    GIVEN(sent->message.append_entries.prev_log_index == 2);
    GIVEN(sent->message.append_entries.n_entries == 2);
    lone_receive_append(lone, 3, 3, 1, 1, 1, &other, 1);
    GIVEN(lone->truncates == 1);
    memcpy(&value, sent->message.append_entries.entries[0].buf.base,
           sizeof(value));
    HOLDS(value == 102);
    lone_finish_sends(lone);
    lone_write_all(lone);
    return lone->fatals == 0 && lone->raft.last_stored == 2;
}

static void test_unbatch__what_is_being_sent_is_not_freed(void **state)
{
    (void)state;
    assert_rule_needed(cut_while_being_sent, GUARD_UNBATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_failstop__no_write_may_fail),
        RUN(test_hold__steady_proposals_are_committed),
        RUN(test_hold__held_writes_are_released),
        RUN(test_hold__only_voter_commits_by_itself),
        RUN(test_unbatch__what_is_being_sent_is_not_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
