/* What is said about a post: lines of text, each "NAME" or "NAME: NOTICE" of a
 * filter that warns, "NAME: not checked" of one that took too long, or
 * "program: NOTE".
 *
 * Thread: any.
 */
#ifndef NODE_SESSION_ANNOTATION_H
#define NODE_SESSION_ANNOTATION_H

#include "node/session/strainer.h"
#include "proto/base/arena.h"

/**
 * Write the annotation of a post, in the arena.
 *
 * @note  Of the program; may be empty.
 *
 * Returns the empty slice when there is nothing to say, or memory is out. Lines
 * beyond ANNOTATION_BYTES_MAX are left out.
 */
struct slice annotation_write(struct arena *arena,
                              const struct strainer_verdict *verdict,
                              struct slice note);

/** Write why a filter refuses a post: its name and notice, never what it looks
 * for. */
struct slice annotation_refusal(struct arena *arena,
                                const struct strainer_hit *hit);

#endif
