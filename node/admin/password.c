#include "node/admin/password.h"

#include <openssl/evp.h>

#include "node/chat/text.h"
#include "proto/base/check.h"

bool password_is_fine(struct slice password)
{
    if (password.len == 0 || password.len > PASSWORD_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < password.len; i++) {
        if (password.data[i] < 0x20 || password.data[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* RFC 2617 3.2.2.2, A1: what Digest needs of a password, and in this realm
 * worth as much. MD5 is what clients speak. */
static void hash(struct slice user, struct slice realm, struct slice password,
                 uint8_t hash_out[HA1_BYTES])
{
    const struct slice parts[] = {user, SLICE_LITERAL(":"), realm,
                                  SLICE_LITERAL(":"), password};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned len = 0;

    CHECK(context != NULL);
    CHECK(EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        CHECK(EVP_DigestUpdate(context, parts[i].data, parts[i].len) == 1);
    }
    CHECK(EVP_DigestFinal_ex(context, hash_out, &len) == 1);
    CHECK(len == HA1_BYTES);
    EVP_MD_CTX_free(context);
}

void password_hash(struct slice uri, struct slice domain, struct slice password,
                   struct password_hashes *hashes_out)
{
    uint8_t folded[URI_BYTES_MAX];
    struct slice address = slice_after(uri, sizeof("sip:") - 1), user;
    const uint8_t *at;

    /* A hash holds the spelling of its name: one spelling is agreed on. */
    CHECK(address.len <= sizeof(folded));
    text_fold(folded, address);
    address.data = folded;
    at = memchr(address.data, '@', address.len);
    user = slice_of(address.data,
                    at == NULL ? address.len : (size_t)(at - address.data));
    hash(address, domain, password, hashes_out->ha1);
    hash(user, domain, password, hashes_out->ha1_user);
}
