#include "node/compliance/signer.h"

#include <string.h>

#include "proto/base/check.h"

enum error signer_sign(const struct signer *signer, enum signer_key key,
                       struct slice message,
                       uint8_t signature_out[NOTE_SIGNATURE_BYTES])
{
    CHECK(signer->has[key]);
    return signer->sign(signer->context, key, message, signature_out);
}

static enum error sign_with_seed(void *context, enum signer_key key,
                                 struct slice message,
                                 uint8_t signature_out[NOTE_SIGNATURE_BYTES])
{
    const struct signer_seeds *seeds = context;

    note_sign(seeds->keys[key], message, signature_out);
    return ERROR_NONE;
}

void signer_of_seeds(struct signer *signer, struct signer_seeds *seeds,
                     const bool has[SIGNER_KEYS])
{
    *signer = (struct signer){.context = seeds, .sign = sign_with_seed};
    for (unsigned i = 0; i < SIGNER_KEYS; i++) {
        signer->has[i] = has[i];
        if (has[i]) {
            note_public_key(seeds->keys[i], signer->public_keys[i]);
        }
    }
}
