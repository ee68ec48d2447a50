#include "ops/bench/grpc.h"

#include <bsd/sys/queue.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ops/bench/complain.h"
#include "proto/base/endian.h"

enum {
    READ_BYTES = 256 * 1024,
    WINDOW_BYTES = 16 * 1024 * 1024, /* So that flow control is no limit. */
};

#define AUTHORITY "127.0.0.1"

LIST_HEAD(call_list, call);

struct grpc {
    int fd;
    nghttp2_session *session;
    grpc_done *done;
    void *context;
    uint8_t *room;          /* READ_BYTES. */
    struct call_list calls; /* Under way. */
};

struct call {
    LIST_ENTRY(call) link;
    struct grpc *grpc;
    uint64_t tag;
    int status;
    struct buffer request;
    size_t sent;
    struct buffer response;
};

void grpc_write_prefixed(struct slice message, struct buffer *out)
{
    uint8_t *prefix = buffer_reserve(out, GRPC_PREFIX_BYTES);

    if (prefix != NULL) {
        prefix[0] = 0;
        put_be32(prefix + 1, (uint32_t)message.len);
        out->len += GRPC_PREFIX_BYTES;
    }
    buffer_append_slice(out, message);
}

enum error grpc_read_prefixed(struct slice body, struct slice *message_out)
{
    uint32_t len;

    if (body.len < GRPC_PREFIX_BYTES) {
        return ERROR_TRUNCATED;
    }
    if (body.data[0] != 0) {
        return ERROR_UNSUPPORTED;
    }
    len = get_be32(body.data + 1);
    if (len > GRPC_MESSAGE_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    body = slice_after(body, GRPC_PREFIX_BYTES);
    if (body.len < len) {
        return ERROR_TRUNCATED;
    }
    *message_out = slice_of(body.data, len);
    return ERROR_NONE;
}

static void call_free(struct call *call)
{
    LIST_REMOVE(call, link);
    buffer_deinit(&call->request);
    buffer_deinit(&call->response);
    free(call);
}

static ssize_t give_request(nghttp2_session *session, int32_t stream,
                            uint8_t *to, size_t size, uint32_t *flags,
                            nghttp2_data_source *source, void *context)
{
    struct call *call = source->ptr;
    size_t left = call->request.len - call->sent;
    size_t n = left < size ? left : size;

    (void)session, (void)stream, (void)context;
    memcpy(to, call->request.data + call->sent, n);
    call->sent += n;
    if (call->sent == call->request.len) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)n;
}

static int take_header(nghttp2_session *session, const nghttp2_frame *frame,
                       const uint8_t *name, size_t name_len,
                       const uint8_t *value, size_t value_len, uint8_t flags,
                       void *context)
{
    struct call *call =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    char digits[12];

    (void)flags, (void)context;
    if (call != NULL && value_len < sizeof(digits) &&
        slice_equal_text(slice_of(name, name_len), "grpc-status")) {
        memcpy(digits, value, value_len);
        digits[value_len] = '\0';
        call->status = atoi(digits);
    }
    return 0;
}

static int take_data(nghttp2_session *session, uint8_t flags, int32_t stream,
                     const uint8_t *data, size_t len, void *context)
{
    struct call *call = nghttp2_session_get_stream_user_data(session, stream);

    (void)flags, (void)context;
    if (call != NULL && call->response.len + len <= GRPC_MESSAGE_BYTES_MAX) {
        buffer_append(&call->response, data, len);
    }
    return 0;
}

static int take_end(nghttp2_session *session, int32_t stream, uint32_t code,
                    void *context)
{
    struct call *call = nghttp2_session_get_stream_user_data(session, stream);
    struct slice message = SLICE_NONE;

    (void)code, (void)context;
    if (call == NULL) {
        return 0;
    }
    if (call->status == GRPC_OK &&
        grpc_read_prefixed(buffer_slice(&call->response), &message) !=
            ERROR_NONE) {
        call->status = GRPC_LOST;
    }
    call->grpc->done(call->grpc->context, call->tag, call->status, message);
    call_free(call);
    return 0;
}

static enum error begin_session(struct grpc *grpc)
{
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES}};
    nghttp2_session_callbacks *callbacks;
    bool fine;

    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return ERROR_NO_MEMORY;
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks, take_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                              take_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, take_end);
    fine = nghttp2_session_client_new(&grpc->session, callbacks, grpc) == 0 &&
           nghttp2_submit_settings(grpc->session, NGHTTP2_FLAG_NONE, settings,
                                   2) == 0 &&
           nghttp2_session_set_local_window_size(
               grpc->session, NGHTTP2_FLAG_NONE, 0, WINDOW_BYTES) == 0;
    nghttp2_session_callbacks_del(callbacks);
    return fine ? ERROR_NONE : ERROR_NO_MEMORY;
}

