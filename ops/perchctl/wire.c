#include "ops/perchctl/wire.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ops/perchctl/tunnel.h"
#include "proto/admin.h"
#include "proto/base/check.h"
#include "raft/peer/tls.h"

enum { READ_BYTES = 64 * 1024 };

struct wire {
    int fd;
    uint64_t deadline_ms;
    struct tls_identity *identity; /* NULL: a local socket. */
    struct tls *tls;
    struct frame_reader reader;
};

uint64_t wire_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum error wait_for(struct wire *wire, short events)
{
    struct pollfd poll_fd = {wire->fd, events, 0};

    for (;;) {
        uint64_t now_ms = wire_now_ms();
        int ready;

        if (now_ms >= wire->deadline_ms) {
            return ERROR_TIMED_OUT;
        }
        ready = poll(&poll_fd, 1, (int)(wire->deadline_ms - now_ms));
        if (ready > 0) {
            return ERROR_NONE;
        }
        if (ready < 0 && errno != EINTR) {
            return ERROR_IO;
        }
    }
}

static enum error write_all(struct wire *wire, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(wire->fd, bytes.data, bytes.len, MSG_NOSIGNAL);

        if (n >= 0) {
            bytes = slice_after(bytes, (size_t)n);
        } else if (errno == EAGAIN) {
            TRY(wait_for(wire, POLLOUT));
        } else if (errno != EINTR) {
            return ERROR_CLOSED;
        }
    }
    return ERROR_NONE;
}

static enum error read_some(struct wire *wire, uint8_t *to, size_t room,
                            size_t *got_out)
{
    for (;;) {
        ssize_t n = recv(wire->fd, to, room, 0);

        if (n > 0) {
            *got_out = (size_t)n;
            return ERROR_NONE;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return ERROR_CLOSED;
        }
        if (errno == EAGAIN) {
            TRY(wait_for(wire, POLLIN));
        }
    }
}

/* What TLS has to say goes out. */
static enum error flush_tls(struct wire *wire)
{
    struct buffer sealed = BUFFER_EMPTY;
    enum error error = ERROR_NO_MEMORY;

    tls_take(wire->tls, &sealed);
    if (!buffer_failed(&sealed)) {
        error = write_all(wire, buffer_slice(&sealed));
    }
    buffer_deinit(&sealed);
    return error;
}

static enum error read_wire(struct wire *wire)
{
    uint8_t bytes[READ_BYTES];
    size_t got;

    TRY(read_some(wire, bytes, sizeof(bytes), &got));
    return tls_receive(wire->tls, slice_of(bytes, got));
}

static enum error shake_hands(struct wire *wire)
{
    enum error error;

    do {
        error = tls_handshake(wire->tls);
        TRY(flush_tls(wire));
        if (error == ERROR_BUSY) {
            TRY(read_wire(wire));
        }
    } while (error == ERROR_BUSY);
    return error;
}

static enum error secure(struct wire *wire, const struct options *options,
                         char why[WIRE_WHY_BYTES])
{
    enum error error;

    TRY(tunnel_load(options, &wire->identity, why));
    wire->tls = tls_new(wire->identity, true);
    if (wire->tls == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = shake_hands(wire);
    if (error == ERROR_NONE) {
        error = tunnel_check(wire->tls, why);
    } else {
        snprintf(why, WIRE_WHY_BYTES, "%s",
                 error == ERROR_TLS ? tls_failure(wire->tls)
                                    : error_text(error));
    }
    return error;
}

/* Begin to connect to one address. */
static enum error connect_to(struct wire *wire, const struct sockaddr *address,
                             socklen_t len, char why[WIRE_WHY_BYTES])
{
    int result = 0;
    socklen_t size = sizeof(result);

    wire->fd = socket(address->sa_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (wire->fd < 0) {
        return ERROR_IO;
    }
    if (connect(wire->fd, address, len) != 0) {
        result = errno;
        if (result == EINPROGRESS) {
            TRY(wait_for(wire, POLLOUT));
            getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &result, &size);
        }
    }
    if (result != 0) {
        snprintf(why, WIRE_WHY_BYTES, "%s", strerror(result));
        close(wire->fd);
        wire->fd = -1;
        return result == EACCES ? ERROR_REFUSED : ERROR_NOT_FOUND;
    }
    return ERROR_NONE;
}

static enum error connect_local(struct wire *wire, const char *path,
                                char why[WIRE_WHY_BYTES])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path)) {
        snprintf(why, WIRE_WHY_BYTES, "the path is too long");
        return ERROR_TOO_LARGE;
    }
    strcpy(address.sun_path, path);
    return connect_to(wire, (const struct sockaddr *)&address, sizeof(address),
                      why);
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits <= 5 && text[digits] == '\0' &&
           strtoul(text, NULL, 10) <= UINT16_MAX && strtoul(text, NULL, 10) > 0;
}

