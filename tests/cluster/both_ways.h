/* A scenario runs twice: with all rules the property must hold, without the
 * rule in question the fault must be seen. So no test of a rule is vacuous.
 *
 * Each run is a process of its own, for without its rule the library may crash.
 */
#ifndef TESTS_CLUSTER_BOTH_WAYS_H
#define TESTS_CLUSTER_BOTH_WAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "raft/guard/rules.h"

/* Returns whether the property holds under these rules. */
typedef bool scenario_run(uint64_t rules);

enum outcome_of_run { RUN_HELD, RUN_VIOLATED, RUN_CRASHED, RUN_BROKEN };

/** Run a scenario under a set of rules. */
enum outcome_of_run run_scenario(scenario_run *scenario, uint64_t rules);

/** Assert that it holds with all rules, and not without this one. */
void assert_rule_needed(scenario_run *scenario, enum guard_rule rule);

/** The same where another rule must be off in both runs, for it prevents the
 * situation as well. */
void assert_rule_needed_without(scenario_run *scenario, enum guard_rule rule,
                                uint64_t others_off);

/** End the run: the scenario did not come as far as the rule. */
_Noreturn void scenario_is_broken(const char *file, int line);

/* In a scenario: what must be so with the rule and without, to get at it. */
#define GIVEN(fact)                                                            \
    do {                                                                       \
        if (!(fact)) {                                                         \
            scenario_is_broken(__FILE__, __LINE__);                            \
        }                                                                      \
    } while (0)

/* In a scenario: a property that holds, or the run ends as violated. */
#define HOLDS(property)                                                        \
    do {                                                                       \
        if (!(property)) {                                                     \
            return false;                                                      \
        }                                                                      \
    } while (0)

#endif
