/* A node's unanswered proposals: what is sent, what again, what is taken back.
 */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "raft/replica/submit.h"

enum { EPOCH = 7, NODE = 3, LATER_US = 1000000 };

static struct proposal *make(uint64_t epoch, uint64_t number)
{
    struct proposal *proposal =
        proposal_new(NODE, epoch, number, SLICE_LITERAL("command"));

    assert_non_null(proposal);
    return proposal;
}

static int set_up(void **state)
{
    struct submit *submit = malloc(sizeof(*submit));

    submit_init(submit);
    for (uint64_t number = 1; number <= 5; number++) {
        submit_take(submit, make(EPOCH, number));
    }
    *state = submit;
    return 0;
}

static int tear_down(void **state)
{
    submit_deinit(*state);
    free(*state);
    return 0;
}

static uint64_t next_number(struct submit *submit)
{
    struct proposal *next = submit_peek(submit, 0);

    return next == NULL ? 0 : next->number;
}

/* Numbers go out in order, each once, as long as nothing happens. */
static void test_submit__sends_in_order(void **state)
{
    struct submit *submit = *state;

    for (uint64_t number = 1; number <= 5; number++) {
        assert_int_equal(submit_peek(submit, 0)->number, number);
        submit_mark_sent(submit, 1);
    }
    assert_null(submit_peek(submit, 0));
    assert_int_equal(submit_waiting(submit), 5);
}

/* After a restart only that goes again which was not seen in the log. */
static void test_submit_restart__spares_what_is_in_the_log(void **state)
{
    struct submit *submit = *state;

    submit_mark_sent(submit, 4);
    assert_false(submit_committed(submit, EPOCH, 1, 0));
    assert_false(submit_committed(submit, EPOCH, 2, 0));
    assert_true(submit_restart(submit));
    assert_int_equal(next_number(submit), 3);
}

/* With nothing sent there is nothing to send again. */
static void test_submit_restart__has_nothing_to_say(void **state)
{
    assert_false(submit_restart(*state));
}

/* A number that is missing before a committed one goes again, once for each
 * time it is noticed late enough. */
static void test_submit_committed__mends_a_gap(void **state)
{
    struct submit *submit = *state;

    submit_mark_sent(submit, 5);
    assert_false(submit_committed(submit, EPOCH, 1, LATER_US));
    assert_true(submit_committed(submit, EPOCH, 3, LATER_US));
    assert_int_equal(next_number(submit), 2);
    submit_mark_sent(submit, 4);
    assert_false(submit_committed(submit, EPOCH, 4, LATER_US));
    assert_int_equal(next_number(submit), 0);
    assert_true(
        submit_committed(submit, EPOCH, 5, LATER_US + SUBMIT_GAP_MS * 1000));
    assert_int_equal(next_number(submit), 2);
}

/* What another epoch of the node left in the log says nothing of this one; nor
 * does a number that was never given out. */
static void test_submit_committed__ignores_others(void **state)
{
    struct submit *submit = *state;

    submit_mark_sent(submit, 5);
    assert_false(submit_committed(submit, EPOCH - 1, 1, 0));
    assert_false(submit_committed(submit, EPOCH, 6, 0));
    assert_int_equal(submit->committed, 0);
}

/* An entry that came into the log by way of an earlier leader needs no sending.
 */
static void test_submit_committed__passes_what_waits(void **state)
{
    struct submit *submit = *state;

    submit_mark_sent(submit, 3);
    submit_restart(submit);
    assert_int_equal(next_number(submit), 1);
    assert_false(submit_committed(submit, EPOCH, 1, 0));
    assert_false(submit_committed(submit, EPOCH, 2, 0));
    assert_int_equal(next_number(submit), 3);
}

