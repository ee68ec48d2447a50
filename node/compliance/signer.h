/* Who signs for this node: under the log's key, where this node has it, and
 * under the node's own. The keys themselves stay behind this header: in a file,
 * in a token (os/keys.h), or in memory for simulations (signer_of_seeds).
 *
 * Thread: made and freed by main; public keys any; sign a worker's, one call at
 * a time: it may block.
 */
#ifndef NODE_COMPLIANCE_SIGNER_H
#define NODE_COMPLIANCE_SIGNER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "proto/tlog/note.h"

enum signer_key { SIGNER_LOG, SIGNER_NODE, SIGNER_KEYS };

struct signer {
    void *context;
    bool has[SIGNER_KEYS];
    uint8_t public_keys[SIGNER_KEYS][NOTE_KEY_BYTES];
    /* Sign with Ed25519. Returns IO when a token does not. */
    enum error (*sign)(void *context, enum signer_key key, struct slice message,
                       uint8_t signature_out[NOTE_SIGNATURE_BYTES]);
};

/** Sign with a key that the signer has. */
enum error signer_sign(const struct signer *signer, enum signer_key key,
                       struct slice message,
                       uint8_t signature_out[NOTE_SIGNATURE_BYTES]);

/* Private keys in memory. */
struct signer_seeds {
    uint8_t keys[SIGNER_KEYS][NOTE_KEY_BYTES];
};

/** Make a signer of keys in memory. @seeds  Borrowed. @has  Which it has. */
void signer_of_seeds(struct signer *signer, struct signer_seeds *seeds,
                     const bool has[SIGNER_KEYS]);

#endif
