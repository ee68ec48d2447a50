#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/tcp_inner.h"

enum { TRACE_TCP = 0x7c0 }; /* With the kind of a piece, for the trace. */

struct segment {
    struct packet packet; /* First: the network knows no more. */
    struct stream *stream;
    unsigned to;
    struct piece *piece; /* NULL once it has arrived. */
};

static void send_piece(struct stream *stream, unsigned from,
                       struct piece *piece);

static void resend_drop(void *context)
{
    struct segment *segment = context;

    free(segment->piece);
    stream_release(segment->stream);
    free(segment);
}

static void resend(void *context)
{
    struct segment *segment = context;
    struct side *sender = &segment->stream->sides[1 - segment->to];

    if (!sender->vanished && !segment->stream->sides[segment->to].gone) {
        send_piece(segment->stream, 1 - segment->to, segment->piece);
        segment->piece = NULL;
    }
    resend_drop(segment);
}

/* Is a lost piece worth sending again? */
static bool matters(const struct stream *stream, unsigned to,
                    const struct piece *piece)
{
    const struct side *sender = &stream->sides[1 - to];
    const struct side *receiver = &stream->sides[to];

    if (receiver->gone || sender->vanished || piece->kind == PIECE_RST) {
        return false;
    }
    return piece->kind == PIECE_SYN ? !sender->gone : receiver->known;
}

/* A cut is a silence that may end; all else that loses a packet ends the
 * connection, as a machine between the two would. */
static void segment_lost(struct segment *segment)
{
    struct stream *stream = segment->stream;
    struct side *sender = &stream->sides[1 - segment->to];
    struct segment *again;

    if (!matters(stream, segment->to, segment->piece)) {
        return;
    }
    if (network_open(sender->network, segment->packet.from,
                     segment->packet.to)) {
        stream_break(stream);
        return;
    }
    again = malloc(sizeof(*again));
    CHECK(again != NULL);
    *again = *segment;
    segment->piece = NULL;
    stream->refs++;
    schedule_after(sender->schedule, NULL, TRANSPORT_SIM_RESEND_US, resend,
                   resend_drop, again);
}

static void segment_free(struct packet *packet)
{
    struct segment *segment = (struct segment *)packet;

    if (segment->piece != NULL) {
        segment_lost(segment);
    }
    free(segment->piece);
    stream_release(segment->stream);
    free(segment);
}

static void segment_arrive(struct packet *packet)
{
    struct segment *segment = (struct segment *)packet;
    struct piece *piece = segment->piece;

    segment->piece = NULL;
    stream_take(segment->stream, segment->to, piece);
}

/* Where a piece goes: to whoever listens now, before there is anybody. */
static bool find_end(struct stream *stream, unsigned to, unsigned *end_out)
{
    struct side *side = &stream->sides[to];
    struct socket *listener;

    if (side->known) {
        *end_out = side->end;
        return true;
    }
    listener = socket_listening(stream->sides[1 - to].network, stream->port);
    *end_out = listener != NULL ? listener->host->end : 0;
    return listener != NULL;
}

static void send_piece(struct stream *stream, unsigned from,
                       struct piece *piece)
{
    struct segment *segment;
    unsigned end;

    if (!find_end(stream, 1 - from, &end)) {
        free(piece);
        stream_break(stream);
        return;
    }
    segment = calloc(1, sizeof(*segment));
    CHECK(segment != NULL);
    segment->packet = (struct packet){.from = stream->sides[from].end,
                                      .to = end,
                                      .arrive = segment_arrive,
                                      .free = segment_free,
                                      .kind = TRACE_TCP | piece->kind};
    segment->stream = stream;
    segment->to = 1 - from;
    segment->piece = piece;
    stream->refs++;
    network_send(stream->sides[from].network, &segment->packet);
}

void segment_send(struct stream *stream, unsigned from, enum piece_kind kind,
                  struct slice bytes)
{
    struct piece *piece = calloc(1, sizeof(*piece) + bytes.len);

    CHECK(piece != NULL);
    piece->kind = kind;
    piece->len = bytes.len;
    if (bytes.len > 0) {
        memcpy(piece->bytes, bytes.data, bytes.len);
    }
    if (kind != PIECE_SYN && kind != PIECE_RST) {
        piece->number = stream->sides[from].sent++;
    }
    send_piece(stream, from, piece);
}
