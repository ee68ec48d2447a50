/* The reconciliation sheet of a cut: what a downstream archive is ticked off
 * by. JSON, members in the order of their names, so that its bytes, and their
 * SHA-256 in the acknowledgement, are the same each time.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_SHEET_H
#define OPS_ADAPTER_SHEET_H

#include "ops/adapter/batch.h"
#include "ops/adapter/folder.h"
#include "proto/base/buffer.h"

enum { SHEET_VERSION = 1 };

#define SHEET_FILES    "files"
#define SHEET_MESSAGES "messages"

/**
 * Write a cut's sheet.
 *
 * @member  SHEET_FILES, which lie beside the sheet, or SHEET_MESSAGES, which
 *          were sent.
 * @files   What the sink has of the cut: names, sizes, SHA-256.
 */
enum fault sheet_write(const struct batch *batch, const char *member,
                       const struct folder_file *files, size_t n,
                       struct buffer *text);

/**
 * Finish a cut in a directory: write the sheet beside its files and publish
 * them all.
 *
 * @sha256_out  Of the sheet.
 */
enum fault sheet_finish(const struct batch *batch, struct folder *folder,
                        char sha256_out[FOLDER_SHA256_TEXT_BYTES + 1]);

#endif
