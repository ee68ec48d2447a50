#include "tests/unit/test.h"

#include "tests/cluster/both_ways.h"
#include "tests/cluster/lone.h"

/* The newest result sent to a server, or one that says nothing. */
static struct raft_append_entries_result result_to(const struct lone *lone,
                                                   raft_id to)
{
    const struct lone_sent *sent =
        lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES_RESULT, to);

    if (sent == NULL) {
        return (struct raft_append_entries_result){0, 0, 0};
    }
    return sent->message.append_entries_result;
}

/* --- ACKCLAMP, incoming --- */

/* A follower has an entry that an older leader left behind. The leader of now
 * has committed another one there, and its heartbeat ends before. */
static bool commit_beyond_what_is_checked(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 2);
    lone_disk_add(&disk, 2, 666);
    disk.term = 2;
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 3, 3, 2, 1, 3, NULL, 0);
    GIVEN(lone->raft.commit_index >= 2);
    return lone->raft.commit_index == 2 && lone->applied[3] == 0;
}

static void test_ackclamp__commit_stays_within_what_is_checked(void **state)
{
    (void)state;
    assert_rule_needed(commit_beyond_what_is_checked, GUARD_ACKCLAMP);
}

/* --- TRIM --- */

/* A follower whose log begins behind a snapshot of entries 1 to 5. */
static struct lone *behind_snapshot(struct lone_disk *disk, uint64_t rules)
{
    lone_disk_fill(disk, 3, 0);
    disk->snapshot_members = lone_voters(3);
    disk->snapshot_members_index = 1;
    disk->snapshot_index = 5;
    disk->snapshot_term = 1;
    disk->first = 6;
    disk->n = 0;
    return lone_start_plain(disk, 2, rules);
}

/* A delayed message carries the log from its very first entry. */
static bool message_from_the_first_entry(uint64_t rules)
{
    struct lone_members members = lone_voters(3);
    struct lone_entry entries[7] = {lone_change(1, &members)};
    struct lone_disk disk;
    struct lone *lone;

    for (unsigned i = 1; i < 7; i++) {
        entries[i] = lone_command(1, i);
    }
    lone = behind_snapshot(&disk, rules);
    lone_receive_append(lone, 1, 1, 0, 0, 7, entries, 7);
    HOLDS(lone->fatals == 0 && lone->raft.state == RAFT_FOLLOWER);
    lone_write_all(lone);
    HOLDS(lone->applied[6] == 5 && lone->applied[7] == 6);
    return result_to(lone, 1).rejected == 0 &&
           result_to(lone, 1).last_log_index == 7;
}

/* A leader looks for where the logs agree, and asks below the snapshot. */
static bool probe_below_the_snapshot(uint64_t rules)
{
    struct lone_entry entry = lone_command(1, 4);
    struct lone_disk disk;
    struct lone *lone = behind_snapshot(&disk, rules);

    lone_receive_append(lone, 1, 1, 2, 1, 5, &entry, 1);
    GIVEN(lone->n_sent == 1);
    return result_to(lone, 1).rejected == 0 &&
           result_to(lone, 1).last_log_index == 5;
}

static void test_trim__what_the_snapshot_covers_is_dropped(void **state)
{
    (void)state;
    assert_rule_needed(message_from_the_first_entry, GUARD_TRIM);
    assert_rule_needed(probe_below_the_snapshot, GUARD_TRIM);
}

/* A leader whose entry at the snapshot's end is another one contradicts what is
 * committed: the node stops, keeping its files. */
static void test_trim__other_entry_at_the_snapshot_is_fatal(void **state)
{
    struct lone_entry entries[2] = {lone_command(1, 4), lone_command(2, 5)};
    struct lone_disk disk;
    struct lone *lone = behind_snapshot(&disk, GUARD_RULES_ALL);

    (void)state;
    lone_receive_append(lone, 1, 2, 3, 1, 5, entries, 2);
    assert_int_equal(lone->fatals, 1);
    assert_int_equal(lone->why, GUARD_FATAL_CONFLICT);
    assert_int_equal(disk.snapshot_index, 5);
    lone_kill(lone);
}

/* The same for any committed entry, and nothing is cut before the node stops.
 */
static void test_append__conflict_with_committed_is_fatal(void **state)
{
    struct lone_entry entry = lone_command(2, 9);
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 3, 3);
    lone = lone_start_plain(&disk, 2, GUARD_RULES_ALL);
    lone_receive_append(lone, 1, 1, 3, 1, 3, NULL, 0);
    assert_int_equal(lone->raft.commit_index, 3);
    lone_receive_append(lone, 3, 2, 1, 1, 1, &entry, 1);
    assert_int_equal(lone->fatals, 1);
    assert_int_equal(lone->why, GUARD_FATAL_CONFLICT);
    assert_int_equal(lone->truncates, 0);
    assert_int_equal(disk.n, 3);
    lone_kill(lone);
}

/* Two leaders of one term: whoever hears of the other stops. */
static void test_append__leader_of_the_same_term_is_fatal(void **state)
{
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 1, GUARD_RULES_ALL);
    lone_elect(lone);
    lone_receive_append(lone, 2, lone->raft.current_term, 1, 1, 1, NULL, 0);
    assert_int_equal(lone->why, GUARD_FATAL_CONFLICT);
    assert_int_equal(lone->fatals, 1);
    lone_kill(lone);
}

