/* The insides of posts, for their own files: posting.c serves and answers,
 * posting_fill.c writes the command, posting_denied.c has refusals put on
 * record.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_POSTING_PARTS_H
#define NODE_SESSION_POSTING_PARTS_H

#include "node/session/denying.h"
#include "node/session/hub.h"
#include "node/session/posting.h"
#include "proto/xccos/request.h"

struct posting {
    struct errand errand; /* First. */
    struct proposal proposal;
    struct xccos_post post;
    struct screen *screen;      /* NULL: nobody has anything to say of it. */
    int denied_status;          /* What it is answered once its refusal is on */
    struct slice denied_reason; /* record. */
};

/** Answer the post's INFO, and end it. */
void posting_end(struct posting *posting, int status, struct slice reason);

/** Answer that the pool is busy, and end it. */
void posting_end_busy(struct posting *posting);

/** Lay out the command. */
void posting_fill(const struct posting *posting, Perch__Post *post);

/**
 * Refuse a post for a reason that the rules do not know: while there is an
 * archive the refusal is on record before it is answered.
 */
void posting_deny(struct posting *posting, int status, struct slice reason);

#endif
