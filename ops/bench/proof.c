#include "ops/bench/proof.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { MD5_BYTES = 16, HEX_BYTES = 2 * MD5_BYTES + 1, TEXT_BYTES = 1024 };

/* What clients of this kind put there, and servers take as it comes. */
#define DIGEST_URI "(null)"
#define CNONCE     "70657263"

static bool hash(const char *text, size_t len, char hex[HEX_BYTES])
{
    unsigned char md5[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (EVP_Digest(text, len, md5, &n, EVP_md5(), NULL) != 1 ||
        n != MD5_BYTES) {
        return false;
    }
    for (unsigned i = 0; i < MD5_BYTES; i++) {
        snprintf(hex + (size_t)i * 2, 3, "%02x", md5[i]);
    }
    return true;
}

static bool hash_print(char hex[HEX_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool hash_print(char hex[HEX_BYTES], const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return len > 0 && (size_t)len < sizeof(text) &&
           hash(text, (size_t)len, hex);
}

/* A parameter in quotes: name="value". */
static struct slice parameter(struct slice challenge, const char *name)
{
    char wanted[32];
    int len = snprintf(wanted, sizeof(wanted), "%s=\"", name);
    const uint8_t *at =
        memmem(challenge.data, challenge.len, wanted, (size_t)len);
    struct slice rest;
    const uint8_t *end;

    if (at == NULL) {
        return SLICE_NONE;
    }
    rest = slice_after(challenge, (size_t)(at - challenge.data) + (size_t)len);
    end = rest.len == 0 ? NULL : memchr(rest.data, '"', rest.len);
    return end == NULL ? SLICE_NONE
                       : slice_of(rest.data, (size_t)(end - rest.data));
}

enum error proof_write(struct slice challenge, const char *user,
                       const char *password, struct buffer *out)
{
    char ha1[HEX_BYTES], ha2[HEX_BYTES], response[HEX_BYTES];
    struct slice realm = parameter(challenge, "realm");
    struct slice nonce = parameter(challenge, "nonce");

    if (!slice_begins(challenge, SLICE_LITERAL("Digest ")) || realm.len == 0 ||
        nonce.len == 0) {
        return ERROR_UNSUPPORTED;
    }
    if (!hash_print(ha1, "%s:%.*s:%s", user, SLICE_PRINT(realm), password) ||
        !hash_print(ha2, "REGISTER:%s", DIGEST_URI) ||
        !hash_print(response, "%s:%.*s:00000001:%s:auth:%s", ha1,
                    SLICE_PRINT(nonce), CNONCE, ha2)) {
        return ERROR_UNSUPPORTED;
    }
    buffer_printf(out,
                  "Proxy-Authorization: Digest username=\"%s\", "
                  "realm=\"%.*s\", nonce=\"%.*s\", uri=\"%s\", qop=auth, "
                  "nc=00000001, cnonce=\"%s\", response=\"%s\"\r\n",
                  user, SLICE_PRINT(realm), SLICE_PRINT(nonce), DIGEST_URI,
                  CNONCE, response);
    return ERROR_NONE;
}
