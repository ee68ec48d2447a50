#include "tests/unit/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/store_fixture.h"

/* How RocksDB is set up, where only the process shows it. */

enum {
    FLUSHES = 10, /* More files than are left unmerged (COMPACT_AT_FILES). */
    WAIT_STEP_US = 10 * 1000,
    WAIT_STEPS = 1000,
    NICE_MOST = 19,
    NO_THREAD = 100, /* No nice value. */
};

/* The name that a thread of this process gave itself. */
static void thread_name(const char *thread, char name[32])
{
    char path[300];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%s/comm", thread);
    file = fopen(path, "r");
    if (file == NULL || fgets(name, 32, file) == NULL) {
        name[0] = '\0'; /* It has just ended. */
    }
    if (file != NULL) {
        fclose(file);
    }
}

/* The nice value of the first thread whose name begins so. */
static int nice_of(const char *prefix)
{
    DIR *threads = opendir("/proc/self/task");
    struct dirent *entry;
    char name[32];
    int nice = NO_THREAD;

    assert_non_null(threads);
    while (nice == NO_THREAD && (entry = readdir(threads)) != NULL) {
        thread_name(entry->d_name, name);
        if (strncmp(name, prefix, strlen(prefix)) == 0) {
            nice = getpriority(PRIO_PROCESS, (id_t)atoi(entry->d_name));
        }
    }
    closedir(threads);
    return nice;
}

/* Files of one table that all cover the same keys, until there is something to
 * merge. */
static void make_work(struct store_fixture *f)
{
    for (int i = 0; i < FLUSHES; i++) {
        fixture_put(f, TABLE_ROOMS, "first", "row");
        fixture_put(f, TABLE_ROOMS, "last", "row");
        fixture_commit(f);
        assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    }
}

/* Merging files yields to everything that serves; flushing them, which commits
 * may wait for, does not. */
static void test_rocks_options__merging_yields(void **state)
{
    int serving = getpriority(PRIO_PROCESS, 0);

    if (serving >= NICE_MOST) {
        skip(); /* Nothing yields to this process. */
    }
    make_work(*state);
    for (int i = 0; i < WAIT_STEPS && nice_of("rocksdb:low") <= serving; i++) {
        usleep(WAIT_STEP_US); /* A thread yields from its first work on. */
    }
    assert_in_range(nice_of("rocksdb:low"), serving + 1, NICE_MOST);
    assert_int_equal(nice_of("rocksdb:high"), serving);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_rocks_options__merging_yields, store_fixture_setup,
               store_fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
