/* The catalog over SQLite: what a crash leaves, and damage of each kind. It is
 * found, or does no harm; never is an answer wrong. */
#include "storage/catalog.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/sqlite/checked.h"
#include "tests/unit/quiet.h"
#include "tests/unit/temp_directory.h"
#include "tests/unit/test.h"

enum { MESSAGES = 3000, PER_COMMIT = 100, ROOMS = 7, WORDS = 40 };

struct scene {
    char directory[TEMP_DIRECTORY_BYTES];
    uint64_t last; /* Id of the last hit, */
    size_t n;      /* how many, */
    uint64_t sum;  /* and their ids. */
};

static int make(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    temp_directory_make(scene->directory);
    quiet_begin();
    *state = scene;
    return 0;
}

static int drop(void **state)
{
    struct scene *scene = *state;

    quiet_end();
    temp_directory_remove(scene->directory);
    free(scene);
    return 0;
}

/* Each message has "every" and a word by its id. */
static enum error put(struct catalog *catalog, uint64_t id)
{
    char words[64];

    snprintf(words, sizeof(words), "every w%u x%u", (unsigned)(id % WORDS),
             (unsigned)(id * 7919 % 1000));
    return catalog_put(catalog, &(struct catalog_message){
                                    .at_us = (int64_t)id * 1000,
                                    .room = (uint32_t)(id % ROOMS) + 1,
                                    .message_id = id,
                                    .author = SLICE_LITERAL("sip:a@b"),
                                    .words = slice_of_text(words),
                                });
}

/* One commit of messages, its mark being the last of them. */
static enum error put_some(struct catalog *catalog, uint64_t first)
{
    TRY(catalog_begin(catalog));
    for (uint64_t id = first; id < first + PER_COMMIT; id++) {
        enum error error = put(catalog, id);

        if (error != ERROR_NONE) {
            catalog_drop(catalog);
            return error;
        }
    }
    TRY(catalog_mark(catalog, 1, first + PER_COMMIT - 1));
    TRY(catalog_set_level(catalog, first));
    return catalog_commit(catalog);
}

static enum error put_all(struct catalog *catalog)
{
    for (uint64_t id = 1; id <= MESSAGES; id += PER_COMMIT) {
        TRY(put_some(catalog, id));
    }
    return ERROR_NONE;
}

static void fill(struct scene *scene)
{
    struct catalog *catalog = NULL;

    assert_int_equal(catalog_open(scene->directory, "me", &catalog),
                     ERROR_NONE);
    assert_int_equal(put_all(catalog), ERROR_NONE);
    catalog_close(catalog);
}

/* A catalog of a program that had other tables is told from damage: it is to be
 * made anew. */
static void test_catalog_open__of_another_format(void **state)
{
    struct scene *scene = *state;
    struct catalog *catalog = NULL;
    sqlite3 *db = NULL;
    char path[TEMP_DIRECTORY_BYTES + 16];

    fill(scene);
    snprintf(path, sizeof(path), "%s/words.db", scene->directory);
    assert_int_equal(checked_register(), ERROR_NONE);
    assert_int_equal(
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, CHECKED_VFS),
        SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA user_version=1",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(catalog_open(scene->directory, "me", &catalog),
                     ERROR_WRONG_POOL);
    assert_int_equal(catalog_discard(scene->directory), ERROR_NONE);
    assert_int_equal(catalog_open(scene->directory, "me", &catalog),
                     ERROR_NONE);
    catalog_close(catalog);
}

static bool take(void *context, const struct catalog_hit *hit)
{
    struct scene *scene = context;

    scene->n += 1;
    scene->sum += hit->message_id;
    scene->last = hit->message_id;
    return true;
}

static enum error search(struct scene *scene, struct catalog *catalog,
                         const char *word)
{
    const struct slice phrase = slice_of_text(word);

    scene->n = 0;
    scene->sum = 0;
    return catalog_search(catalog,
                          &(struct catalog_query){.phrases = &phrase,
                                                  .n_phrases = 1,
                                                  .to_us = INT64_MAX},
                          take, scene);
}

/* Every word is looked for; gives the first error. What is answered without
 * one must be whole up to the mark. */
static enum error look_through(struct scene *scene, struct catalog *catalog,
                               uint64_t upto)
{
    for (unsigned w = 0; w < WORDS; w++) {
        uint64_t sum = 0;
        char word[16];

        snprintf(word, sizeof(word), "w%u", w);
        TRY(search(scene, catalog, word));
        for (uint64_t id = 1; id <= upto; id++) {
            sum += id % WORDS == w ? id : 0;
        }
        assert_int_equal(scene->sum, sum);
    }
    TRY(search(scene, catalog, "every"));
    assert_int_equal(scene->n, upto);
    return ERROR_NONE;
}

