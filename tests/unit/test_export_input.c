/* What an adapter is given is what the pool has published, or nothing. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/compliance/export_input.h"
#include "node/compliance/layout.h"
#include "raft/device.h"
#include "tests/sim/block_disk.h"
#include "tests/unit/archive_scene.h"
#include "tests/unit/quiet.h"

#define HERE "/machine/archive"

enum { SIZE = 700, FIRST = 100, LAST = 599, CHUNKS_MAX = 100 };

struct scene {
    uint64_t random;
    struct disk *disk;
    struct pen *pen;
    struct export_input *input;
    struct adapter_view adapter;
    struct cut_view cut;
    struct merkle_hash root;
    struct buffer fed;
};

static uint64_t draw(void *context)
{
    uint64_t *state = context;

    return *state += 0x9e3779b97f4a7c15u;
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    quiet_begin();
    s->random = 1;
    s->disk = disk_new("/machine", draw, &s->random);
    s->pen = pen_new(HERE);
    assert_int_equal(pen_open(s->pen, UINT64_MAX), ERROR_NONE);
    assert_int_equal(scene_add(s->pen, SIZE), ERROR_NONE);
    assert_int_equal(pen_commit(s->pen), ERROR_NONE);
    assert_int_equal(pen_partial(s->pen, SIZE), ERROR_NONE);
    scene_root(SIZE, &s->root);
    s->adapter.name = SLICE_LITERAL("vault");
    s->cut = (struct cut_view){.first_csn = FIRST, .last_csn = LAST};
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    quiet_end();
    export_input_free(s->input);
    buffer_deinit(&s->fed);
    pen_free(s->pen);
    disk_free(s->disk);
    free(s);
    return 0;
}

/* Feed until there is nothing more, or an error. */
static enum error feed(struct scene *s)
{
    struct buffer chunk = BUFFER_EMPTY;
    enum error error = ERROR_NONE;

    s->input = export_input_new(&(struct export_cut){
        .domain = SLICE_LITERAL("b.test"),
        .origin = SLICE_LITERAL("b.test/log"),
        .adapter = &s->adapter,
        .cut = &s->cut,
        .directory = HERE,
        .size = SIZE,
        .root = s->root,
    });
    for (int i = 0; i < CHUNKS_MAX && error == ERROR_NONE; i++) {
        buffer_clear(&chunk);
        error = export_input_feed(s->input, &chunk);
        if (error == ERROR_NONE) {
            buffer_append_slice(&s->fed, buffer_slice(&chunk));
        }
        if (chunk.len == 0) {
            break;
        }
    }
    buffer_deinit(&chunk);
    return error;
}

static bool has(const struct scene *s, const char *text)
{
    return memmem(s->fed.data, s->fed.len, text, strlen(text)) != NULL;
}

static void flip(const char *directory, const char *name, uint64_t offset)
{
    struct device_file *file;
    struct device *device;
    uint8_t byte;
    size_t got;

    assert_int_equal(device_find(directory, &device), ERROR_NONE);
    assert_int_equal(device_file_open(device, name, DEVICE_WRITE, &file),
                     ERROR_NONE);
    assert_int_equal(device_file_read(file, offset, &byte, 1, &got),
                     ERROR_NONE);
    byte ^= 4;
    assert_int_equal(device_file_write(file, offset, &byte, 1), ERROR_NONE);
    device_file_close(file);
    device_close(device);
}

/* The cut, each of its records, and the end. */
static void test_export_input_feed__all(void **state)
{
    struct scene *s = *state;
    size_t lines = 0;

    assert_int_equal(feed(s), ERROR_NONE);
    for (size_t i = 0; i < s->fed.len; i++) {
        lines += s->fed.data[i] == '\n';
    }
    assert_int_equal(lines, 1 + (LAST - FIRST + 1) + 1);
    assert_true(has(s, "\"tree_size\":600"));
    assert_true(has(s, "{\"end\":500}"));
}

/* A root that the published one has not grown out of: not a line goes out. */
static void test_export_input_feed__another_tree(void **state)
{
    struct scene *s = *state;

    s->root.bytes[0] ^= 1;
    assert_int_equal(feed(s), ERROR_ROTTEN);
    assert_int_equal(s->fed.len, 0);
}

/* A record of the cut that is another, with its length: no end goes out, so
 * nothing is acknowledged. */
static void test_export_input_feed__another_record(void **state)
{
    struct scene *s = *state;

    flip(HERE "/tile/entries", "001", 50);
    assert_int_equal(feed(s), ERROR_ROTTEN);
    assert_false(has(s, "\"end\""));
}

/* A payload that is not its record's. */
static void test_export_input_feed__another_payload(void **state)
{
    struct scene *s = *state;
    char path[LAYOUT_PATH_BYTES], directory[256], *name;

    layout_payload(path, 9 * SCENE_WITHHELD_EACH);
    snprintf(directory, sizeof(directory), "%s/%s", HERE, path);
    name = strrchr(directory, '/');
    *name = '\0';
    flip(directory, name + 1, 2);
    assert_int_equal(feed(s), ERROR_ROTTEN);
    assert_false(has(s, "\"end\""));
}

/* What is wrong outside the cut is no reason to keep it back: others look at
 * that. */
static void test_export_input_feed__rot_elsewhere(void **state)
{
    struct scene *s = *state;

    flip(HERE "/tile/entries", "000", 50);
    s->cut.first_csn = TILE_WIDTH;
    assert_int_equal(feed(s), ERROR_NONE);
    assert_true(has(s, "\"end\""));
}

#define IN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_export_input_feed__all),
        IN(test_export_input_feed__another_tree),
        IN(test_export_input_feed__another_record),
        IN(test_export_input_feed__another_payload),
        IN(test_export_input_feed__rot_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
