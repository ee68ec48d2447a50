/* Exported files against the log: the reconciliation sheets that adapters
 * leave beside them (ops/adapter/README.md).
 *
 * Of each adapter the sheets must follow one another without gaps, each with
 * the SHA-256 of the one before; the files must be those of their sheet; the
 * counts by kind must be those of the records; and tree size and root must be
 * the archive's. What the log says was delivered must have its sheet.
 *
 * Memory follows the number of sheets.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_EXPORTS_H
#define OPS_AUDIT_EXPORTS_H

#include "ops/audit/checkpoints.h"
#include "ops/audit/findings.h"
#include "proto/record.h"

struct exports;

/** Begin, without sheets. */
struct exports *exports_new(struct findings *findings);

/** Free. Accepts NULL. */
void exports_free(struct exports *exports);

/** Read the sheets of a folder, hash their files, and give their roots to the
 * checkpoints. What reading the folder returns. */
enum error exports_add_folder(struct exports *exports, const char *folder,
                              struct checkpoints *checkpoints);

/** All folders are read: hold each adapter's sheets against each other. */
void exports_begin(struct exports *exports);

/** Take a record. */
void exports_take(struct exports *exports, const struct record *record);

/** Say what was looked at. @size  Of the tree. */
void exports_end(struct exports *exports, uint64_t size);

#endif
