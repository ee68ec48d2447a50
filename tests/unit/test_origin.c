#include "tests/unit/test.h"

#include "tests/unit/chat_fixture.h"

static Perch__Command noop(void)
{
    static Perch__Noop noop = PERCH__NOOP__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_NOOP;
    command.noop = &noop;
    return command;
}

static enum outcome entry(struct chat_fixture *f, uint8_t node, uint64_t epoch,
                          uint64_t number)
{
    Perch__Command command = noop();
    struct applied_entry entry = {
        .node = node, .epoch = epoch, .number = number};

    return fixture_apply_entry(f, entry, &command);
}

static enum outcome start(struct chat_fixture *f, struct applied_entry entry,
                          struct guid id, uint32_t rules)
{
    Perch__NodeStarted start = PERCH__NODE_STARTED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&start, start_id, fixture_guid_bytes(&id));
    CODEC_SET(&start, rules_known, rules);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &start;
    return fixture_apply_entry(f, entry, &command);
}

static enum outcome raise_to(struct chat_fixture *f, uint32_t version)
{
    Perch__RulesRaise raise = PERCH__RULES_RAISE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&raise, version, version);
    command.kind_case = PERCH__COMMAND__KIND_RULES_RAISE;
    command.rules_raise = &raise;
    return fixture_apply(f, 1, &command);
}

/* Refused without a trace: not even the time goes on. */
static void assert_same_state(struct chat_fixture *f)
{
    assert_no_trace(f);
    assert_true(machine_hash(f->machine) == f->hash);
}

/* A proposal that comes a second time is skipped, and its first outcome is
 * what its number still stands for. */
static void test_machine_apply__duplicate_is_skipped(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t number = f->numbers[1] + 1;
    struct applied first = {OUTCOMES, 0};

    assert_outcome(fixture_user(f, "sip:dave@example.com"), DONE);
    assert_outcome(entry(f, 1, f->epochs[1], number), DUPLICATE);
    assert_same_state(f);
    assert_outcome(entry(f, 1, f->epochs[1], 1), DUPLICATE);
    assert_same_state(f);
    assert_true(machine_outcome(f->machine, 1, number, &first));
    assert_outcome(first.outcome, DONE);
    assert_int_equal(first.value, 4); /* dave is the fourth user. */
}

/* A number that leaves a gap is refused without a trace: the missing one can
 * still come, and then this one. */
static void test_machine_apply__gap_is_refused(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t last = f->numbers[2];

    assert_outcome(entry(f, 2, f->epochs[2], last + 2), NUMBER_GAP);
    assert_same_state(f);
    assert_outcome(entry(f, 2, f->epochs[2], 0), NUMBER_GAP);
    assert_same_state(f);
    assert_outcome(entry(f, 2, f->epochs[2], last + 1), DONE);
    assert_outcome(entry(f, 2, f->epochs[2], last + 2), DONE);
}

/* What a node proposed before it restarted is refused; a node that never
 * started proposes nothing. */
static void test_machine_apply__other_epochs_are_refused(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t old = f->epochs[2];

    assert_outcome(fixture_start(f, 2), DONE);
    assert_outcome(entry(f, 2, old, 1), EPOCH_STALE);
    assert_same_state(f);
    assert_outcome(entry(f, 2, f->epochs[2] + 1, 1), EPOCH_STALE);
    assert_outcome(entry(f, 3, 1, 1), NODE_NOT_STARTED);
    assert_same_state(f);
    assert_outcome(entry(f, 2, f->epochs[2], 1), DONE);
}

/* A refusal is an outcome like any other: it uses its number up. */
static void test_machine_apply__refusal_keeps_its_number(void **state)
{
    struct chat_fixture *f = *state;
    struct applied applied = {OUTCOMES, 0};

    assert_outcome(fixture_user(f, "nonsense"), USER_URI_INVALID);
    assert_true(machine_outcome(f->machine, 1, f->numbers[1], &applied));
    assert_outcome(applied.outcome, USER_URI_INVALID);
    assert_outcome(entry(f, 1, f->epochs[1], f->numbers[1]), DUPLICATE);
}

