#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/compliance/adapter_process.h"
#include "proto/base/journal.h"

enum {
    LINES_MAX = 20000,
    PLENTY_MS = 20000, /* Nothing in here takes so long. */
    SHORT_MS = 300,
};

struct scene {
    const char *words[ADAPTER_WORDS_MAX + 1];
    const char *environment[4];
    atomic_bool cancelled;
    struct adapter_order order;
    struct adapter_result result;
    unsigned fed, lines, cancel_at;
    const char *waits_for; /* A file that is to have something in it first. */
    enum error fails;      /* Of feed, after all lines. */
};

static void wait_for(const char *path)
{
    struct stat stat_of;

    while (path != NULL && stat(path, &stat_of) == 0 && stat_of.st_size == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* "1\n" and so on, a hundred lines at a time. */
static enum error feed(void *context, struct buffer *to)
{
    struct scene *s = context;
    char line[32];

    for (unsigned i = 0; i < 100 && s->fed < s->lines; i++) {
        int len = snprintf(line, sizeof(line), "%u\n", ++s->fed);

        buffer_append(to, line, (size_t)len);
    }
    wait_for(s->waits_for);
    if (s->cancel_at != 0 && s->fed >= s->cancel_at) {
        atomic_store(&s->cancelled, true);
    }
    return s->fed == s->lines ? s->fails : ERROR_NONE;
}

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    signal(SIGPIPE, SIG_IGN);
    journal_configure(JOURNAL_ERROR, false, false);
    s->environment[0] = "PATH=/usr/bin:/bin";
    s->environment[1] = "PERCH_ADAPTER=vault";
    s->order = (struct adapter_order){.name = "vault",
                                      .words = s->words,
                                      .environment = s->environment,
                                      .deadline_ms = PLENTY_MS,
                                      .cancelled = &s->cancelled,
                                      .feed = feed,
                                      .context = s};
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

/* Run a line of shell with so many lines of input. */
static enum error run(struct scene *s, unsigned lines, const char *script)
{
    s->words[0] = "/bin/sh";
    s->words[1] = "-c";
    s->words[2] = script;
    s->lines = lines;
    return adapter_process_run(&s->order, &s->result);
}

/* All that is fed comes, in order, then the end; what is said last is the
 * answer. More lines than a pipe holds. */
static void test_adapter_process_run__gives_all_and_hears(void **state)
{
    struct scene *s = *state;

    assert_int_equal(
        run(s, LINES_MAX, "sum=$(md5sum); echo early; echo \"$sum\""),
        ERROR_NONE);
    /* seq 20000 | md5sum */
    assert_string_equal(s->result.line, "e071f707df7bbeee2a6a1eb48011ddd0  -");
    assert_string_equal(s->result.why, "");
    assert_int_equal(s->fed, LINES_MAX);
}

/* Nothing is inherited but three streams and the environment that was named. */
static void test_adapter_process_run__inherits_nothing(void **state)
{
    struct scene *s = *state;
    int leak = dup(STDERR_FILENO);

    assert_true(leak >= 3);
    setenv("PERCH_TEST_SECRET", "x", 1);
    assert_int_equal(
        run(s, 1,
            "cat >/dev/null; for f in /proc/self/fd/*; do n=${f##*/}; "
            "test $n -gt 2 && test -e /proc/$$/fd/$n && echo \"fd $n\" >&2; "
            "done; c=0; for n in 0 1 2 3 4 5 6 7 8 9; do "
            "test -e /proc/$$/fd/$n && c=$((c + 1)); done; echo $c >&2; "
            "echo \"$PERCH_ADAPTER $PERCH_TEST_SECRET\"; exit 9"),
        ERROR_REFUSED);
    close(leak);
    unsetenv("PERCH_TEST_SECRET");
    assert_string_equal(s->result.line, "vault ");
    assert_string_equal(s->result.why, "exit 9: 3"); /* Open files. */
}

/* Another exit than 0 is a failure, told with the last it said to standard
 * error, quotes and control characters being what they are. */
static void test_adapter_process_run__failure_is_told(void **state)
{
    struct scene *s = *state;

    assert_int_equal(run(s, 10,
                         "cat >/dev/null; echo fine; echo first >&2; "
                         "printf 'disk\\tfull\\n' >&2; exit 3"),
                     ERROR_REFUSED);
    assert_string_equal(s->result.why, "exit 3: disk full");
    assert_int_equal(run(s, 10, "cat >/dev/null; kill -9 $$"), ERROR_REFUSED);
    assert_string_equal(s->result.why, "killed by signal 9");
}

/* One that ends before it took all has not seen the end, whatever it says. */
static void test_adapter_process_run__ended_early(void **state)
{
    struct scene *s = *state;

    assert_int_equal(run(s, LINES_MAX, "read line; echo '{\"ack\": 1}'"),
                     ERROR_REFUSED);
    assert_string_equal(s->result.why, "ended before it took all records");
}

static void test_adapter_process_run__no_program(void **state)
{
    struct scene *s = *state;

    s->words[0] = "/nowhere/adapter";
    assert_int_equal(adapter_process_run(&s->order, &s->result),
                     ERROR_NOT_FOUND);
    assert_string_equal(
        s->result.why,
        "/nowhere/adapter cannot be started: No such file or directory");
}

/* The process whose number the program has written to a file. */
static pid_t pid_in(const char *path)
{
    FILE *file = fopen(path, "r");
    int pid = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    return pid;
}

/* Whether a process is gone, or about to be: children of the program are
 * reaped by whoever is the parent of orphans. */
static bool is_gone(pid_t pid)
{
    char path[64], state = 'Z';
    FILE *file;

    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        file = fopen(path, "r");
        if (file == NULL) {
            return true;
        }
        if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
            state = 'Z';
        }
        fclose(file);
        if (state == 'Z') {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return false;
}

static void run_hanging(struct scene *s, unsigned lines, const char *how,
                        enum error error)
{
    char path[] = "/tmp/test_adapter_process.XXXXXX", script[256];
    int file = mkstemp(path);

    assert_true(file >= 0);
    close(file);
    snprintf(script, sizeof(script),
             "echo so far >&2; sleep 300 & echo $! "
             ">%s; %s",
             path, how);
    s->waits_for = path;
    assert_int_equal(run(s, lines, script), error);
    assert_true(is_gone(pid_in(path)));
    unlink(path);
}

/* One that takes nothing, or does not end, is killed with all it has started,
 * and nobody waits longer for it than was said. */
static void test_adapter_process_run__hanging_is_killed(void **state)
{
    struct scene *s = *state;

    s->order.deadline_ms = SHORT_MS;
    run_hanging(s, LINES_MAX, "sleep 300", ERROR_TIMED_OUT);
    assert_string_equal(s->result.why, "killed after 0 s of silence: so far");
    s->fed = 0;
    run_hanging(s, LINES_MAX, "cat >/dev/null; wait", ERROR_TIMED_OUT);
}

/* What is not wanted any more is killed at once. */
static void test_adapter_process_run__cancelled(void **state)
{
    struct scene *s = *state;

    s->cancel_at = 100;
    run_hanging(s, LINES_MAX, "sleep 300", ERROR_CLOSED);
}

/* A program that ends and leaves a process behind leaves none. */
static void test_adapter_process_run__leaves_nothing(void **state)
{
    struct scene *s = *state;

    run_hanging(s, 3, "cat >/dev/null; echo done", ERROR_NONE);
    assert_string_equal(s->result.line, "done");
}

/* Records that cannot be read end the run: half a cut is none. */
static void test_adapter_process_run__feed_fails(void **state)
{
    struct scene *s = *state;

    s->fails = ERROR_ROTTEN;
    run_hanging(s, 300, "cat >/dev/null; wait", ERROR_ROTTEN);
    assert_string_equal(s->result.why,
                        "stored bytes differ from what was written: so far");
}

/* One that talks without end costs no memory, and its last words are cut. */
static void test_adapter_process_run__babbling(void **state)
{
    struct scene *s = *state;

    assert_int_equal(run(s, 1,
                         "cat >/dev/null; yes | head -c 3000000; "
                         "head -c 10000 /dev/zero | tr '\\0' x"),
                     ERROR_NONE);
    assert_int_equal(strlen(s->result.line), ADAPTER_LINE_BYTES_MAX);
}

int main(void)
{
#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SCENE(test_adapter_process_run__gives_all_and_hears),
        SCENE(test_adapter_process_run__inherits_nothing),
        SCENE(test_adapter_process_run__failure_is_told),
        SCENE(test_adapter_process_run__ended_early),
        SCENE(test_adapter_process_run__no_program),
        SCENE(test_adapter_process_run__hanging_is_killed),
        SCENE(test_adapter_process_run__cancelled),
        SCENE(test_adapter_process_run__leaves_nothing),
        SCENE(test_adapter_process_run__feed_fails),
        SCENE(test_adapter_process_run__babbling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
