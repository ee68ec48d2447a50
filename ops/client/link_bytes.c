#include "ops/client/link_parts.h"
#include "proto/base/check.h"

enum { READ_BYTES = 64 * 1024, PLAIN_BYTES = 16 * 1024 };

static void flush(struct link *link);

static void fail_uv(struct link *link, int number)
{
    enum error error = ERROR_IO;

    if (number == UV_EOF || number == UV_ECONNRESET || number == UV_EPIPE) {
        error = ERROR_CLOSED;
    } else if (number == UV_ENOMEM) {
        error = ERROR_NO_MEMORY;
    }
    link_fail(link, error,
              number == UV_EOF ? "the server closed the connection"
                               : uv_strerror(number));
}

static void on_written(uv_write_t *write, int status)
{
    struct plug *plug = write->handle->data;
    struct link *link = plug->link;

    if (link->plug != plug) {
        return; /* It was unplugged meanwhile. */
    }
    plug->is_writing = false;
    buffer_clear(&plug->sent);
    if (status != 0) {
        fail_uv(link, status);
    } else {
        flush(link);
    }
}

/* Hand what the socket did not take at once to libuv. */
static void write_later(struct link *link)
{
    struct plug *plug = link->plug;
    struct buffer swap = plug->sent;
    uv_buf_t buf;
    int result;

    plug->sent = link->out;
    link->out = swap;
    buf = uv_buf_init((char *)plug->sent.data, (unsigned)plug->sent.len);
    result =
        uv_write(&plug->write, (uv_stream_t *)&plug->tcp, &buf, 1, on_written);
    plug->is_writing = result == 0;
    if (result != 0) {
        fail_uv(link, result);
    }
}

/* Returns what uv_try_write does. */
static int write_now(struct link *link)
{
    uv_buf_t buf = uv_buf_init((char *)link->out.data, (unsigned)link->out.len);
    int taken = uv_try_write((uv_stream_t *)&link->plug->tcp, &buf, 1);

    if (taken > 0) {
        buffer_consume(&link->out, (size_t)taken);
    }
    return taken;
}

/* Give the socket what it takes at once, and the rest when it can. */
static void flush(struct link *link)
{
    int taken;

    if (link->plug->is_writing || link->out.len == 0) {
        return;
    }
    taken = write_now(link);
    if (taken < 0 && taken != UV_EAGAIN) {
        fail_uv(link, taken);
    } else if (link->out.len > 0) {
        write_later(link);
    }
}

/* Send what TLS has to say, and what it was told to. */
static void push(struct link *link)
{
    if (link->secure != NULL) {
        secure_take(link->secure, &link->out);
    }
    if (buffer_failed(&link->out)) {
        link_fail(link, ERROR_NO_MEMORY, "out of memory");
    } else if (link->out.len + link->plug->sent.len > LINK_UNSENT_BYTES_MAX) {
        link_fail(link, ERROR_TIMED_OUT, "the server takes nothing");
    } else {
        flush(link);
    }
}

void link_say_last(struct link *link)
{
    if (link->secure != NULL) {
        secure_finish(link->secure);
        secure_take(link->secure, &link->out);
    }
    if (!link->plug->is_writing && link->out.len > 0) {
        (void)write_now(link);
    }
}

void link_send(struct link *link, struct slice bytes)
{
    if (link->state != LINK_OPEN) {
        return;
    }
    if (link->secure == NULL) {
        buffer_append_slice(&link->out, bytes);
    } else if (secure_write(link->secure, bytes) != ERROR_NONE) {
        link_fail(link, ERROR_TLS, secure_reason(link->secure));
        return;
    }
    if (!link->is_receiving) {
        push(link);
    }
}

static void be_open(struct link *link)
{
    link_move(link, LINK_OPEN);
    uv_timer_stop(&link->patience);
    link->events->opened(link->context);
}

static void hand_over(struct link *link, struct slice bytes)
{
    link->is_receiving = true;
    link->events->received(link->context, bytes);
    link->is_receiving = false;
}

static void read_secured(struct link *link)
{
    uint8_t plain[PLAIN_BYTES];
    enum error error = ERROR_NONE;
    size_t got = 1;

    while (error == ERROR_NONE && got > 0 && link->state == LINK_OPEN) {
        error = secure_read(link->secure, plain, sizeof(plain), &got);
        if (error == ERROR_NONE && got > 0) {
            hand_over(link, slice_of(plain, got));
        }
    }
    if (error == ERROR_CLOSED) {
        link_fail(link, ERROR_CLOSED, "the server closed the connection");
    } else if (error != ERROR_NONE) {
        link_fail(link, ERROR_TLS, secure_reason(link->secure));
    }
}

static void shake_hands(struct link *link)
{
    enum error error = secure_handshake(link->secure);
    char reason[SECURE_REASON_BYTES_MAX];

    if (error == ERROR_NONE) {
        be_open(link);
        return;
    }
    push(link); /* A hello, or the alert that tells the server why. */
    if (error != ERROR_BUSY && link->state == LINK_SECURING) {
        memcpy(reason, secure_reason(link->secure), sizeof(reason));
        link_give_up_address(link, ERROR_TLS, reason);
    }
}

static void receive_secured(struct link *link, struct slice bytes)
{
    if (secure_feed(link->secure, bytes) != ERROR_NONE) {
        link_fail(link, ERROR_NO_MEMORY, "out of memory");
        return;
    }
    if (link->state == LINK_SECURING) {
        shake_hands(link);
    }
    if (link->state == LINK_OPEN) {
        read_secured(link);
    }
}

/* One block serves all links of a thread: a read is handed over before the
 * next begins. */
static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static _Thread_local char room[READ_BYTES];

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(room, sizeof(room));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct plug *plug = stream->data;
    struct link *link = plug->link;

    if (link->plug != plug || got == 0) {
        return;
    }
    if (got < 0 && link->state == LINK_SECURING) {
        link_give_up_address(link, ERROR_TLS,
                             "the server closed during the TLS handshake");
        return;
    }
    if (got < 0) {
        fail_uv(link, (int)got);
    } else if (link->secure != NULL) {
        receive_secured(link, slice_of(buf->base, (size_t)got));
    } else {
        hand_over(link, slice_of(buf->base, (size_t)got));
    }
    if (link->state == LINK_OPEN) {
        push(link);
    }
}

void link_secure(struct link *link)
{
    uv_read_start((uv_stream_t *)&link->plug->tcp, give_room, on_read);
    if (link->trust == NULL) {
        be_open(link);
        return;
    }
    link->secure = secure_new(link->trust, link->host);
    if (link->secure == NULL) {
        link_fail(link, ERROR_NO_MEMORY, "out of memory");
        return;
    }
    shake_hands(link);
}
