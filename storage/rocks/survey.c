#include "storage/rocks/rocks.h"

#include <inttypes.h>

#include "proto/base/journal.h"
#include "storage/rocks/manifest.h"
#include "storage/rocks/reason.h"

/* What must hold before RocksDB may open a directory for writing. It begins by
 * deleting what the MANIFEST does not name: after damage there, the evidence,
 * and rows that somebody might still have saved. */

static enum error rotten(const char *path, const char *file, const char *reason)
{
    journal_error("store_rotten", "path=%s file=%s reason=\"%s\"", path, file,
                  reason);
    return ERROR_ROTTEN;
}

static enum error seal_check(const char *path, struct seal *seal_out)
{
    enum error error = seal_read(path, seal_out);

    if (error == ERROR_NOT_FOUND || error == ERROR_ROTTEN) {
        return rotten(path, SEAL_FILE,
                      error == ERROR_ROTTEN ? "no slot is valid" : "missing");
    }
    if (error == ERROR_NONE && seal_out->tables > TABLE_COUNT) {
        error = ERROR_UNSUPPORTED;
    }
    if (error == ERROR_UNSUPPORTED) {
        journal_error("store_open_failed",
                      "path=%s reason=\"written by a newer perch\"", path);
    }
    return error;
}

enum error rocks_peek(const char *path, uint64_t *applied_out)
{
    static const char *const names[] = {"default", "meta"};
    struct rocks_options options = {.options = NULL};
    struct rocks rocks = {.db = NULL};
    rocksdb_column_family_handle_t *families[2];
    const rocksdb_options_t *of_families[2];
    rocksdb_readoptions_t *how;
    char *reason = NULL;
    enum error error;

    rocks_options_init_check(&options, false);
    of_families[0] = of_families[1] = options.options;
    rocks.db = rocksdb_open_for_read_only_column_families(
        options.options, path, 2, names, of_families, families, 0, &reason);
    if (rocks.db == NULL) {
        rocks_options_deinit(&options);
        return reason_take("store_open_failed", path, reason);
    }
    how = rocksdb_readoptions_create();
    rocksdb_readoptions_set_verify_checksums(how, 1);
    rocks.families[TABLE_META] = families[1];
    error = rocks_applied(&rocks, path, how, applied_out);
    rocksdb_readoptions_destroy(how);
    rocksdb_column_family_handle_destroy(families[0]);
    rocksdb_column_family_handle_destroy(families[1]);
    rocksdb_close(rocks.db);
    rocks_options_deinit(&options);
    return error;
}

enum error rocks_survey(const char *path, struct seal *seal_out)
{
    uint64_t applied;

    TRY(seal_check(path, seal_out));
    TRY(manifest_check(path));
    TRY(rocks_peek(path, &applied));
    if (applied < seal_out->index) {
        journal_error("store_rotten",
                      "path=%s file=MANIFEST applied=%" PRIu64
                      " flushed=%" PRIu64 " reason=\"flushed rows are gone\"",
                      path, applied, seal_out->index);
        return ERROR_ROTTEN;
    }
    return ERROR_NONE;
}
