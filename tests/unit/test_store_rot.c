#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/checkpoint.h"
#include "storage/rocks/footer.h"
#include "tests/unit/store_fixture.h"

/* Damage to the files of a closed store, of every kind and in every file: who
 * opens it and reads it all gets exactly the right rows or ERROR_ROTTEN. */

enum {
    FILES_MAX = 64,
    ROWS = 1500,
    FLIPS_PER_FILE = 16,
    ZEROS = 4096,
    INDEX_TABLE_BYTES_MAX =
        1100, /* A table of more than that one row has more. */
    INDEX_ROW_BYTES = 24,
    FOOTER_FORMAT_AT = 41, /* rocks/footer.h */
};

struct file {
    char name[64];
    struct buffer bytes;
};

struct scene {
    struct store_fixture *f;
    size_t n;
    struct file files[FILES_MAX]; /* Of the sound store. */
    struct buffer rows;           /* What they hold. */
    uint64_t index;
    uint64_t seed;
    unsigned tried, rotten, sound;
};

static uint64_t pick(struct scene *scene, uint64_t n)
{
    scene->seed = scene->seed * 6364136223846793005U + 1442695040888963407U;
    return (scene->seed >> 20) % n;
}

static void path_of(const struct scene *scene, const char *name, char *path)
{
    assert_int_equal(files_path(path, scene->f->path, name), ERROR_NONE);
}

static void file_write(const struct scene *scene, const struct file *file)
{
    char path[FILES_PATH_BYTES_MAX];

    path_of(scene, file->name, path);
    assert_int_equal(files_write(path, 0, file->bytes.data, file->bytes.len),
                     ERROR_NONE);
}

static enum error file_take(void *context, const struct files_entry *entry)
{
    struct scene *scene = context;
    struct file *file = &scene->files[scene->n];
    char path[FILES_PATH_BYTES_MAX];
    size_t got;

    assert_true(scene->n < FILES_MAX);
    snprintf(file->name, sizeof(file->name), "%s", entry->name);
    path_of(scene, entry->name, path);
    assert_int_equal(files_read(path, 0,
                                buffer_reserve(&file->bytes, entry->bytes + 1),
                                entry->bytes, &got),
                     ERROR_NONE);
    file->bytes.len = got;
    scene->n += 1;
    return ERROR_NONE;
}

/* Rows in several tables, some rewritten and deleted, in several flushes: in
 * files of the top level and merged ones. */
static void rows_write(struct store_fixture *f)
{
    char key[32], value[400];

    for (int i = 0; i < ROWS; i++) {
        memset(value, 'a' + i % 26, sizeof(value));
        snprintf(value + i % 300 + 20, 20, "%d", i * 7919);
        snprintf(key, sizeof(key), "key-%d", i * 31 % 1000);
        fixture_put(f, i % 3 == 0 ? TABLE_ROOMS : TABLE_MESSAGES, key, value);
        snprintf(key, sizeof(key), "key-%d", i * 17 % 1000);
        fixture_delete(f, TABLE_ROOMS, key);
        fixture_commit(f);
        if (i % 230 == 229) {
            assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
        }
    }
}

/* Rows of which none covers another: whoever reads all reads each block of
 * rows, in however many files RocksDB has them by now. */
static void rows_write_once(struct store_fixture *f)
{
    char key[32], value[400];

    for (int i = 0; i < ROWS; i++) {
        memset(value, 'a' + i % 26, sizeof(value));
        snprintf(value + i % 300 + 20, 20, "%d", i * 7919);
        snprintf(key, sizeof(key), "key-%d", i * 31 % ROWS);
        fixture_put(f, i % 3 == 0 ? TABLE_ROOMS : TABLE_MESSAGES, key, value);
        fixture_commit(f);
        if (i % 230 == 229) {
            assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
        }
    }
}

/* Have a copy of the store in its place: a checkpoint has the tables that count
 * and no other. Beside them a store that was closed may still have some whose
 * merging had just ended, or had not. */
