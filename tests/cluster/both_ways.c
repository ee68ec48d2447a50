#include "tests/cluster/both_ways.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "tests/unit/test.h"

enum {
    STATUS_HELD = 40,
    STATUS_VIOLATED = 41,
    STATUS_BROKEN = 42,
    RUN_SECONDS_MAX = 60,
};

void scenario_is_broken(const char *file, int line)
{
    printf("%s:%d: not given\n", file, line);
    fflush(stdout);
    _exit(STATUS_BROKEN);
}

/* cmocka would take a crash for the end of one of its own tests. */
static void crash_for_real(void)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        signal(signals[i], SIG_DFL);
    }
}

/* What a crash has to say belongs to the fault, not to the test's output. */
static void be_quiet(void)
{
    int null = open("/dev/null", O_WRONLY);

    if (null >= 0) {
        dup2(null, STDERR_FILENO);
        close(null);
    }
}

enum outcome_of_run run_scenario(scenario_run *scenario, uint64_t rules)
{
    int status = 0;
    pid_t pid = fork();

    CHECK(pid >= 0);
    if (pid == 0) {
        crash_for_real();
        if (rules != GUARD_RULES_ALL) {
            be_quiet();
        }
        alarm(RUN_SECONDS_MAX);
        _exit(scenario(rules) ? STATUS_HELD : STATUS_VIOLATED);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!WIFEXITED(status)) {
        return RUN_CRASHED;
    }
    switch (WEXITSTATUS(status)) {
    case STATUS_HELD:
        return RUN_HELD;
    case STATUS_VIOLATED:
        return RUN_VIOLATED;
    case STATUS_BROKEN:
        return RUN_BROKEN;
    default:
        return RUN_CRASHED;
    }
}

void assert_rule_needed_without(scenario_run *scenario, enum guard_rule rule,
                                uint64_t others_off)
{
    uint64_t rules = GUARD_RULES_ALL & ~others_off;
    enum outcome_of_run without =
        run_scenario(scenario, rules & ~guard_rule_bit(rule));

    assert_int_equal(run_scenario(scenario, rules), RUN_HELD);
    assert_true(without == RUN_VIOLATED || without == RUN_CRASHED);
}

void assert_rule_needed(scenario_run *scenario, enum guard_rule rule)
{
    assert_rule_needed_without(scenario, rule, 0);
}
