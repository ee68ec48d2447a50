#include "ops/client/secure.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "ops/client/limits.h"
#include "proto/base/check.h"
#include "proto/base/tls_reason.h"

struct trust {
    SSL_CTX *context;
};

struct secure {
    SSL *ssl;
    BIO *in, *out; /* Owned by ssl. */
    char reason[SECURE_REASON_BYTES_MAX];
};

static const char *library_reason(void)
{
    return tls_reason("the connection broke");
}

static bool load_authority(SSL_CTX *context, const char *authority)
{
    return authority == NULL
               ? SSL_CTX_set_default_verify_paths(context) == 1
               : SSL_CTX_load_verify_locations(context, authority, NULL) == 1;
}

enum error trust_open(const char *authority, bool any, struct trust **trust_out,
                      char reason_out[SECURE_REASON_BYTES_MAX])
{
    enum error error = ERROR_NO_MEMORY;
    struct trust *trust = calloc(1, sizeof(*trust));

    reason_out[0] = '\0';
    ERR_clear_error();
    if (trust == NULL) {
        goto out;
    }
    trust->context = SSL_CTX_new(TLS_client_method());
    if (trust->context == NULL) {
        goto out;
    }
    SSL_CTX_set_min_proto_version(trust->context, TLS1_2_VERSION);
    SSL_CTX_set_mode(trust->context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(trust->context, any ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       NULL);
    if (!any && !load_authority(trust->context, authority)) {
        error = ERROR_TLS;
        snprintf(reason_out, SECURE_REASON_BYTES_MAX,
                 "no certificates of authorities in %s: %s",
                 authority == NULL ? "the system's store" : authority,
                 library_reason());
        goto out;
    }
    error = ERROR_NONE;
    *trust_out = trust; /* Ownership passes to the caller. */
    trust = NULL;
out:
    ERR_clear_error();
    trust_close(trust);
    return error;
}

void trust_close(struct trust *trust)
{
    if (trust != NULL) {
        SSL_CTX_free(trust->context);
        free(trust);
    }
}

/* An address is looked for among the certificate's addresses, a name among
 * its names; only a name is told to the server. */
static bool expect_host(SSL *ssl, const char *host)
{
    struct in6_addr address;
    char name[CLIENT_HOST_BYTES_MAX + 1]; /* OpenSSL's macro drops const. */
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (inet_pton(AF_INET, host, &address) == 1 ||
        inet_pton(AF_INET6, host, &address) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    }
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    snprintf(name, sizeof(name), "%s", host);
    return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
           SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool attach(struct secure *secure, const struct trust *trust,
                   const char *host)
{
    secure->ssl = SSL_new(trust->context);
    secure->in = BIO_new(BIO_s_mem());
    secure->out = BIO_new(BIO_s_mem());
    if (secure->ssl == NULL || secure->in == NULL || secure->out == NULL) {
        BIO_free(secure->in);
        BIO_free(secure->out);
        return false;
    }
    SSL_set_bio(secure->ssl, secure->in, secure->out);
    SSL_set_connect_state(secure->ssl);
    return expect_host(secure->ssl, host);
}

struct secure *secure_new(const struct trust *trust, const char *host)
{
    struct secure *secure = calloc(1, sizeof(*secure));

    ERR_clear_error();
    if (secure != NULL && !attach(secure, trust, host)) {
        secure_free(secure);
        secure = NULL;
    }
    ERR_clear_error();
    return secure;
}

void secure_free(struct secure *secure)
{
    if (secure != NULL) {
        SSL_free(secure->ssl);
        free(secure);
    }
}

enum error secure_feed(struct secure *secure, struct slice bytes)
{
    CHECK(bytes.len <= INT_MAX);
    if (bytes.len > 0 &&
        BIO_write(secure->in, bytes.data, (int)bytes.len) != (int)bytes.len) {
        snprintf(secure->reason, sizeof(secure->reason), "out of memory");
        return ERROR_NO_MEMORY;
    }
    return ERROR_NONE;
}

/* The library's words, and what it holds against the certificate. The error
 * queue is the thread's, so it is left empty for the next connection. */
static enum error fail(struct secure *secure)
{
    long verdict = SSL_get_verify_result(secure->ssl);

    if (verdict != X509_V_OK) {
        snprintf(secure->reason, sizeof(secure->reason),
                 "the server's certificate is refused: %s",
                 X509_verify_cert_error_string(verdict));
    } else {
        snprintf(secure->reason, sizeof(secure->reason), "%s",
                 library_reason());
    }
    ERR_clear_error();
    return ERROR_TLS;
}

enum error secure_handshake(struct secure *secure)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(secure->ssl);
    if (result == 1) {
        return ERROR_NONE;
    }
    return SSL_get_error(secure->ssl, result) == SSL_ERROR_WANT_READ
               ? ERROR_BUSY
               : fail(secure);
}

enum error secure_read(struct secure *secure, void *to, size_t room,
                       size_t *got_out)
{
    int result;

    *got_out = 0;
    ERR_clear_error();
    result = SSL_read_ex(secure->ssl, to, room, got_out);
    if (result == 1) {
        return ERROR_NONE;
    }
    switch (SSL_get_error(secure->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return ERROR_NONE;
    case SSL_ERROR_ZERO_RETURN:
        return ERROR_CLOSED;
    default:
        return fail(secure);
    }
}

enum error secure_write(struct secure *secure, struct slice bytes)
{
    size_t written = 0;

    ERR_clear_error();
    if (SSL_write_ex(secure->ssl, bytes.data, bytes.len, &written) != 1) {
        return fail(secure);
    }
    CHECK(written == bytes.len); /* Memory takes all that is written to it. */
    return ERROR_NONE;
}

void secure_finish(struct secure *secure)
{
    ERR_clear_error();
    if (SSL_is_init_finished(secure->ssl)) {
        (void)SSL_shutdown(secure->ssl);
    }
    ERR_clear_error();
}

void secure_take(struct secure *secure, struct buffer *to)
{
    size_t pending = BIO_ctrl_pending(secure->out);
    uint8_t *room;
    int got;

    if (pending == 0) {
        return;
    }
    room = buffer_reserve(to, pending);
    if (room != NULL) {
        got = BIO_read(secure->out, room, (int)pending);
        CHECK(got == (int)pending);
        to->len += pending;
    }
}

const char *secure_reason(const struct secure *secure)
{
    return secure->reason;
}
