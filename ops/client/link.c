#include <stdio.h>
#include <stdlib.h>

#include "ops/client/link_parts.h"
#include "ops/client/servers.h"
#include "proto/base/check.h"

#define TO(state) (1u << LINK_##state)

/* Which states may follow which. */
static const unsigned may_follow[LINK_STATES] = {
    [LINK_LOOKING_UP] = TO(CONNECTING) | TO(FAILED) | TO(CLOSED),
    [LINK_CONNECTING] = TO(CONNECTING) | TO(SECURING) | TO(FAILED) | TO(CLOSED),
    [LINK_SECURING] = TO(CONNECTING) | TO(OPEN) | TO(FAILED) | TO(CLOSED),
    [LINK_OPEN] = TO(FAILED) | TO(CLOSED),
    [LINK_FAILED] = TO(CLOSED),
    [LINK_CLOSED] = 0,
};

static void try_address(struct link *link);

void link_move(struct link *link, enum link_state next)
{
    CHECK((may_follow[link->state] & (1u << next)) != 0);
    link->state = next;
}

/* When nothing will call back any more, forget the link. */
static void release(struct link *link)
{
    if (link->handles > 0 || link->is_looking_up) {
        return;
    }
    link->events->closed(link->context);
    uv_freeaddrinfo(link->addresses);
    secure_free(link->secure);
    buffer_deinit(&link->out);
    free(link);
}

static void on_plug_closed(uv_handle_t *handle)
{
    struct plug *plug = handle->data;
    struct link *link = plug->link;

    link->handles--;
    buffer_deinit(&plug->sent);
    free(plug);
    release(link);
}

static void on_patience_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;

    link->handles--;
    release(link);
}

static void unplug(struct link *link)
{
    if (link->plug != NULL) {
        uv_close((uv_handle_t *)&link->plug->tcp, on_plug_closed);
        link->plug = NULL;
    }
}

void link_fail(struct link *link, enum error error, const char *reason)
{
    if (link->state == LINK_FAILED || link->state == LINK_CLOSED) {
        return;
    }
    link_move(link, LINK_FAILED);
    uv_timer_stop(&link->patience);
    unplug(link);
    link->events->failed(link->context, error, reason);
}

void link_give_up_address(struct link *link, enum error error,
                          const char *reason)
{
    unplug(link);
    secure_free(link->secure);
    link->secure = NULL;
    buffer_clear(&link->out);
    if (link->left == 0) {
        link_fail(link, error, reason);
        return;
    }
    link->address = link->address->ai_next != NULL ? link->address->ai_next
                                                   : link->addresses;
    try_address(link);
}

static void on_impatient(uv_timer_t *patience)
{
    struct link *link = patience->data;

    link_give_up_address(link, ERROR_TIMED_OUT,
                         link->state == LINK_CONNECTING
                             ? "no answer to connecting"
                             : "the TLS handshake took too long");
}

static void be_patient(struct link *link)
{
    uv_update_time(loop_uv(link->loop));
    CHECK(uv_timer_start(&link->patience, on_impatient, link->connect_ms, 0) ==
          0);
}

static void on_connected(uv_connect_t *connecting, int status)
{
    struct plug *plug = connecting->handle->data;
    struct link *link = plug->link;

    if (link->plug != plug) {
        return; /* It was given up meanwhile. */
    }
    if (status != 0) {
        link_give_up_address(link, ERROR_IO, uv_strerror(status));
        return;
    }
    uv_tcp_nodelay(&plug->tcp, 1);
    link_move(link, LINK_SECURING);
    be_patient(link);
    link_secure(link);
}

static struct plug *plug_new(struct link *link)
{
    struct plug *plug = calloc(1, sizeof(*plug));

    if (plug == NULL) {
        return NULL;
    }
    if (uv_tcp_init(loop_uv(link->loop), &plug->tcp) != 0) {
        free(plug);
        return NULL;
    }
    plug->link = link;
    plug->tcp.data = plug;
    link->handles++;
    return plug;
}

static void try_address(struct link *link)
{
    int result;

    link_move(link, LINK_CONNECTING);
    link->left--;
    link->plug = plug_new(link);
    if (link->plug == NULL) {
        link_fail(link, ERROR_NO_MEMORY, "out of memory");
        return;
    }
    be_patient(link);
    result = uv_tcp_connect(&link->plug->connecting, &link->plug->tcp,
                            link->address->ai_addr, on_connected);
    if (result != 0) {
        link_give_up_address(link, ERROR_IO, uv_strerror(result));
    }
}

static void choose_address(struct link *link)
{
    const struct addrinfo *at;

    for (at = link->addresses; at != NULL; at = at->ai_next) {
        link->left++;
    }
    link->address = link->addresses;
    for (unsigned i = 0; i < link->turn % link->left; i++) {
        link->address = link->address->ai_next;
    }
}

static void on_looked_up(uv_getaddrinfo_t *lookup, int status,
                         struct addrinfo *addresses)
{
    struct link *link = lookup->data;

    link->is_looking_up = false;
    link->addresses = addresses;
    if (link->state == LINK_CLOSED) {
        release(link);
    } else if (status != 0 || addresses == NULL) {
        link_fail(link, ERROR_NOT_FOUND, uv_strerror(status));
    } else {
        choose_address(link);
        try_address(link);
    }
}

static bool look_up(struct link *link)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];

    snprintf(port, sizeof(port), "%u", (unsigned)link->port);
    link->lookup.data = link;
    link->is_looking_up =
        uv_getaddrinfo(loop_uv(link->loop), &link->lookup, on_looked_up,
                       link->host, port, &hints) == 0;
    return link->is_looking_up;
}

struct link *link_open(struct loop *loop, const struct link_target *target,
                       const struct link_events *events, void *context)
{
    struct link *link = calloc(1, sizeof(*link));

    if (link == NULL) {
        return NULL;
    }
    link->loop = loop;
    link->events = events;
    link->context = context;
    snprintf(link->host, sizeof(link->host), "%s", target->host);
    link->port = target->port;
    link->trust = target->trust;
    link->turn = target->turn;
    link->connect_ms = target->connect_ms;
    if (!look_up(link)) {
        free(link);
        return NULL;
    }
    CHECK(uv_timer_init(loop_uv(loop), &link->patience) == 0);
    link->patience.data = link;
    link->handles = 1;
    return link;
}

void link_local(struct link *link, char *text, size_t room)
{
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    int len = sizeof(at);
    struct server local = {.host = "127.0.0.1"};
    char whole[SERVER_TEXT_BYTES_MAX + 1];

    CHECK(link->state == LINK_OPEN);
    if (uv_tcp_getsockname(&link->plug->tcp, (struct sockaddr *)&at, &len) ==
        0) {
        uv_ip_name((struct sockaddr *)&at, local.host, sizeof(local.host));
        local.port = at.ss_family == AF_INET6
                         ? ntohs(((struct sockaddr_in6 *)&at)->sin6_port)
                         : ntohs(((struct sockaddr_in *)&at)->sin_port);
    }
    server_write(&local, whole);
    snprintf(text, room, "%s", whole);
}

void link_close(struct link *link)
{
    if (link->state == LINK_OPEN) {
        link_say_last(link);
    }
    link_move(link, LINK_CLOSED);
    if (link->is_looking_up) {
        uv_cancel((uv_req_t *)&link->lookup);
    }
    unplug(link);
    uv_close((uv_handle_t *)&link->patience, on_patience_closed);
}
