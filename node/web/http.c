#include "node/web/http.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#include "node/web/http_routes.h"
#include "node/web/listener.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"

/* One connection, and the request on it that is under way. */
struct connection {
    struct http_client *client;
    uint64_t begun_us; /* When its request line came. */
    size_t target_len; /* Before decoding. */
    bool plain;        /* The target may be looked at. */
    bool checked;      /* The head is to the letter. */
    bool replied;      /* By us, not by the library itself. */
};

struct http {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    uv_poll_t *poll;     /* On the daemon's epoll descriptor. */
    struct timer *timer; /* What the daemon still has to do. */
    struct timer *sweep; /* Cuts off who lets the server wait. */
    struct http_clients *clients;
    struct http_meters meters;
    uint16_t port;
    size_t routes_n;
    struct http_route routes[HTTP_ROUTES_MAX];
};

static void on_connection(void *context, struct MHD_Connection *mhd,
                          void **connection_at,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *http = context;
    struct connection *connection = *connection_at;
    int socket = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)
                     ->connect_fd;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (connection != NULL) {
            http_clients_gone(http->clients, connection->client);
            free(connection);
        }
        return;
    }
    connection = calloc(1, sizeof(*connection));
    if (connection != NULL) {
        connection->client =
            http_clients_join(http->clients, socket, loop_now_us(http->loop));
    }
    if (connection == NULL || connection->client == NULL) {
        free(connection);
        shutdown(socket, SHUT_RDWR);
        return;
    }
    *connection_at = connection;
}

/* The request line has come; the target is still as it was sent. What is
 * returned is passed to the calls below. */
static void *on_target(void *context, const char *target,
                       struct MHD_Connection *mhd)
{
    struct http *http = context;
    struct connection *connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
            ->socket_context;

    if (connection == NULL) {
        return NULL;
    }
    connection->begun_us = loop_now_us(http->loop);
    connection->plain = http_target_is_plain(target);
    connection->target_len = target == NULL ? 0 : strlen(target);
    connection->checked = false;
    connection->replied = false;
    http_clients_progress(http->clients, connection->client,
                          connection->begun_us);
    return connection;
}

/* The reply is out, or never will be. The library does not tell its own
 * refusals from clients that went away. */
static void on_completed(void *context, struct MHD_Connection *mhd,
                         void **connection_at,
                         enum MHD_RequestTerminationCode code)
{
    struct http *http = context;
    struct connection *connection = *connection_at;
    uint64_t now_us = loop_now_us(http->loop);

    (void)mhd;
    if (connection == NULL) {
        return;
    }
    if (!connection->replied) {
        meter_add(&http->meters.refused[HTTP_FAULT_UNREAD], 1);
    } else if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        meter_observe(&http->meters.seconds, now_us - connection->begun_us);
    }
    http_clients_progress(http->clients, connection->client, now_us);
}

/* Called twice: when the head is in, and when the request is, which is then
 * the same as there are no bodies. A reply in the first call closes the
 * connection; that is right for refusals only. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *mhd,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_len, void **connection_at)
{
    struct http *http = context;
    struct connection *connection = *connection_at;
    const struct http_request request = {mhd, method, url};
    struct http_head head = {mhd, method, url, version, 0};
    enum http_fault fault = HTTP_FAULT_TARGET;

    (void)upload;
    if (connection == NULL) {
        return MHD_NO;
    }
    if (connection->checked) {
        CHECK(*upload_len == 0);
        connection->replied = true;
        return http_dispatch(http->routes, http->routes_n, &request,
                             &http->meters);
    }
    head.target_len = connection->target_len;
    if (connection->plain) {
        fault = http_head_check(&head);
    }
    if (fault != HTTP_FAULT_NONE) {
        connection->replied = true;
        return http_refuse(mhd, fault, &http->meters);
    }
    connection->checked = true;
    return MHD_YES;
}

bool http_query_has(const struct http_request *request, const char *key)
{
    return MHD_lookup_connection_value_n(request->connection,
                                         MHD_GET_ARGUMENT_KIND, key,
                                         strlen(key), NULL, NULL) == MHD_YES;
}

static void run_daemon(struct http *http)
{
    CHECK(MHD_run(http->daemon) == MHD_YES);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    CHECK(status == 0);
    run_daemon(poll->data);
}

static void on_timer(void *context)
{
    run_daemon(context);
}

static void on_sweep(void *context)
{
    struct http *http = context;

    http_clients_expire(http->clients, loop_now_us(http->loop));
}

/* Before the loop waits: the library may have work left that no descriptor
 * will announce. */
