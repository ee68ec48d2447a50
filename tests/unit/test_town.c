/* What perch-sim --level node calls wrong, and that it says the same again. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/town/town.h"
#include "tests/unit/quiet.h"

static int setup(void **state)
{
    static struct ledger ledger;

    memset(&ledger, 0, sizeof(ledger));
    *state = &ledger;
    return 0;
}

static int teardown(void **state)
{
    ledger_end(*state);
    return 0;
}

static void tell(struct ledger *ledger, unsigned room, uint64_t message_id,
                 uint64_t post)
{
    char text[32];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)post);
    ledger_message(ledger, room, message_id, slice_of_text(text));
}

static void assert_kind(const struct ledger *ledger, const char *kind)
{
    assert_string_equal(ledger->violation.kind, kind);
}

/* Posts that everybody is told alike, and an answered one among them. */
static void test_ledger__takes_what_is_right(void **state)
{
    struct ledger *ledger = *state;
    uint64_t one = ledger_post(ledger, 0, 0), two = ledger_post(ledger, 0, 0);
    uint64_t given_up = ledger_post(ledger, 1, 0);

    tell(ledger, 0, 1, one);
    tell(ledger, 0, 2, two);
    tell(ledger, 0, 1, one);
    ledger_acknowledged(ledger, two);
    ledger_given_up(ledger, given_up, true);
    ledger_digest(ledger, 1, 7, 70);
    ledger_digest(ledger, 2, 7, 70);
    ledger_state(ledger, 1, 7, 71);
    ledger_close(ledger);
    assert_kind(ledger, "");
    assert_int_equal(ledger->sums.compared, 1);
}

/* A text at a second place, or in a room it was not meant for. */
static void test_ledger__finds_what_is_told_twice(void **state)
{
    struct ledger *ledger = *state;
    uint64_t post = ledger_post(ledger, 0, 0);

    tell(ledger, 0, 1, post);
    tell(ledger, 0, 2, post);
    assert_kind(ledger, "twice");
}

static void test_ledger__finds_two_at_one_place(void **state)
{
    struct ledger *ledger = *state;

    tell(ledger, 0, 1, ledger_post(ledger, 0, 0));
    tell(ledger, 0, 1, ledger_post(ledger, 0, 0));
    assert_kind(ledger, "diverged");
}

static void test_ledger__finds_what_is_lost(void **state)
{
    struct ledger *ledger = *state;

    ledger_acknowledged(ledger, ledger_post(ledger, 0, 0));
    ledger_close(ledger);
    assert_kind(ledger, "lost");
}

static void test_ledger__finds_a_gap(void **state)
{
    struct ledger *ledger = *state;

    tell(ledger, 0, 2, ledger_post(ledger, 0, 0));
    ledger_close(ledger);
    assert_kind(ledger, "gap");
}

/* Where retry ids are forgotten, what was tried twice may stand twice, and what
 * was answered at the first try may not. */
static void test_ledger__knows_what_may_stand_twice(void **state)
{
    struct ledger *ledger = *state;
    uint64_t tried_twice = ledger_post(ledger, 0, 0);
    uint64_t answered = ledger_post(ledger, 0, 0);

    ledger_tried(ledger, tried_twice);
    ledger_tried(ledger, tried_twice);
    ledger_tried(ledger, answered);
    ledger_acknowledged(ledger, answered);
    ledger_forget_retries(ledger);
    tell(ledger, 0, 1, tried_twice);
    tell(ledger, 0, 2, tried_twice);
    assert_kind(ledger, "");
    tell(ledger, 0, 3, answered);
    tell(ledger, 0, 4, answered);
    assert_kind(ledger, "twice");
}

/* What was purged before anybody saw it is not lost, and leaves no gap. */
static void test_ledger__counts_what_was_purged(void **state)
{
    struct ledger *ledger = *state;
    uint64_t purged = ledger_post(ledger, 0, 0);

    ledger_acknowledged(ledger, purged);
    ledger_purged(ledger, 0, 1, purged);
    tell(ledger, 0, 2, ledger_post(ledger, 0, 0));
    ledger_close(ledger);
    assert_kind(ledger, "");
}

static void test_ledger__compares_what_was_said(void **state)
{
    struct ledger *ledger = *state;

    ledger_said(ledger, 1, 7, 70);
    ledger_said(ledger, 2, 7, 70);
    assert_kind(ledger, "");
    ledger_said(ledger, 3, 7, 71);
    assert_kind(ledger, "diverged");
}

/* Before or after it was given up. */
static void test_ledger__finds_what_was_refused(void **state)
{
    struct ledger *ledger = *state;
    uint64_t post = ledger_post(ledger, 0, 0);

    ledger_given_up(ledger, post, true);
    tell(ledger, 0, 1, post);
    assert_kind(ledger, "refused");
    ledger->violation.kind[0] = '\0';
    post = ledger_post(ledger, 0, 0);
    tell(ledger, 0, 2, post);
    ledger_given_up(ledger, post, true);
    assert_kind(ledger, "refused");
}

static void test_ledger__finds_words_nobody_said(void **state)
{
    struct ledger *ledger = *state;

    tell(ledger, 0, 1, 99);
    assert_kind(ledger, "nonsense");
}

static void test_ledger__compares_states(void **state)
{
    struct ledger *ledger = *state;

    ledger_digest(ledger, 1, 7, 70);
    ledger_state(ledger, 1, 7, 71);
    ledger_state(ledger, 2, 8, 72);
    assert_kind(ledger, "");
    ledger_state(ledger, 2, 7, 70);
    assert_kind(ledger, "diverged");
}

