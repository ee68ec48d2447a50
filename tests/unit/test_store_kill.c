#include "tests/unit/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "tests/unit/store_fixture.h"

/* SIGKILL while commits, flushes and merging of files go on. What entry i
 * writes is a function of i, so that any process knows the rows of any index.
 * All work on the store is in children: RocksDB's threads do not survive a
 * fork. */

enum {
    ROUNDS = 30,
    TABLES = 4,
    KEYS = 300,
    ROWS_PER_ENTRY = 6,
    ENTRIES_FULL = 400, /* More than memtables hold. */
    VALUE_BYTES_MAX = 1500,
};

static const enum table tables[TABLES] = {TABLE_ROOMS, TABLE_MESSAGES,
                                          TABLE_ORIGINS, TABLE_SESSIONS};

/* What children tell the parent, and what the parent knows. */
struct shared {
    _Atomic uint64_t flushed; /* Highest index that was called flushed. */
    _Atomic uint64_t applied; /* That the last check found. */
    _Atomic bool busy;        /* The child commits, and flushes if it should. */
};

struct scene {
    char scratch[FILES_PATH_BYTES_MAX];
    char path[FILES_PATH_BYTES_MAX];
    struct shared *shared;
};

static const struct store_options small = {.memtable_bytes = 1 << 20,
                                           .cache_bytes = 1 << 20};

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* One row of an entry: which, and what of it. */
struct change {
    unsigned table;
    unsigned key;
    bool deleted;
};

static struct change change_of(uint64_t index, unsigned row)
{
    uint64_t hash = mix(index * ROWS_PER_ENTRY + row + 1);

    return (struct change){(unsigned)(hash % TABLES),
                           (unsigned)(hash / 7 % KEYS), hash % 11 == 0};
}

static struct slice key_of(char text[16], unsigned key)
{
    snprintf(text, 16, "key-%05u", key);
    return slice_of_text(text);
}

static struct slice value_of(uint8_t *bytes, uint64_t index)
{
    size_t len = 8 + mix(index) % (VALUE_BYTES_MAX - 8);

    put_be64(bytes, index);
    for (size_t i = 8; i < len; i++) {
        bytes[i] = (uint8_t)(mix(index + i / 8) >> (i % 8 * 8));
    }
    return slice_of(bytes, len);
}

static void entry_commit(struct store *store, struct batch *batch,
                         uint64_t index)
{
    static uint8_t value[VALUE_BYTES_MAX];
    char text[16];

    batch_clear(batch);
    for (unsigned i = 0; i < ROWS_PER_ENTRY; i++) {
        struct change change = change_of(index, i);
        struct slice key = key_of(text, change.key);

        if (change.deleted) {
            batch_delete(batch, tables[change.table], key);
        } else {
            batch_put(batch, tables[change.table], key, value_of(value, index));
        }
    }
    CHECK(store_commit(store, batch, index) == ERROR_NONE);
}

/* A worker that flushes again and again. */
struct flusher {
    struct store *store;
    struct shared *shared;
};

static void *flush_all(void *context)
{
    struct flusher *flusher = context;

    for (;;) {
        usleep(3000);
        CHECK(store_flush(flusher->store, UINT64_MAX) == ERROR_NONE);
        atomic_store(&flusher->shared->flushed, store_flushed(flusher->store));
        atomic_store(&flusher->shared->busy, true);
    }
    return NULL;
}

/* Commit for ever; every other round with a flusher beside. */
_Noreturn static void commit_run(struct scene *scene, bool flushing)
{
    struct flusher flusher = {.shared = scene->shared};
    struct batch *batch = batch_new();
    pthread_t thread;
    uint64_t index;

    CHECK(batch != NULL);
    CHECK(store_open(scene->path, &small, &flusher.store) == ERROR_NONE);
    index = store_applied(flusher.store);
    if (flushing) {
        CHECK(pthread_create(&thread, NULL, flush_all, &flusher) == 0);
    }
    for (uint64_t n = 1;; n++) {
        index += 1;
        entry_commit(flusher.store, batch, index);
        if (!flushing && n == ENTRIES_FULL) {
            atomic_store(&scene->shared->busy, true);
        }
    }
}

