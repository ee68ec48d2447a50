/* What a log sends a witness: the body of an add-checkpoint request.
 *
 *   old SIZE            of the tree the witness has cosigned last
 *   BASE64 ...          the hashes of the proof that it is a prefix, one a line
 *                       (empty line)
 *   CHECKPOINT          a signed note
 *
 * Source: C2SP tlog-witness.
 *
 * Pure. Thread: any.
 */
#ifndef PROTO_TLOG_SUBMISSION_H
#define PROTO_TLOG_SUBMISSION_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

enum {
    SUBMISSION_HASH_BYTES = 45, /* Of a proof's line, with its newline. */
    SUBMISSION_HEAD_BYTES = 32, /* Of the line of the old size, at most. */
    SUBMISSION_BYTES_MAX = SUBMISSION_HEAD_BYTES +
                           MERKLE_DEPTH_MAX * SUBMISSION_HASH_BYTES + 1 +
                           NOTE_BYTES_MAX,
};

struct submission {
    uint64_t old_size;
    size_t n; /* Hashes of the proof. */
    struct merkle_hash proof[MERKLE_DEPTH_MAX];
    struct slice checkpoint; /* Borrowed from the body. */
};

/** Append a request's body. */
void submission_write(struct buffer *to, const struct submission *submission);

/** Read a request's body; the checkpoint is not looked into. MALFORMED, or
 * TOO_LARGE for more hashes than a proof may have. */
enum error submission_read(struct slice body, struct submission *out);

/** Read a tree's size: decimal digits without leading zeros. MALFORMED. */
enum error submission_read_size(struct slice text, uint64_t *size_out);

#endif
