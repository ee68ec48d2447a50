#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "storage/files.h"
#include "tests/unit/store_fixture.h"

/* The contract of storage/files.h. Built twice: over POSIX files and over the
 * disk of perch-sim. */

struct scene {
    char directory[FILES_PATH_BYTES_MAX];
    char a[FILES_PATH_BYTES_MAX];
    char b[FILES_PATH_BYTES_MAX];
};

static int setup(void **state)
{
    static struct scene scene;

    scratch_make(scene.directory);
    assert_int_equal(files_path(scene.a, scene.directory, "a"), ERROR_NONE);
    assert_int_equal(files_path(scene.b, scene.directory, "b"), ERROR_NONE);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(files_remove(scene->directory), ERROR_NONE);
    return 0;
}

static void file_expect(const char *path, uint64_t offset, size_t len,
                        const char *bytes, size_t bytes_len)
{
    char found[64];
    size_t got;

    assert_true(len <= sizeof(found));
    assert_int_equal(files_read(path, offset, found, len, &got), ERROR_NONE);
    assert_int_equal(got, bytes_len);
    assert_memory_equal(found, bytes, bytes_len);
}

/* A file is what was written, with zeros where nothing was; reading ends where
 * it ends. */
static void test_files_write__reads_back(void **state)
{
    struct scene *scene = *state;
    size_t got;
    char byte;

    assert_int_equal(files_read(scene->a, 0, &byte, 1, &got), ERROR_NOT_FOUND);
    assert_int_equal(files_write(scene->a, 5, "world", 5), ERROR_NONE);
    assert_int_equal(files_write(scene->a, 0, "hi", 2), ERROR_NONE);
    file_expect(scene->a, 0, 64, "hi\0\0\0world", 10);
    file_expect(scene->a, 7, 2, "rl", 2);
    file_expect(scene->a, 9, 64, "d", 1);
    file_expect(scene->a, 10, 64, "", 0);
    file_expect(scene->a, 99, 64, "", 0);
    assert_int_equal(files_sync(scene->a), ERROR_NONE);
    assert_int_equal(files_sync(scene->directory), ERROR_NONE);
    assert_int_equal(files_sync(scene->b), ERROR_NOT_FOUND);
    assert_int_equal(files_write(scene->directory, 0, "x", 1), ERROR_IO);
}

/* A rename takes the place of a file and the name of a directory. */
static void test_files_rename__replaces_a_file(void **state)
{
    struct scene *scene = *state;
    char inside[FILES_PATH_BYTES_MAX];
    size_t got;
    char byte;

    assert_int_equal(files_write(scene->a, 0, "new", 3), ERROR_NONE);
    assert_int_equal(files_write(scene->b, 0, "older", 5), ERROR_NONE);
    assert_int_equal(files_rename(scene->a, scene->b), ERROR_NONE);
    file_expect(scene->b, 0, 64, "new", 3);
    assert_int_equal(files_read(scene->a, 0, &byte, 1, &got), ERROR_NOT_FOUND);
    assert_int_equal(files_rename(scene->a, scene->b), ERROR_NOT_FOUND);

    assert_int_equal(files_remove(scene->b), ERROR_NONE);
    assert_int_equal(files_make_directory(scene->a), ERROR_NONE);
    assert_int_equal(files_path(inside, scene->a, "file"), ERROR_NONE);
    assert_int_equal(files_write(inside, 0, "x", 1), ERROR_NONE);
    assert_int_equal(files_rename(scene->a, scene->b), ERROR_NONE);
    assert_int_equal(files_path(inside, scene->b, "file"), ERROR_NONE);
    file_expect(inside, 0, 64, "x", 1);
}

/* What a walk sees, and that it may remove what it sees. */
struct walk {
    const char *directory;
    bool remove;
    unsigned directories, files;
    uint64_t bytes;
};

static enum error each(void *context, const struct files_entry *entry)
{
    struct walk *walk = context;
    char path[FILES_PATH_BYTES_MAX];

    walk->directories += entry->is_directory;
    walk->files += !entry->is_directory;
    walk->bytes += entry->bytes;
    if (!walk->remove) {
        return ERROR_NONE;
    }
    TRY(files_path(path, walk->directory, entry->name));
    return files_remove(path);
}

static enum error refuse(void *context, const struct files_entry *entry)
{
    (void)entry;
    *(unsigned *)context += 1;
    return ERROR_BUSY;
}

/* A walk shows files and directories, each once, and ends at the first error
 * of the one who walks. */
static void test_files_list__shows_each_entry_once(void **state)
{
    struct scene *scene = *state;
    struct walk walk = {.directory = scene->directory};
    unsigned refused = 0;

    assert_int_equal(files_list(scene->a, each, &walk), ERROR_NOT_FOUND);
    assert_int_equal(files_write(scene->a, 0, "12345", 5), ERROR_NONE);
    assert_int_equal(files_make_directory(scene->b), ERROR_NONE);
    assert_int_equal(files_make_directory(scene->b), ERROR_NONE);
    assert_int_equal(files_list(scene->directory, each, &walk), ERROR_NONE);
    assert_int_equal(walk.files, 1);
    assert_int_equal(walk.directories, 1);
    assert_int_equal(walk.bytes, 5);
    assert_int_equal(files_list(scene->directory, refuse, &refused),
                     ERROR_BUSY);
    assert_int_equal(refused, 1);
    walk.remove = true;
    assert_int_equal(files_list(scene->directory, each, &walk), ERROR_NONE);
    walk = (struct walk){.directory = scene->directory};
    assert_int_equal(files_list(scene->directory, each, &walk), ERROR_NONE);
    assert_int_equal(walk.files + walk.directories, 0);
}

/* A directory goes with all that is in it. */
static void test_files_remove__takes_the_whole_tree(void **state)
{
    struct scene *scene = *state;
    char inner[FILES_PATH_BYTES_MAX], file[FILES_PATH_BYTES_MAX];
    size_t got;

    assert_int_equal(files_remove(scene->a), ERROR_NOT_FOUND);
    assert_int_equal(files_make_directory(scene->a), ERROR_NONE);
    assert_int_equal(files_path(inner, scene->a, "inner"), ERROR_NONE);
    assert_int_equal(files_make_directory(inner), ERROR_NONE);
    assert_int_equal(files_path(file, inner, "file"), ERROR_NONE);
    assert_int_equal(files_write(file, 0, "x", 1), ERROR_NONE);
    assert_int_equal(files_remove(scene->a), ERROR_NONE);
    assert_int_equal(files_read(file, 0, inner, 1, &got), ERROR_NOT_FOUND);
    assert_int_equal(files_remove(scene->a), ERROR_NOT_FOUND);
}

/* A path that is too long is refused, not cut. */
static void test_files_path__refuses_what_does_not_fit(void **state)
{
    char name[FILES_PATH_BYTES_MAX], path[FILES_PATH_BYTES_MAX];

    (void)state;
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 2] = '\0';
    assert_int_equal(files_path(path, "d", name), ERROR_TOO_LARGE);
    name[sizeof(name) - 3] = '\0';
    assert_int_equal(files_path(path, "d", name), ERROR_NONE);
    assert_int_equal(strlen(path), FILES_PATH_BYTES_MAX - 1);
}

#define RUN_SCENE(test) RUN_IN(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_SCENE(test_files_write__reads_back),
        RUN_SCENE(test_files_rename__replaces_a_file),
        RUN_SCENE(test_files_list__shows_each_entry_once),
        RUN_SCENE(test_files_remove__takes_the_whole_tree),
        RUN(test_files_path__refuses_what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
