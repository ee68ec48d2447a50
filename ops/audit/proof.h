/* A proof that one record is in a log, as a file that verifies alone: C2SP
 * tlog-proof. The record itself goes along as the file's extra data, so that
 * whoever is handed the file needs nothing else.
 *
 *   c2sp.org/tlog-proof@v1
 *   extra BASE64             the record
 *   index CSN
 *   HASH                     of the inclusion proof, from the leaf up
 *   ...
 *                            an empty line, then the checkpoint
 *
 * Source: C2SP tlog-proof.
 *
 * Thread: any.
 */
#ifndef OPS_AUDIT_PROOF_H
#define OPS_AUDIT_PROOF_H

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/tlog/merkle.h"

enum { PROOF_BYTES_MAX = 256 * 1024 };

struct proof {
    struct buffer record; /* The extra data; empty: there is none. */
    uint64_t index;
    struct merkle_hash hashes[MERKLE_DEPTH_MAX];
    size_t n;
    struct slice checkpoint; /* A note. Borrowed from what was read. */
};

/** Append a proof's text. */
void proof_write(const struct proof *proof, struct buffer *to);

/** Read a proof. MALFORMED. */
enum error proof_read(struct slice text, struct proof *proof_out);

/** Free what a proof holds. */
void proof_deinit(struct proof *proof);

#endif
