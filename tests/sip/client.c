#include "tests/sip/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "tests/sip/scene.h"
#include "tests/unit/test.h"

enum { TEXT_BYTES_MAX = 1 << 21, CLIENT_WAIT_MS = 5000 };

struct client *client_of(int fd)
{
    struct client *client = calloc(1, sizeof(*client));
    struct sockaddr_in own = {0};
    socklen_t len = sizeof(own);
    int on = 1;

    client->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    getsockname(fd, (struct sockaddr *)&own, &len);
    client->port = ntohs(own.sin_port);
    return client;
}

struct client *client_connect(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return client_of(fd);
}

struct client *client_connect_ipv6(uint16_t port)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port),
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return client_of(fd);
}

struct client *client_connect_tls(uint16_t port, int min, int max)
{
    struct client *client = client_connect(port);
    X509 *certificate;

    client->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(client->context, 0);
    SSL_CTX_set_min_proto_version(client->context, min);
    SSL_CTX_set_max_proto_version(client->context, max);
    client->ssl = SSL_new(client->context);
    SSL_set_fd(client->ssl, client->fd);
    if (SSL_connect(client->ssl) != 1) {
        client->closed = true;
        return client;
    }
    certificate = SSL_get1_peer_certificate(client->ssl);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
                              NID_commonName, client->peer_name,
                              sizeof(client->peer_name));
    X509_free(certificate);
    return client;
}

void client_free(struct client *client)
{
    if (client == NULL) {
        return;
    }
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    close(client->fd);
    buffer_deinit(&client->heard);
    free(client);
}

void client_reset(struct client *client)
{
    struct linger now = {1, 0};

    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    client_free(client);
}

void client_say(struct client *client, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = client->ssl != NULL
                        ? SSL_write(client->ssl, at, (int)len)
                        : send(client->fd, at, len, MSG_NOSIGNAL);

        if (n <= 0) {
            return;
        }
        at += n;
        len -= (size_t)n;
    }
}

void client_say_text(struct client *client, const char *format, ...)
{
    struct buffer out = BUFFER_EMPTY;
    char *text;
    va_list args;
    int len;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    assert_true(len > 0 && len < TEXT_BYTES_MAX);
    for (int i = 0; i < len; i++) {
        if (text[i] == '\n') {
            buffer_append(&out, "\r\n", 2);
            if (text[i + 1] == '\n') {
                buffer_append(&out, "\r\n", 2);
                buffer_append_text(&out, text + i + 2);
                break;
            }
        } else {
            buffer_append(&out, &text[i], 1);
        }
    }
    client_say(client, out.data, out.len);
    buffer_deinit(&out);
    free(text);
}

/* Read once. Returns false when the time is over or the edge has closed. */
static bool read_more(struct client *client, uint64_t until_ms)
{
    uint64_t now = now_ms();
    struct pollfd poll_fd = {client->fd, POLLIN, 0};
    uint8_t *to = buffer_reserve(&client->heard, 65536);
    ssize_t n;

    if (client->closed || to == NULL) {
        return false;
    }
    if ((client->ssl == NULL || SSL_pending(client->ssl) == 0) &&
        (now >= until_ms || poll(&poll_fd, 1, (int)(until_ms - now)) <= 0)) {
        return false;
    }
    n = client->ssl != NULL ? SSL_read(client->ssl, to, 65536)
                            : recv(client->fd, to, 65536, 0);
    if (n <= 0) {
        client->closed = true;
        return false;
    }
    client->heard.len += (size_t)n;
    return true;
}

static void skip_crlfs(struct client *client)
{
    while (client->heard.len >= 2 &&
           memcmp(client->heard.data, "\r\n", 2) == 0) {
        buffer_consume(&client->heard, 2);
        client->crlfs++;
    }
}

/* The length of the first message; 0: it is not all there. */
static size_t whole(struct client *client)
{
    const char *text = (const char *)client->heard.data;
    const char *end = client->heard.len == 0
                          ? NULL
                          : memmem(text, client->heard.len, "\r\n\r\n", 4);
    const char *length;
    size_t total;

    if (end == NULL) {
        return 0;
    }
    length = memmem(text, (size_t)(end - text), "\r\nContent-Length: ", 18);
    assert_non_null(length); /* All we say has one. */
    total = (size_t)(end + 4 - text) + strtoul(length + 18, NULL, 10);
    return total <= client->heard.len ? total : 0;
}

struct heard client_hear(struct client *client, unsigned wait_ms)
{
    uint64_t until = now_ms() + wait_ms;
    struct heard heard = {NULL, NULL, 0};
    size_t len;

    skip_crlfs(client);
    while ((len = whole(client)) == 0) {
        if (!read_more(client, until)) {
            return heard;
        }
        skip_crlfs(client);
    }
    heard.text = strndup((const char *)client->heard.data, len);
    heard.body = strstr(heard.text, "\r\n\r\n") + 4;
    if (strncmp(heard.text, "SIP/2.0 ", 8) == 0) {
        heard.status = atoi(heard.text + 8);
    }
    buffer_consume(&client->heard, len);
    return heard;
}

struct heard client_expect(struct client *client, int status)
{
    struct heard heard = client_hear(client, CLIENT_WAIT_MS);

    if (heard.text == NULL) {
        fail_msg("heard nothing, not %d; closed: %d", status, client->closed);
    }
    if (heard.status != status) {
        fail_msg("heard not %d but:\n%s", status, heard.text);
    }
    return heard;
}

void client_await(struct client *client, int status)
{
    struct heard heard = client_expect(client, status);

    heard_free(&heard);
}

void client_expect_silence(struct client *client, unsigned wait_ms)
{
    struct heard heard = client_hear(client, wait_ms);

    if (heard.text != NULL) {
        fail_msg("heard, where nothing was due:\n%s", heard.text);
    }
    assert_false(client->closed);
}

void client_expect_close(struct client *client, unsigned wait_ms)
{
    uint64_t until = now_ms() + wait_ms;

    while (!client->closed && now_ms() < until) {
        read_more(client, until);
    }
    assert_true(client->closed);
}

void heard_free(struct heard *heard)
{
    free(heard->text);
    heard->text = NULL;
}

const char *heard_header(const struct heard *heard, const char *name)
{
    static char value[4096];
    size_t len = strlen(name);
    const char *line = heard->text;

    while (line < heard->body - 2) {
        const char *end = strstr(line, "\r\n");

        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            snprintf(value, sizeof(value), "%.*s",
                     (int)(end - line - (long)len - 2), line + len + 2);
            return value;
        }
        line = end + 2;
    }
    return NULL;
}

void heard_expect(const struct heard *heard, const char *name,
                  const char *value)
{
    const char *found = heard_header(heard, name);

    if (found == NULL || strcmp(found, value) != 0) {
        fail_msg("%s is not %s in:\n%s", name, value, heard->text);
    }
}

size_t heard_count(const struct heard *heard, const char *line_start)
{
    size_t n = 0;
    char *wanted;

    assert_true(asprintf(&wanted, "\r\n%s", line_start) > 0);
    for (const char *at = strstr(heard->text, wanted);
         at != NULL && at < heard->body; at = strstr(at + 2, wanted)) {
        n++;
    }
    free(wanted);
    return n;
}
