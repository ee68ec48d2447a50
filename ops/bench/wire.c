#include "ops/bench/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

#include "ops/bench/complain.h"
#include "proto/base/check.h"

void wire_init(struct wire *wire)
{
    *wire = (struct wire){.fd = -1};
    buffer_init(&wire->in);
    buffer_init(&wire->out);
}

static socklen_t address_bytes(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

static enum error make_socket(struct wire *wire,
                              const struct sockaddr_storage *to,
                              const struct sockaddr_storage *from)
{
    int on = 1;

    wire->fd =
        socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (wire->fd < 0) {
        return complain(ERROR_BUSY, "no more sockets: %s", strerror(errno));
    }
    setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (from == NULL) {
        return ERROR_NONE;
    }
    /* The port is chosen at connect, where the whole pair must be unique. */
    setsockopt(wire->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (bind(wire->fd, (const struct sockaddr *)from, address_bytes(from)) !=
        0) {
        return complain(ERROR_IO, "cannot use a source address: %s",
                        strerror(errno));
    }
    return ERROR_NONE;
}

static enum error make_tls(struct wire *wire, SSL_CTX *tls)
{
    wire->ssl = SSL_new(tls);
    if (wire->ssl == NULL || SSL_set_fd(wire->ssl, wire->fd) != 1) {
        return complain(ERROR_TLS, "cannot begin TLS: out of memory");
    }
    SSL_set_connect_state(wire->ssl);
    return ERROR_NONE;
}

enum error wire_open(struct wire *wire, const struct sockaddr_storage *to,
                     const struct sockaddr_storage *from, SSL_CTX *tls)
{
    CHECK(wire->fd < 0);

    TRY(make_socket(wire, to, from));
    if (tls != NULL) {
        TRY(make_tls(wire, tls));
    }
    if (connect(wire->fd, (const struct sockaddr *)to, address_bytes(to)) !=
            0 &&
        errno != EINPROGRESS) {
        return complain(ERROR_REFUSED, "a server cannot be reached: %s",
                        strerror(errno));
    }
    return ERROR_NONE;
}

/* Is the TCP connection up by now? */
static enum error finish_connect(struct wire *wire)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(int);
    int number = 0;

    getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &number, &len);
    if (number != 0) {
        return complain(ERROR_REFUSED, "a server cannot be reached: %s",
                        strerror(number));
    }
    len = sizeof(peer);
    if (getpeername(wire->fd, (struct sockaddr *)&peer, &len) != 0) {
        return ERROR_BUSY;
    }
    wire->connected = true;
    return ERROR_NONE;
}

/* Is the last TLS call to be made again once the socket is ready? */
static bool may_go_on(struct wire *wire, int result)
{
    int error = SSL_get_error(wire->ssl, result);

    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static enum error refuse_handshake(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    return complain(ERROR_TLS, "no TLS handshake: %s",
                    reason != NULL ? reason : "the server closed");
}

enum error wire_establish(struct wire *wire)
{
    int result;

    if (!wire->connected) {
        TRY(finish_connect(wire));
    }
    if (wire->ssl != NULL) {
        ERR_clear_error();
        result = SSL_do_handshake(wire->ssl);
        if (result != 1) {
            return may_go_on(wire, result) ? ERROR_BUSY : refuse_handshake();
        }
    }
    wire->established = true;
    return ERROR_NONE;
}

/* Receive once. CLOSED at the end, BUSY when there is nothing now. */
static enum error receive(struct wire *wire, uint8_t *room, size_t size,
                          size_t *n_out)
{
    ssize_t n;

    if (wire->ssl == NULL) {
        n = recv(wire->fd, room, size, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return ERROR_BUSY;
        }
    } else {
        ERR_clear_error();
        n = SSL_read(wire->ssl, room, (int)size);
        if (n <= 0 && may_go_on(wire, (int)n)) {
            return ERROR_BUSY;
        }
    }
    *n_out = n > 0 ? (size_t)n : 0;
    return n > 0 ? ERROR_NONE : ERROR_CLOSED;
}

/* Put what was kept in front of the room. Returns its length. */
static size_t resume(struct wire *wire, uint8_t *room)
{
    size_t len = wire->in.len;

    if (len > 0) {
        memcpy(room, wire->in.data, len);
        buffer_clear(&wire->in);
    }
    return len;
}

static enum error keep(struct wire *wire, const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return ERROR_NONE;
    }
    buffer_append(&wire->in, bytes, len);
    return buffer_failed(&wire->in) ? ERROR_NO_MEMORY : ERROR_NONE;
}

enum error wire_read(struct wire *wire, uint8_t *room, wire_taker *take,
                     void *context)
{
    enum error error = ERROR_NONE;
    size_t len = resume(wire, room);

    while (error == ERROR_NONE) {
        size_t n = 0, size = WIRE_READ_BYTES - len, taken;

        if (size == 0) {
            return ERROR_TOO_LARGE;
        }
        error = receive(wire, room + len, size, &n);
        len += n;
        taken = n == 0 ? 0 : take(context, slice_of(room, len));
        memmove(room, room + taken, len - taken);
        len -= taken;
        if (wire->ssl == NULL && n < size) {
            break; /* A short read has emptied the socket. */
        }
    }
    TRY(keep(wire, room, len));
    return error == ERROR_BUSY ? ERROR_NONE : error;
}

/* Send once. BUSY when the socket takes nothing now. */
static enum error send_once(struct wire *wire, const uint8_t *bytes, size_t len,
                            size_t *n_out)
{
    ssize_t n;

    if (wire->ssl == NULL) {
        n = send(wire->fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return ERROR_BUSY;
        }
    } else {
        ERR_clear_error();
        n = SSL_write(wire->ssl, bytes, (int)len);
        if (n <= 0 && may_go_on(wire, (int)n)) {
            return ERROR_BUSY;
        }
    }
    *n_out = n > 0 ? (size_t)n : 0;
    return n > 0 ? ERROR_NONE : ERROR_CLOSED;
}

enum error wire_flush(struct wire *wire)
{
    enum error error = ERROR_NONE;
    size_t at = 0, n = 0;

    while (at < wire->out.len && error == ERROR_NONE) {
        n = 0;
        error = send_once(wire, wire->out.data + at, wire->out.len - at, &n);
        at += n;
    }
    buffer_consume(&wire->out, at);
    return error == ERROR_BUSY ? ERROR_NONE : error;
}

void wire_close(struct wire *wire)
{
    SSL_free(wire->ssl);
    if (wire->fd >= 0) {
        close(wire->fd);
    }
    buffer_deinit(&wire->in);
    buffer_deinit(&wire->out);
    wire_init(wire);
}

SSL_CTX *wire_tls_new(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (tls != NULL) {
        SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS |
                                  SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    }
    return tls;
}
