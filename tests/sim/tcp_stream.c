#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/tcp_inner.h"

/* --- Lives --- */

void stream_release(struct stream *stream)
{
    if (--stream->refs > 0) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct piece *piece;

        while ((piece = TAILQ_FIRST(&stream->sides[i].come)) != NULL) {
            TAILQ_REMOVE(&stream->sides[i].come, piece, link);
            free(piece);
        }
    }
    free(stream);
}

static void side_join(struct side *side, struct socket *socket)
{
    side->network = socket->host->network;
    side->schedule = socket->schedule;
    side->actor = socket->actor;
    side->end = socket->host->end;
    side->known = true;
}

/* --- Notes: what one side is told later, on its own loop --- */

struct note {
    struct stream *stream;
    unsigned side;
    enum note_kind kind;
};

static void note_drop(void *context)
{
    struct note *note = context;

    stream_release(note->stream);
    free(note);
}

static void fail_side(struct stream *stream, unsigned side);
static void write_on(struct stream *stream, unsigned side);

static void note_run(void *context)
{
    struct note *note = context;

    switch (note->kind) {
    case NOTE_READ:
        stream_pump(note->stream, note->side);
        break;
    case NOTE_WRITE:
        write_on(note->stream, note->side);
        break;
    case NOTE_RESET:
        fail_side(note->stream, note->side);
        break;
    }
    note_drop(note);
}

void stream_tell(struct stream *stream, unsigned to, enum note_kind kind)
{
    struct side *side = &stream->sides[to];
    struct note *note;

    if (side->gone || side->actor == NULL) {
        return;
    }
    note = malloc(sizeof(*note));
    CHECK(note != NULL);
    *note = (struct note){stream, to, kind};
    stream->refs++;
    schedule_after(side->schedule, side->actor, 0, note_run, note_drop, note);
}

void stream_break(struct stream *stream)
{
    for (unsigned i = 0; i < 2; i++) {
        stream->sides[i].reset = true;
        stream_tell(stream, i, NOTE_RESET);
    }
}

/* --- What has come --- */

static void take_syn(struct stream *stream)
{
    struct side *side = &stream->sides[1];
    struct socket *listener =
        socket_listening(stream->sides[0].network, stream->port);

    if (listener == NULL) {
        stream_break(stream);
        return;
    }
    side_join(side, listener);
    stream->refs++; /* The backlog's, and then the socket's. */
    socket_offer(listener, stream);
}

static void keep_in_order(struct side *side, struct piece *piece)
{
    struct piece *at;

    TAILQ_FOREACH (at, &side->come, link) {
        if (at->number > piece->number) {
            TAILQ_INSERT_BEFORE(at, piece, link);
            return;
        }
    }
    TAILQ_INSERT_TAIL(&side->come, piece, link);
}

void stream_take(struct stream *stream, unsigned to, struct piece *piece)
{
    struct side *side = &stream->sides[to];

    if (side->gone) {
        free(piece);
    } else if (piece->kind == PIECE_SYN) {
        free(piece);
        take_syn(stream);
    } else if (piece->kind == PIECE_RST) {
        free(piece);
        side->reset = true;
        fail_side(stream, to);
    } else {
        keep_in_order(side, piece);
        stream_pump(stream, to);
    }
}

static void pop(struct side *side, struct piece *piece)
{
    TAILQ_REMOVE(&side->come, piece, link);
    side->taken++;
    free(piece);
}

/* Room in the window: the other side may go on. */
static void open_window(struct stream *stream, unsigned writer, size_t bytes)
{
    struct side *side = &stream->sides[writer];

    side->in_flight -= bytes;
    if (side->socket != NULL && side->socket->writing != NULL &&
        !side->waking) {
        side->waking = true;
        stream_tell(stream, writer, NOTE_WRITE);
    }
}

static void read_data(struct stream *stream, unsigned to, struct piece *piece)
{
    struct side *side = &stream->sides[to];
    uv_stream_t *handle = (uv_stream_t *)side->socket->handle;
    size_t n = piece->len - piece->read;
    uv_buf_t buf = {NULL, 0};

    side->socket->alloc((uv_handle_t *)handle, 65536, &buf);
    CHECK(buf.len > 0);
    n = n < buf.len ? n : buf.len;
    memcpy(buf.base, piece->bytes + piece->read, n);
    piece->read += n;
    if (piece->read == piece->len) {
        pop(side, piece);
    }
    open_window(stream, 1 - to, n);
    side->socket->read(handle, (ssize_t)n, &buf);
}

