/* What the parts of a simulated connection share.
 *
 *   tcp_stream.c   what comes, what a socket asks for
 *   tcp_segment.c  what is on its way, and what becomes of it
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TCP_INNER_H
#define TESTS_SIM_TCP_INNER_H

#include "tests/sim/tcp_sim.h"

enum piece_kind {
    PIECE_SYN,      /* May I? Not numbered: it comes before all else. */
    PIECE_ACCEPTED, /* You may. */
    PIECE_DATA,
    PIECE_FIN, /* No more bytes. */
    PIECE_RST, /* There is no such connection. Not numbered. */
};

/* What one side sends: kept until the other side has taken it. */
struct piece {
    TAILQ_ENTRY(piece) link;
    enum piece_kind kind;
    uint64_t number;
    size_t len, read;
    uint8_t bytes[];
};

struct side {
    struct network *network;
    struct schedule *schedule;
    struct actor *actor;
    unsigned end;
    struct socket *socket;    /* NULL before it is accepted, and in the end. */
    bool known;               /* It was asked to accept, or has dialed. */
    bool gone;                /* Its socket is closed. */
    bool vanished;            /* So is its machine. */
    bool reset;               /* The other side says there is no connection. */
    bool waking;              /* A note to go on writing is on its way. */
    uint64_t sent;            /* Pieces given a number, */
    uint64_t taken;           /* and those of the other side that were taken. */
    TAILQ_HEAD(, piece) come; /* By number; not all need be there. */
    size_t in_flight;         /* Bytes sent and not read. */
};

struct stream {
    size_t refs;
    uint16_t port; /* That was dialed. */
    struct side sides[2];
};

/* What one side is told later, on its own loop. */
enum note_kind { NOTE_READ, NOTE_WRITE, NOTE_RESET };

/** Tell a side, soon; nothing when it is gone. */
void stream_tell(struct stream *stream, unsigned to, enum note_kind kind);

/** Let go of a stream; the last one frees it. */
void stream_release(struct stream *stream);

/** Tell both sides that there is no connection any more. */
void stream_break(struct stream *stream);

/** Take what has arrived. Ownership of the piece passes. */
void stream_take(struct stream *stream, unsigned to, struct piece *piece);

/** Send a new piece. @bytes is borrowed. */
void segment_send(struct stream *stream, unsigned from, enum piece_kind kind,
                  struct slice bytes);

#endif
