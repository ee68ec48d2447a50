/* Notes in files, and whether they are signed as they should be.
 *
 * Thread: one: they share one note's memory.
 */
#ifndef OPS_AUDIT_NOTES_H
#define OPS_AUDIT_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/audit/findings.h"
#include "ops/audit/trust.h"

/** Cut the next note off a file of notes, or of a book of perch-witness; empty
 * lines and comments (#) before one are skipped. False at the end. What is no
 * note is given as it is, to its next empty line. */
bool notes_next(struct slice *rest, struct slice *note_out);

/** Read a checkpoint's text out of a note; borrows from it. */
bool notes_text(struct slice bytes, struct checkpoint_text *text_out);

/** Tell whether a note is signed by a log that is believed. */
bool notes_signed(struct slice bytes, const struct trust *trust);

/** What the cosignatures of a checkpoint come to. */
struct cosigned {
    size_t good; /* By parties of the policy, or by keys of the archive. */
    uint64_t newest_s; /* Of those; 0: none. */
    bool is_enough;    /* As the policy wants; true without one. */
};

/**
 * Check all cosignatures of a checkpoint. Wrong ones, of keys that are known,
 * are errors.
 *
 * @name  Of the checkpoint, for people.
 * @who   Gets the names of who has cosigned, with commas between.
 */
void notes_cosigned(struct slice bytes, const struct trust *trust,
                    const char *name, struct findings *findings,
                    struct cosigned *cosigned_out, struct buffer *who);

#endif
