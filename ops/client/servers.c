#include "ops/client/servers.h"

#include <stdio.h>
#include <string.h>

#include "ops/client/value.h"
#include "proto/base/check.h"

static enum error take_host(struct server *server, struct slice host)
{
    if (host.len == 0 || host.len > CLIENT_HOST_BYTES_MAX) {
        return ERROR_INVALID;
    }
    for (size_t i = 0; i < host.len; i++) {
        if (host.data[i] <= ' ' || host.data[i] >= 0x7f ||
            strchr("/\\@\"<>[]", host.data[i]) != NULL) {
            return ERROR_INVALID;
        }
    }
    memcpy(server->host, host.data, host.len);
    server->host[host.len] = '\0';
    return ERROR_NONE;
}

/* Split at the brackets or at the only colon: IPv6 without brackets has no
 * port. */
static enum error split(struct slice text, struct slice *host, bool *has_port,
                        struct slice *port)
{
    const uint8_t *end =
        text.len == 0 ? NULL : memchr(text.data, ':', text.len);
    struct slice rest;

    *has_port = false;
    if (text.len > 0 && text.data[0] == '[') {
        end = memchr(text.data, ']', text.len);
        if (end == NULL) {
            return ERROR_INVALID;
        }
        *host = slice_of(text.data + 1, (size_t)(end - text.data) - 1);
        rest = slice_after(text, (size_t)(end - text.data) + 1);
        *has_port = rest.len > 0 && rest.data[0] == ':';
        *port = slice_after(rest, 1);
        return rest.len == 0 || *has_port ? ERROR_NONE : ERROR_INVALID;
    }
    *host = text;
    if (end != NULL && memrchr(text.data, ':', text.len) == end) {
        *host = slice_of(text.data, (size_t)(end - text.data));
        *has_port = true;
        *port = slice_after(text, host->len + 1);
    }
    return ERROR_NONE;
}

enum error server_read(struct server *server, struct slice text,
                       uint16_t default_port)
{
    struct slice host = SLICE_NONE, port_text = SLICE_NONE;
    uint32_t port = default_port;
    bool has_port;

    memset(server, 0, sizeof(*server));
    TRY(split(value_trim(text), &host, &has_port, &port_text));
    TRY(take_host(server, host));
    if (has_port &&
        (!value_number(port_text, UINT16_MAX, &port) || port == 0)) {
        return ERROR_INVALID;
    }
    server->port = (uint16_t)port;
    return ERROR_NONE;
}

void server_write(const struct server *server,
                  char text[SERVER_TEXT_BYTES_MAX + 1])
{
    bool is_v6 = strchr(server->host, ':') != NULL;

    snprintf(text, SERVER_TEXT_BYTES_MAX + 1, "%s%s%s:%u", is_v6 ? "[" : "",
             server->host, is_v6 ? "]" : "", (unsigned)server->port);
}

enum error servers_read(struct servers *servers, struct slice text,
                        uint16_t default_port)
{
    bool has_more = true;

    memset(servers, 0, sizeof(*servers));
    while (has_more) {
        const uint8_t *comma =
            text.len == 0 ? NULL : memchr(text.data, ',', text.len);
        size_t len = comma == NULL ? text.len : (size_t)(comma - text.data);

        if (servers->n == CLIENT_SERVERS_MAX) {
            return ERROR_TOO_LARGE;
        }
        TRY(server_read(&servers->list[servers->n], slice_of(text.data, len),
                        default_port));
        servers->n++;
        has_more = comma != NULL;
        text = slice_after(text, len + 1);
    }
    return ERROR_NONE;
}

/* Between half and all of a time that doubles with each round of all
 * servers; within the first round, up to the least. */
static uint64_t backoff_us(const struct servers *servers,
                           const struct client_limits *limits, uint32_t random)
{
    uint64_t most = limits->backoff_min_ms;
    size_t rounds = servers->failures / servers->n;

    if (servers->failures == 0) {
        return 0;
    }
    for (size_t i = 0; i < rounds && most < limits->backoff_max_ms; i++) {
        most *= 2;
    }
    if (most > limits->backoff_max_ms) {
        most = limits->backoff_max_ms;
    }
    most *= 1000;
    if (rounds == 0) {
        return random % (most + 1);
    }
    return most / 2 + random % (most / 2 + 1);
}

/* Move to the next server that is not held, or to the one held least long.
 * Returns how long that one is still held. */
static uint64_t pass_held(struct servers *servers, uint64_t now_us)
{
    size_t best = servers->at;

    for (size_t i = 0; i < servers->n; i++) {
        size_t at = (servers->at + i) % servers->n;

        if (servers->list[at].held_until_us <= now_us) {
            servers->at = at;
            return 0;
        }
        if (servers->list[at].held_until_us <
            servers->list[best].held_until_us) {
            best = at;
        }
    }
    servers->at = best;
    return servers->list[best].held_until_us - now_us;
}

uint64_t servers_choose(struct servers *servers,
                        const struct client_limits *limits, uint64_t now_us,
                        uint32_t random)
{
    uint64_t wait_us, held_us;

    CHECK(servers->n > 0);
    wait_us = backoff_us(servers, limits, random);
    held_us = pass_held(servers, now_us);
    return held_us > wait_us ? held_us : wait_us;
}

const struct server *servers_current(const struct servers *servers)
{
    return &servers->list[servers->at];
}

void servers_fail(struct servers *servers)
{
    servers->list[servers->at].turns++;
    servers->at = (servers->at + 1) % servers->n;
    if (servers->failures < UINT32_MAX) {
        servers->failures++;
    }
}

void servers_hold(struct servers *servers, uint64_t until_us)
{
    servers->list[servers->at].held_until_us = until_us;
}

void servers_succeed(struct servers *servers)
{
    servers->failures = 0;
    servers->list[servers->at].held_until_us = 0;
}
