#include "tests/unit/stranger.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

void stranger_connect(struct stranger *stranger, struct station *to)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(to->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    memset(stranger, 0, sizeof(*stranger));
    stranger->scene = to->scene;
    stranger->arena = arena_new(1024);
    frame_reader_init(&stranger->reader, peer_limits());
    stranger->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* The system completes it; the station accepts when its loop runs. */
    assert_int_equal(
        connect(stranger->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    fcntl(stranger->fd, F_SETFL, O_NONBLOCK);
}

void stranger_tls(struct stranger *stranger, const char *dir, const char *name,
                  int version_max)
{
    char file[1024];

    if (dir == NULL) {
        dir = CERTIFICATES_DIR "/pool";
    }
    stranger->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(stranger->context, version_max);
    if (name != NULL) {
        snprintf(file, sizeof(file), "%s/%s.pem", dir, name);
        assert_int_equal(
            SSL_CTX_use_certificate_chain_file(stranger->context, file), 1);
        snprintf(file, sizeof(file), "%s/%s.key", dir, name);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(stranger->context, file,
                                                     SSL_FILETYPE_PEM),
                         1);
    }
    stranger->ssl = SSL_new(stranger->context);
    SSL_set_fd(stranger->ssl, stranger->fd);
    SSL_set_connect_state(stranger->ssl);
}

static bool must_wait(struct stranger *stranger, int result)
{
    int error = SSL_get_error(stranger->ssl, result);

    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

bool stranger_handshake(struct stranger *stranger)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(stranger->ssl);
    stranger->secure = result == 1;
    stranger->over = result != 1 && !must_wait(stranger, result);
    ERR_clear_error();
    return stranger->secure || stranger->over;
}

void stranger_come_as(struct stranger *stranger, struct station *to,
                      uint8_t node)
{
    char name[16];

    stranger_connect(stranger, to);
    if (!to->scene->plain) {
        snprintf(name, sizeof(name), "node%u", (unsigned)node);
        stranger_tls(stranger, NULL, name, 0);
        RUN_UNTIL(stranger->scene, stranger_handshake(stranger));
        assert_true(stranger->secure);
    }
}

void stranger_send(struct stranger *stranger, const void *bytes, size_t len)
{
    size_t written;

    if (stranger->ssl != NULL && stranger->secure) {
        ERR_clear_error();
        if (SSL_write_ex(stranger->ssl, bytes, len, &written) != 1) {
            stranger->over = true;
        }
        return;
    }
    if (send(stranger->fd, bytes, len, MSG_NOSIGNAL) < 0) {
        stranger->over = true;
    }
}

void stranger_say(struct stranger *stranger, const struct peer_message *message)
{
    struct buffer frame = BUFFER_EMPTY;
    size_t at = frame_begin(&frame, (uint8_t)message->kind);

    assert_int_equal(peer_write(message, &frame), ERROR_NONE);
    assert_int_equal(frame_end(&frame, at, peer_limits()), ERROR_NONE);
    stranger_send(stranger, frame.data, frame.len);
    buffer_deinit(&frame);
}

struct peer_message stranger_hello_of(uint8_t node)
{
    struct peer_message message = {
        .kind = PEER_HELLO,
        .hello =
            {
                .pool = {{42}},
                .node = node,
                .raft_id = node,
                .directory_id = 1,
                .version_min = PEER_VERSION_MIN,
                .version_max = PEER_VERSION_MAX,
            },
    };

    return message;
}

void stranger_hello(struct stranger *stranger, uint8_t node)
{
    struct peer_message message = stranger_hello_of(node);

    stranger_say(stranger, &message);
}

static ssize_t receive(struct stranger *stranger, uint8_t *to, size_t room)
{
    ssize_t got;

    if (stranger->ssl == NULL) {
        got = recv(stranger->fd, to, room, MSG_DONTWAIT);
        stranger->over |=
            got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
        return got;
    }
    ERR_clear_error();
    got = SSL_read(stranger->ssl, to, (int)room);
    stranger->over |= got <= 0 && !must_wait(stranger, (int)got);
    ERR_clear_error();
    return got;
}

bool stranger_hear(struct stranger *stranger, size_t bytes_max,
                   struct peer_message *message_out)
{
    uint8_t bytes[16 * 1024];
    struct frame frame;

    while (frame_reader_next(&stranger->reader, &frame) != ERROR_NONE) {
        size_t room = bytes_max < sizeof(bytes) ? bytes_max : sizeof(bytes);
        ssize_t got = room > 0 ? receive(stranger, bytes, room) : 0;

        if (got <= 0) {
            return false;
        }
        bytes_max -= (size_t)got;
        frame_reader_feed(&stranger->reader, slice_of(bytes, (size_t)got));
    }
    assert_int_equal(
        peer_read(frame.kind, frame.payload, stranger->arena, message_out),
        ERROR_NONE);
    return true;
}

bool stranger_hears(struct stranger *stranger, enum peer_kind kind,
                    struct peer_message *message_out)
{
    while (stranger_hear(stranger, SIZE_MAX, message_out)) {
        if (message_out->kind == kind) {
            return true;
        }
    }
    return false;
}

bool stranger_is_over(struct stranger *stranger)
{
    uint8_t bytes[4096];

    while (!stranger->over && receive(stranger, bytes, sizeof(bytes)) > 0) {
        continue;
    }
    return stranger->over;
}

void stranger_leave(struct stranger *stranger)
{
    SSL_free(stranger->ssl);
    SSL_CTX_free(stranger->context);
    close(stranger->fd);
    frame_reader_deinit(&stranger->reader);
    arena_free(stranger->arena);
}
