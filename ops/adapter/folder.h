/* The files of a cut in a directory: all of them, or none that is half there.
 *
 * Each is written under a temporary name, with its SHA-256 as it goes, and
 * synced. Only when all are complete, and none differs from what is there
 * already, do they get their names, in order; the directory is synced before
 * the last one and after it. A file that is there is never overwritten.
 *
 * An adapter has one writer in a directory at a time (flock of .ADAPTER.lock,
 * which is there as long); several adapters may share one.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_FOLDER_H
#define OPS_ADAPTER_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops/adapter/cut.h"
#include "ops/adapter/fault.h"
#include "proto/base/buffer.h"

enum {
    FOLDER_SHA256_TEXT_BYTES = 64,
    FOLDER_FILES_MAX = 100 * 1000, /* Of one cut. */
    FOLDER_WRITE_BYTES = 64 * 1024,
    FOLDER_NAME_BYTES_MAX = 255,
};

/* A file that is complete. */
struct folder_file {
    char name[FOLDER_NAME_BYTES_MAX + 1];
    uint64_t bytes;
    char sha256[FOLDER_SHA256_TEXT_BYTES + 1];
    bool is_there; /* Was there before, with the same bytes. */
};

struct folder;

/**
 * Open the directory that a cut's output names, for this program alone.
 *
 * Returns UNREACHED when another one works there for the adapter, FAILED when
 * it is no directory that can be written.
 */
enum fault folder_open(const struct cut *cut, struct folder **folder_out);

/** Close; what has no name yet is deleted. Accepts NULL. */
void folder_close(struct folder *folder);

/**
 * Begin a file: POOL-FIRST-LAST-ADAPTER, then tail (".xml", "-ROOM.csv").
 *
 * One at a time. Bytes that a name should not have become %XX.
 *
 * Returns FAILED when the disk does not take it, or the name is too long.
 */
enum fault folder_begin(struct folder *folder, const char *tail);

/**
 * Write what text holds to the file that was begun, and empty text.
 *
 * Returns FAILED when memory or disk is out.
 */
enum fault folder_write(struct folder *folder, struct buffer *text);

/**
 * Sync the file that was begun and compare it with the one of its name.
 *
 * Returns CONFLICT, having named it, when there is one with other bytes.
 */
enum fault folder_end(struct folder *folder);

/** List the complete files, in the order in which they were begun. */
const struct folder_file *folder_files(const struct folder *folder,
                                       size_t *n_out);

/**
 * Give all complete files their names, the last one, the sheet, when the
 * others have theirs durably. Once. What is published is not deleted by
 * folder_close.
 */
enum fault folder_publish(struct folder *folder);

/** Hash bytes: 64 lower-case hex digits and a NUL. */
void sha256_text(const void *data, size_t bytes,
                 char text[FOLDER_SHA256_TEXT_BYTES + 1]);

/**
 * Append a name that is safe in a path: bytes but A-Z a-z 0-9 . _ - become
 * %XX, as does a first dot.
 */
void safe_name(struct buffer *to, const char *name);

#endif
