/* Verifier keys, and Ed25519 by OpenSSL. */
#include <openssl/evp.h>
#include <stdio.h>

#include "proto/base/base64.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/tlog/hash.h"
#include "proto/tlog/note.h"

enum {
    TYPED_KEY_BYTES = 1 + NOTE_KEY_BYTES,
    ID_DIGITS = 8,
    TIME_BYTES = 8,
};

/* The first 4 bytes of SHA-256(name, newline, type, key). */
static uint32_t key_id(struct slice name, const uint8_t typed_key[])
{
    uint8_t bytes[1 + TYPED_KEY_BYTES] = {'\n'};
    struct merkle_hash hash;

    memcpy(bytes + 1, typed_key, TYPED_KEY_BYTES);
    hash_pair(name, slice_of(bytes, sizeof(bytes)), &hash);
    return get_be32(hash.bytes);
}

enum error note_verifier_init(struct note_verifier *verifier, struct slice name,
                              enum note_type type,
                              const uint8_t key[NOTE_KEY_BYTES])
{
    uint8_t typed_key[TYPED_KEY_BYTES] = {(uint8_t)type};

    if (!note_name_allowed(name)) {
        return ERROR_INVALID;
    }
    memcpy(typed_key + 1, key, NOTE_KEY_BYTES);
    *verifier =
        (struct note_verifier){.type = type, .id = key_id(name, typed_key)};
    memcpy(verifier->name, name.data, name.len);
    memcpy(verifier->key, key, NOTE_KEY_BYTES);
    return ERROR_NONE;
}

/* What is before a plus sign, and what is after it. */
static bool cut(struct slice text, struct slice *before, struct slice *after)
{
    const uint8_t *plus =
        text.len == 0 ? NULL : memchr(text.data, '+', text.len);

    if (plus == NULL) {
        return false;
    }
    *before = slice_of(text.data, (size_t)(plus - text.data));
    *after = slice_after(text, before->len + 1);
    return true;
}

enum error note_vkey_read(struct slice text, struct note_verifier *verifier)
{
    struct slice name, id, key, rest;
    uint8_t typed_key[TYPED_KEY_BYTES];
    char digits[ID_DIGITS + 1];
    size_t n;

    if (!cut(text, &name, &rest) || !cut(rest, &id, &key)) {
        return ERROR_MALFORMED;
    }
    TRY(base64_read(key, typed_key, sizeof(typed_key), &n));
    if (n != 0 && typed_key[0] != NOTE_ED25519 &&
        typed_key[0] != NOTE_COSIGNATURE) {
        return ERROR_UNSUPPORTED;
    }
    if (n != sizeof(typed_key) ||
        note_verifier_init(verifier, name, typed_key[0], typed_key + 1) !=
            ERROR_NONE) {
        return ERROR_MALFORMED;
    }
    snprintf(digits, sizeof(digits), "%08x", verifier->id);
    return slice_equal_text(id, digits) ? ERROR_NONE : ERROR_MALFORMED;
}

void note_vkey_write(const struct note_verifier *verifier, struct buffer *to)
{
    uint8_t typed_key[TYPED_KEY_BYTES] = {(uint8_t)verifier->type};

    memcpy(typed_key + 1, verifier->key, NOTE_KEY_BYTES);
    buffer_printf(to, "%s+%08x+", verifier->name, verifier->id);
    base64_write(to, slice_of(typed_key, sizeof(typed_key)));
}

static EVP_PKEY *open_private(const uint8_t private_key[NOTE_KEY_BYTES])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                                 private_key, NOTE_KEY_BYTES);

    CHECK(key != NULL);
    return key;
}

void note_sign(const uint8_t private_key[NOTE_KEY_BYTES], struct slice message,
               uint8_t signature_out[NOTE_SIGNATURE_BYTES])
{
    EVP_PKEY *key = open_private(private_key);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = NOTE_SIGNATURE_BYTES;

    CHECK(context != NULL);
    CHECK(EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1);
    CHECK(EVP_DigestSign(context, signature_out, &len, message.data,
                         message.len) == 1);
    CHECK(len == NOTE_SIGNATURE_BYTES);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}

void note_public_key(const uint8_t private_key[NOTE_KEY_BYTES],
                     uint8_t public_out[NOTE_KEY_BYTES])
{
    EVP_PKEY *key = open_private(private_key);
    size_t len = NOTE_KEY_BYTES;

    CHECK(EVP_PKEY_get_raw_public_key(key, public_out, &len) == 1);
    CHECK(len == NOTE_KEY_BYTES);
    EVP_PKEY_free(key);
}

bool note_check(const uint8_t public_key[NOTE_KEY_BYTES], struct slice message,
                struct slice signature)
{
    EVP_PKEY *key;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good;

    CHECK(context != NULL);
    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key,
                                      NOTE_KEY_BYTES);
    CHECK(key != NULL);
    good = signature.len == NOTE_SIGNATURE_BYTES &&
           EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
           EVP_DigestVerify(context, signature.data, signature.len,
                            message.data, message.len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

/* Check one line of the verifier's. */
static bool check_line(const struct note_verifier *verifier, struct slice text,
                       struct slice bytes, uint64_t *time_s_out)
{
    struct buffer message = BUFFER_EMPTY;
    bool good;

    *time_s_out = 0;
    if (verifier->type == NOTE_ED25519) {
        return note_check(verifier->key, text, bytes);
    }
    if (bytes.len != TIME_BYTES + NOTE_SIGNATURE_BYTES) {
        return false;
    }
    *time_s_out = get_be64(bytes.data);
    cosignature_message(&message, *time_s_out, text);
    good = !buffer_failed(&message) &&
           note_check(verifier->key, buffer_slice(&message),
                      slice_after(bytes, TIME_BYTES));
    buffer_deinit(&message);
    return good;
}

enum error note_verify(const struct note *note,
                       const struct note_verifier *verifier,
                       uint64_t *time_s_out)
{
    enum error error = ERROR_NOT_FOUND;
    uint64_t time_s, latest_s = 0;

    for (size_t i = 0; i < note->n; i++) {
        const struct note_signature *line = &note->signatures[i];

        if (line->id != verifier->id ||
            !slice_equal_text(line->name, verifier->name)) {
            continue;
        }
        if (!check_line(verifier, note->text, line->bytes, &time_s)) {
            return ERROR_MALFORMED;
        }
        latest_s = time_s > latest_s ? time_s : latest_s;
        error = ERROR_NONE;
    }
    if (time_s_out != NULL) {
        *time_s_out = latest_s;
    }
    return error;
}
