#include "node/compliance/attest.h"

#include <stdio.h>

void attest_hex(const struct merkle_hash *hash,
                char hex_out[2 * MERKLE_HASH_BYTES + 1])
{
    for (size_t i = 0; i < MERKLE_HASH_BYTES; i++) {
        snprintf(hex_out + 2 * i, 3, "%02x", hash->bytes[i]);
    }
}

/* What was read before is not believed, nor is one look that differs: a file
 * may be replaced while it is read. */
static enum error read_root(struct attestation *attestation,
                            struct tiles *tiles)
{
    enum error error = ERROR_NONE;

    for (unsigned look = 0; look < 2; look++) {
        tiles_forget(tiles);
        error = tiles_root(tiles, attestation->size, &attestation->root);
        if (error == ERROR_NONE &&
            merkle_equal(&attestation->root, &attestation->wanted)) {
            break;
        }
    }
    return error;
}

static enum error sign(struct attestation *attestation)
{
    const struct checkpoint_text checkpoint = {
        .origin = slice_of(attestation->origin, attestation->origin_bytes),
        .size = attestation->size,
        .root = attestation->root,
    };
    struct buffer text = BUFFER_EMPTY, message = BUFFER_EMPTY;
    enum error error = ERROR_NO_MEMORY;

    checkpoint_write(&text, &checkpoint);
    cosignature_message(&message, attestation->time_s, buffer_slice(&text));
    if (!buffer_failed(&text) && !buffer_failed(&message)) {
        error = signer_sign(attestation->signer, SIGNER_NODE,
                            buffer_slice(&message), attestation->cosignature);
        if (error == ERROR_NONE && attestation->is_log_signed) {
            error =
                signer_sign(attestation->signer, SIGNER_LOG,
                            buffer_slice(&text), attestation->log_signature);
        }
    }
    buffer_deinit(&text);
    buffer_deinit(&message);
    return error;
}

void attest(struct attestation *attestation, struct tiles *tiles)
{
    attestation->error = read_root(attestation, tiles);
    if (attestation->error != ERROR_NONE) {
        return;
    }
    attestation->is_log_signed =
        attestation->is_log_signed &&
        merkle_equal(&attestation->root, &attestation->wanted);
    attestation->error = sign(attestation);
}
