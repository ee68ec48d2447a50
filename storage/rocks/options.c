#include "storage/rocks/rocks.h"

#include "proto/base/check.h"
#include "storage/rocks/footer.h"

/* How RocksDB is set up; storage/README.md says what was measured. */

enum {
    MEMTABLES_PER_TABLE = 4, /* Being flushed while the next one fills. */
    ARENAS = 256,            /* Steps of the budget a memtable grows in. */
    BLOCK_BYTES = 16 * 1024, /* About 25 messages compressed together. */
    FILE_BYTES = 32 << 20,
    LEVEL_BASE_BYTES = 128 << 20,
    COMPACT_AT_FILES = 8, /* Flushed files of a table before they are merged. */
    BACKGROUND_JOBS = 2,
    SYNC_EVERY_BYTES = 1 << 20,   /* Spread a file's writing out to the disk. */
    MANIFEST_BYTES_MAX = 4 << 20, /* Read whole at open; begun anew then. */
};

enum { LOG_NOTHING = 5 }; /* RocksDB's HEADER_LEVEL. */

/* What the C functions cannot set. A row is looked for from where the last one
 * of its room (its node, of what has none) went into the memtable: a message
 * comes next to it, a row that is written over in its place. Without a flush at
 * close, store_abandon leaves what a crash would; store_close flushes by itself
 * first. A background error stops the node, so RocksDB need not try again. */
static const char by_text[] = "memtable_insert_with_hint_prefix_extractor="
                              "rocksdb.CappedPrefix.4;" /* PART_PLACE */
                              "avoid_flush_during_shutdown=true;"
                              "max_bgerror_resume_count=0;"
                              "force_consistency_checks=true;"
                              "verify_sst_unique_id_in_manifest=true;"
                              "stats_dump_period_sec=0;"
                              "stats_persist_period_sec=0";

/* What holds for writing and for checking. RocksDB's makers never return
 * NULL: they end the process when memory is out. */
static void options_begin(struct rocks_options *options)
{
    rocksdb_options_t *base = rocksdb_options_create();
    char *reason = NULL;

    options->options = rocksdb_options_create();
    options->blocks = rocksdb_block_based_options_create();
    rocksdb_get_options_from_string(base, by_text, options->options, &reason);
    CHECK(reason == NULL);
    rocksdb_options_destroy(base);
    rocksdb_options_set_paranoid_checks(options->options, 1);
    rocksdb_options_set_max_open_files(options->options, -1);
    /* RocksDB starts as many threads per table, files or no files. */
    rocksdb_options_set_max_file_opening_threads(options->options, 1);
    rocksdb_options_set_skip_stats_update_on_db_open(options->options, 1);
    /* Debian's RocksDB has its assertions on, and one of them ends the process
     * at the second line of its own LOG that a full disk does not take. So it
     * writes none; what counts comes to our journal with each error. */
    rocksdb_options_set_info_log_level(options->options, LOG_NOTHING);
    rocksdb_options_set_keep_log_file_num(options->options, 1);
}

/* Merging is of use to later reads alone: what serves goes first. RocksDB has
 * one pool of such threads per process. */
static void yield_merging(void)
{
    rocksdb_env_t *env = rocksdb_create_default_env();

    rocksdb_env_lower_thread_pool_cpu_priority(env);
    rocksdb_env_destroy(env);
}

/* Memory and flushes: one budget for all tables, all flushed together. */
static void options_write(rocksdb_options_t *options, uint64_t memtable_bytes)
{
    rocksdb_options_set_atomic_flush(options, 1);
    rocksdb_options_set_db_write_buffer_size(options, memtable_bytes);
    rocksdb_options_set_write_buffer_size(options, memtable_bytes);
    rocksdb_options_set_max_write_buffer_number(options, MEMTABLES_PER_TABLE);
    rocksdb_options_set_arena_block_size(options, memtable_bytes / ARENAS);
    rocksdb_options_set_max_background_jobs(options, BACKGROUND_JOBS);
    yield_merging();
    rocksdb_options_set_bytes_per_sync(options, SYNC_EVERY_BYTES);
    rocksdb_options_set_max_manifest_file_size(options, MANIFEST_BYTES_MAX);
    rocksdb_options_set_create_missing_column_families(options, 1);
}

/* Levels: what was just flushed, a few files that are soon merged, as it is;
 * then fast to unpack; the lowest, which holds most, small. */
static void options_levels(rocksdb_options_t *options)
{
    static const int by_level[] = {rocksdb_no_compression,
                                   rocksdb_lz4_compression};

    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
    rocksdb_options_set_level0_file_num_compaction_trigger(options,
                                                           COMPACT_AT_FILES);
    rocksdb_options_set_target_file_size_base(options, FILE_BYTES);
    rocksdb_options_set_max_bytes_for_level_base(options, LEVEL_BASE_BYTES);
    rocksdb_options_set_compression_per_level(
        options, by_level, sizeof(by_level) / sizeof(*by_level));
    rocksdb_options_set_bottommost_compression(options,
                                               rocksdb_zstd_compression);
}

void rocks_options_init(struct rocks_options *options,
                        const struct store_options *wanted)
{
    options_begin(options);
    options_write(options->options, wanted->memtable_bytes);
    options_levels(options->options);
    options->cache = rocksdb_cache_create_lru(wanted->cache_bytes);
    rocksdb_block_based_options_set_block_cache(options->blocks,
                                                options->cache);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(
        options->blocks, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(
        options->blocks, 1);
    rocksdb_block_based_options_set_block_size(options->blocks, BLOCK_BYTES);
    rocksdb_block_based_options_set_format_version(options->blocks,
                                                   TABLE_FORMAT);
    rocksdb_block_based_options_set_checksum(options->blocks,
                                             TABLE_CHECKSUM_XXH3);
    rocksdb_options_set_block_based_table_factory(options->options,
                                                  options->blocks);
}

void rocks_options_init_check(struct rocks_options *options, bool direct)
{
    options_begin(options);
    rocksdb_options_set_use_direct_reads(options->options, direct);
    rocksdb_block_based_options_set_no_block_cache(options->blocks, 1);
    rocksdb_options_set_block_based_table_factory(options->options,
                                                  options->blocks);
}

void rocks_options_deinit(struct rocks_options *options)
{
    if (options->options != NULL) {
        rocksdb_options_destroy(options->options);
    }
    if (options->blocks != NULL) {
        rocksdb_block_based_options_destroy(options->blocks);
    }
    if (options->cache != NULL) {
        rocksdb_cache_destroy(options->cache);
    }
    *options = (struct rocks_options){NULL, NULL, NULL};
}
