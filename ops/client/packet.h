/* One SIP message as a server sent it: its lines, and the few values a client
 * acts on.
 *
 * Not sofia-sip, which the nodes read with: a client echoes header lines and
 * looks at a dozen values. This reader is 200 lines that borrow from the bytes
 * and allocate nothing, so that a hostile server can make it do nothing else;
 * and a second reader of the same protocol shows where the first one's habits
 * are not the protocol's.
 *
 * Spec: RFC 3261 7, 20; long and compact names, folded lines.
 *
 * Thread: any.
 */
#ifndef OPS_CLIENT_PACKET_H
#define OPS_CLIENT_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "ops/client/limits.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

struct packet_line {
    struct slice name;  /* As it stood. */
    struct slice value; /* Without blanks around it; folds are kept. */
};

/* Borrows all of it from the bytes it was read from. */
struct packet {
    int status;          /* 100 to 699; 0: it is a request. */
    struct slice phrase; /* Of an answer. */
    struct slice method; /* Of a request, or of the one that is answered. */
    uint32_t cseq;
    struct slice call_id;
    struct slice body;
    size_t n;
    struct packet_line lines[PACKET_LINES_MAX];
};

/**
 * Read a head.
 *
 * @bytes       From the start line to its last header line; without the empty
 *              line that ends it.
 * @packet_out  Its body is left empty.
 *
 * Returns MALFORMED, or TOO_LARGE above PACKET_LINES_MAX. Via, From, To,
 * Call-ID and CSeq are there in what is NONE.
 */
enum error packet_read_head(struct packet *packet_out, struct slice bytes);

/**
 * Find the first header of a name.
 *
 * @name  The long one, in any letter case; compact names are found by it.
 *
 * Returns SLICE_NONE, with data NULL, when there is none.
 */
struct slice packet_value(const struct packet *packet, const char *name);

/**
 * Find the next header of a name, for those that may repeat.
 *
 * @at_io  Starts at 0.
 *
 * Returns SLICE_NONE, with data NULL, when there is no further one.
 */
struct slice packet_next(const struct packet *packet, const char *name,
                         size_t *at_io);

/**
 * Tell how long the body is that goes with a head.
 *
 * Returns MALFORMED unless there is exactly one length and it is a number,
 * TOO_LARGE above PACKET_BODY_BYTES_MAX.
 */
enum error packet_body_bytes(const struct packet *packet, size_t *bytes_out);

#endif