static void copy_take(struct store_fixture *f)
{
    uint64_t index;

    assert_int_equal(store_checkpoint(f->store, f->other, &index), ERROR_NONE);
    assert_int_equal(store_close(f->store), ERROR_NONE);
    assert_int_equal(files_remove(f->path), ERROR_NONE);
    assert_int_equal(rename(f->other, f->path), 0);
}

static int setup_of(void **state, void (*write)(struct store_fixture *),
                    bool copy)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    void *fixture = NULL;

    assert_non_null(scene);
    store_fixture_setup(&fixture);
    scene->f = fixture;
    scene->seed = 1;
    write(scene->f);
    assert_int_equal(rows_dump(scene->f->store, &scene->rows), ERROR_NONE);
    assert_true(scene->rows.len > 100000);
    scene->index = scene->f->index;
    if (copy) {
        copy_take(scene->f);
    } else {
        assert_int_equal(store_close(scene->f->store), ERROR_NONE);
    }
    scene->f->store = NULL;
    assert_int_equal(files_list(scene->f->path, file_take, scene), ERROR_NONE);
    *state = scene;
    return 0;
}

static int setup(void **state)
{
    return setup_of(state, rows_write, false);
}

static int setup_copy(void **state)
{
    return setup_of(state, rows_write, true);
}

static int setup_once(void **state)
{
    return setup_of(state, rows_write_once, true);
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    void *fixture = scene->f;

    for (size_t i = 0; i < scene->n; i++) {
        buffer_deinit(&scene->files[i].bytes);
    }
    buffer_deinit(&scene->rows);
    store_fixture_teardown(&fixture);
    free(scene);
    return 0;
}

/* Whether a file lies there as it was. */
static bool is_sound(const struct scene *scene, const struct file *file)
{
    size_t len = file->bytes.len, got = 0;
    struct buffer bytes = BUFFER_EMPTY;
    char path[FILES_PATH_BYTES_MAX];
    bool is;

    path_of(scene, file->name, path);
    is = files_read(path, 0, buffer_reserve(&bytes, len + 1), len + 1, &got) ==
             ERROR_NONE &&
         got == len && memcmp(bytes.data, file->bytes.data, len) == 0;
    buffer_deinit(&bytes);
    return is;
}

/* Remove what was not there, or not so. */
static enum error file_clear(void *context, const struct files_entry *entry)
{
    const struct scene *scene = context;
    char path[FILES_PATH_BYTES_MAX];

    for (size_t i = 0; i < scene->n; i++) {
        if (strcmp(scene->files[i].name, entry->name) == 0 &&
            is_sound(scene, &scene->files[i])) {
            return ERROR_NONE;
        }
    }
    path_of(scene, entry->name, path);
    return files_remove(path);
}

/* Bring the sound store back, to the last byte. Most files are as they were,
 * and reading that costs far less than writing them again. */
static void files_restore(struct scene *scene)
{
    assert_int_equal(files_list(scene->f->path, file_clear, scene), ERROR_NONE);
    for (size_t i = 0; i < scene->n; i++) {
        if (!is_sound(scene, &scene->files[i])) {
            file_write(scene, &scene->files[i]);
        }
    }
}

/* Open and read all. Returns NONE when the rows are right. */
static enum error read_all(struct scene *scene)
{
    struct buffer rows = BUFFER_EMPTY;
    struct store *store = NULL;
    enum error error = store_open(scene->f->path, NULL, &store);

    if (error == ERROR_NONE) {
        error = rows_dump(store, &rows);
    }
    if (error == ERROR_NONE) {
        assert_int_equal(store_applied(store), scene->index);
        assert_true(
            slice_equal(buffer_slice(&rows), buffer_slice(&scene->rows)));
    }
    store_abandon(store);
    buffer_deinit(&rows);
    return error;
}

/* Try what was damaged, then make it sound again. */
static enum error damage_try(struct scene *scene, const char *what,
                             const char *name, uint64_t at)
{
    enum error error = read_all(scene);

    if (error != ERROR_NONE && error != ERROR_ROTTEN) {
        fail_msg("%s of %s at %lu: %s", what, name, (unsigned long)at,
                 error_name(error));
    }
    scene->tried += 1;
    scene->rotten += error == ERROR_ROTTEN;
    scene->sound += error == ERROR_NONE;
    files_restore(scene);
    return error;
}

