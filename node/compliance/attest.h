/* One node's word under a checkpoint: the root of its own files, and its
 * signatures.
 *
 * Thread: a worker's; it may block.
 */
#ifndef NODE_COMPLIANCE_ATTEST_H
#define NODE_COMPLIANCE_ATTEST_H

#include "node/compliance/signer.h"
#include "node/compliance/tiles.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

struct attestation {
    const struct signer *signer; /* Has the node's key. */
    uint64_t size;
    struct merkle_hash wanted; /* The root that the rules have. */
    uint64_t time_s;
    bool is_log_signed; /* May the log's key sign? Then: has it? */
    uint8_t origin[NOTE_NAME_BYTES_MAX];
    size_t origin_bytes;

    /* What came of it. */
    enum error error;
    struct merkle_hash root; /* Of the files. */
    uint8_t log_signature[NOTE_SIGNATURE_BYTES];
    uint8_t cosignature[NOTE_SIGNATURE_BYTES];
};

/** Compute the root of the first size records from files, and sign what it is:
 * under the node's key whatever it is, under the log's only the wanted one. */
void attest(struct attestation *attestation, struct tiles *tiles);

/** Write a hash in hex, with a NUL. */
void attest_hex(const struct merkle_hash *hash,
                char hex_out[2 * MERKLE_HASH_BYTES + 1]);

#endif
