#include "ops/perchctl/refill_proof.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/record.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"
#include "proto/tlog/tile.h"

enum {
    PATH_BYTES = 4096,
    BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + RECORD_BYTES_MAX),
};

/* The smallest checkpoint that will do. */
struct wanted {
    struct note_verifier log;
    uint64_t least, size;
    struct merkle_hash root;
    bool is; /* There is one. */
};

/* Read a file; what does not fit is cut off. Returns its bytes, -1: none. */
static long read_file(const char *path, uint8_t *to, size_t room)
{
    FILE *file = fopen(path, "rb");
    long len;

    if (file == NULL) {
        return -1;
    }
    len = (long)fread(to, 1, room, file);
    fclose(file);
    return len;
}

static void look_at(struct wanted *wanted, const char *from, const char *name)
{
    struct note *note = malloc(sizeof(*note));
    uint8_t *bytes = malloc(NOTE_BYTES_MAX);
    struct checkpoint_text text;
    char path[PATH_BYTES];
    long len;

    CHECK(note != NULL && bytes != NULL);
    snprintf(path, sizeof(path), "%.2000s/%.300s", from, name);
    len = read_file(path, bytes, NOTE_BYTES_MAX);
    if (len > 0 &&
        note_read(slice_of(bytes, (size_t)len), note) == ERROR_NONE &&
        note_verify(note, &wanted->log, NULL) == ERROR_NONE &&
        checkpoint_read(note->text, &text) == ERROR_NONE &&
        slice_equal_text(text.origin, wanted->log.name) &&
        text.size >= wanted->least &&
        (!wanted->is || text.size < wanted->size)) {
        wanted->is = true;
        wanted->size = text.size;
        wanted->root = text.root;
    }
    free(bytes);
    free(note);
}

static void find_checkpoint(struct wanted *wanted, const char *from)
{
    char path[PATH_BYTES], name[PATH_BYTES];
    const struct dirent *entry;
    DIR *kept;

    look_at(wanted, from, "checkpoint");
    look_at(wanted, from, "checkpoint.witnessed");
    snprintf(path, sizeof(path), "%.2000s/checkpoints", from);
    kept = opendir(path);
    while (kept != NULL && (entry = readdir(kept)) != NULL) {
        snprintf(name, sizeof(name), "checkpoints/%s", entry->d_name);
        look_at(wanted, from, name);
    }
    if (kept != NULL) {
        closedir(kept);
    }
}

/* The full bundle, else the widest partial one that is wide enough. */
static long read_bundle(const char *from, uint64_t index, unsigned least,
                        uint8_t *to)
{
    char tile[TILE_PATH_BYTES], path[PATH_BYTES];
    long len = -1;

    for (unsigned width = TILE_WIDTH; width >= least && len < 0; width--) {
        tile_path(tile, TILE_ENTRIES, index, width);
        snprintf(path, sizeof(path), "%.2000s/%s", from, tile);
        len = read_file(path, to, BUNDLE_BYTES_MAX);
    }
    return len;
}

/* Grow the tree by the records of a bundle, up to size. */
static bool grow(struct merkle_frontier *tree, uint64_t size, const char *from,
                 uint8_t *bundle)
{
    uint64_t index = tree->size / TILE_WIDTH;
    unsigned width = tile_width(TILE_ENTRIES, index, size);
    long len = read_bundle(from, index, width, bundle);
    struct slice rest, record;

    if (len < 0) {
        return false;
    }
    rest = slice_of(bundle, (size_t)len);
    for (unsigned i = 0; i < width; i++) {
        struct merkle_hash leaf;

        if (bundle_next(&rest, &record) != ERROR_NONE) {
            return false;
        }
        merkle_leaf(record, &leaf);
        merkle_grow(tree, &leaf);
    }
    return true;
}

static bool is_tree(const struct wanted *wanted, const char *from,
                    char why[REFILL_WHY_BYTES])
{
    struct merkle_frontier *tree = calloc(1, sizeof(*tree));
    uint8_t *bundle = malloc(BUNDLE_BYTES_MAX);
    struct merkle_hash root;
    bool is = true;

    CHECK(tree != NULL && bundle != NULL);
    while (is && tree->size < wanted->size) {
        is = grow(tree, wanted->size, from, bundle);
    }
    if (!is) {
        snprintf(why, REFILL_WHY_BYTES,
                 "%.300s: the bundle of record %" PRIu64
                 " is missing or damaged",
                 from, tree->size);
    } else {
        merkle_root(tree, &root);
        is = merkle_equal(&root, &wanted->root);
        snprintf(why, REFILL_WHY_BYTES,
                 "%.300s: its records are not those that the log has signed "
                 "(checkpoint of %" PRIu64 ")",
                 from, wanted->size);
    }
    free(bundle);
    free(tree);
    return is;
}

bool refill_proof(const char *from, uint64_t size, const char *vkey,
                  char why[REFILL_WHY_BYTES])
{
    struct wanted wanted = {.least = size};

    if (note_vkey_read(slice_of_text(vkey), &wanted.log) != ERROR_NONE) {
        snprintf(why, REFILL_WHY_BYTES, "the log has no key to verify with");
        return false;
    }
    find_checkpoint(&wanted, from);
    if (!wanted.is) {
        snprintf(why, REFILL_WHY_BYTES,
                 "%.300s has no checkpoint of %" PRIu64
                 " records or more that the log has signed; put the witness's "
                 "there as checkpoint (perch-witness --print)",
                 from, size);
        return false;
    }
    return is_tree(&wanted, from, why);
}