/* "HOST:PORT" or "[V6]:PORT". */
static bool split_address(const char *name, char host[256], const char **port)
{
    const char *colon = strrchr(name, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - name);

    if (len >= 2 && name[0] == '[' && name[len - 1] == ']') {
        name += 1;
        len -= 2;
    }
    if (len == 0 || len >= 256 || !is_port(colon + 1)) {
        return false;
    }
    memcpy(host, name, len);
    host[len] = '\0';
    *port = colon + 1;
    return true;
}

static enum error connect_far(struct wire *wire, const char *name,
                              char why[WIRE_WHY_BYTES])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    enum error error = ERROR_NOT_FOUND;
    char host[256];
    const char *port;
    int code;

    if (!split_address(name, host, &port)) {
        snprintf(why, WIRE_WHY_BYTES,
                 "it is no HOST:PORT, of a port from 1 to 65535");
        return ERROR_INVALID;
    }
    code = getaddrinfo(host, port, &hints, &addresses);
    if (code != 0) {
        snprintf(why, WIRE_WHY_BYTES, "%s", gai_strerror(code));
        return ERROR_NOT_FOUND;
    }
    for (struct addrinfo *at = addresses; at != NULL && error != ERROR_NONE;
         at = at->ai_next) {
        error = connect_to(wire, at->ai_addr, at->ai_addrlen, why);
    }
    freeaddrinfo(addresses);
    return error;
}

enum error wire_open(const struct endpoint *endpoint,
                     const struct options *options, uint64_t deadline_ms,
                     struct wire **wire_out, char why[WIRE_WHY_BYTES])
{
    struct wire *wire = calloc(1, sizeof(*wire));
    enum error error;

    CHECK(wire != NULL);
    wire->fd = -1;
    wire->deadline_ms = deadline_ms;
    frame_reader_init(&wire->reader, admin_reply_limits());
    why[0] = '\0';
    error = endpoint->is_far ? connect_far(wire, endpoint->name, why)
                             : connect_local(wire, endpoint->name, why);
    if (error == ERROR_NONE && endpoint->is_far) {
        error = secure(wire, options, why);
    }
    if (error != ERROR_NONE) {
        if (why[0] == '\0') {
            snprintf(why, WIRE_WHY_BYTES, "%s", error_text(error));
        }
        wire_close(wire);
        return error;
    }
    *wire_out = wire;
    return ERROR_NONE;
}

void wire_close(struct wire *wire)
{
    if (wire == NULL) {
        return;
    }
    if (wire->fd >= 0) {
        close(wire->fd);
    }
    frame_reader_deinit(&wire->reader);
    tls_free(wire->tls);
    tunnel_free(wire->identity);
    free(wire);
}

enum error wire_send(struct wire *wire, struct slice frame)
{
    if (wire->tls == NULL) {
        return write_all(wire, frame);
    }
    TRY(tls_write(wire->tls, frame));
    return flush_tls(wire);
}

static enum error take_plain(struct wire *wire)
{
    enum error error = ERROR_NONE;
    size_t got = 1;

    while (got > 0 && error == ERROR_NONE) {
        uint8_t *room = frame_reader_room(&wire->reader, READ_BYTES);

        CHECK(room != NULL);
        error = tls_read(wire->tls, room, READ_BYTES, &got);
        frame_reader_filled(&wire->reader, got);
    }
    return error;
}

static enum error receive_some(struct wire *wire)
{
    uint8_t *room;
    size_t got;

    if (wire->tls != NULL) {
        TRY(read_wire(wire));
        return take_plain(wire);
    }
    room = frame_reader_room(&wire->reader, READ_BYTES);
    CHECK(room != NULL);
    TRY(read_some(wire, room, READ_BYTES, &got));
    frame_reader_filled(&wire->reader, got);
    return ERROR_NONE;
}

/* What came before the other side hung up is whole, or not. */
enum error wire_receive(struct wire *wire, struct frame *frame_out)
{
    enum error error, lost = ERROR_NONE;

    while ((error = frame_reader_next(&wire->reader, frame_out)) ==
               ERROR_TRUNCATED &&
           lost == ERROR_NONE) {
        lost = receive_some(wire);
    }
    return error == ERROR_TRUNCATED ? lost : error;
}