static struct town_result run(uint64_t seed, uint32_t mishaps)
{
    const struct town_settings settings = {.seed = seed,
                                           .hosts = 3,
                                           .fault_us = 10 * TOWN_SECOND,
                                           .heal_us = 60 * TOWN_SECOND,
                                           .always = mishaps};
    struct town_result result;
    struct town *town;

    quiet_begin();
    town = town_new(&settings);
    result = town_run(town);
    town_free(town);
    quiet_end();
    assert_string_equal(result.violation.text, "");
    return result;
}

/* An entry that host 1 may not make yet, as some host says it came out. */
static void apply_unknown(struct witness *witness, enum outcome outcome)
{
    static const struct effects nothing;
    const struct applied_entry entry = {
        .index = 7, .node = 1, .epoch = 1, .number = 1};
    const struct applied applied = {outcome, 0};

    witness_entry(witness, &entry, &applied, &nothing);
}

/* Hosts may all be wrong alike: the twin is asked at each entry, once. */
static void test_witness__finds_a_wrong_outcome(void **state)
{
    struct witness *witness = witness_new(*state);

    apply_unknown(witness, OUTCOME_NODE_NOT_STARTED);
    assert_kind(*state, "");
    apply_unknown(witness, OUTCOME_DONE); /* Judged before. */
    assert_kind(*state, "");
    witness_end(witness);
    witness = witness_new(*state);
    apply_unknown(witness, OUTCOME_DONE);
    assert_kind(*state, "law");
    witness_end(witness);
}

/* Nobody is told what was said where he was not. */
static void test_witness__finds_who_overhears(void **state)
{
    struct witness *witness = witness_new(*state);

    witness_copy(witness, "sip:g1@" TOWN_DOMAIN, 5, 1);
    assert_kind(*state, "overheard");
    witness_end(witness);
}

/* Nobody is shown the past of a room that he may not enter. */
static void test_witness__finds_who_is_shown_too_much(void **state)
{
    struct witness *witness = witness_new(*state);

    witness_history(witness, "sip:g1@" TOWN_DOMAIN, 5, 1);
    assert_kind(*state, "shown");
    witness_end(witness);
}

/* In peace all that is said is answered, at once; and everybody hears it. */
static void test_town_run__in_peace(void **state)
{
    struct town_result result = run(1, 0);

    (void)state;
    assert_int_equal(result.starts, 3);
    assert_true(result.sums.posts > 100);
    assert_int_equal(result.sums.acknowledged, result.sums.posts);
    assert_true(result.sums.copies > 2 * result.sums.posts);
    assert_true(result.sums.reads > 10);
    assert_true(result.sums.compared > 100);
}

/* Where rights change, some are let in and some are kept out, under the rules
 * of before and after a raise. */
static void test_town_run__with_people(void **state)
{
    struct town_result result =
        run(4, 1u << MISHAP_PEOPLE | 1u << MISHAP_CLOCK);

    (void)state;
    assert_string_equal(result.violation.kind, "");
    assert_true(result.sums.deeds > 30);
    assert_true(result.sums.raises > 0);
    assert_true(result.sums.club_copies > 30);
    assert_true(result.sums.barred > 5);
    assert_true(result.sums.shown > 5);
    assert_true(result.sums.not_shown > 5);
    assert_true(result.sums.judged > result.sums.posts);
    assert_true(result.sums.revised > 10);
    assert_true(result.sums.shown_revised > 10);
    assert_true(result.sums.purged > 0);
}

/* A run leaves nothing behind that another would see; and another seed is
 * another run. */
static void test_town_run__same_seed(void **state)
{
    uint32_t mishaps = 1u << MISHAP_CRASH | 1u << MISHAP_EMPTY |
                       1u << MISHAP_SNAPSHOT | 1u << MISHAP_LOSS |
                       1u << MISHAP_PEOPLE | 1u << MISHAP_VERSIONS;
    struct town_result one = run(2, mishaps), again = run(2, mishaps);

    (void)state;
    assert_int_equal(one.trace_hash, again.trace_hash);
    assert_int_equal(one.sums.copies, again.sums.copies);
    assert_int_not_equal(one.trace_hash, run(3, mishaps).trace_hash);
}

#define ON_LEDGER(test) RUN_IN(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LEDGER(test_ledger__takes_what_is_right),
        ON_LEDGER(test_ledger__finds_what_is_told_twice),
        ON_LEDGER(test_ledger__finds_two_at_one_place),
        ON_LEDGER(test_ledger__finds_what_is_lost),
        ON_LEDGER(test_ledger__finds_a_gap),
        ON_LEDGER(test_ledger__knows_what_may_stand_twice),
        ON_LEDGER(test_ledger__counts_what_was_purged),
        ON_LEDGER(test_ledger__compares_what_was_said),
        ON_LEDGER(test_ledger__finds_what_was_refused),
        ON_LEDGER(test_ledger__finds_words_nobody_said),
        ON_LEDGER(test_ledger__compares_states),
        ON_LEDGER(test_witness__finds_a_wrong_outcome),
        ON_LEDGER(test_witness__finds_who_overhears),
        ON_LEDGER(test_witness__finds_who_is_shown_too_much),
        RUN(test_town_run__in_peace),
        RUN(test_town_run__with_people),
        RUN(test_town_run__same_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