static void bytes_write(struct scene *scene, const struct file *file,
                        uint64_t at, const void *bytes, size_t len)
{
    char path[FILES_PATH_BYTES_MAX];

    path_of(scene, file->name, path);
    assert_int_equal(files_write(path, at, bytes, len), ERROR_NONE);
}

static enum error flip_try(struct scene *scene, const struct file *file,
                           size_t at, unsigned bit)
{
    uint8_t byte = (uint8_t)(file->bytes.data[at] ^ (1u << bit));

    bytes_write(scene, file, at, &byte, 1);
    return damage_try(scene, "flip", file->name, at * 8 + bit);
}

static void truncation_try(struct scene *scene, const struct file *file,
                           size_t len)
{
    char path[FILES_PATH_BYTES_MAX];

    path_of(scene, file->name, path);
    assert_int_equal(files_remove(path), ERROR_NONE);
    bytes_write(scene, file, 0, file->bytes.data, len);
    damage_try(scene, "truncation", file->name, len);
}

static bool is_table(const struct file *file)
{
    return strstr(file->name, ".sst") != NULL;
}

static void test_store_open__after_bit_flips(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < scene->n; i++) {
        const struct file *file = &scene->files[i];

        for (unsigned n = 0; n < FLIPS_PER_FILE && file->bytes.len > 0; n++) {
            flip_try(scene, file, pick(scene, file->bytes.len),
                     (unsigned)pick(scene, 8));
        }
    }
    print_message("flips: %u tried, %u rotten\n", scene->tried, scene->rotten);
    assert_true(scene->tried > 200 && scene->rotten > scene->tried / 2);
}

/* A table's footer has no checksum of its own. */
static void test_store_open__after_bit_flips_in_a_footer(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < scene->n; i++) {
        const struct file *file = &scene->files[i];

        for (size_t at = 1; is_table(file) && at <= FOOTER_BYTES; at += 4) {
            flip_try(scene, file, file->bytes.len - at - pick(scene, 4) % at,
                     (unsigned)pick(scene, 8));
        }
    }
    print_message("footers: %u tried, %u rotten\n", scene->tried,
                  scene->rotten);
    assert_true(scene->tried > 50);
}

static void test_store_open__after_zeroed_blocks(void **state)
{
    static const uint8_t zeros[ZEROS];
    struct scene *scene = *state;

    for (size_t i = 0; i < scene->n; i++) {
        const struct file *file = &scene->files[i];

        for (uint64_t n = 0; n < 4 && file->bytes.len > 0; n++) {
            uint64_t at = pick(scene, file->bytes.len / 512 + 1) * 512;
            size_t left = file->bytes.len - (size_t)at;

            if (left > 0) {
                bytes_write(scene, file, at, zeros,
                            left < ZEROS ? left : ZEROS);
                damage_try(scene, "zeros", file->name, at);
            }
        }
    }
    print_message("zeros: %u tried, %u rotten\n", scene->tried, scene->rotten);
    assert_true(scene->tried > 30 && scene->rotten > scene->tried / 2);
}

static void test_store_open__after_truncations(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < scene->n; i++) {
        const struct file *file = &scene->files[i];
        size_t len = file->bytes.len;

        if (len > 0) {
            truncation_try(scene, file, 0);
            truncation_try(scene, file, len - 1);
            truncation_try(scene, file, len / 2);
            truncation_try(scene, file, (size_t)pick(scene, len));
        }
    }
    print_message("truncations: %u tried, %u rotten\n", scene->tried,
                  scene->rotten);
    assert_true(scene->rotten > scene->tried / 2);
}

/* Which files may be missing: RocksDB's empty log, its journal, its lock, its
 * name for the database. No other. */
static bool is_needless(const char *name)
{
    return strstr(name, ".log") != NULL || strncmp(name, "LOG", 3) == 0 ||
           strcmp(name, "LOCK") == 0 || strcmp(name, "IDENTITY") == 0;
}

