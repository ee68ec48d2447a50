/* The checkpoints that a tree is held against: the archive's newest, its
 * earlier ones, those that an auditor pinned, those that witnesses have
 * cosigned, and the roots on sheets of exports.
 *
 * Only sizes, roots and where they come from are held, so that years of them
 * cost little.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_CHECKPOINTS_H
#define OPS_AUDIT_CHECKPOINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "ops/audit/archive.h"
#include "ops/audit/findings.h"
#include "ops/audit/trust.h"

enum checkpoint_source {
    CHECKPOINT_HEAD,
    CHECKPOINT_HISTORY,
    CHECKPOINT_PIN,
    CHECKPOINT_WITNESS,
    CHECKPOINT_SHEET,
};

struct held_checkpoint {
    enum checkpoint_source source;
    uint64_t size;
    struct merkle_hash root;
    char *name; /* A file's, for people. */
};

struct checkpoints {
    struct held_checkpoint *list; /* By rising size once sorted. */
    size_t n;
    size_t at;          /* The first that the tree has not reached. */
    struct buffer head; /* The newest: a note. */
    char origin[NOTE_NAME_BYTES_MAX + 1];
    uint64_t size; /* The newest's. */
    struct merkle_hash root;
};

/**
 * Read the archive's newest checkpoint.
 *
 * @why_out  Says what is wrong with it when false is returned. Static.
 */
bool checkpoints_open(struct checkpoints *checkpoints,
                      const struct archive *archive, const char **why_out);

/** Free what is held. */
void checkpoints_deinit(struct checkpoints *checkpoints);

/** Add one. name is copied. */
void checkpoints_add(struct checkpoints *checkpoints,
                     enum checkpoint_source source, uint64_t size,
                     const struct merkle_hash *root, const char *name);

/** Add the archive's earlier ones. Unreadable ones are findings. */
void checkpoints_add_history(struct checkpoints *checkpoints,
                             const struct archive *archive,
                             struct findings *findings);

/**
 * Add those of a file: notes one after the other, or a book of perch-witness.
 * Those of other origins are left out. Each must be signed by the log.
 *
 * Returns what reading the file does.
 */
enum error checkpoints_add_file(struct checkpoints *checkpoints,
                                enum checkpoint_source source, const char *path,
                                const struct trust *trust,
                                struct findings *findings);

/** Sort by size. Before the first checkpoints_reach. */
void checkpoints_sort(struct checkpoints *checkpoints);

/** Tell the next size at which a root is wanted; UINT64_MAX: none. */
uint64_t checkpoints_next(const struct checkpoints *checkpoints);

/** The tree has the size that is next: hold all of that size against it. */
void checkpoints_reach(struct checkpoints *checkpoints, uint64_t size,
                       const struct merkle_hash *root,
                       struct findings *findings);

/** The tree has ended: what is larger shows that it was cut. */
void checkpoints_end(struct checkpoints *checkpoints, uint64_t size,
                     struct findings *findings);

#endif
