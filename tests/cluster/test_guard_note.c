#include "tests/unit/test.h"

#include "tests/cluster/lone.h"

struct scene {
    struct lone_disk disk;
    struct lone *lone;
};

static struct scene scene;

/* A follower of server 1 in term 3, which has entries 3 and 4 from it, stored,
 * and does not know that they are committed. */
static int set_up(void **state)
{
    struct lone_entry entries[2] = {lone_command(3, 7), lone_command(3, 8)};

    lone_disk_fill(&scene.disk, 3, 2);
    scene.lone = lone_start_plain(&scene.disk, 2, GUARD_RULES_ALL);
    lone_receive_append(scene.lone, 1, 3, 2, 1, 2, entries, 2);
    lone_write_all(scene.lone);
    lone_clear_sent(scene.lone);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lone_kill(scene.lone);
    return 0;
}

/* A note commits at once, and is not answered: the leader's core did not send
 * what it stands for. */
static void test_note__commits_without_an_answer(void **state)
{
    struct lone *lone = scene.lone;

    (void)state;
    guard_commit_note(lone->guard, 3, 3);
    assert_int_equal(lone->raft.commit_index, 3);
    assert_int_equal(lone->applied[3], 7);
    assert_int_equal(lone->applied[4], 0);
    guard_commit_note(lone->guard, 3, 4);
    assert_int_equal(lone->applied[4], 8);
    assert_int_equal(lone->n_sent, 0);
    guard_commit_note(lone->guard, 3, 2); /* An old one changes nothing. */
    assert_int_equal(lone->raft.commit_index, 4);
}

/* A note says nothing of entries that this leader has not checked: what an
 * older leader left behind stays uncommitted. */
static void test_note__ends_at_what_is_checked(void **state)
{
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 3, 2);
    lone_disk_add(&disk, 2, 666);
    lone = lone_start_plain(&disk, 2, GUARD_RULES_ALL);
    guard_commit_note(lone->guard, 1, 3);
    assert_int_equal(lone->raft.commit_index, 1);
    lone_receive_append(lone, 1, 3, 2, 1, 1, NULL, 0);
    guard_commit_note(lone->guard, 3, 9);
    assert_int_equal(lone->raft.commit_index, 2);
    assert_int_equal(lone->applied[3], 0);
    lone_kill(lone);
}

/* What is not yet on disk is not committed either, and no other note has to
 * come once it is: the leader commits by the fastest majority, so at the
 * slowest node a note overtakes the write as a rule. */
static void test_note__waits_for_the_disk(void **state)
{
    struct lone_entry entries[2] = {lone_command(3, 9), lone_command(3, 10)};
    struct lone *lone = scene.lone;

    (void)state;
    lone_receive_append(lone, 1, 3, 4, 3, 4, &entries[0], 1);
    lone_receive_append(lone, 1, 3, 5, 3, 4, &entries[1], 1);
    guard_commit_note(lone->guard, 3, 5);
    assert_int_equal(lone->raft.commit_index, 4);
    assert_int_equal(lone->applied[5], 0);
    lone_clear_sent(lone);
    lone_write_all(lone);
    assert_int_equal(lone->applied[5], 9);
    assert_int_equal(lone->applied[6], 0); /* Beyond the note. */
}

/* A note that waits for the disk is void once its leader is no longer. */
static void test_note__waits_for_its_leader_only(void **state)
{
    struct lone_entry entry = lone_command(3, 9);
    struct lone *lone = scene.lone;

    (void)state;
    lone_receive_append(lone, 1, 3, 4, 3, 4, &entry, 1);
    guard_commit_note(lone->guard, 3, 5);
    lone_receive_append(lone, 3, 4, 4, 3, 4, NULL, 0);
    assert_int_equal(lone->raft.current_term, 4);
    lone_write_all(lone);
    assert_int_equal(lone->raft.commit_index, 4);
    assert_int_equal(lone->applied[5], 0);
}

/* Notes of other terms, and notes to a node that does not follow, are void. */
static void test_note__of_another_term_is_void(void **state)
{
    struct lone *lone = scene.lone;

    (void)state;
    guard_commit_note(lone->guard, 2, 4);
    guard_commit_note(lone->guard, 4, 4);
    assert_int_equal(lone->raft.commit_index, 2);
    assert_int_equal(lone->raft.current_term, 3);
    lone_elect(lone);
    guard_commit_note(lone->guard, 4, 4);
    assert_int_equal(lone->raft.commit_index, 2);
}

/* A leader tells its commit index each time it has advanced, and only then. */
static void test_note__leader_tells(void **state)
{
    struct lone_disk disk;
    struct lone *lone;

    (void)state;
    lone_disk_fill(&disk, 3, 1);
    lone = lone_start_plain(&disk, 1, GUARD_RULES_ALL);
    lone_elect(lone);
    lone_write_all(lone);
    assert_true(lone->commit_told <= 1);
    lone_receive_result(lone, 2, 2, 0, 2);
    assert_int_equal(lone->commit_told, 2);
    lone->commit_told = 0;
    lone_tick(lone, LONE_HEARTBEAT_MS);
    assert_int_equal(lone->commit_told, 0);
    lone_kill(lone);
}

#define CASE(function) RUN_IN(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_note__commits_without_an_answer),
        CASE(test_note__ends_at_what_is_checked),
        CASE(test_note__waits_for_the_disk),
        CASE(test_note__waits_for_its_leader_only),
        CASE(test_note__of_another_term_is_void),
        CASE(test_note__leader_tells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
