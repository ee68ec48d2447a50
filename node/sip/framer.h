/* Cuts a connection's bytes into whole SIP messages, before any parser sees
 * them, and holds every limit on what a message may be.
 *
 * What is complete in the bytes just read is cut out of them without a copy;
 * only a message's unfinished part is kept, so an idle connection holds
 * nothing.
 *
 *   framer_give -> framer_next until it says FRAMER_MORE -> framer_keep
 *
 * Spec: RFC 3261 7.5, 18.3; RFC 5626 3.5.1 for CRLF keep-alives.
 *
 * Thread: the connection's edge.
 */
#ifndef NODE_SIP_FRAMER_H
#define NODE_SIP_FRAMER_H

#include "node/sip/head.h"
#include "proto/base/buffer.h"

enum framer_event {
    FRAMER_MORE,      /* Nothing complete is left. */
    FRAMER_MESSAGE,   /* One message, in the frame. */
    FRAMER_PING,      /* CRLFCRLF between messages: the peer wants a CRLF. */
    FRAMER_TOO_LARGE, /* A body above the limit, whose head is in the frame.
                         It is read past: the next message will be found. */
    FRAMER_BROKEN,    /* Where messages end is no longer known. The frame has
                         what was read of the head, status and fault. */
};

struct frame {
    struct head head;
    struct slice bytes; /* The whole message. */
    struct slice body;
    int status;        /* Of TOO_LARGE and BROKEN: what to answer, */
    const char *fault; /* and why. */
};

struct framer {
    struct buffer pending; /* An unfinished message. */
    struct slice given;    /* What is being cut: pending, or borrowed. */
    size_t line_at;        /* Of the message: first line not yet seen whole. */
    size_t lines;          /* Lines before that. */
    size_t need;           /* Bytes of the message, once its head is read. */
    size_t skip;           /* Bytes still to be read past. */
    unsigned crlfs;        /* In a row, between messages. */
    bool borrowed;         /* given is the caller's, not pending's. */
};

/* What a body may be, which depends on who sends it. */
struct framer_limits {
    size_t body_bytes_max;
    size_t skip_bytes_max; /* A body up to here is read past, not fatal. */
};

/** Start with nothing. */
void framer_init(struct framer *framer);

/** Free what is kept. */
void framer_deinit(struct framer *framer);

/**
 * Hand over bytes that were read.
 *
 * @bytes  Borrowed until framer_keep.
 */
void framer_give(struct framer *framer, struct slice bytes);

/**
 * Cut out the next message.
 *
 * @frame_out  Borrows from what was given; valid until the next call.
 */
enum framer_event framer_next(struct framer *framer,
                              const struct framer_limits *limits,
                              struct frame *frame_out);

/**
 * Keep what is left of the bytes given; none of them is used afterwards.
 *
 * Returns NO_MEMORY when that cannot be kept.
 */
enum error framer_keep(struct framer *framer);

/** Count the bytes kept of an unfinished message, or not yet looked at. */
size_t framer_kept(const struct framer *framer);

/** Tell whether a message has begun that is not yet complete. */
bool framer_in_message(const struct framer *framer);

#endif
