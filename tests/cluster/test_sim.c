#include "tests/unit/test.h"

#include "raft/guard/rules.h"
#include "tests/cluster/both_ways.h"
#include "tests/sim/world.h"
#include "tests/unit/quiet.h"

static struct world_result run(uint64_t seed, const char *mix, uint64_t rules)
{
    struct world_settings settings = {.seed = seed,
                                      .nodes = 4,
                                      .voters = 3,
                                      .fault_us = 20000000,
                                      .heal_us = 20000000,
                                      .rules = rules};
    struct world_result result;
    struct world *world;

    assert_true(mix_read(&fault_names, mix, &settings.mix));
    world = world_new(&settings);
    result = world_run(world);
    world_free(world);
    return result;
}

/* A seed is one run: every event of it is the same each time, and another seed
 * is another run. */
static void test_seed__gives_the_same_trace(void **state)
{
    uint64_t before = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world_result first = run(seed, "all", GUARD_RULES_ALL);
        struct world_result again = run(seed, "all", GUARD_RULES_ALL);

        assert_null(first.violation.kind);
        assert_int_equal(first.trace_hash, again.trace_hash);
        assert_int_equal(first.events, again.events);
        assert_int_equal(first.acknowledged, again.acknowledged);
        assert_int_not_equal(first.trace_hash, before);
        before = first.trace_hash;
    }
}

/* A run is a bad day: elections are lost and won, nodes come back, snapshots
 * are copied, members change, and work is done all the same. */
static void test_run__is_eventful(void **state)
{
    struct world_result sum = {.events = 0};

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct world_result result = run(seed, "all", GUARD_RULES_ALL);

        assert_null(result.violation.kind);
        sum.elections += result.elections;
        sum.starts += result.starts;
        sum.snapshots_installed += result.snapshots_installed;
        sum.changes += result.changes;
        sum.acknowledged += result.acknowledged;
        sum.reads += result.reads;
    }
    assert_true(sum.elections > 40);
    assert_true(sum.starts > 200);
    assert_true(sum.snapshots_installed > 5);
    assert_true(sum.changes > 20);
    assert_true(sum.acknowledged > 2000);
    assert_true(sum.reads > 200);
}

static bool lives_through_errors(uint64_t rules)
{
    return run(18, "errors", rules).violation.kind == NULL;
}

/* The library without that rule of the guard does not live through a run in
 * which writes fail: it is seen to contradict itself, or crashes. */
static void test_run__shows_what_the_guard_is_for(void **state)
{
    (void)state;
    assert_rule_needed(lives_through_errors, GUARD_FAILSTOP);
}

static void test_mix_read__takes_names_and_faults(void **state)
{
    struct mix mix;

    (void)state;
    assert_true(mix_read(&fault_names, "loss,crash", &mix));
    assert_int_equal(mix_draw(&mix, 1), FAULT_BIT(LOSS) | FAULT_BIT(CRASH));
    assert_true(mix_read(&fault_names, "calm", &mix));
    assert_int_equal(mix_draw(&mix, 1), 0);
    assert_false(mix_read(&fault_names, "loss,", &mix));
    assert_false(mix_read(&fault_names, "weather", &mix));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_seed__gives_the_same_trace),
        RUN(test_run__is_eventful),
        RUN(test_run__shows_what_the_guard_is_for),
        RUN(test_mix_read__takes_names_and_faults),
    };

    quiet_begin(); /* Hundreds of deaths, all meant. */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
