/* What lies beside the archive: commands that records have by their digest
 * alone, and files that were given to rooms.
 *
 * What is there must be as its digest says. What is not there must be named by
 * a later record, the tombstone of a purge, or by the record itself: a password
 * is never kept.
 *
 * Memory follows the number of what is missing.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_WITHHELD_H
#define OPS_AUDIT_WITHHELD_H

#include "ops/audit/archive.h"
#include "ops/audit/findings.h"
#include "proto/record.h"

/* Something that is not there. */
struct missing {
    uint64_t csn;
    uint64_t by; /* The record that explains it; its own: a secret. */
    bool is_explained, is_file;
};

struct withheld {
    const struct archive *archive;
    struct findings *findings;
    struct missing *missing; /* By rising CSN. */
    size_t n_missing;
    uint64_t n, n_files, tombstones;
    struct buffer named; /* SHA-256 of each file that a record names. */
    struct buffer payload;
};

/** Begin. */
void withheld_init(struct withheld *withheld, const struct archive *archive,
                   struct findings *findings);

/** Free what is held. */
void withheld_deinit(struct withheld *withheld);

/** Take a record. */
void withheld_take(struct withheld *withheld, const struct record *record);

/** Say what is missing, then hash all that lies in files/ and say what of it no
 * record names. */
void withheld_end(struct withheld *withheld);

#endif