/* Hand over one piece. Returns false when the socket is not ready for it. */
static bool pump_one(struct stream *stream, unsigned to, struct piece *piece)
{
    struct socket *socket = stream->sides[to].socket;
    uv_connect_t *connecting = socket->connecting;
    uv_buf_t none = {NULL, 0};

    if (piece->kind == PIECE_ACCEPTED) {
        pop(&stream->sides[to], piece);
        socket->connecting = NULL;
        connecting->cb(connecting, 0);
        return true;
    }
    if (socket->alloc == NULL) {
        return false;
    }
    if (piece->kind == PIECE_DATA) {
        read_data(stream, to, piece);
    } else {
        pop(&stream->sides[to], piece);
        socket->read((uv_stream_t *)socket->handle, UV_EOF, &none);
    }
    return true;
}

void stream_pump(struct stream *stream, unsigned to)
{
    struct side *side = &stream->sides[to];

    stream->refs++; /* Reading may close it. */
    while (side->socket != NULL && side->socket->error == 0) {
        struct piece *piece = TAILQ_FIRST(&side->come);

        if (piece == NULL || piece->number != side->taken ||
            !pump_one(stream, to, piece)) {
            break;
        }
    }
    stream_release(stream);
}

/* Tell a socket that its connection is broken: each call that waits ends. */
static void fail_side(struct stream *stream, unsigned to)
{
    struct socket *socket = stream->sides[to].socket;
    uv_connect_t *connecting;
    uv_write_t *writing;
    uv_buf_t none = {NULL, 0};

    if (socket == NULL || socket->error != 0) {
        return;
    }
    connecting = socket->connecting;
    writing = socket->writing;
    socket->connecting = NULL;
    socket->writing = NULL;
    socket->error = connecting != NULL ? UV_ECONNREFUSED : UV_ECONNRESET;
    if (connecting != NULL) {
        connecting->cb(connecting, socket->error);
    }
    if (writing != NULL) {
        socket->written(writing, UV_ECONNRESET);
    }
    if (!socket->closing && socket->alloc != NULL) {
        socket->read((uv_stream_t *)socket->handle, UV_ECONNRESET, &none);
    }
}

/* --- What a socket asks for --- */

void stream_dial(struct socket *socket, uint16_t port)
{
    struct stream *stream = calloc(1, sizeof(*stream));

    CHECK(stream != NULL && socket->stream == NULL);
    stream->refs = 1;
    stream->port = port;
    TAILQ_INIT(&stream->sides[0].come);
    TAILQ_INIT(&stream->sides[1].come);
    side_join(&stream->sides[0], socket);
    stream->sides[0].socket = socket;
    socket->stream = stream;
    socket->side = 0;
    segment_send(stream, 0, PIECE_SYN, SLICE_NONE);
}

void stream_accept(struct stream *stream, struct socket *socket)
{
    struct side *side = &stream->sides[1];

    CHECK(side->socket == NULL && !side->gone);
    side->socket = socket;
    socket->stream = stream;
    socket->side = 1;
    segment_send(stream, 1, PIECE_ACCEPTED, SLICE_NONE);
    if (side->reset) {
        stream_tell(stream, 1, NOTE_RESET);
    }
}

size_t stream_send(struct stream *stream, unsigned from, struct slice bytes)
{
    struct side *side = &stream->sides[from];
    size_t room = TRANSPORT_SIM_WINDOW_BYTES - side->in_flight;

    bytes.len = bytes.len < room ? bytes.len : room;
    if (bytes.len > 0) {
        side->in_flight += bytes.len;
        segment_send(stream, from, PIECE_DATA, bytes);
    }
    return bytes.len;
}

/* The window has room again for a write that waits. */
static void write_on(struct stream *stream, unsigned from)
{
    struct socket *socket = stream->sides[from].socket;
    uv_write_t *writing;

    stream->sides[from].waking = false;
    if (socket == NULL || socket->writing == NULL) {
        return;
    }
    socket->unsent =
        slice_after(socket->unsent, stream_send(stream, from, socket->unsent));
    if (socket->unsent.len == 0) {
        writing = socket->writing;
        socket->writing = NULL;
        socket->written(writing, 0);
    }
}

void stream_wake(struct stream *stream, unsigned side)
{
    stream_tell(stream, side, NOTE_READ);
}

void stream_finish(struct stream *stream, unsigned from)
{
    segment_send(stream, from, PIECE_FIN, SLICE_NONE);
}

void stream_leave(struct stream *stream, unsigned side, bool broken)
{
    struct side *leaving = &stream->sides[side];

    if (!leaving->gone) {
        leaving->gone = true;
        leaving->socket = NULL;
        segment_send(stream, side, broken ? PIECE_RST : PIECE_FIN, SLICE_NONE);
        stream_release(stream);
    }
}

void stream_vanish(struct stream *stream, unsigned side)
{
    struct side *leaving = &stream->sides[side];

    if (!leaving->gone) {
        leaving->gone = leaving->vanished = true;
        leaving->socket = NULL;
        stream_release(stream);
    }
}
