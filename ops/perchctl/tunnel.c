#include "ops/perchctl/tunnel.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "proto/base/check.h"
#include "proto/base/tls_reason.h"
#include "raft/peer/tls_identity.h"

static enum error refuse(char why[WIRE_WHY_BYTES], const char *file,
                         const char *what)
{
    snprintf(why, WIRE_WHY_BYTES, "%s: %s: %s", file, what,
             tls_reason("no reason given"));
    ERR_clear_error();
    return ERROR_TLS;
}

static enum error load(SSL_CTX *context, const struct options *options,
                       char why[WIRE_WHY_BYTES])
{
    CHECK(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_file(context, options->authority) != 1) {
        return refuse(why, options->authority, "no authority can be read");
    }
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate) !=
        1) {
        return refuse(why, options->certificate, "no certificate can be read");
    }
    if (SSL_CTX_use_PrivateKey_file(context, options->key, SSL_FILETYPE_PEM) !=
            1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return refuse(why, options->key,
                      "no key of the certificate can be read");
    }
    return ERROR_NONE;
}

enum error tunnel_load(const struct options *options,
                       struct tls_identity **identity_out,
                       char why[WIRE_WHY_BYTES])
{
    struct tls_identity *identity = calloc(1, sizeof(*identity));
    enum error error;

    CHECK(identity != NULL);
    ERR_clear_error();
    identity->context = SSL_CTX_new(TLS_client_method());
    CHECK(identity->context != NULL);
    error = load(identity->context, options, why);
    if (error != ERROR_NONE) {
        tunnel_free(identity);
        return error;
    }
    *identity_out = identity;
    return ERROR_NONE;
}

void tunnel_free(struct tls_identity *identity)
{
    tls_identity_free(identity);
}

enum error tunnel_check(const struct tls *tls, char why[WIRE_WHY_BYTES])
{
    if (tls_peer_node(tls) == 0) {
        snprintf(why, WIRE_WHY_BYTES,
                 "the other side's certificate names no node");
        return ERROR_TLS;
    }
    return ERROR_NONE;
}
