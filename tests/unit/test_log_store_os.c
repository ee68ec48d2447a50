#include "tests/unit/test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"
#include "raft/log_store.h"
#include "tests/unit/temp_directory.h"

/* The store on real files, a real loop and a real worker. */
enum {
    ROUNDS = 20,
    OUTSTANDING = 32,
    ENTRY_BYTES = 288,
    SEGMENT_BYTES = 1024 * 1024,
    SNAPSHOT_EVERY = 3000,
    TRAILING = 500,
    RUN_MS_MAX = 120,
    THREADS_ENTRIES = 5000,
};

static char root[TEMP_DIRECTORY_BYTES];
static char path[TEMP_DIRECTORY_BYTES + 8];

static struct log_store_options options_of(void)
{
    return (struct log_store_options){
        .path = path,
        .identity = {.pool_id = {{9}}, .directory_id = 99},
        .segment_bytes = SEGMENT_BYTES,
        .floor_bytes = 4096,
    };
}

/* The entry at an index is the same in every round. */
static void entry_at(uint64_t index, uint8_t bytes[ENTRY_BYTES])
{
    for (size_t i = 0; i < ENTRY_BYTES; i++) {
        bytes[i] = (uint8_t)(index * 31 + i * 7 + (index >> 8));
    }
}

struct child {
    struct log_store *store;
    uint64_t next_index;
    uint64_t next_done;
    int pipe;
    uint8_t bytes[OUTSTANDING][ENTRY_BYTES];
};

static void on_failed(void *context, enum error error)
{
    (void)context;
    fprintf(stderr, "child: %s\n", error_name(error));
    _exit(1);
}

static void on_snapshot(void *context, enum error error)
{
    (void)context;
    CHECK(error == ERROR_NONE);
}

static void child_append(struct child *child);

static void on_done(void *context, enum error error)
{
    struct child *child = context;

    CHECK(error == ERROR_NONE);
    if (child->next_done % SNAPSHOT_EVERY == 0) {
        const struct log_snapshot snapshot = {
            .index = child->next_done, .term = 1, .configuration_index = 1};

        CHECK(log_store_snapshot_put(child->store, TRAILING, &snapshot,
                                     on_snapshot, NULL) == ERROR_NONE);
    }
    CHECK(write(child->pipe, &child->next_done, sizeof(uint64_t)) ==
          sizeof(uint64_t));
    child->next_done++;
    child_append(child);
}

static void child_append(struct child *child)
{
    uint8_t *bytes = child->bytes[child->next_index % OUTSTANDING];
    struct log_entry entry = {1, 1, slice_of(bytes, ENTRY_BYTES)};

    entry_at(child->next_index, bytes);
    child->next_index++;
    CHECK(log_store_append(child->store, &entry, 1, on_done, child) ==
          ERROR_NONE);
}

static _Noreturn void run_child(int to_parent)
{
    static struct child child;
    const struct log_store_options options = options_of();
    const struct log_store_owner owner = {on_failed, NULL, NULL};
    struct log_recovered *recovered;
    struct log_damage damage;
    struct loop *loop = loop_new();

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* Never outlive the test. */
    child.pipe = to_parent;
    if (log_store_open(loop, &options, &owner, &child.store, &recovered,
                       &damage) != ERROR_NONE) {
        _exit(2);
    }
    if (recovered->term == 0) {
        CHECK(log_store_set_term(child.store, 1) == ERROR_NONE);
    }
    child.next_index = recovered->first_index + recovered->n;
    child.next_done = child.next_index;
    log_recovered_free(recovered);
    for (int i = 0; i < OUTSTANDING; i++) {
        child_append(&child);
    }
    loop_run(loop);
    _exit(3);
}

/* Read acknowledgements until the pipe ends; kill when the time is over. */
static uint64_t follow_child(pid_t pid, int from_child, int run_ms)
{
    struct pollfd poll_of = {.fd = from_child, .events = POLLIN};
    uint64_t begin_us = 0, index, last = 0;
    struct timespec now;
    bool killed = false;

    for (;;) {
        uint64_t now_us;

        clock_gettime(CLOCK_MONOTONIC, &now);
        now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
        begin_us = begin_us == 0 ? now_us : begin_us;
        if (!killed && now_us - begin_us > (uint64_t)run_ms * 1000) {
            assert_int_equal(kill(pid, SIGKILL), 0);
            killed = true;
        }
        if (poll(&poll_of, 1, 1) == 1) {
            if (read(from_child, &index, sizeof(index)) !=
                (ssize_t)sizeof(index)) {
                return last;
            }
            assert_true(index > last);
            last = index;
        }
    }
}

