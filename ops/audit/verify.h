/* perch-audit's verification of an archive: all checks of findings.h in one
 * walk.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_VERIFY_H
#define OPS_AUDIT_VERIFY_H

#include "ops/audit/checkpoints.h"
#include "ops/audit/findings.h"
#include "ops/audit/notes.h"
#include "ops/audit/options.h"
#include "ops/audit/order.h"
#include "ops/audit/progress.h"
#include "ops/audit/trust.h"

/* What a verification came to. */
struct verification {
    const char *directory;
    struct archive *archive;
    struct trust trust;
    struct checkpoints checkpoints;
    struct findings findings;
    struct order order;
    struct cosigned cosigned;
    struct cosigned witnessed; /* ARCHIVE_WITNESSED, and its size. */
    uint64_t witnessed_size;   /* 0: none that the log has signed. */
    struct buffer who;         /* Has cosigned: names, with commas between. */
    struct progress progress;
    double seconds;
};

/**
 * Verify an archive.
 *
 * Prints what cannot be read.
 *
 * Returns AUDIT_EXIT_GOOD when it is complete, BAD when it is not, UNREADABLE
 * when nothing could be said.
 */
int verify_archive(const struct options *options, const char *directory,
                   struct verification *verification);

/** Free what a verification holds. */
void verification_deinit(struct verification *verification);

/** The command "verify". */
int verify_run(const struct options *options);

#endif
