#include "tests/unit/raw_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { READ_BYTES = 65536 };

int raw_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {.tv_sec = RAW_WAIT_MS / 1000};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connection < 0) {
        return -1;
    }
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    if (connect(connection, (struct sockaddr *)&address, sizeof(address)) !=
        0) {
        close(connection);
        return -1;
    }
    return connection;
}

bool raw_send(int connection, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t sent = send(connection, at, len, MSG_NOSIGNAL);

        if (sent <= 0) {
            return false;
        }
        at += sent;
        len -= (size_t)sent;
    }
    return true;
}

bool raw_send_text(int connection, const char *text)
{
    return raw_send(connection, text, strlen(text));
}

/* Read at most so many bytes. Returns how many, 0 at the end, -1 when it took
 * too long. A reset is an end, too. */
static ssize_t read_some(int connection, size_t most, struct buffer *reply)
{
    uint8_t bytes[READ_BYTES];
    ssize_t got =
        recv(connection, bytes, most < READ_BYTES ? most : READ_BYTES, 0);

    if (got > 0) {
        buffer_append(reply, bytes, (size_t)got);
        return got;
    }
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? -1 : 0;
}

static void terminate(struct buffer *reply)
{
    buffer_append(reply, "", 1);
    reply->len--;
}

static bool head_ended(const struct buffer *reply)
{
    return reply->len >= 4 &&
           memcmp(reply->data + reply->len - 4, "\r\n\r\n", 4) == 0;
}

static size_t content_length(const struct buffer *reply)
{
    const char *field = strcasestr((char *)reply->data, "\r\nContent-Length:");

    return field == NULL ? 0 : strtoul(field + 17, NULL, 10);
}

bool raw_read_reply(int connection, bool no_body, struct buffer *reply)
{
    size_t left;

    buffer_clear(reply);
    while (!head_ended(reply)) {
        if (read_some(connection, 1, reply) != 1) {
            terminate(reply);
            return false;
        }
    }
    terminate(reply);
    left = no_body ? 0 : content_length(reply);
    while (left > 0) {
        ssize_t got = read_some(connection, left, reply);

        if (got <= 0) {
            return false;
        }
        left -= (size_t)got;
    }
    terminate(reply);
    return true;
}

bool raw_read_end(int connection, struct buffer *reply)
{
    ssize_t got;

    buffer_clear(reply);
    do {
        got = read_some(connection, READ_BYTES, reply);
    } while (got > 0);
    terminate(reply);
    return got == 0;
}

bool raw_exchange(uint16_t port, const void *bytes, size_t len,
                  struct buffer *reply)
{
    int connection = raw_connect(port);
    bool ended;

    if (connection < 0) {
        return false;
    }
    raw_send(connection, bytes, len);
    ended = raw_read_end(connection, reply);
    close(connection);
    return ended;
}

int raw_count(const struct buffer *reply, const char *text)
{
    const char *at = (const char *)reply->data;
    int n = 0;

    while ((at = strstr(at, text)) != NULL) {
        n++;
        at++;
    }
    return n;
}
