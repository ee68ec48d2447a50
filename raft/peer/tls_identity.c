#include "raft/peer/tls_identity.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "proto/base/certificate.h"
#include "proto/base/journal.h"
#include "proto/base/tls_reason.h"
#include "raft/peer/tls.h"
#include "raft/peer/tls_name.h"

/* Certificates of nodes are small; a stranger may not send us more. */
enum { CERTIFICATES_BYTES_MAX = 32 * 1024, CHAIN_MAX = 4 };

static enum error refuse(const char *file, const char *why)
{
    journal_error("tls_refused", "file=%s text=\"%s\" reason=\"%s\"", file, why,
                  tls_reason(""));
    ERR_clear_error();
    return ERROR_TLS;
}

static bool restrict_protocol(SSL_CTX *context)
{
    SSL_CTX_set_verify(context,
                       SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_verify_depth(context, CHAIN_MAX);
    SSL_CTX_set_max_cert_list(context, CERTIFICATES_BYTES_MAX);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(context, 0) == 1 &&
           SSL_CTX_set_max_early_data(context, 0) == 1;
}

static enum error load_files(SSL_CTX *context,
                             const struct transport_tls *files)
{
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1) {
        return refuse(files->certificate, "no certificate can be read");
    }
    if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) !=
            1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return refuse(files->key, "no key of the certificate can be read");
    }
    if (SSL_CTX_load_verify_file(context, files->authority) != 1) {
        return refuse(files->authority, "no authority can be read");
    }
    return ERROR_NONE;
}

/* What any other node would find out about this certificate is better told
 * here, at once and in words. */
static enum error check_chain(SSL_CTX *context, const char *file)
{
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = NULL;
    enum error error = ERROR_NONE;

    SSL_CTX_get0_chain_certs(context, &chain);
    if (check == NULL ||
        X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(context),
                            SSL_CTX_get0_certificate(context), chain) != 1) {
        error = refuse(file, "out of memory");
    } else if (X509_verify_cert(check) != 1) {
        error = refuse(file, X509_verify_cert_error_string(
                                 X509_STORE_CTX_get_error(check)));
    }
    X509_STORE_CTX_free(check);
    return error;
}

static enum error check_certificate(struct tls_identity *identity,
                                    const char *file, uint8_t node)
{
    X509 *certificate = SSL_CTX_get0_certificate(identity->context);
    char want[64];

    if (!certificate_end(certificate, &identity->expires_s)) {
        return refuse(file, "the certificate has no end");
    }
    if (tls_certificate_node(certificate) != node) {
        snprintf(want, sizeof(want), "the certificate's name is not node%u",
                 (unsigned)node);
        return refuse(file, want);
    }
    if (X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0) != 1 ||
        X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) != 1) {
        return refuse(file, "the certificate is not for client and server");
    }
    return check_chain(identity->context, file);
}

enum error tls_identity_load(const struct transport_tls *files, uint8_t node,
                             struct tls_identity **identity_out)
{
    struct tls_identity *identity = calloc(1, sizeof(*identity));
    enum error error = ERROR_NO_MEMORY;

    ERR_clear_error();
    if (identity == NULL) {
        goto out;
    }
    identity->context = SSL_CTX_new(TLS_method());
    if (identity->context == NULL || !restrict_protocol(identity->context)) {
        error = refuse("", "TLS 1.3 is not to be had");
        goto out;
    }
    error = load_files(identity->context, files);
    if (error != ERROR_NONE) {
        goto out;
    }
    error = check_certificate(identity, files->certificate, node);
    if (error != ERROR_NONE) {
        goto out;
    }
    *identity_out = identity;
    identity = NULL;
out:
    tls_identity_free(identity);
    return error;
}

void tls_identity_free(struct tls_identity *identity)
{
    if (identity != NULL) {
        SSL_CTX_free(identity->context);
        free(identity);
    }
}

int64_t tls_identity_expires_s(const struct tls_identity *identity)
{
    return identity->expires_s;
}
