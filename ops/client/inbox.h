/* Cuts what a server sends into SIP messages.
 *
 * Bytes come in any pieces; messages leave whole. Line ends between messages
 * (answers to keep-alives) are passed over. A message that cannot be read ends
 * the stream: where the next one begins is then not known.
 *
 * Spec: RFC 3261 18.3; RFC 5626 3.5.1.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_INBOX_H
#define OPS_CLIENT_INBOX_H

#include "ops/client/packet.h"
#include "proto/base/buffer.h"

struct inbox {
    struct buffer bytes;
    size_t at;       /* Where the next message begins. */
    size_t searched; /* From there on: bytes without the end of its head. */
    bool is_broken;
};

/** Start with nothing. */
void inbox_init(struct inbox *inbox);

/** Free what is held. */
void inbox_deinit(struct inbox *inbox);

/** Append bytes that came. Returns NO_MEMORY. */
enum error inbox_feed(struct inbox *inbox, struct slice bytes);

/**
 * Take the next message.
 *
 * @packet_out  Borrows from the inbox until its next call.
 *
 * Returns TRUNCATED while more bytes must come; MALFORMED or TOO_LARGE for a
 * message that is none, and from then on.
 */
enum error inbox_next(struct inbox *inbox, struct packet *packet_out);

#endif
