#include "ops/audit/walk.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ops/audit/levels.h"
#include "proto/base/check.h"

struct walker {
    const struct archive *archive;
    struct checkpoints *checkpoints;
    struct findings *findings;
    struct progress *progress;
    walk_visit *visit;
    void *context;
    struct levels levels;

    /* The bundle that is being read. */
    uint64_t index;
    unsigned width; /* As the tree has it. */
    struct buffer bundle, tile;
    bool has_bundle, has_tile;
    bool is_of_full; /* Only the begin of the bundle counts: it has grown. */
    struct merkle_hash leaves[TILE_WIDTH]; /* Of its records. */
    struct merkle_hash stored[TILE_WIDTH]; /* Of the archive's tile. */
};

static uint64_t first_csn(const struct walker *walker)
{
    return walker->index * TILE_WIDTH;
}

/* Give a record to the other checks. */
static void visit_record(struct walker *walker, unsigned at, struct slice bytes)
{
    struct record record;
    enum error error = record_read(bytes, &record);

    if (error == ERROR_NONE) {
        walker->visit(walker->context, first_csn(walker) + at, &record, bytes);
    } else {
        findings_error(walker->findings, AUDIT_FORM,
                       "record %" PRIu64 " cannot be read: %s",
                       first_csn(walker) + at, error_text(error));
    }
}

/* Hash and show a bundle's records. Returns how many it has. */
static unsigned read_records(struct walker *walker)
{
    struct slice rest = buffer_slice(&walker->bundle), record;
    unsigned n = 0;
    enum error error;

    while ((error = bundle_next(&rest, &record)) == ERROR_NONE) {
        if (n == walker->width && walker->is_of_full) {
            return n;
        }
        if (n < TILE_WIDTH) {
            merkle_leaf(record, &walker->leaves[n]);
            visit_record(walker, n, record);
        }
        n++;
    }
    if (error == ERROR_TRUNCATED) {
        findings_error(walker->findings, AUDIT_TREE,
                       "the bundle of records %" PRIu64 " to %" PRIu64
                       " ends inside a record",
                       first_csn(walker),
                       first_csn(walker) + walker->width - 1);
    }
    return n;
}

static void read_bundle(struct walker *walker)
{
    char path[TILE_PATH_BYTES];
    enum error error =
        archive_tile(walker->archive, TILE_ENTRIES, walker->index,
                     walker->width, &walker->bundle);
    unsigned n = 0;

    tile_path(path, TILE_ENTRIES, walker->index, walker->width);
    walker->is_of_full =
        walker->width < TILE_WIDTH && !archive_has(walker->archive, path);
    if (error == ERROR_NONE) {
        n = read_records(walker);
    } else {
        findings_error(walker->findings, AUDIT_TREE,
                       "%s: %s: records %" PRIu64 " to %" PRIu64 " are missing",
                       path, error_text(error), first_csn(walker),
                       first_csn(walker) + walker->width - 1);
    }
    if (error == ERROR_NONE && n != walker->width) {
        findings_error(walker->findings, AUDIT_TREE,
                       "%s has %u records, the tree has %u of it", path, n,
                       walker->width);
    }
    walker->has_bundle = error == ERROR_NONE && n == walker->width;
}

static void read_tile(struct walker *walker)
{
    char path[TILE_PATH_BYTES];
    enum error error = archive_tile(walker->archive, 0, walker->index,
                                    walker->width, &walker->tile);

    walker->has_tile = error == ERROR_NONE;
    walker->levels.tiles++;
    if (error == ERROR_NONE) {
        memcpy(walker->stored, walker->tile.data, walker->tile.len);
        return;
    }
    tile_path(path, 0, walker->index, walker->width);
    findings_error(walker->findings, AUDIT_TREE, "%s: %s", path,
                   error_text(error));
}

static void root_of(const struct merkle_hash *hashes, unsigned n,
                    struct merkle_hash *root_out)
{
    struct merkle_frontier frontier = {0};

    for (unsigned i = 0; i < n; i++) {
        merkle_grow(&frontier, &hashes[i]);
    }
    merkle_root(&frontier, root_out);
}

/* Whether hashes of leaves make what the tree has above them: the hash in the
 * tile above a full tile, the signed root with one that is not. */
static bool makes_tree(struct walker *walker, const struct merkle_hash *hashes)
{
    struct merkle_hash made, wanted = walker->checkpoints->root;
    struct levels *whole;

    if (walker->width == TILE_WIDTH) {
        root_of(hashes, TILE_WIDTH, &made);
        return levels_parent(&walker->levels, 0, walker->index, &wanted) ==
                   ERROR_NONE &&
               merkle_equal(&made, &wanted);
    }
    whole = malloc(sizeof(*whole));
    CHECK(whole != NULL);
    *whole = walker->levels;
    for (unsigned i = 0; i < walker->width; i++) {
        levels_add_leaf(whole, &hashes[i]);
    }
    levels_root(whole, &made);
    free(whole);
    return merkle_equal(&made, &wanted);
}

