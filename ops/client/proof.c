#include "ops/client/proof.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "ops/client/value.h"

enum { MD5_BYTES = 16, HEX_BYTES = 2 * MD5_BYTES };

#define NONCE_COUNT "00000001" /* Each nonce is used once. */

/* Hash what the buffer holds into hex digits, and empty it. */
static enum error hash(struct buffer *text, char hex[HEX_BYTES + 1])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    bool done =
        !buffer_failed(text) &&
        EVP_Digest(text->data, text->len, digest, &len, EVP_md5(), NULL) == 1 &&
        len == MD5_BYTES;

    buffer_clear(text);
    if (!done) {
        return ERROR_NO_MEMORY;
    }
    for (size_t i = 0; i < MD5_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    return ERROR_NONE;
}

struct parts {
    struct slice realm, nonce, qop, opaque;
};

/* qop is a list; auth must be in it. */
static bool offers_auth(struct slice qop)
{
    while (qop.len > 0) {
        const uint8_t *comma = memchr(qop.data, ',', qop.len);
        size_t len = comma == NULL ? qop.len : (size_t)(comma - qop.data);

        if (slice_equal_nocase(value_trim(slice_of(qop.data, len)),
                               SLICE_LITERAL("auth"))) {
            return true;
        }
        qop = slice_after(qop, len + 1);
    }
    return false;
}

static enum error read_parts(struct slice challenge, struct parts *parts)
{
    struct slice algorithm = value_auth_param(challenge, "algorithm");

    parts->realm = value_auth_param(challenge, "realm");
    parts->nonce = value_auth_param(challenge, "nonce");
    parts->qop = value_auth_param(challenge, "qop");
    parts->opaque = value_auth_param(challenge, "opaque");
    if (!value_begins_with_word(challenge, "Digest") ||
        (algorithm.data != NULL &&
         !slice_equal_nocase(algorithm, SLICE_LITERAL("MD5"))) ||
        (parts->qop.data != NULL && !offers_auth(parts->qop))) {
        return ERROR_UNSUPPORTED;
    }
    return parts->realm.data == NULL || parts->nonce.len == 0 ? ERROR_MALFORMED
                                                              : ERROR_NONE;
}

static enum error respond(const struct proof *proof, const struct parts *parts,
                          struct buffer *text, char response[HEX_BYTES + 1])
{
    char ha1[HEX_BYTES + 1], ha2[HEX_BYTES + 1];

    buffer_printf(text, "%s:%.*s:%s", proof->username,
                  SLICE_PRINT(parts->realm), proof->password);
    TRY(hash(text, ha1));
    buffer_printf(text, "%s:%.*s", proof->method, SLICE_PRINT(proof->uri));
    TRY(hash(text, ha2));
    buffer_printf(text, "%s:%.*s:", ha1, SLICE_PRINT(parts->nonce));
    if (parts->qop.data != NULL) {
        buffer_printf(text, NONCE_COUNT ":%s:auth:", proof->cnonce);
    }
    buffer_append_text(text, ha2);
    return hash(text, response);
}

enum error proof_write(struct buffer *out, const struct proof *proof)
{
    char response[HEX_BYTES + 1];
    struct buffer text = BUFFER_EMPTY;
    struct parts parts;
    enum error error;

    TRY(read_parts(proof->challenge, &parts));
    error = respond(proof, &parts, &text, response);
    if (text.data != NULL) { /* It held the password. */
        explicit_bzero(text.data, text.capacity);
    }
    buffer_deinit(&text);
    TRY(error);
    buffer_printf(out,
                  "Proxy-Authorization: Digest username=\"%s\", "
                  "realm=\"%.*s\", nonce=\"%.*s\", uri=\"%.*s\", "
                  "response=\"%s\", algorithm=MD5",
                  proof->username, SLICE_PRINT(parts.realm),
                  SLICE_PRINT(parts.nonce), SLICE_PRINT(proof->uri), response);
    if (parts.qop.data != NULL) {
        buffer_printf(out, ", qop=auth, nc=" NONCE_COUNT ", cnonce=\"%s\"",
                      proof->cnonce);
    }
    if (parts.opaque.data != NULL) {
        buffer_printf(out, ", opaque=\"%.*s\"", SLICE_PRINT(parts.opaque));
    }
    buffer_append_text(out, "\r\n");
    return buffer_failed(out) ? ERROR_NO_MEMORY : ERROR_NONE;
}

bool proof_is_stale(struct slice challenge)
{
    return slice_equal_nocase(value_auth_param(challenge, "stale"),
                              SLICE_LITERAL("true"));
}