/* The last entry that wrote each row, 0 for none. */
struct rows {
    uint64_t writer[TABLES][KEYS];
};

static void rows_replay(struct rows *rows, uint64_t applied)
{
    memset(rows, 0, sizeof(*rows));
    for (uint64_t index = 1; index <= applied; index++) {
        for (unsigned i = 0; i < ROWS_PER_ENTRY; i++) {
            struct change change = change_of(index, i);

            rows->writer[change.table][change.key] = change.deleted ? 0 : index;
        }
    }
}

static void table_check(struct view *view, const struct rows *rows,
                        unsigned table)
{
    static uint8_t value[VALUE_BYTES_MAX];
    struct range all = {0};
    struct cursor *cursor;
    struct row row;
    char text[16];

    CHECK(cursor_open(view, tables[table], all, &cursor) == ERROR_NONE);
    for (unsigned key = 0; key < KEYS; key++) {
        if (rows->writer[table][key] != 0) {
            CHECK(cursor_next(cursor, &row) == ERROR_NONE);
            CHECK(slice_equal(row.key, key_of(text, key)));
            CHECK(slice_equal(row.value,
                              value_of(value, rows->writer[table][key])));
        }
    }
    CHECK(cursor_next(cursor, &row) == ERROR_NOT_FOUND);
    cursor_close(cursor);
}

/* Exactly the rows of the index that is found, which is no less than what was
 * called flushed or was found the last time. */
_Noreturn static void check_run(struct scene *scene)
{
    static struct rows rows;
    struct store *store;
    struct view *view;

    CHECK(store_open(scene->path, &small, &store) == ERROR_NONE);
    CHECK(store_applied(store) >= atomic_load(&scene->shared->flushed));
    CHECK(store_applied(store) >= atomic_load(&scene->shared->applied));
    rows_replay(&rows, store_applied(store));
    CHECK(view_open(store, &view) == ERROR_NONE);
    for (unsigned table = 0; table < TABLES; table++) {
        table_check(view, &rows, table);
    }
    view_close(view);
    atomic_store(&scene->shared->applied, store_applied(store));
    store_abandon(store);
    _exit(0);
}

static pid_t child_begin(struct scene *scene, bool commits, bool flushing)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0 && commits) {
        commit_run(scene, flushing);
    }
    if (child == 0) {
        check_run(scene);
    }
    return child;
}

/* After SIGKILL at any moment the rows are exactly the prefix of entries that
 * the applied index names, in all tables. */
static void test_store_commit__is_a_prefix_after_sigkill(void **state)
{
    struct scene *scene = *state;
    uint64_t moved = 0;
    int status;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t before = atomic_load(&scene->shared->applied);
        pid_t child;

        atomic_store(&scene->shared->busy, false);
        child = child_begin(scene, true, round % 2 == 0);
        while (!atomic_load(&scene->shared->busy)) {
            assert_int_equal(waitpid(child, &status, WNOHANG), 0);
            usleep(500);
        }
        usleep((unsigned)(mix(round) % 40000));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        child = child_begin(scene, false, false);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        moved += atomic_load(&scene->shared->applied) > before;
    }
    /* Most rounds got somewhere, or nothing was tried. */
    assert_true(moved > ROUNDS / 2);
}

static int setup(void **state)
{
    static struct scene scene;
    pid_t child;
    int status;

    scratch_make(scene.scratch);
    assert_int_equal(files_path(scene.path, scene.scratch, "store"),
                     ERROR_NONE);
    scene.shared = mmap(NULL, sizeof(*scene.shared), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(scene.shared, MAP_FAILED);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(store_format(scene.path) == ERROR_NONE ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(files_remove(scene->scratch), ERROR_NONE);
    munmap(scene->shared, sizeof(*scene->shared));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_store_commit__is_a_prefix_after_sigkill, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
