/* An Ed25519 key in a PKCS#11 token: found by its URI (RFC 7512), used with
 * CKM_EDDSA, never seen.
 *
 * A session that the token has lost (taken out, restarted) is opened again,
 * once for each signature.
 *
 * Thread: one at a time; every call may block.
 */
#ifndef NODE_COMPLIANCE_OS_TOKEN_H
#define NODE_COMPLIANCE_OS_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "proto/tlog/note.h"

enum { TOKEN_PIN_BYTES_MAX = 255 };

/* A module's library, loaded once for all its keys. */
struct token_module;
struct token;

/** Tell whether a key's place is a token's: it begins with "pkcs11:". */
bool token_is_uri(const char *place);

/** Load a module. IO, with a journal line. */
enum error token_module_open(const char *path,
                             struct token_module **module_out);

/** Unload. Its tokens are closed. Accepts NULL. */
void token_module_close(struct token_module *module);

/**
 * Find a key.
 *
 * @module  Borrowed until token_close.
 * @pin     NULL: the token asks for none.
 *
 * Returns INVALID for a URI that is none, NOT_FOUND, REFUSED for the PIN,
 * MALFORMED for a key that is not Ed25519, or IO, with a journal line.
 */
enum error token_open(struct token_module *module, const char *uri,
                      const char *pin, struct token **token_out);

/** Close. Accepts NULL. */
void token_close(struct token *token);

/** Tell the public key. */
void token_public_key(const struct token *token,
                      uint8_t public_out[NOTE_KEY_BYTES]);

/** Sign. Returns IO, with a journal line. */
enum error token_sign(struct token *token, struct slice message,
                      uint8_t signature_out[NOTE_SIGNATURE_BYTES]);

#endif
