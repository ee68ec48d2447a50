#include "node/sip/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <time.h>

#include "proto/base/certificate.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

enum { DAY_S = 24 * 60 * 60, CERTIFICATE_SOON_DAYS = 14 };

struct tls_keys {
    SSL_CTX *context;
    int64_t expires_s;
};

struct tls {
    SSL *ssl;
    bool failed;         /* No more calls for the session but to free it. */
    struct slice given;  /* From the wire, not yet taken by the library. */
    struct buffer *wire; /* To the wire. */
};

/* The library's view of the wire: reads what was given, appends what it
 * writes. Made once per process and never freed. */
static void make_wire_method(void);
static CRYPTO_ONCE wire_method_once = CRYPTO_ONCE_STATIC_INIT;

/* Say in words what the library reported first. Static until the next call. */
static const char *edge_tls_last_error(void)
{
    static _Thread_local char text[160];
    unsigned long code = ERR_peek_error();

    if (code == 0) {
        return "no reason given";
    }
    ERR_error_string_n(code, text, sizeof(text));
    return text;
}

static enum error add_chain(SSL_CTX *context, const char *chain_file)
{
    BIO *file = chain_file == NULL ? NULL : BIO_new_file(chain_file, "r");
    enum error error = ERROR_NONE;
    X509 *certificate;

    if (chain_file == NULL) {
        return ERROR_NONE;
    }
    if (file == NULL) {
        return ERROR_TLS;
    }
    while (error == ERROR_NONE &&
           (certificate = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
        if (SSL_CTX_add1_chain_cert(context, certificate) != 1) {
            error = ERROR_TLS;
        }
        X509_free(certificate);
    }
    BIO_free(file);
    return error;
}

static enum error load_files(SSL_CTX *context, const char *certificate_file,
                             const char *key_file, const char *chain_file)
{
    const char *file = certificate_file;
    enum error error = ERROR_TLS;

    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, file) != 1) {
        goto out;
    }
    file = key_file;
    if (SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        goto out;
    }
    file = chain_file;
    error = add_chain(context, chain_file);
out:
    if (error != ERROR_NONE) {
        journal_error("certificate_unusable", "file=%s reason=\"%s\"", file,
                      edge_tls_last_error());
    }
    ERR_clear_error();
    return error;
}

static void set_options(SSL_CTX *context)
{
    CHECK(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
                                  SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* Clients come back one at a time; one ticket each is enough. */
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static enum error read_end(struct tls_keys *keys, const char *file)
{
    X509 *certificate = SSL_CTX_get0_certificate(keys->context);
    int days;

    if (!certificate_end(certificate, &keys->expires_s)) {
        journal_error("certificate_unusable",
                      "file=%s reason=\"it has no end\"", file);
        return ERROR_TLS;
    }
    days = (int)((keys->expires_s - (int64_t)time(NULL)) / DAY_S);
    if (days < CERTIFICATE_SOON_DAYS) {
        journal_warning("certificate_expires_soon", "file=%s days_left=%d",
                        file, days);
    } else {
        journal_info("certificate_loaded", "file=%s days_left=%d", file, days);
    }
    return ERROR_NONE;
}

enum error edge_tls_keys_load(struct tls_keys **keys_out,
                              const char *certificate_file,
                              const char *key_file, const char *chain_file)
{
    struct tls_keys *keys = calloc(1, sizeof(*keys));
    enum error error = ERROR_NO_MEMORY;

    if (keys == NULL) {
        return ERROR_NO_MEMORY;
    }
    CHECK(CRYPTO_THREAD_run_once(&wire_method_once, make_wire_method) == 1);
    keys->context = SSL_CTX_new(TLS_server_method());
    if (keys->context == NULL) {
        goto out;
    }
    set_options(keys->context);
    error = load_files(keys->context, certificate_file, key_file, chain_file);
    if (error != ERROR_NONE) {
        goto out;
    }
    error = read_end(keys, certificate_file);
    if (error != ERROR_NONE) {
        goto out;
    }
    *keys_out = keys; /* Ownership passes to the caller. */
    keys = NULL;
out:
    edge_tls_keys_release(keys);
    return error;
}

int64_t edge_tls_keys_expires_s(const struct tls_keys *keys)
{
    return keys->expires_s;
}

void edge_tls_keys_release(struct tls_keys *keys)
{
    if (keys != NULL) {
        SSL_CTX_free(keys->context);
        free(keys);
    }
}

static int wire_read(BIO *bio, char *to, int len)
{
    struct tls *tls = BIO_get_data(bio);
    size_t n = (size_t)len < tls->given.len ? (size_t)len : tls->given.len;

    BIO_clear_retry_flags(bio);
    if (n == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(to, tls->given.data, n);
    tls->given = slice_after(tls->given, n);
    return (int)n;
}

static int wire_write(BIO *bio, const char *from, int len)
{
    struct tls *tls = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    buffer_append(tls->wire, from, (size_t)len);
    return buffer_failed(tls->wire) ? -1 : len;
}

static long wire_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *wire_method;

static void make_wire_method(void)
{
    wire_method =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "perch wire");
    CHECK(wire_method != NULL);
    BIO_meth_set_read(wire_method, wire_read);
    BIO_meth_set_write(wire_method, wire_write);
    BIO_meth_set_ctrl(wire_method, wire_control);
}

struct tls *edge_tls_new(struct tls_keys *keys, struct buffer *wire)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    BIO *bio;

    ERR_clear_error();
    if (tls == NULL) {
        return NULL;
    }
    tls->wire = wire;
    tls->ssl = SSL_new(keys->context);
    bio = BIO_new(wire_method);
    if (tls->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        edge_tls_free(tls);
        return NULL;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio); /* Both directions; owns it. */
    SSL_set_accept_state(tls->ssl);
    return tls;
}

void edge_tls_free(struct tls *tls)
{
    if (tls != NULL) {
        ERR_clear_error();
        SSL_free(tls->ssl);
        free(tls);
    }
}

bool edge_tls_is_up(const struct tls *tls)
{
    return SSL_is_init_finished(tls->ssl);
}

/* What a result of the library that is not success means. */
static enum error judge(struct tls *tls, int result)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return ERROR_NONE;
    case SSL_ERROR_ZERO_RETURN:
        return ERROR_CLOSED;
    default:
        tls->failed = true;
        return ERROR_TLS;
    }
}

enum error edge_tls_read(struct tls *tls, struct slice wire, uint8_t *plain,
                         size_t plain_max, size_t *plain_len)
{
    CHECK(plain_max >= wire.len + TLS_RECORD_BYTES_MAX);
    *plain_len = 0;
    tls->given = wire;
    for (;;) {
        size_t n = 0;
        int result;

        ERR_clear_error();
        result = SSL_read_ex(tls->ssl, plain + *plain_len,
                             plain_max - *plain_len, &n);
        if (result != 1) {
            return judge(tls, result);
        }
        *plain_len += n;
    }
}

enum error edge_tls_write(struct tls *tls, struct slice plain)
{
    while (plain.len > 0) {
        size_t n = 0;

        ERR_clear_error();
        if (SSL_write_ex(tls->ssl, plain.data, plain.len, &n) != 1) {
            tls->failed = true; /* For the wire never blocks. */
            return ERROR_TLS;
        }
        plain = slice_after(plain, n);
    }
    return ERROR_NONE;
}

void edge_tls_say_goodbye(struct tls *tls)
{
    if (!tls->failed && edge_tls_is_up(tls) &&
        SSL_get_shutdown(tls->ssl) == 0) {
        ERR_clear_error();
        SSL_shutdown(tls->ssl);
    }
}
