#include "ops/witness/server.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/journal.h"
#include "proto/tlog/submission.h"

enum { BACKLOG = 64, STATUS_TOO_LARGE = 413 };

#define TEXT_PLAIN "text/plain; charset=utf-8"

struct server {
    struct MHD_Daemon *daemon;
    struct witness *witness;
};

/* A request as it comes in. */
struct incoming {
    bool is_too_large;
    struct buffer body;
};

static enum MHD_Result reply_with(struct MHD_Connection *connection,
                                  unsigned status, const char *type,
                                  struct slice body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (response == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            "no-store");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection,
                                  unsigned status, const char *text)
{
    return reply_with(connection, status, TEXT_PLAIN, slice_of_text(text));
}

static enum MHD_Result judge(const struct server *server,
                             struct MHD_Connection *connection,
                             const struct incoming *incoming)
{
    struct buffer reply = BUFFER_EMPTY;
    enum witness_verdict verdict;
    enum MHD_Result result;

    if (buffer_failed(&incoming->body)) {
        return MHD_NO;
    }
    verdict = witness_judge(server->witness, buffer_slice(&incoming->body),
                            (uint64_t)time(NULL), &reply);
    result =
        reply_with(connection, witness_status(verdict),
                   verdict == WITNESS_STALE ? "text/x.tlog.size" : TEXT_PLAIN,
                   buffer_slice(&reply));
    buffer_deinit(&reply);
    return result;
}

static enum MHD_Result show_metrics(const struct server *server,
                                    struct MHD_Connection *connection)
{
    struct buffer page = BUFFER_EMPTY;
    enum MHD_Result result;

    buffer_append_text(&page, "# TYPE perch_witness_requests_total counter\n");
    for (unsigned i = 0; i < WITNESS_VERDICTS; i++) {
        buffer_printf(
            &page, "perch_witness_requests_total{verdict=\"%s\"} %" PRIu64 "\n",
            witness_verdict_name(i), witness_count(server->witness, i));
    }
    result = buffer_failed(&page) ? MHD_NO
                                  : reply_with(connection, MHD_HTTP_OK,
                                               TEXT_PLAIN, buffer_slice(&page));
    buffer_deinit(&page);
    return result;
}

/* /HEX/checkpoint, or /metrics. */
static enum MHD_Result show(const struct server *server,
                            struct MHD_Connection *connection, const char *path)
{
    const char *slash = path[0] == '/' ? strchr(path + 1, '/') : NULL;
    struct slice note;

    if (strcmp(path, "/metrics") == 0) {
        return show_metrics(server, connection);
    }
    if (slash == NULL || strcmp(slash, "/checkpoint") != 0 ||
        witness_latest(server->witness,
                       slice_of(path + 1, (size_t)(slash - path - 1)),
                       &note) != ERROR_NONE) {
        return reply_text(connection, MHD_HTTP_NOT_FOUND, "not found\n");
    }
    return reply_with(connection, MHD_HTTP_OK, TEXT_PLAIN, note);
}

/* More of the body; what would be too much is dropped as it comes. */
static void take(struct incoming *incoming, const char *data, size_t len)
{
    if (incoming->body.len + len > SUBMISSION_BYTES_MAX) {
        incoming->is_too_large = true;
    } else {
        buffer_append(&incoming->body, data, len);
    }
}

static enum MHD_Result answer(const struct server *server,
                              struct MHD_Connection *connection,
                              const char *path, const char *method,
                              const struct incoming *incoming)
{
    if (incoming->is_too_large) {
        return reply_text(connection, STATUS_TOO_LARGE, "too large\n");
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
        strcmp(method, MHD_HTTP_METHOD_HEAD) == 0) {
        return show(server, connection, path);
    }
    if (strcmp(path, "/add-checkpoint") != 0) {
        return reply_text(connection, MHD_HTTP_NOT_FOUND, "not found\n");
    }
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0) {
        return reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                          "POST is wanted\n");
    }
    return judge(server, connection, incoming);
}

/* Called with the head, then with parts of the body, then with none. */
static enum MHD_Result on_request(void *context,
                                  struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *data,
                                  size_t *len, void **request)
{
    struct incoming *incoming = *request;

    (void)version;
    if (incoming == NULL) {
        *request = calloc(1, sizeof(*incoming));
        return *request == NULL ? MHD_NO : MHD_YES;
    }
    if (*len > 0) {
        take(incoming, data, *len);
        *len = 0;
        return MHD_YES;
    }
    return answer(context, connection, path, method, incoming);
}

static void on_end(void *context, struct MHD_Connection *connection,
                   void **request, enum MHD_RequestTerminationCode how)
{
    struct incoming *incoming = *request;

    (void)context, (void)connection, (void)how;
    if (incoming != NULL) {
        buffer_deinit(&incoming->body);
        free(incoming);
        *request = NULL;
    }
}

static int listen_at(const struct addrinfo *address)
{
    const int on = 1;
    int saved;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 ||
        listen(fd, BACKLOG) != 0) {
        saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static enum error open_socket(const char *host, uint16_t port, int *fd_out)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    char service[8];
    int code;

    snprintf(service, sizeof(service), "%u", port);
    code = getaddrinfo(host, service, &hints, &addresses);
    if (code != 0) {
        journal_error("listen_failed", "host=%s port=%u reason=\"%s\"", host,
                      port, gai_strerror(code));
        return ERROR_NOT_FOUND;
    }
    *fd_out = -1;
    for (struct addrinfo *at = addresses; at != NULL && *fd_out < 0;
         at = at->ai_next) {
        *fd_out = listen_at(at);
    }
    code = errno;
    freeaddrinfo(addresses);
    if (*fd_out < 0) {
        journal_error("listen_failed", "host=%s port=%u reason=\"%s\"", host,
                      port, strerror(code));
        return ERROR_IO;
    }
    return ERROR_NONE;
}

static struct MHD_Daemon *start(struct server *server, int fd,
                                unsigned connections)
{
    return MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL,
        on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)SERVER_CONNECTIONS_OF_ADDRESS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_CONNECTION_BYTES,
        MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
}

enum error server_open(struct witness *witness, const char *host, uint16_t port,
                       unsigned connections, struct server **server_out,
                       uint16_t *port_out)
{
    struct server *server;
    const union MHD_DaemonInfo *info;
    int fd;

    TRY(open_socket(host, port, &fd));
    server = calloc(1, sizeof(*server));
    if (server == NULL) {
        close(fd);
        return ERROR_NO_MEMORY;
    }
    server->witness = witness;
    server->daemon = start(server, fd, connections);
    if (server->daemon == NULL) {
        close(fd);
        free(server);
        journal_error("listen_failed", "host=%s reason=\"no thread or memory\"",
                      host);
        return ERROR_NO_MEMORY;
    }
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    *port_out = info == NULL ? port : info->port;
    *server_out = server;
    return ERROR_NONE;
}

void server_close(struct server *server)
{
    if (server != NULL) {
        MHD_stop_daemon(server->daemon); /* Closes the socket, too. */
        free(server);
    }
}
