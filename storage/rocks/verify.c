#include "storage/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/journal.h"
#include "storage/rocks/footer.h"
#include "storage/rocks/reason.h"
#include "storage/rocks/rocks.h"

/* Checkpoints, and reading all of one. */

/* Open a checkpoint for reading, past the page cache where that is possible:
 * what the disk would say today, not what it said when it was asked last. */
static enum error check_open(const char *path, bool direct,
                             struct rocks_options *options, struct rocks *rocks)
{
    char *reason = NULL;

    rocks_options_init_check(options, direct);
    if (rocks_open(rocks, options, path, true, &reason)) {
        return ERROR_NONE;
    }
    rocks_options_deinit(options);
    if (direct && strstr(reason, "Invalid argument") != NULL) {
        rocksdb_free(reason);
        return check_open(path, false, options, rocks);
    }
    return reason_take("checkpoint_open_failed", path, reason);
}

/* Make the hard links, sealed at the index they hold. What is committed after
 * the flush here RocksDB flushes itself. */
static enum error links_make(struct store *store, const char *path,
                             uint64_t *index_out)
{
    struct seal seal = {.tables = TABLE_COUNT};
    rocksdb_checkpoint_t *maker;
    char *reason = NULL;

    TRY(store_flush(store, UINT64_MAX));
    maker = rocksdb_checkpoint_object_create(store->rocks.db, &reason);
    if (reason == NULL) {
        rocksdb_checkpoint_create(maker, path, 0, &reason);
        rocksdb_checkpoint_object_destroy(maker);
    }
    TRY(reason_take("checkpoint_failed", path, reason));
    TRY(rocks_peek(path, index_out));
    seal.index = *index_out;
    return seal_write(path, &seal);
}

/* Remove what is at a path, and what RocksDB builds it from. */
static void links_remove(const char *path)
{
    char building[FILES_PATH_BYTES_MAX];

    files_remove(path);
    if (snprintf(building, sizeof(building), "%s.tmp", path) <
        FILES_PATH_BYTES_MAX) {
        files_remove(building);
    }
}

static enum error entry_ignore(void *context, const struct files_entry *entry)
{
    (void)context;
    (void)entry;
    return ERROR_NONE;
}

enum error store_checkpoint(struct store *store, const char *path,
                            uint64_t *index_out)
{
    enum error error = files_list(path, entry_ignore, NULL);

    if (error != ERROR_NOT_FOUND) {
        return error == ERROR_NONE ? ERROR_EXISTS : error;
    }
    error = links_make(store, path, index_out);
    if (error != ERROR_NONE) {
        links_remove(path);
    }
    return error;
}

/* Read all rows of a table; RocksDB checks each block on the way. */
static enum error table_read(const struct rocks *rocks, const char *path,
                             enum table table)
{
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    rocksdb_iterator_t *iterator;
    char *reason = NULL;

    rocksdb_readoptions_set_verify_checksums(how, 1);
    rocksdb_readoptions_set_readahead_size(how, 1 << 20);
    iterator =
        rocksdb_create_iterator_cf(rocks->db, how, rocks->families[table]);
    for (rocksdb_iter_seek_to_first(iterator); rocksdb_iter_valid(iterator);
         rocksdb_iter_next(iterator)) {
        /* The iterator has read and checked the block: that is all. */
    }
    rocksdb_iter_get_error(iterator, &reason);
    rocksdb_iter_destroy(iterator);
    rocksdb_readoptions_destroy(how);
    return reason_take("checkpoint_read_failed", path, reason);
}

static enum error tables_read(const struct rocks *rocks, const char *path)
{
    enum error error = ERROR_NONE;

    for (enum table i = 0; i < TABLE_COUNT && error == ERROR_NONE; i++) {
        error = table_read(rocks, path, i);
    }
    return error;
}

/* What RocksDB does not check of a directory that does not change. */
static enum error frame_check(const char *path)
{
    char name[FOOTER_NAME_BYTES_MAX];
    struct seal seal;

    TRY(rocks_survey(path, &seal));
    TRY(footer_find_bad(path, name));
    if (name[0] != '\0') {
        journal_error("store_rotten", "path=%s file=%s reason=\"bad footer\"",
                      path, name);
        return ERROR_ROTTEN;
    }
    return ERROR_NONE;
}

enum error checkpoint_verify(const char *path)
{
    struct rocks_options options = {.options = NULL};
    struct rocks rocks = {.db = NULL};
    enum error error;

    TRY(files_list(path, entry_ignore, NULL));
    TRY(frame_check(path));
    TRY(check_open(path, true, &options, &rocks));
    error = tables_read(&rocks, path);
    rocks_close(&rocks);
    rocks_options_deinit(&options);
    return error;
}
