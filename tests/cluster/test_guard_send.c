#include "tests/unit/test.h"

#include "tests/cluster/both_ways.h"
#include "tests/cluster/lone.h"
#include "tests/cluster/poison_heap.h"

enum { PART = 10, ENTRIES = 95 };

/* A leader of term 2 whose log is long, with small parts. */
static struct lone *leader_of_many(struct lone_disk *disk, uint64_t rules)
{
    struct lone_options options = {.rules = rules, .send_entries_max = PART};
    struct lone *lone;

    lone_disk_fill(disk, 3, ENTRIES);
    lone = lone_start(disk, 1, &options);
    lone_elect(lone);
    lone_write_all(lone);
    return lone;
}

/* --- SPLIT --- */

/* Server 2 has nothing but entry 1, and is probed. */
static bool probe_of_an_empty_peer(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone = leader_of_many(&disk, rules);
    const struct lone_sent *sent;

    lone_clear_sent(lone);
    lone_receive_result(lone, 2, 2, ENTRIES, 1);
    lone_tick(lone, LONE_HEARTBEAT_MS);
    sent = lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES, 2);
    GIVEN(sent != NULL && sent->message.append_entries.prev_log_index == 1);
    return sent->message.append_entries.n_entries <= PART;
}

/* Server 2 takes part after part: all of them come, in order, without a gap,
 * none too large, and none says more of the commit than it carries. */
static bool stream_to_a_peer(uint64_t rules)
{
    struct lone_disk disk;
    struct lone *lone = leader_of_many(&disk, rules);
    raft_index next = 1;

    lone_receive_result(lone, 3, 2, 0, ENTRIES + 1); /* All is committed. */
    lone_receive_result(lone, 2, 2, ENTRIES, 1);
    lone_tick(lone, LONE_HEARTBEAT_MS);
    lone_clear_sent(lone);
    lone->hold_sends = true;
    lone_receive_result(lone, 2, 2, 0, 1);
    for (unsigned i = 0; i < lone->n_sent; i++) {
        const struct raft_append_entries *args =
            &lone->sent[i].message.append_entries;

        if (lone->sent[i].message.server_id != 2) {
            continue;
        }
        HOLDS(args->n_entries <= PART);
        GIVEN(args->prev_log_index == next);
        HOLDS(args->leader_commit <= next + args->n_entries);
        next += args->n_entries;
    }
    lone_finish_sends(lone);
    return next == ENTRIES + 1;
}

static void test_split__messages_are_bounded(void **state)
{
    (void)state;
    assert_rule_needed(probe_of_an_empty_peer, GUARD_SPLIT);
    assert_rule_needed(stream_to_a_peer, GUARD_SPLIT);
}

/* --- LOSTREPLY --- */

/* The way to the leader is blocked when its entries, which are here already,
 * are to be answered. */
static bool reply_cannot_be_sent(uint64_t rules)
{
    struct lone_entry entry = lone_command(1, 101);
    struct lone_disk disk;
    struct lone *lone;

    poison_heap_begin(); /* Aborts when something is freed twice. */
    lone_disk_fill(&disk, 3, 2);
    lone = lone_start_plain(&disk, 2, rules);
    lone->send_result = RAFT_NOCONNECTION;
    lone_receive_append(lone, 1, 1, 1, 1, 1, &entry, 1);
    lone->send_result = 0;
    HOLDS(lone->fatals == 0);
    lone_receive_append(lone, 1, 1, 1, 1, 2, &entry, 1);
    return lone_count_sent(lone, RAFT_IO_APPEND_ENTRIES_RESULT, 1) == 1;
}

static void test_lostreply__reply_that_does_not_go_is_lost(void **state)
{
    (void)state;
    assert_rule_needed(reply_cannot_be_sent, GUARD_LOSTREPLY);
}

/* --- The guard itself --- */

/* The library is told the fate of each send once, and after send has returned;
 * parts that cannot go make it probe again. */
static void test_send__blocked_parts_are_sent_again(void **state)
{
    struct lone_disk disk;
    struct lone *lone = leader_of_many(&disk, GUARD_RULES_ALL);
    const struct lone_sent *sent;

    (void)state;
    lone_receive_result(lone, 2, 2, ENTRIES, 1);
    lone->send_result = RAFT_NOCONNECTION;
    lone_receive_result(lone, 2, 2, 0, 1);
    lone->send_result = 0;
    lone_clear_sent(lone);
    lone_tick(lone, LONE_HEARTBEAT_MS);
    sent = lone_find_sent(lone, RAFT_IO_APPEND_ENTRIES, 2);
    assert_non_null(sent);
    assert_true(sent->message.append_entries.n_entries > 0);
    lone_kill(lone);
}

/* Every rule has a name and a fault. */
static void test_rules__are_named(void **state)
{
    (void)state;
    assert_string_equal(guard_rule_name(GUARD_FIG8), "FIG8");
    for (unsigned rule = 0; rule < GUARD_RULE_COUNT; rule++) {
        assert_true(guard_rule_name(rule)[0] != '\0');
        assert_true(guard_rule_fault(rule)[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_split__messages_are_bounded),
        RUN(test_lostreply__reply_that_does_not_go_is_lost),
        RUN(test_send__blocked_parts_are_sent_again),
        RUN(test_rules__are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
