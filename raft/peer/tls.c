#include "raft/peer/tls.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "proto/base/check.h"
#include "raft/peer/tls_identity.h"
#include "raft/peer/tls_name.h"

enum { FAILURE_BYTES_MAX = 160, TAKE_BYTES = 32 * 1024 };

struct tls {
    SSL *ssl;
    BIO *in;  /* From the socket. Both are owned by ssl. */
    BIO *out; /* To the socket. */
    char failure[FAILURE_BYTES_MAX];
};

static bool attach(struct tls *tls, const struct tls_identity *identity)
{
    tls->ssl = SSL_new(identity->context);
    if (tls->ssl == NULL) {
        return false;
    }
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (tls->in == NULL || tls->out == NULL) {
        BIO_free(tls->in);
        BIO_free(tls->out);
        return false;
    }
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    return true;
}

struct tls *tls_new(const struct tls_identity *identity, bool dialing)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL) {
        return NULL;
    }
    if (!attach(tls, identity)) {
        tls_free(tls);
        return NULL;
    }
    if (dialing) {
        SSL_set_connect_state(tls->ssl);
    } else {
        SSL_set_accept_state(tls->ssl);
    }
    return tls;
}

void tls_free(struct tls *tls)
{
    if (tls != NULL) {
        SSL_free(tls->ssl);
        free(tls);
    }
}

enum error tls_receive(struct tls *tls, struct slice bytes)
{
    CHECK(bytes.len <= INT_MAX);
    if (bytes.len > 0 &&
        BIO_write(tls->in, bytes.data, (int)bytes.len) != (int)bytes.len) {
        snprintf(tls->failure, sizeof(tls->failure), "out of memory");
        return ERROR_NO_MEMORY;
    }
    return ERROR_NONE;
}

/* OpenSSL's reason, and what it found wrong with the other's certificate.
 * The error queue is the thread's, so it is left empty for the next SSL. */
static enum error fail(struct tls *tls)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    long verified = SSL_get_verify_result(tls->ssl);

    snprintf(tls->failure, sizeof(tls->failure), "%s%s%s",
             reason != NULL ? reason : "the other side is gone",
             verified == X509_V_OK ? "" : ": ",
             verified == X509_V_OK ? ""
                                   : X509_verify_cert_error_string(verified));
    ERR_clear_error();
    return ERROR_TLS;
}

enum error tls_handshake(struct tls *tls)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        return ERROR_NONE;
    }
    return SSL_get_error(tls->ssl, result) == SSL_ERROR_WANT_READ ? ERROR_BUSY
                                                                  : fail(tls);
}

enum error tls_read(struct tls *tls, uint8_t *to, size_t room, size_t *got_out)
{
    *got_out = 0;
    ERR_clear_error();
    if (SSL_read_ex(tls->ssl, to, room, got_out) == 1) {
        return ERROR_NONE;
    }
    switch (SSL_get_error(tls->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
        return ERROR_NONE;
    case SSL_ERROR_ZERO_RETURN:
        return ERROR_CLOSED;
    default:
        return fail(tls);
    }
}

enum error tls_write(struct tls *tls, struct slice bytes)
{
    size_t written;

    ERR_clear_error();
    if (SSL_write_ex(tls->ssl, bytes.data, bytes.len, &written) != 1) {
        return fail(tls);
    }
    /* Memory takes all that is written to it. */
    CHECK(written == bytes.len);
    return ERROR_NONE;
}

void tls_take(struct tls *tls, struct buffer *to)
{
    while (BIO_ctrl_pending(tls->out) > 0) {
        uint8_t *room = buffer_reserve(to, TAKE_BYTES);
        int got;

        if (room == NULL) {
            return;
        }
        got = BIO_read(tls->out, room, TAKE_BYTES);
        CHECK(got > 0);
        to->len += (size_t)got;
    }
}

uint8_t tls_peer_node(const struct tls *tls)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);

    return certificate == NULL ? 0 : tls_certificate_node(certificate);
}

size_t tls_peer_name(const struct tls *tls, char *name_out, size_t room)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);

    return certificate == NULL
               ? 0
               : tls_certificate_name(certificate, name_out, room);
}

const char *tls_failure(const struct tls *tls)
{
    return tls->failure;
}