/* The last OUTCOMES_KEPT outcomes of a node's epoch can be asked for. */
static void test_machine_outcome__keeps_the_last_4096(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = noop();
    struct applied applied;
    struct applied_entry next = {.node = 2, .epoch = f->epochs[2]};

    assert_false(machine_outcome(f->machine, 2, 1, &applied));
    assert_false(machine_outcome(f->machine, 3, 1, &applied));
    for (next.number = 1; next.number <= OUTCOMES_KEPT + 2; next.number++) {
        next.index = ++f->index;
        machine_apply(f->machine, &next, &command, &f->effects);
    }
    assert_false(machine_outcome(f->machine, 2, 0, &applied));
    assert_false(machine_outcome(f->machine, 2, 2, &applied));
    assert_true(machine_outcome(f->machine, 2, 3, &applied));
    assert_true(machine_outcome(f->machine, 2, OUTCOMES_KEPT + 2, &applied));
    assert_false(machine_outcome(f->machine, 2, OUTCOMES_KEPT + 3, &applied));
}

/* An epoch is the log index of its start; the same start again begins nothing,
 * so a repeated proposal of it does no harm. */
static void test_node_started__is_idempotent_by_start_id(void **state)
{
    struct chat_fixture *f = *state;
    struct applied_entry header = {.node = 3};
    struct node_view node;

    assert_outcome(start(f, header, fixture_guid(9), 1), DONE);
    assert_int_equal(f->applied.value, f->index);
    assert_int_equal(fixture_count(f, EVENT_NODE_STARTED), 1);
    f->epochs[3] = f->index;
    assert_outcome(entry(f, 3, f->epochs[3], 1), DONE);

    assert_outcome(start(f, header, fixture_guid(9), 1), REPEATED);
    assert_int_equal(f->applied.value, f->epochs[3]);
    assert_no_trace(f);
    assert_outcome(entry(f, 3, f->epochs[3], 2), DONE);

    assert_outcome(start(f, header, fixture_guid(10), 1), DONE);
    assert_true(query_node(f->machine, 3, &node));
    assert_int_equal(node.epoch, f->index);
    assert_int_equal(node.number_last, 0);
    assert_int_equal(node.rules_known, 1);
    assert_false(node.lost);
    assert_false(machine_outcome(f->machine, 3, 1, &f->applied));
}

/* A start that a later one has overtaken, waiting in some leader's queue, must
 * not end the later one's epoch. */
static void test_node_started__late_ones_are_refused(void **state)
{
    struct chat_fixture *f = *state;
    struct applied_entry header = {.node = 3};
    uint64_t epoch;

    for (uint8_t id = 1; id <= STARTS_KEPT + 1; id++) {
        assert_outcome(start(f, header, fixture_guid(id), 1), DONE);
    }
    epoch = f->applied.value;
    for (uint8_t id = 2; id <= STARTS_KEPT; id++) {
        assert_outcome(start(f, header, fixture_guid(id), 1), NODE_EPOCH_STALE);
        assert_int_equal(f->applied.value, epoch);
    }
    assert_no_trace(f);
    assert_outcome(start(f, header, fixture_guid(STARTS_KEPT + 1), 1),
                   REPEATED);
    assert_outcome(start(f, header, fixture_guid(1), 1), DONE); /* Too old. */
}

/* A start is no numbered proposal and says what it must. */
static void test_node_started__refusals(void **state)
{
    struct chat_fixture *f = *state;
    struct applied_entry header = {.node = 3};
    struct node_view node;

    assert_outcome(start(f, header, fixture_guid(9), 0), START_INVALID);
    assert_outcome(start(f, header, fixture_guid(0), 1), START_INVALID);
    header.epoch = 5;
    assert_outcome(start(f, header, fixture_guid(9), 1), START_INVALID);
    assert_false(query_node(f->machine, 3, &node));
    header = (struct applied_entry){
        .node = 2, .epoch = f->epochs[2], .number = f->numbers[2] + 1};
    assert_outcome(start(f, header, fixture_guid(9), 1), START_INVALID);
    assert_no_trace(f);
}

