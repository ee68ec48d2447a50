/* A copy of an archive's directory, read: tiles, bundles, payloads, notes.
 *
 *   checkpoint                  the newest, a signed note
 *   checkpoint.witnessed        the newest that witnesses have cosigned
 *   checkpoints/<20 digits>     earlier ones, by size
 *   tile/...                    proto/tlog/tile.h
 *   payload/x001/x234/067       the command of record 1234067, which has only
 *                               its digest
 *   files/<2 hex>/<64 hex>      what was given to rooms, by SHA-256
 *   keys/                       verifier keys, a file each
 *
 * Nothing is ever written. What is read is not believed: whoever verifies
 * compares it.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_ARCHIVE_H
#define OPS_AUDIT_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"
#include "proto/tlog/tile.h"

enum {
    /* 256 records of the greatest length, each behind its length. */
    ARCHIVE_BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + 65535),
    ARCHIVE_PAYLOAD_BYTES_MAX = 16 * 1024 * 1024,
    ARCHIVE_PATH_BYTES = TILE_PATH_BYTES + 32,
};

#define ARCHIVE_WITNESSED "checkpoint.witnessed"

struct archive;

/** Open a directory. NOT_FOUND, IO. Owned by the caller. */
enum error archive_open(const char *directory, struct archive **archive_out);

/** Close. Accepts NULL. */
void archive_close(struct archive *archive);

/** Tell where it is, as it was opened. */
const char *archive_directory(const struct archive *archive);

/**
 * Read a file of the archive into a buffer, in place of what is there.
 *
 * Returns TOO_LARGE beyond bytes_max, or what the system reports.
 */
enum error archive_read(const struct archive *archive, const char *path,
                        size_t bytes_max, struct buffer *to);

/** Tell whether a file of the archive is there. */
bool archive_has(const struct archive *archive, const char *path);

/**
 * Read a tile or a bundle: the partial one of that width or, where that was
 * deleted because it has grown, the full one or the next wider. Of a hash tile
 * at most width hashes are given; TRUNCATED when it has fewer.
 */
enum error archive_tile(const struct archive *archive, int level,
                        uint64_t index, unsigned width, struct buffer *to);

/** Read the record of a CSN of the tree of that size. NOT_FOUND, TRUNCATED.
 * @to  Gets its bytes. */
enum error archive_record(const struct archive *archive, uint64_t csn,
                          uint64_t size, struct buffer *to);

/** Write the path of a record's payload. */
void archive_payload_path(char path[ARCHIVE_PATH_BYTES], uint64_t csn);

/** What archive_hash is given as its context. */
struct archive_tree {
    const struct archive *archive;
    uint64_t size;
    int level; /* Of the tile that is held; the bundles' level: none. */
    uint64_t index;
    struct buffer tile;
};

/** Begin to read hashes of the tree of that size. */
void archive_tree_init(struct archive_tree *tree, const struct archive *archive,
                       uint64_t size);

/** Free what it holds. */
void archive_tree_deinit(struct archive_tree *tree);

/** Read a hash of an archive's tree, out of its tiles. */
merkle_reader archive_hash;

#endif