/* Any file that counts is missed. There are two OPTIONS files; both count as
 * one. */
static void test_store_open__after_a_file_was_lost(void **state)
{
    struct scene *scene = *state;
    char path[FILES_PATH_BYTES_MAX];

    for (size_t i = 0; i < scene->n; i++) {
        const char *name = scene->files[i].name;
        size_t same = strcspn(name, "-");

        for (size_t j = 0; j < scene->n; j++) {
            if (j == i || (strncmp(name, "OPTIONS-", 8) == 0 &&
                           strncmp(name, scene->files[j].name, same) == 0)) {
                path_of(scene, scene->files[j].name, path);
                assert_int_equal(files_remove(path), ERROR_NONE);
            }
        }
        assert_int_equal(damage_try(scene, "loss", name, 0),
                         is_needless(name) ? ERROR_NONE : ERROR_ROTTEN);
    }
}

/* A table with one row, that of the applied index. */
static bool has_index_alone(const struct file *file)
{
    return file->bytes.len <= INDEX_TABLE_BYTES_MAX;
}

/* Flip a bit of a row: verifying finds it, but for a row of the applied index
 * that a newer one covers: RocksDB may pass over that without reading it, and
 * then so does every reader. Returns what reading all says. */
static enum error row_flip(struct scene *scene, const struct file *file)
{
    /* The first two fifths of a table are rows for certain. */
    size_t rows =
        has_index_alone(file) ? INDEX_ROW_BYTES : file->bytes.len * 2 / 5;
    size_t at = (size_t)pick(scene, rows);
    uint8_t byte = (uint8_t)(file->bytes.data[at] ^ 4);
    enum error verified, error;

    bytes_write(scene, file, at, &byte, 1);
    verified = checkpoint_verify(scene->f->path);
    error = read_all(scene);
    if (verified != ERROR_ROTTEN &&
        (!has_index_alone(file) || error != ERROR_NONE)) {
        fail_msg("%s of %zu bytes, flipped at %zu: %s", file->name,
                 file->bytes.len, at, error_name(verified));
    }
    files_restore(scene);
    return error;
}

/* Verifying finds a flip in any row of any file, and so does reading the whole
 * store: but in a table that has nothing but the applied index, which the next
 * such table covers, until RocksDB has found the time to merge them. */
static void test_checkpoint_verify__finds_every_damaged_row(void **state)
{
    struct scene *scene = *state;
    enum error error;
    unsigned tried = 0;

    for (size_t i = 0; i < scene->n; i++) {
        for (unsigned n = 0; is_table(&scene->files[i]) && n < 6; n++) {
            error = row_flip(scene, &scene->files[i]);
            if (has_index_alone(&scene->files[i])) {
                assert_true(error == ERROR_ROTTEN || error == ERROR_NONE);
            } else {
                assert_int_equal(error, ERROR_ROTTEN);
                tried++;
            }
        }
    }
    assert_int_equal(checkpoint_verify(scene->f->path), ERROR_NONE);
    assert_true(tried > 50);
}

/* A row that a newer one covers is verified like any other. Who reads all may
 * not come by it, and then all that is read is right. */
static void test_checkpoint_verify__finds_damage_to_covered_rows(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < scene->n; i++) {
        for (unsigned n = 0; is_table(&scene->files[i]) && n < 3; n++) {
            enum error error = row_flip(scene, &scene->files[i]);

            assert_true(error == ERROR_ROTTEN || error == ERROR_NONE);
        }
    }
}

/* One flipped bit in a footer says that blocks have no checksums, or that the
 * table is of another format, which RocksDB believes; a check does not. */