/* What cannot be read and what only later rules know is refused alike, so that
 * old and new programs agree; its number is used up. */
static void test_machine_apply__unknown_commands(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct applied_entry next = {
        .node = 2, .epoch = f->epochs[2], .number = f->numbers[2] + 1};

    assert_outcome(fixture_apply_entry(f, next, NULL), COMMAND_UNKNOWN);
    assert_no_trace(f);
    next.number += 1;
    assert_outcome(fixture_apply_entry(f, next, &command), COMMAND_UNKNOWN);
    next.number += 1;
    f->needs = 2;
    command = noop();
    assert_outcome(fixture_apply_entry(f, next, &command), COMMAND_UNKNOWN);
    assert_no_trace(f);
    /* Without a number it is no entry of anyone. */
    next.number = 0;
    assert_outcome(fixture_apply_entry(f, next, NULL), NUMBER_GAP);
    assert_same_state(f);
}

/* Rules are raised by command, upward only, and what needs them is refused
 * before and taken after. */
static void test_rules_raise__switches_on(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = noop();

    machine_free(f->machine);
    f->machine = machine_new(3);
    assert_outcome(
        start(f, (struct applied_entry){.node = 1}, fixture_guid(1), 3), DONE);
    f->epochs[1] = f->index;
    f->numbers[1] = 0;
    assert_outcome(raise_to(f, 1), RULES_NOT_UPWARD);
    assert_no_trace(f);
    f->needs = 2;
    assert_outcome(fixture_apply(f, 1, &command), COMMAND_UNKNOWN);
    f->needs = 0;
    assert_outcome(raise_to(f, 2), DONE);
    assert_int_equal(fixture_count(f, EVENT_RULES_RAISED), 1);
    assert_int_equal(machine_rules_version(f->machine), 2);
    f->needs = 2;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    f->needs = 0;
    assert_outcome(raise_to(f, 2), RULES_NOT_UPWARD);
}

/* Rules are not raised over the head of a node that does not know them, but a
 * node that was given up does not hold the pool back. */
static void test_rules_raise__waits_for_every_node(void **state)
{
    struct chat_fixture *f = *state;
    Perch__NodeLost lost = PERCH__NODE_LOST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    machine_free(f->machine);
    f->machine = machine_new(2);
    assert_outcome(
        start(f, (struct applied_entry){.node = 1}, fixture_guid(1), 2), DONE);
    f->epochs[1] = f->index;
    f->numbers[1] = 0;
    assert_outcome(
        start(f, (struct applied_entry){.node = 2}, fixture_guid(2), 1), DONE);
    f->epochs[2] = f->index;
    assert_outcome(raise_to(f, 2), RULES_NODE_BEHIND);
    CODEC_SET(&lost, node, 2);
    CODEC_SET(&lost, epoch, f->epochs[2]);
    command.kind_case = PERCH__COMMAND__KIND_NODE_LOST;
    command.node_lost = &lost;
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    /* It is heard of again: it counts again. */
    assert_outcome(entry(f, 2, f->epochs[2], 1), DONE);
    assert_outcome(raise_to(f, 2), RULES_NODE_BEHIND);
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    assert_outcome(raise_to(f, 2), DONE);
}

/* A program that does not know the rules the pool raises must stop before it
 * applies the raise, leaving the state as it was. */
static void test_rules_raise__beyond_the_program_stops_the_node(void **state)
{
    struct chat_fixture *f = *state;

    machine_free(f->machine);
    f->machine = machine_new(1);
    /* All nodes say they know version 2; this program is older. */
    assert_outcome(
        start(f, (struct applied_entry){.node = 1}, fixture_guid(1), 2), DONE);
    f->epochs[1] = f->index;
    f->numbers[1] = 0;
    assert_outcome(raise_to(f, 2), STOP_NODE);
    assert_same_state(f);
    assert_int_equal(machine_rules_version(f->machine), 1);
}

static enum outcome admit(struct chat_fixture *f, uint32_t node,
                          uint64_t raft_id)
{
    Perch__NodeAdmit admit = PERCH__NODE_ADMIT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&admit, node, node);
    CODEC_SET(&admit, raft_id, raft_id);
    command.kind_case = PERCH__COMMAND__KIND_NODE_ADMIT;
    command.node_admit = &admit;
    return fixture_administer(f, &command);
}

