/* Two copies of an archive, such as those of two nodes: what is other, what
 * one of them lacks. */
#include <inttypes.h>
#include <stdio.h>

#include "ops/audit/archive.h"
#include "ops/audit/checkpoints.h"
#include "ops/audit/commands.h"
#include "proto/record.h"

enum { PRINTED_MAX = 100 };

struct side {
    const char *directory;
    struct archive *archive;
    struct checkpoints checkpoints;
    struct buffer bytes;
    enum error error;
};

struct comparison {
    struct side sides[2];
    uint64_t size; /* That both have. */
    uint64_t differences;
};

static void tell(struct comparison *comparison, const char *text)
{
    if (comparison->differences < PRINTED_MAX) {
        puts(text);
    }
    comparison->differences++;
}

static bool open_side(struct side *side, const char *directory)
{
    const char *why;
    enum error error = archive_open(directory, &side->archive);

    side->directory = directory;
    if (error != ERROR_NONE) {
        cannot_read(directory, error_text(error));
        return false;
    }
    if (!checkpoints_open(&side->checkpoints, side->archive, &why)) {
        cannot_read(directory, why);
        return false;
    }
    return true;
}

static void close_side(struct side *side)
{
    buffer_deinit(&side->bytes);
    checkpoints_deinit(&side->checkpoints);
    archive_close(side->archive);
}

/* Read a tile of both. Returns whether both have it. */
static bool read_both(struct comparison *comparison, int level, uint64_t index)
{
    char text[TILE_PATH_BYTES + 4200], path[TILE_PATH_BYTES];

    for (size_t i = 0; i < 2; i++) {
        struct side *side = &comparison->sides[i];
        unsigned width = tile_width(level, index, side->checkpoints.size);

        side->error =
            archive_tile(side->archive, level, index, width, &side->bytes);
        if (side->error != ERROR_NONE) {
            tile_path(path, level, index, width);
            snprintf(text, sizeof(text), "%.4000s: %s: %s", side->directory,
                     path, error_text(side->error));
            tell(comparison, text);
        }
    }
    return comparison->sides[0].error == ERROR_NONE &&
           comparison->sides[1].error == ERROR_NONE;
}

/* A payload that one of them lacks. */
static void compare_payloads(struct comparison *comparison, struct slice bytes)
{
    char path[ARCHIVE_PATH_BYTES], text[ARCHIVE_PATH_BYTES + 4200];
    struct record record;
    bool has[2];

    if (record_read(bytes, &record) != ERROR_NONE ||
        (record.flags & RECORD_WITHHELD) == 0) {
        return;
    }
    archive_payload_path(path, record.csn);
    for (size_t i = 0; i < 2; i++) {
        has[i] = archive_has(comparison->sides[i].archive, path);
    }
    if (has[0] != has[1]) {
        snprintf(text, sizeof(text), "%.4000s lacks %s",
                 comparison->sides[has[0] ? 1 : 0].directory, path);
        tell(comparison, text);
    }
}

static void compare_bundles(struct comparison *comparison, uint64_t index)
{
    struct slice rests[2], records[2];
    char text[80];
    uint64_t csn = index * TILE_WIDTH;

    if (!read_both(comparison, TILE_ENTRIES, index)) {
        return;
    }
    rests[0] = buffer_slice(&comparison->sides[0].bytes);
    rests[1] = buffer_slice(&comparison->sides[1].bytes);
    for (; csn < (index + 1) * TILE_WIDTH && csn < comparison->size; csn++) {
        if (bundle_next(&rests[0], &records[0]) != ERROR_NONE ||
            bundle_next(&rests[1], &records[1]) != ERROR_NONE) {
            snprintf(text, sizeof(text),
                     "record %" PRIu64 ": one bundle ends before it", csn);
            tell(comparison, text);
            return;
        }
        if (!slice_equal(records[0], records[1])) {
            snprintf(text, sizeof(text), "record %" PRIu64 " is another", csn);
            tell(comparison, text);
        }
        compare_payloads(comparison, records[0]);
    }
}

static void compare_tiles(struct comparison *comparison, int level,
                          uint64_t index)
{
    size_t bytes =
        tile_width(level, index, comparison->size) * (size_t)MERKLE_HASH_BYTES;
    char path[TILE_PATH_BYTES], text[TILE_PATH_BYTES + 40];

    if (read_both(comparison, level, index) &&
        memcmp(comparison->sides[0].bytes.data, comparison->sides[1].bytes.data,
               bytes) != 0) {
        tile_path(path, level, index, TILE_WIDTH);
        snprintf(text, sizeof(text), "%s is another", path);
        tell(comparison, text);
    }
}

static void compare_heads(struct comparison *comparison)
{
    const struct checkpoints *a = &comparison->sides[0].checkpoints;
    const struct checkpoints *b = &comparison->sides[1].checkpoints;

    comparison->size = a->size < b->size ? a->size : b->size;
    if (strcmp(a->origin, b->origin) != 0) {
        tell(comparison, "they are of different logs");
    }
    if (a->size == b->size && !merkle_equal(&a->root, &b->root)) {
        tell(comparison, "their roots of one size are different");
    }
    for (size_t i = 0; i < 2; i++) {
        const struct side *side = &comparison->sides[i];

        printf("%s: %" PRIu64 " records\n", side->directory,
               side->checkpoints.size);
    }
}

static int compare(struct comparison *comparison)
{
    compare_heads(comparison);
    for (uint64_t index = 0; index * TILE_WIDTH < comparison->size; index++) {
        compare_bundles(comparison, index);
    }
    for (int level = 0; level < TILE_LEVELS; level++) {
        for (uint64_t index = 0; tile_width(level, index, comparison->size) > 0;
             index++) {
            compare_tiles(comparison, level, index);
        }
    }
    if (comparison->differences > 0) {
        printf("DIFFERENT: %" PRIu64 " differences in the %" PRIu64
               " records that both have\n",
               comparison->differences, comparison->size);
        return AUDIT_EXIT_BAD;
    }
    printf("THE SAME in the %" PRIu64 " records that both have\n",
           comparison->size);
    return AUDIT_EXIT_GOOD;
}

int diff_run(const struct options *options)
{
    struct comparison comparison = {0};
    int exit_code = AUDIT_EXIT_UNREADABLE;

    if (open_side(&comparison.sides[0], options->words[0]) &&
        open_side(&comparison.sides[1], options->words[1])) {
        exit_code = compare(&comparison);
    }
    close_side(&comparison.sides[0]);
    close_side(&comparison.sides[1]);
    return exit_code;
}