/* --- TERMINFL --- */

/* The write of an entry is under way. A newer leader replaces it, and a still
 * newer one brings the first entry back. */
static bool entry_comes_back_in_write(uint64_t rules)
{
    struct lone_entry first = lone_command(2, 7);
    struct lone_entry other = lone_command(3, 8);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, rules);
    lone_receive_append(lone, 1, 2, 1, 1, 1, &first, 1);
    lone_receive_append(lone, 3, 3, 1, 1, 1, &other, 1);
    lone_receive_append(lone, 1, 4, 1, 1, 1, &first, 1);
    /* Two writes of one (index, term) must never be under way. */
    HOLDS(lone->n_writes - lone->first_write == 1);
    HOLDS(lone->raft.current_term == 4); /* The leader is heard all the same. */
    HOLDS(lone->raft.follower_state.current_leader.id == 1);
    lone_write_all(lone);
    lone_receive_append(lone, 1, 4, 1, 1, 2, &first, 1);
    lone_write_all(lone);
    return lone->raft.last_stored == 2 && lone->applied[2] == 7 && disk.n == 2;
}

static void test_terminfl__older_writes_are_waited_for(void **state)
{
    (void)state;
    assert_rule_needed(entry_comes_back_in_write, GUARD_TERMINFL);
}

/* The heartbeat that stands for a message kept back vouches for nothing. */
static void test_terminfl__what_is_kept_back_is_not_vouched_for(void **state)
{
    struct lone_entry first = lone_command(2, 7);
    struct lone_entry other = lone_command(3, 8);
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 2, GUARD_RULES_ALL);
    lone_receive_append(lone, 1, 2, 1, 1, 1, &first, 1);
    lone_receive_append(lone, 3, 3, 1, 1, 2, &other, 1);
    assert_int_equal(lone_count_sent(lone, RAFT_IO_APPEND_ENTRIES_RESULT, 3),
                     1);
    assert_int_equal(result_to(lone, 3).rejected, 0);
    assert_int_equal(result_to(lone, 3).last_log_index, 0);
    assert_int_equal(lone->truncates, 0);
    assert_int_equal(lone->raft.commit_index, 1);
    lone_kill(lone);
}

/* --- TRUNCBUSY --- */

/* A snapshot of our own is being written when a leader's entries conflict with
 * ours. raft/uv would lose the truncate. */
static bool conflict_in_snapshot_write(uint64_t rules)
{
    struct lone_options options = {.rules = rules, .snapshot_threshold = 2};
    struct lone_entry other = lone_command(3, 8);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 3);
    lone_disk_add(&disk, 2, 7);
    lone = lone_start(&disk, 2, &options);
    lone_receive_append(lone, 1, 2, 3, 1, 3, NULL, 0);
    GIVEN(lone->put != NULL);
    lone_receive_append(lone, 3, 3, 3, 1, 3, &other, 1);
    HOLDS(!lone->truncated_in_put);
    lone_put_done(lone, 0);
    lone_receive_append(lone, 3, 3, 3, 1, 4, &other, 1);
    lone_write_all(lone);
    return lone->truncates == 1 && lone->applied[4] == 8;
}

/* And the other way about: the log was just cut, and it is not yet known that
 * the disk has done so, when a snapshot falls due. */
static bool snapshot_in_truncate(uint64_t rules)
{
    struct lone_options options = {.rules = rules, .snapshot_threshold = 3};
    struct lone_entry other = lone_command(3, 8);
    struct lone_disk disk;
    struct lone *lone;

    lone_disk_fill(&disk, 3, 4);
    lone_disk_add(&disk, 2, 7);
    lone = lone_start(&disk, 2, &options);
    lone_receive_append(lone, 3, 3, 4, 1, 2, &other, 1);
    GIVEN(lone->truncates == 1);
    lone_receive_append(lone, 3, 3, 4, 1, 4, NULL, 0);
    GIVEN(lone->raft.commit_index == 4);
    HOLDS(lone->put == NULL);
    lone_write_all(lone); /* The append behind the cut proves it done. */
    lone_receive_append(lone, 3, 3, 5, 3, 5, NULL, 0);
    return lone->put != NULL;
}

static void test_truncbusy__truncate_and_snapshot_do_not_meet(void **state)
{
    (void)state;
    assert_rule_needed(conflict_in_snapshot_write, GUARD_TRUNCBUSY);
    assert_rule_needed(snapshot_in_truncate, GUARD_TRUNCBUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_ackclamp__commit_stays_within_what_is_checked),
        RUN(test_trim__what_the_snapshot_covers_is_dropped),
        RUN(test_trim__other_entry_at_the_snapshot_is_fatal),
        RUN(test_append__conflict_with_committed_is_fatal),
        RUN(test_append__leader_of_the_same_term_is_fatal),
        RUN(test_terminfl__older_writes_are_waited_for),
        RUN(test_terminfl__what_is_kept_back_is_not_vouched_for),
        RUN(test_truncbusy__truncate_and_snapshot_do_not_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