/* Records and tile do not agree: say which of them is not what was archived,
 * and go on with the other. */
static void judge(struct walker *walker)
{
    uint64_t first = UINT64_MAX;
    unsigned n = 0;
    bool tile_is_right = makes_tree(walker, walker->stored);
    bool records_are_right =
        !tile_is_right && makes_tree(walker, walker->leaves);

    for (unsigned i = 0; i < walker->width; i++) {
        if (!merkle_equal(&walker->leaves[i], &walker->stored[i])) {
            first = first == UINT64_MAX ? first_csn(walker) + i : first;
            n++;
        }
    }
    if (records_are_right) {
        char path[TILE_PATH_BYTES];

        tile_path(path, 0, walker->index, walker->width);
        findings_error(walker->findings, AUDIT_TREE,
                       "%s is altered: %u of its hashes, the first that of "
                       "record %" PRIu64 "; the records are as archived",
                       path, n, first);
        return;
    }
    findings_error(walker->findings, AUDIT_TREE,
                   "record %" PRIu64 " is not what was archived: its hash is "
                   "not that of its tile%s (%u records of its bundle)",
                   first, tile_is_right ? ", which makes the signed tree" : "",
                   n);
    if (tile_is_right) {
        memcpy(walker->leaves, walker->stored, sizeof(walker->leaves));
    }
}

/* The tree grows, and is held against the checkpoints on its way. */
static void grow(struct walker *walker)
{
    for (unsigned i = 0; i < walker->width; i++) {
        levels_add_leaf(&walker->levels, &walker->leaves[i]);
        if (first_csn(walker) + i + 1 ==
            checkpoints_next(walker->checkpoints)) {
            struct merkle_hash root;

            levels_root(&walker->levels, &root);
            checkpoints_reach(walker->checkpoints, first_csn(walker) + i + 1,
                              &root, walker->findings);
        }
    }
}

/* Neither records nor their hashes: only what is above them is left. */
static bool skip(struct walker *walker)
{
    struct merkle_hash parent;

    if (walker->width < TILE_WIDTH ||
        levels_parent(&walker->levels, 0, walker->index, &parent) !=
            ERROR_NONE) {
        findings_error(walker->findings, AUDIT_TREE,
                       "nothing is left of records %" PRIu64
                       " on: the tree cannot be made from there",
                       first_csn(walker));
        return false;
    }
    levels_add_unknown(&walker->levels, &parent);
    while (checkpoints_next(walker->checkpoints) <=
           first_csn(walker) + TILE_WIDTH) {
        walker->checkpoints->at++;
    }
    return true;
}

static bool take_bundle(struct walker *walker)
{
    walker->width =
        tile_width(TILE_ENTRIES, walker->index, walker->levels.size);
    read_bundle(walker);
    read_tile(walker);
    if (!walker->has_bundle && !walker->has_tile) {
        return skip(walker);
    }
    if (!walker->has_bundle) {
        memcpy(walker->leaves, walker->stored, sizeof(walker->leaves));
    } else if (walker->has_tile &&
               memcmp(walker->leaves, walker->stored,
                      walker->width * sizeof(walker->leaves[0])) != 0) {
        judge(walker);
    }
    grow(walker);
    return true;
}

/* An empty tree has a root, too. */
static void reach_nothing(struct walker *walker)
{
    struct merkle_hash root;

    if (checkpoints_next(walker->checkpoints) == 0) {
        levels_root(&walker->levels, &root);
        checkpoints_reach(walker->checkpoints, 0, &root, walker->findings);
    }
}

void walk(const struct archive *archive, struct checkpoints *checkpoints,
          struct findings *findings, struct progress *progress,
          walk_visit *visit, void *context)
{
    struct walker *walker = calloc(1, sizeof(*walker));
    uint64_t size = checkpoints->size;
    bool goes_on = true;

    CHECK(walker != NULL);
    *walker = (struct walker){.archive = archive,
                              .checkpoints = checkpoints,
                              .findings = findings,
                              .progress = progress,
                              .visit = visit,
                              .context = context};
    levels_init(&walker->levels, archive, size, findings);
    reach_nothing(walker);
    for (; goes_on && first_csn(walker) < size; walker->index++) {
        goes_on = take_bundle(walker);
        progress_add(progress, walker->width);
    }
    if (goes_on) {
        levels_end(&walker->levels);
        checkpoints_end(checkpoints, size, findings);
    }
    findings_made(findings, AUDIT_TREE, walker->levels.tiles,
                  "%" PRIu64 " bundles, %" PRIu64 " tiles", walker->index,
                  walker->levels.tiles);
    findings_made(findings, AUDIT_FORM, size, "%" PRIu64 " records", size);
    buffer_deinit(&walker->bundle);
    buffer_deinit(&walker->tile);
    free(walker);
}