static enum outcome start_as(struct chat_fixture *f, uint8_t node,
                             uint8_t start_byte, uint64_t raft_id)
{
    Perch__NodeStarted started = PERCH__NODE_STARTED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid id = fixture_guid(start_byte);

    CODEC_SET(&started, start_id, fixture_guid_bytes(&id));
    CODEC_SET(&started, raft_id, raft_id);
    CODEC_SET(&started, rules_known, 1);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &started;
    return fixture_apply_entry(f, (struct applied_entry){.node = node},
                               &command);
}

/* Under the manual policy a node comes back once for each time it is let in:
 * a restart does not use that up, another raft id does. */
static void test_node_admit__lets_a_node_back_once(void **state)
{
    struct chat_fixture *f = *state;

    assert_true(query_may_rejoin(f->machine, 2));
    assert_outcome(fixture_set(f, SETTING_REJOIN_POLICY, REJOIN_MANUAL), DONE);
    assert_false(query_may_rejoin(f->machine, 2));
    assert_outcome(admit(f, 3, 3), NODE_UNKNOWN);
    assert_outcome(admit(f, 256, 2), NODE_UNKNOWN);
    assert_outcome(admit(f, 2, 7), NODE_RAFT_ID_STALE);
    assert_no_trace(f);
    assert_outcome(admit(f, 2, 2), DONE);
    assert_int_equal(fixture_event(f, EVENT_NODE_ADMITTED)->session.node, 2);
    assert_true(query_may_rejoin(f->machine, 2));
    assert_false(query_may_rejoin(f->machine, 1));
    assert_outcome(admit(f, 2, 2), DONE);
    assert_no_trace(f);
    assert_outcome(start_as(f, 2, 0x71, 2), DONE);
    assert_true(query_may_rejoin(f->machine, 2));
    assert_outcome(start_as(f, 2, 0x72, 0x1202), DONE);
    assert_false(query_may_rejoin(f->machine, 2));
}

/* A probe overwrites its slot and nothing else grows. */
static void test_probe_put__overwrites_its_slot(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Probe probe = PERCH__PROBE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    static const char big[PROBE_BYTES_MAX + 1];

    command.kind_case = PERCH__COMMAND__KIND_PROBE;
    command.probe = &probe;
    CODEC_SET(&probe, slot, PROBE_SLOTS - 1);
    CODEC_SET(&probe, payload, fixture_text("ping"));
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    assert_int_equal(f->applied.value, f->index);
    assert_int_equal(f->effects.n_events, 0);
    CODEC_SET_BYTES(&probe, payload, slice_of(big, PROBE_BYTES_MAX + 1));
    assert_outcome(fixture_apply(f, 1, &command), PROBE_TOO_LONG);
    assert_no_trace(f);
    CODEC_SET_BYTES(&probe, payload, slice_of(big, PROBE_BYTES_MAX));
    assert_outcome(fixture_apply(f, 1, &command), DONE);
    CODEC_SET(&probe, slot, PROBE_SLOTS);
    assert_outcome(fixture_apply(f, 1, &command), PROBE_SLOT_UNKNOWN);
    assert_no_trace(f);
}

int main(void)
{
#define IN(name) RUN_IN(test_##name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IN(machine_apply__duplicate_is_skipped),
        IN(machine_apply__gap_is_refused),
        IN(machine_apply__other_epochs_are_refused),
        IN(machine_apply__refusal_keeps_its_number),
        IN(machine_outcome__keeps_the_last_4096),
        IN(node_started__is_idempotent_by_start_id),
        IN(node_started__late_ones_are_refused),
        IN(node_started__refusals),
        IN(machine_apply__unknown_commands),
        IN(rules_raise__switches_on),
        IN(rules_raise__waits_for_every_node),
        IN(rules_raise__beyond_the_program_stops_the_node),
        IN(node_admit__lets_a_node_back_once),
        IN(probe_put__overwrites_its_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