static void check_recovered(const struct log_recovered *recovered,
                            uint64_t acknowledged)
{
    uint8_t want[ENTRY_BYTES];

    assert_true(recovered->first_index + recovered->n > acknowledged);
    assert_true(recovered->first_index <= recovered->snapshot.index + 1);
    for (size_t i = 0; i < recovered->n; i++) {
        entry_at(recovered->first_index + i, want);
        assert_int_equal(recovered->entries[i].len, ENTRY_BYTES);
        assert_memory_equal(recovered->entries[i].data, want, ENTRY_BYTES);
    }
}

static void open_and_check(uint64_t acknowledged)
{
    const struct log_store_options options = options_of();
    const struct log_store_owner owner = {on_failed, NULL, NULL};
    struct log_recovered *recovered = NULL;
    struct log_store *store = NULL;
    struct log_damage damage;
    struct loop *loop = loop_new();

    assert_int_equal(
        log_store_open(loop, &options, &owner, &store, &recovered, &damage),
        ERROR_NONE);
    check_recovered(recovered, acknowledged);
    log_recovered_free(recovered);
    log_store_close(store);
    loop_free(loop);
}

/* A child writes as fast as the disk lets it and says what was acknowledged.
 * Whenever it is killed with -9, all that it had acknowledged is there. */
static void test_log_store__survives_kill(void **state)
{
    const struct log_store_options options = options_of();
    uint64_t acknowledged = 0;

    (void)state;
    assert_int_equal(log_store_format(&options), ERROR_NONE);
    for (int i = 0; i < ROUNDS; i++) {
        int pipes[2];
        uint64_t last;
        pid_t pid;

        assert_int_equal(pipe(pipes), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(pipes[0]);
            run_child(pipes[1]);
        }
        close(pipes[1]);
        last = follow_child(pid, pipes[0], 20 + rand() % RUN_MS_MAX);
        close(pipes[0]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        acknowledged = last > acknowledged ? last : acknowledged;
        open_and_check(acknowledged);
    }
    print_message("%zu entries acknowledged in %d lives\n",
                  (size_t)acknowledged, ROUNDS);
    assert_true(acknowledged > (uint64_t)ROUNDS * OUTSTANDING);
}

struct busy {
    struct loop *loop;
    struct log_store *store;
    uint64_t next_index;
    uint64_t next_done;
    uint64_t term;
    uint8_t bytes[OUTSTANDING][ENTRY_BYTES];
};

static void busy_append(struct busy *busy);

static void on_busy_done(void *context, enum error error)
{
    struct busy *busy = context;

    assert_int_equal(error, ERROR_NONE);
    if (busy->next_done % 50 == 0) {
        busy->term++;
        assert_int_equal(log_store_set_term(busy->store, busy->term),
                         ERROR_NONE);
        assert_int_equal(log_store_set_vote(busy->store, 1), ERROR_NONE);
    }
    if (busy->next_done % 1000 == 0) {
        const struct log_snapshot snapshot = {.index = busy->next_done,
                                              .term = busy->term};

        assert_int_equal(log_store_snapshot_put(busy->store, TRAILING,
                                                &snapshot, NULL, NULL),
                         ERROR_NONE);
    }
    busy->next_done++;
    if (busy->next_index <= THREADS_ENTRIES) {
        busy_append(busy);
    } else if (busy->next_done > THREADS_ENTRIES) {
        loop_stop(busy->loop);
    }
}

static void busy_append(struct busy *busy)
{
    uint8_t *bytes = busy->bytes[busy->next_index % OUTSTANDING];
    struct log_entry entry = {busy->term, 1, slice_of(bytes, ENTRY_BYTES)};

    entry_at(busy->next_index, bytes);
    busy->next_index++;
    assert_int_equal(
        log_store_append(busy->store, &entry, 1, on_busy_done, busy),
        ERROR_NONE);
}

/* Votes on the loop, batches, marks, new and dropped segments on the worker:
 * all at once, and all of it is there afterwards. */
static void test_log_store__works_on_threads(void **state)
{
    const struct log_store_options options = options_of();
    const struct log_store_owner owner = {on_failed, NULL, NULL};
    static struct busy busy = {.next_index = 1, .next_done = 1};
    struct log_recovered *recovered = NULL;
    struct log_damage damage;

    (void)state;
    busy.loop = loop_new();
    assert_int_equal(log_store_format(&options), ERROR_NONE);
    assert_int_equal(log_store_open(busy.loop, &options, &owner, &busy.store,
                                    &recovered, &damage),
                     ERROR_NONE);
    log_recovered_free(recovered);
    for (int i = 0; i < OUTSTANDING; i++) {
        busy_append(&busy);
    }
    loop_run(busy.loop);
    log_store_close(busy.store);
    loop_free(busy.loop);
    open_and_check(THREADS_ENTRIES);
    temp_directory_remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_log_store__works_on_threads),
        RUN(test_log_store__survives_kill),
    };
    int failed;

    journal_configure(JOURNAL_WARNING, false, false);
    temp_directory_make(root);
    snprintf(path, sizeof(path), "%s/log", root);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_directory_remove(root);
    return failed;
}