/* Only what was never sent to anybody is taken back, also after a restart. */
static void test_submit_withdraw__only_what_was_never_sent(void **state)
{
    struct submit *submit = *state;

    submit_mark_sent(submit, 2);
    submit_restart(submit);
    assert_false(submit_withdraw(submit, make(EPOCH, 2)));
    assert_true(submit_withdraw(
        submit, proposal_new(NODE, EPOCH, 3, SLICE_LITERAL("instead"))));
    assert_int_equal(submit_peek(submit, 2)->number, 3);
    assert_int_equal(submit_waiting(submit), 5);
    assert_false(submit_withdraw(submit, make(EPOCH, 6)));
    assert_false(submit_withdraw(submit, make(EPOCH + 1, 4)));
    submit_answered(submit, 4);
    assert_false(submit_withdraw(submit, make(EPOCH, 4)));
}

/* What was answered is forgotten, sent or not: a state that was copied may
 * answer what this node does not know to be in the log. */
static void test_submit_answered__forgets(void **state)
{
    struct submit *submit = *state;

    submit_mark_sent(submit, 2);
    submit_answered(submit, 3);
    assert_int_equal(next_number(submit), 4);
    assert_int_equal(submit_waiting(submit), 2);
    submit_answered(submit, 2);
    assert_int_equal(submit_waiting(submit), 2);
    submit_answered(submit, 5);
    assert_int_equal(submit_waiting(submit), 0);
}

/* A leader without room says from where on; nothing before that goes again. */
static void test_submit_refused__goes_back(void **state)
{
    struct submit *submit = *state;

    submit_mark_sent(submit, 5);
    submit_refused(submit, EPOCH, 4);
    assert_int_equal(next_number(submit), 4);
    submit_refused(submit, EPOCH + 1, 1);
    assert_int_equal(next_number(submit), 4);
    submit_answered(submit, 4);
    submit_mark_sent(submit, 1);
    submit_refused(submit, EPOCH, 2);
    assert_int_equal(next_number(submit), 5);
}

/* A new epoch ends the old one, and begins with number 0, as often as asked. */
static void test_submit_take__begins_epochs(void **state)
{
    struct submit *submit = *state;

    submit_mark_sent(submit, 2);
    submit_take(submit, make(0, 0));
    assert_int_equal(submit_waiting(submit), 1);
    submit_mark_sent(submit, 1);
    submit_take(submit, make(0, 0));
    assert_non_null(submit_peek(submit, 0));
    submit_mark_sent(submit, 1);
    assert_true(submit_restart(submit));
    assert_int_equal(submit_peek(submit, 0)->number, 0);
    submit_answered(submit, 0);
    assert_null(submit_peek(submit, 0));
    submit_take(submit, make(EPOCH + 9, 1));
    assert_int_equal(next_number(submit), 1);
}

/* As many as may wait fit, and numbers go around the ring. */
static void test_submit__goes_round(void **state)
{
    struct submit *submit = *state;

    for (uint64_t number = 6; number <= 3 * REPLICA_PROPOSALS_MAX; number++) {
        if (submit_waiting(submit) == REPLICA_PROPOSALS_MAX) {
            submit_answered(submit, number - REPLICA_PROPOSALS_MAX);
        }
        submit_take(submit, make(EPOCH, number));
    }
    assert_int_equal(submit_waiting(submit), REPLICA_PROPOSALS_MAX);
    assert_int_equal(next_number(submit), 2 * REPLICA_PROPOSALS_MAX + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_submit__sends_in_order, set_up, tear_down),
        RUN_IN(test_submit_restart__spares_what_is_in_the_log, set_up,
               tear_down),
        RUN_IN(test_submit_restart__has_nothing_to_say, set_up, tear_down),
        RUN_IN(test_submit_committed__mends_a_gap, set_up, tear_down),
        RUN_IN(test_submit_committed__ignores_others, set_up, tear_down),
        RUN_IN(test_submit_committed__passes_what_waits, set_up, tear_down),
        RUN_IN(test_submit_withdraw__only_what_was_never_sent, set_up,
               tear_down),
        RUN_IN(test_submit_answered__forgets, set_up, tear_down),
        RUN_IN(test_submit_refused__goes_back, set_up, tear_down),
        RUN_IN(test_submit_take__begins_epochs, set_up, tear_down),
        RUN_IN(test_submit__goes_round, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
