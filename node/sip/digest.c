#include "node/sip/digest.h"

#include <openssl/crypto.h>
#include <sofia-sip/auth_digest.h>
#include <string.h>

static const char *keep(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy(arena, slice_of_text(text));
}

static bool is_supported(const sip_proxy_authorization_t *credentials,
                         const auth_response_t *read)
{
    return credentials->au_scheme != NULL &&
           strcasecmp(credentials->au_scheme, "Digest") == 0 &&
           (read->ar_algorithm == NULL || read->ar_md5) && read->ar_auth;
}

enum error digest_read(struct digest_claim *claim, struct arena *arena,
                       const sip_proxy_authorization_t *credentials)
{
    auth_response_t read = {.ar_size = sizeof(read)};
    su_home_t home[1] = {SU_HOME_INIT(home)};
    enum error error = ERROR_UNSUPPORTED;

    su_home_init(home);
    if (auth_digest_response_get(home, &read, credentials->au_params) < 0) {
        error = ERROR_MALFORMED;
        goto out;
    }
    if (!is_supported(credentials, &read)) {
        goto out;
    }
    *claim = (struct digest_claim){
        .username = keep(arena, read.ar_username),
        .realm = keep(arena, read.ar_realm),
        .nonce = keep(arena, read.ar_nonce),
        .uri = keep(arena, read.ar_uri),
        .cnonce = keep(arena, read.ar_cnonce),
        .nc = keep(arena, read.ar_nc),
        .response = keep(arena, read.ar_response),
    };
    error = claim->username == NULL || claim->realm == NULL ||
                    claim->nonce == NULL || claim->uri == NULL ||
                    claim->cnonce == NULL || claim->nc == NULL ||
                    claim->response == NULL
                ? ERROR_MALFORMED
                : ERROR_NONE;
out:
    su_home_deinit(home);
    return error;
}

bool digest_is_first_use(const struct digest_claim *claim, const char *nonce)
{
    return nonce[0] != '\0' && auth_strcmp(claim->nonce, nonce) == 0 &&
           auth_strcmp(claim->nc, "00000001") == 0;
}

bool digest_proves(const struct digest_claim *claim,
                   const char ha1[HA1_BYTES + 1], const char *method)
{
    auth_response_t from = {
        .ar_size = sizeof(from),
        .ar_username = claim->username,
        .ar_realm = claim->realm,
        .ar_nonce = claim->nonce,
        .ar_uri = claim->uri,
        .ar_cnonce = claim->cnonce,
        .ar_nc = claim->nc,
        .ar_qop = "auth",
        .ar_md5 = 1,
        .ar_auth = 1,
    };
    auth_hexmd5_t wanted;
    char given[HA1_BYTES + 1] = {0};

    if (auth_digest_response(&from, wanted, ha1, method, NULL, 0) < 0) {
        return false;
    }
    for (size_t i = 0; i < HA1_BYTES && claim->response[i] != '\0'; i++) {
        char c = claim->response[i];

        given[i] = c >= 'A' && c <= 'F' ? (char)(c + 32) : c;
    }
    return CRYPTO_memcmp(given, wanted, HA1_BYTES) == 0 &&
           strlen(claim->response) == HA1_BYTES;
}