static enum error connect_to(struct grpc *grpc,
                             const struct sockaddr_storage *to)
{
    socklen_t len = to->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                              : sizeof(struct sockaddr_in);
    int on = 1;

    grpc->fd = socket(to->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (grpc->fd < 0) {
        return ERROR_BUSY;
    }
    if (connect(grpc->fd, (const struct sockaddr *)to, len) != 0) {
        return ERROR_REFUSED;
    }
    setsockopt(grpc->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return ERROR_NONE;
}

enum error grpc_open(struct grpc **grpc_out, const struct sockaddr_storage *to,
                     grpc_done *done, void *context)
{
    struct grpc *grpc = calloc(1, sizeof(*grpc));
    enum error error = ERROR_NO_MEMORY;

    if (grpc == NULL) {
        return error;
    }
    grpc->fd = -1;
    LIST_INIT(&grpc->calls);
    grpc->done = done;
    grpc->context = context;
    grpc->room = malloc(READ_BYTES);
    if (grpc->room == NULL) {
        goto out;
    }
    error = connect_to(grpc, to);
    if (error != ERROR_NONE) {
        goto out;
    }
    error = begin_session(grpc);
    if (error == ERROR_NONE) {
        *grpc_out = grpc;
        grpc = NULL;
    }
out:
    grpc_free(grpc);
    return error;
}

int grpc_fd(const struct grpc *grpc)
{
    return grpc->fd;
}

#define HEADER(name, value)                                                    \
    {                                                                          \
        (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value),           \
            strlen(name), strlen(value),                                       \
            NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE       \
    }

enum error grpc_call(struct grpc *grpc, const char *path, struct slice message,
                     uint64_t tag)
{
    const nghttp2_nv headers[] = {
        HEADER(":method", "POST"),
        HEADER(":scheme", "http"),
        HEADER(":path", path),
        HEADER(":authority", AUTHORITY),
        HEADER("content-type", "application/grpc"),
        HEADER("te", "trailers"),
    };
    struct call *call = calloc(1, sizeof(*call));
    nghttp2_data_provider source = {.source.ptr = call,
                                    .read_callback = give_request};

    if (call == NULL) {
        return ERROR_NO_MEMORY;
    }
    *call = (struct call){.grpc = grpc, .tag = tag, .status = GRPC_LOST};
    LIST_INSERT_HEAD(&grpc->calls, call, link);
    grpc_write_prefixed(message, &call->request);
    if (nghttp2_submit_request(grpc->session, NULL, headers,
                               sizeof(headers) / sizeof(headers[0]), &source,
                               call) < 0) {
        call_free(call);
        return ERROR_NO_MEMORY;
    }
    return ERROR_NONE;
}

enum error grpc_serve(struct grpc *grpc)
{
    ssize_t n = recv(grpc->fd, grpc->room, READ_BYTES, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return ERROR_NONE;
    }
    if (n <= 0) {
        return ERROR_CLOSED;
    }
    return nghttp2_session_mem_recv(grpc->session, grpc->room, (size_t)n) == n
               ? ERROR_NONE
               : complain(ERROR_MALFORMED, "a server speaks no HTTP/2");
}

static enum error send_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR) {
            return ERROR_CLOSED;
        }
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return ERROR_NONE;
}

/* nghttp2 gives a frame at a time; they leave together. */
enum error grpc_flush(struct grpc *grpc)
{
    struct buffer out = BUFFER_EMPTY;
    const uint8_t *frame;
    enum error error;
    ssize_t n;

    while ((n = nghttp2_session_mem_send(grpc->session, &frame)) > 0) {
        buffer_append(&out, frame, (size_t)n);
    }
    error = n < 0 || buffer_failed(&out)
                ? ERROR_NO_MEMORY
                : send_all(grpc->fd, out.data, out.len);
    buffer_deinit(&out);
    return error;
}

void grpc_free(struct grpc *grpc)
{
    if (grpc == NULL) {
        return;
    }
    nghttp2_session_del(grpc->session);
    while (!LIST_EMPTY(&grpc->calls)) {
        call_free(LIST_FIRST(&grpc->calls));
    }
    if (grpc->fd >= 0) {
        close(grpc->fd);
    }
    free(grpc->room);
    free(grpc);
}