static bool take_mark(void *context, uint32_t room, uint64_t message_id)
{
    (void)room;
    *(uint64_t *)context = message_id;
    return true;
}

/* Open, read the mark, look for all; gives the first error. */
static enum error judge(struct scene *scene, uint64_t *mark_out)
{
    struct catalog *catalog = NULL;
    enum error error = catalog_open(scene->directory, "me", &catalog);

    *mark_out = 0;
    if (error == ERROR_NONE) {
        error = catalog_marks(catalog, take_mark, mark_out);
    }
    if (error == ERROR_NONE) {
        assert_int_equal(*mark_out % PER_COMMIT, 0);
        assert_int_equal(catalog_level(catalog),
                         *mark_out == 0 ? 0 : *mark_out - PER_COMMIT + 1);
        error = look_through(scene, catalog, *mark_out);
    }
    catalog_close(catalog);
    return error;
}

static void path_of(const struct scene *scene, const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", scene->directory, name);
}

static off_t size_of(const struct scene *scene, const char *name)
{
    struct stat status;
    char path[512];

    path_of(scene, name, path);
    return stat(path, &status) == 0 ? status.st_size : 0;
}

static void flip(const struct scene *scene, const char *name, off_t at)
{
    char path[512];
    uint8_t byte;
    int file;

    path_of(scene, name, path);
    file = open(path, O_RDWR);
    assert_int_equal(pread(file, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(file, &byte, 1, at), 1);
    close(file);
}

/* What is closed is whole when it is opened again. */
static void test_close__and_open(void **state)
{
    uint64_t mark;

    fill(*state);
    assert_int_equal(judge(*state, &mark), ERROR_NONE);
    assert_int_equal(mark, MESSAGES);
}

/* Take all messages out; and drop that. */
static enum error take_out(struct scene *scene)
{
    struct catalog *catalog = NULL;
    enum error error = catalog_open(scene->directory, "me", &catalog);

    if (error == ERROR_NONE) {
        error = catalog_begin(catalog);
    }
    for (uint64_t id = 1; id <= MESSAGES && error == ERROR_NONE; id++) {
        error = catalog_remove(
            catalog, &(struct catalog_hit){(int64_t)id * 1000,
                                           (uint32_t)(id % ROOMS) + 1, id});
    }
    catalog_close(catalog);
    return error;
}

/* A bit of any page that is flipped is found by who reads the page: an answer
 * is right, or there is none. */
static void test_damage__a_bit(void **state)
{
    struct scene *scene = *state;
    off_t size;
    unsigned found = 0, tried = 0;
    uint64_t mark;

    fill(scene);
    size = size_of(scene, "words.db");
    for (off_t at = 123; at < size; at += 4096) {
        flip(scene, "words.db", at);
        found += judge(scene, &mark) == ERROR_ROTTEN ||
                 take_out(scene) == ERROR_ROTTEN;
        tried += 1;
        flip(scene, "words.db", at);
    }
    assert_true(tried > 20);
    assert_true(found * 2 > tried); /* What nobody reads is not found. */
    assert_int_equal(judge(scene, &mark), ERROR_NONE);
}

/* A file that lost its end is found. */
static void test_damage__truncated(void **state)
{
    struct scene *scene = *state;
    char path[512];
    off_t size;
    uint64_t mark;

    fill(scene);
    path_of(scene, "words.db", path);
    size = size_of(scene, "words.db");
    assert_int_equal(truncate(path, size - 4096), 0);
    assert_int_equal(judge(scene, &mark), ERROR_ROTTEN);
    assert_int_equal(truncate(path, 1000), 0);
    assert_int_equal(judge(scene, &mark), ERROR_ROTTEN);
    assert_int_equal(catalog_discard(scene->directory), ERROR_NONE);
    assert_int_equal(judge(scene, &mark), ERROR_NONE);
    assert_int_equal(mark, 0);
}

/* A file that is gone is an empty catalog, and its mark says so. */
static void test_damage__missing(void **state)
{
    struct scene *scene = *state;
    char path[512];
    uint64_t mark;

    fill(scene);
    path_of(scene, "words.db", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(judge(scene, &mark), ERROR_NONE);
    assert_int_equal(mark, 0);
}

/* One that was made for another pool, or with words of another kind. */
static void test_open__of_another(void **state)
{
    struct scene *scene = *state;
    struct catalog *catalog = NULL;

    fill(scene);
    assert_int_equal(catalog_open(scene->directory, "you", &catalog),
                     ERROR_WRONG_POOL);
    assert_null(catalog);
}

/* Write for ever, until killed. */
static void write_until_killed(const struct scene *scene, int ready)
{
    struct catalog *catalog = NULL;

    if (catalog_open(scene->directory, "me", &catalog) != ERROR_NONE) {
        _exit(1);
    }
    for (uint64_t id = 1; true; id += PER_COMMIT) {
        if (put_some(catalog, id) != ERROR_NONE || write(ready, "x", 1) != 1) {
            _exit(1);
        }
    }
}

/* Let a process write so many commits and kill it; gives how many it told. */
static uint64_t kill_after(const struct scene *scene, unsigned commits,
                           unsigned wait_us)
{
    int pipe_ends[2], status;
    uint64_t told = 0;
    char byte;
    pid_t child;

    assert_int_equal(pipe(pipe_ends), 0);
    child = fork();
    if (child == 0) {
        close(pipe_ends[0]);
        write_until_killed(scene, pipe_ends[1]);
    }
    close(pipe_ends[1]);
    while (told < commits && read(pipe_ends[0], &byte, 1) == 1) {
        told += 1;
    }
    usleep(wait_us);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    while (read(pipe_ends[0], &byte, 1) == 1) {
        told += 1;
    }
    close(pipe_ends[0]);
    assert_true(WIFSIGNALED(status));
    return told;
}

/* A process that is killed leaves all it has committed, words and mark
 * together, wherever it was. */
static void test_crash__anywhere(void **state)
{
    struct scene *scene = *state;

    for (unsigned round = 0; round < 12; round++) {
        uint64_t told = kill_after(scene, 1 + round * 11, round * 700);
        uint64_t mark;

        assert_int_equal(judge(scene, &mark), ERROR_NONE);
        assert_true(mark >= told * PER_COMMIT);
        assert_true(mark <= (told + 1) * PER_COMMIT);
        assert_int_equal(catalog_discard(scene->directory), ERROR_NONE);
    }
}

/* The log of a process that was killed is part of the truth: without it, or
 * with a bit of it flipped, what is opened is found out, or is an earlier
 * whole. */
static void test_crash__and_damage_of_the_log(void **state)
{
    struct scene *scene = *state;
    unsigned found = 0;
    char path[512];
    uint64_t mark;

    path_of(scene, "words.db-wal", path);
    for (unsigned round = 0; round < 12; round++) {
        off_t size;

        kill_after(scene, 200, 0); /* Well past a checkpoint. */
        size = size_of(scene, "words.db-wal");
        assert_true(size > 0);
        if (round == 0) {
            assert_int_equal(unlink(path), 0);
        } else {
            flip(scene, "words.db-wal", size * round / 12);
        }
        found += judge(scene, &mark) == ERROR_ROTTEN;
        assert_int_equal(catalog_discard(scene->directory), ERROR_NONE);
    }
    assert_true(found > 0);
}

/* A disk that is full drops the write whole; what was in stays, and with room
 * again it goes on. */
static void test_disk__full(void **state)
{
    struct scene *scene = *state;
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    struct catalog *catalog = NULL;
    struct rlimit small = unlimited;
    enum error error = ERROR_NONE;
    uint64_t id = 1;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(catalog_open(scene->directory, "me", &catalog),
                     ERROR_NONE);
    small.rlim_cur = 600 * 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (; id <= MESSAGES && error == ERROR_NONE; id += PER_COMMIT) {
        error = put_some(catalog, id);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_true(error == ERROR_NO_SPACE || error == ERROR_IO);
    id -= PER_COMMIT;
    assert_int_equal(look_through(scene, catalog, id - 1), ERROR_NONE);
    for (; id <= MESSAGES; id += PER_COMMIT) {
        assert_int_equal(put_some(catalog, id), ERROR_NONE);
    }
    assert_int_equal(look_through(scene, catalog, MESSAGES), ERROR_NONE);
    catalog_close(catalog);
}

int main(void)
{
#define TEST(name) RUN_IN(name, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(test_catalog_open__of_another_format),
        TEST(test_close__and_open),
        TEST(test_damage__a_bit),
        TEST(test_damage__truncated),
        TEST(test_damage__missing),
        TEST(test_open__of_another),
        TEST(test_crash__anywhere),
        TEST(test_crash__and_damage_of_the_log),
        TEST(test_disk__full),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