static void on_turn(void *context)
{
    struct http *http = context;
    unsigned long long wait_ms;

    if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES) {
        timer_start(http->timer, wait_ms, 0);
    } else {
        timer_stop(http->timer);
    }
}

/* The library's remarks are about clients' mistakes, which cost it a line
 * each: only for who asks for them. */
static void on_remark(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void on_remark(void *context, const char *format, va_list arguments)
{
    char text[256];

    (void)context;
    vsnprintf(text, sizeof(text), format, arguments);
    journal_debug("http_remark", "text=\"%s\"", text);
}

static void on_panic(void *context, const char *file, unsigned line,
                     const char *reason)
{
    (void)context;
    journal_error("http_panic", "reason=\"%s\" at=%s:%u",
                  reason == NULL ? "unknown" : reason, file, line);
    abort();
}

/* Takes the listener over, also on an error: the library may then have closed
 * it or not, and a second close could hit another's descriptor. */
static enum error start_daemon(struct http *http, int listener)
{
    MHD_set_panic_func(on_panic, NULL);
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, http,
        MHD_OPTION_EXTERNAL_LOGGER, on_remark, http, /* First, to hear all. */
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CLIENTS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_MEMORY_BYTES_MAX, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, http, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, http, MHD_OPTION_END);
    return http->daemon == NULL ? ERROR_IO : ERROR_NONE;
}

static enum error start_poll(struct http *http)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    CHECK(info != NULL);
    http->poll = calloc(1, sizeof(*http->poll));
    if (http->poll == NULL) {
        return ERROR_NO_MEMORY;
    }
    if (uv_poll_init(loop_uv(http->loop), http->poll, info->epoll_fd) != 0) {
        free(http->poll);
        http->poll = NULL;
        return ERROR_IO;
    }
    http->poll->data = http;
    CHECK(uv_poll_start(http->poll, UV_READABLE, on_readable) == 0);
    return ERROR_NONE;
}

static enum error start_timers(struct http *http, uint64_t wait_ms)
{
    http->clients = http_clients_new(wait_ms, &http->meters.clients);
    http->timer = timer_new(http->loop, on_timer, http);
    http->sweep = timer_new(http->loop, on_sweep, http);
    if (http->clients == NULL || http->timer == NULL || http->sweep == NULL) {
        return ERROR_NO_MEMORY;
    }
    timer_start(http->sweep, wait_ms / 4 + 1, wait_ms / 4 + 1);
    return ERROR_NONE;
}

/* Everything that serves, in the order in which each needs the one before. */
static enum error open_parts(struct http *http,
                             const struct http_options *options)
{
    int listener;

    TRY(start_timers(http, options->wait_ms == 0 ? HTTP_WAIT_MS_MAX
                                                 : options->wait_ms));
    TRY(http_listener_open(options->host, options->port, &listener,
                           &http->port));
    TRY(start_daemon(http, listener));
    TRY(start_poll(http));
    loop_on_turn(http->loop, on_turn, http);
    journal_notice("http_listening", "host=%s port=%u", options->host,
                   http->port);
    return ERROR_NONE;
}

enum error http_open(struct http **http_out, struct loop *loop,
                     const struct http_options *options,
                     const struct http_route *routes, size_t routes_n)
{
    struct http *http = calloc(1, sizeof(*http));
    enum error error;

    CHECK(routes_n <= HTTP_ROUTES_MAX);
    if (http == NULL) {
        return ERROR_NO_MEMORY;
    }
    http->loop = loop;
    http->routes_n = routes_n;
    for (size_t i = 0; i < routes_n; i++) {
        http->routes[i] = routes[i];
    }
    meter_histogram_init(&http->meters.seconds, &meter_seconds);
    error = open_parts(http, options);
    if (error != ERROR_NONE) {
        http_close(http);
        return error;
    }
    *http_out = http;
    return ERROR_NONE;
}

static void free_poll(uv_handle_t *handle)
{
    free(handle);
}

void http_close(struct http *http)
{
    if (http == NULL) {
        return;
    }
    loop_on_turn(http->loop, NULL, http);
    if (http->poll != NULL) {
        uv_close((uv_handle_t *)http->poll, free_poll);
    }
    if (http->daemon != NULL) {
        MHD_stop_daemon(http->daemon);
    }
    timer_free(http->timer);
    timer_free(http->sweep);
    http_clients_free(http->clients);
    free(http);
}

uint16_t http_port(const struct http *http)
{
    return http->port;
}

const struct http_meters *http_meters(const struct http *http)
{
    return &http->meters;
}
