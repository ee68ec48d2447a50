/* This node's public keys in the pool's state: proposed when the state has
 * others, or none. Private to cosigning.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_OWN_KEYS_H
#define NODE_COMPLIANCE_OWN_KEYS_H

#include "node/compliance/compliance_parts.h"
#include "node/compliance/signer.h"

enum { OWN_KEYS_RETRY_MS = 5000 };

struct own_keys {
    struct compliance *compliance;
    struct {
        struct proposal proposal;
        bool is_out;
        uint64_t retry_us; /* Not before then. */
    } asks[SIGNER_KEYS];
    bool told_of_log; /* That its key here is not the state's. */
};

/** Start with nothing proposed. */
void own_keys_init(struct own_keys *keys, struct compliance *compliance);

/** Propose what is not in the state. A log's key that the state has and that
 * differs is told (journal, meter), not proposed: an administrator rotates
 * it. */
void own_keys_propose(struct own_keys *keys);

#endif
