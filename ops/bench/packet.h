/* SIP messages as a load generator sees them: where one ends, what it is, and
 * the few headers it needs. Reads what servers send; no judge of correctness.
 *
 * Thread: any; a packet borrows the bytes it was read from.
 */
#ifndef OPS_BENCH_PACKET_H
#define OPS_BENCH_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    PACKET_HEAD_BYTES_MAX = 16 * 1024,
    PACKET_BODY_BYTES_MAX = 8 * 1024 * 1024,
};

struct packet {
    int status;          /* Of an answer; 0: a request. */
    struct slice method; /* Of the request, or of the request answered. */
    uint32_t cseq;
    struct slice head; /* Start line and headers, each with its CR LF. */
    struct slice body;
    size_t bytes; /* The whole message, with line ends before it. */
};

/**
 * Read the first message of what has been received.
 *
 * Empty lines before it (keep-alives) are skipped and counted in bytes, also
 * when nothing follows them.
 *
 * Returns TRUNCATED when more must be received first, TOO_LARGE beyond the
 * limits above, MALFORMED when it is no SIP.
 */
enum error packet_read(struct slice received, struct packet *packet_out);

/** Borrow the value of a packet's first header of a name; empty if none. */
struct slice packet_header(const struct packet *packet, const char *name);

/** Append the 200 that answers a request, its headers echoed as they came. */
void packet_answer(const struct packet *request, struct buffer *out);

#endif
