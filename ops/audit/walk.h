/* The walk through an archive: every bundle, every record, every leaf, tile
 * and root, once, in memory that does not grow with the archive.
 *
 * What is damaged is named and, where a tile's parent tells which of the two is
 * wrong, so is that: the record or the tile. The walk goes on behind it with
 * the hashes that make the tree, so that one altered byte is one finding.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_WALK_H
#define OPS_AUDIT_WALK_H

#include "ops/audit/archive.h"
#include "ops/audit/checkpoints.h"
#include "ops/audit/findings.h"
#include "ops/audit/progress.h"
#include "proto/record.h"

/* Gets each record that can be read, in order. */
typedef void walk_visit(void *context, uint64_t place,
                        const struct record *record, struct slice bytes);

/**
 * Walk through the tree of the newest checkpoint.
 *
 * Findings are AUDIT_TREE's and AUDIT_FORM's, and those of the checkpoints that
 * the tree is held against.
 */
void walk(const struct archive *archive, struct checkpoints *checkpoints,
          struct findings *findings, struct progress *progress,
          walk_visit *visit, void *context);

#endif
