#include "node/admin/far.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <openssl/err.h>

#include "proto/base/journal.h"
#include "proto/base/tls_reason.h"
#include "raft/peer/tls_identity.h"

/* Take administrators by their own authorities in place of those that issue to
 * nodes. */
static enum error trust(struct tls_identity *identity, const char *file)
{
    X509_STORE *store = X509_STORE_new();

    ERR_clear_error();
    if (store == NULL || X509_STORE_load_file(store, file) != 1) {
        journal_error("tls_refused",
                      "file=%s text=\"no authority can be read\" "
                      "reason=\"%s\"",
                      file, tls_reason(""));
        ERR_clear_error();
        X509_STORE_free(store);
        return ERROR_TLS;
    }
    SSL_CTX_set_cert_store(identity->context, store); /* Takes it. */
    return ERROR_NONE;
}

enum error far_identity(const struct server_tls *files,
                        struct tls_identity **identity_out)
{
    const struct transport_tls own = {files->certificate, files->key,
                                      files->authority};
    struct tls_identity *identity;

    TRY(tls_identity_load(&own, files->node, &identity));
    if (files->administrators != NULL) {
        enum error error = trust(identity, files->administrators);

        if (error != ERROR_NONE) {
            tls_identity_free(identity);
            return error;
        }
    }
    *identity_out = identity;
    return ERROR_NONE;
}

static bool read_address(const char *host, uint16_t port,
                         struct sockaddr_storage *address)
{
    return uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0 ||
           uv_ip6_addr(host, port, (struct sockaddr_in6 *)address) == 0;
}

/* sin_port and sin6_port lie at the same place. */
static uint16_t port_of(int listener)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);

    if (getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        return 0;
    }
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static enum error bind_to(int listener, const struct sockaddr_storage *address,
                          uint16_t *port_out)
{
    socklen_t len = address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                  : sizeof(struct sockaddr_in6);
    int on = 1;

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listener, (const struct sockaddr *)address, len) != 0) {
        return ERROR_IO;
    }
    *port_out = port_of(listener);
    return ERROR_NONE;
}

enum error far_listen(const char *host, uint16_t port, int *socket_out,
                      uint16_t *port_out)
{
    struct sockaddr_storage address = {0};
    int listener;

    if (!read_address(host, port, &address)) {
        journal_error("listen_failed",
                      "host=%s port=%u reason=\"no address; give a number\"",
                      host, port);
        return ERROR_INVALID;
    }
    listener = socket(address.ss_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind_to(listener, &address, port_out) != ERROR_NONE) {
        journal_error("listen_failed", "host=%s port=%u reason=\"%s\"", host,
                      port, strerror(errno));
        if (listener >= 0) {
            close(listener);
        }
        return ERROR_IO;
    }
    *socket_out = listener;
    return ERROR_NONE;
}