static void test_checkpoint_verify__finds_damaged_footers(void **state)
{
    static const struct {
        size_t at; /* In the footer. */
        uint8_t is, becomes;
    } flips[] = {{0, TABLE_CHECKSUM_XXH3, 0},
                 {FOOTER_FORMAT_AT, TABLE_FORMAT, TABLE_FORMAT - 1}};
    struct scene *scene = *state;

    for (size_t i = 0; i < 2 * scene->n; i++) {
        const struct file *file = &scene->files[i / 2];
        size_t at = file->bytes.len - FOOTER_BYTES + flips[i % 2].at;

        if (is_table(file)) {
            assert_int_equal(file->bytes.data[at], flips[i % 2].is);
            bytes_write(scene, file, at, &flips[i % 2].becomes, 1);
            assert_int_equal(checkpoint_verify(scene->f->path), ERROR_ROTTEN);
            files_restore(scene);
        }
    }
}

/* Tables of before this program's have another kind of sum. Their footers are
 * right, and the sums are looked at: here they are of the kind of now. */
static void test_checkpoint_verify__knows_sums_of_before(void **state)
{
    static const uint8_t before = TABLE_CHECKSUM_CRC32C;
    struct scene *scene = *state;
    const struct file *file = NULL;
    char name[FOOTER_NAME_BYTES_MAX];

    for (size_t i = 0; i < scene->n; i++) {
        file = is_table(&scene->files[i]) ? &scene->files[i] : file;
    }
    assert_non_null(file);
    bytes_write(scene, file, file->bytes.len - FOOTER_BYTES, &before, 1);
    assert_int_equal(footer_find_bad(scene->f->path, name), ERROR_NONE);
    assert_string_equal(name, "");
    assert_int_equal(checkpoint_verify(scene->f->path), ERROR_ROTTEN);
}

/* What the disk says of a checkpoint made now. */
static enum error copy_verify(struct store_fixture *f)
{
    uint64_t index;
    enum error error;

    assert_int_equal(store_checkpoint(f->store, f->other, &index), ERROR_NONE);
    error = checkpoint_verify(f->other);
    assert_int_equal(files_remove(f->other), ERROR_NONE);
    return error;
}

/* Rot while the store is open and its rows lie in memory: reading the disk
 * again, as is done before a checkpoint is offered, finds it. */
static void test_checkpoint_verify__reads_the_disk_itself(void **state)
{
    struct scene *scene = *state;
    struct buffer rows = BUFFER_EMPTY;
    struct file *biggest = NULL;

    for (size_t i = 0; i < scene->n; i++) {
        if (is_table(&scene->files[i]) &&
            (biggest == NULL ||
             scene->files[i].bytes.len > biggest->bytes.len)) {
            biggest = &scene->files[i];
        }
    }
    assert_non_null(biggest);
    fixture_open(scene->f);
    assert_int_equal(rows_dump(scene->f->store, &rows), ERROR_NONE);
    bytes_write(scene, biggest, biggest->bytes.len / 3, "rot", 3);
    assert_int_equal(rows_dump(scene->f->store, &rows), ERROR_NONE);
    assert_true(slice_equal(buffer_slice(&rows), buffer_slice(&scene->rows)));
    assert_int_equal(copy_verify(scene->f), ERROR_ROTTEN);
    bytes_write(scene, biggest, 0, biggest->bytes.data, biggest->bytes.len);
    assert_int_equal(copy_verify(scene->f), ERROR_NONE);
    store_abandon(scene->f->store);
    scene->f->store = NULL;
    buffer_deinit(&rows);
}

#define RUN_SCENE(test) RUN_IN(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_SCENE(test_store_open__after_bit_flips),
        RUN_SCENE(test_store_open__after_bit_flips_in_a_footer),
        RUN_SCENE(test_store_open__after_zeroed_blocks),
        RUN_SCENE(test_store_open__after_truncations),
        RUN_SCENE(test_store_open__after_a_file_was_lost),
        RUN_IN(test_checkpoint_verify__finds_every_damaged_row, setup_once,
               teardown),
        RUN_IN(test_checkpoint_verify__finds_damage_to_covered_rows, setup_copy,
               teardown),
        RUN_SCENE(test_checkpoint_verify__finds_damaged_footers),
        RUN_IN(test_checkpoint_verify__knows_sums_of_before, setup_once,
               teardown),
        RUN_SCENE(test_checkpoint_verify__reads_the_disk_itself),
    };

    scratch_in_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
