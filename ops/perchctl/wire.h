/* A connection to a node: whole frames, in time.
 *
 * Thread: the program's only one; every call may wait.
 */
#ifndef OPS_PERCHCTL_WIRE_H
#define OPS_PERCHCTL_WIRE_H

#include "ops/perchctl/options.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/frame.h"

enum { WIRE_WHY_BYTES = 256 };

struct wire;

/** Tell the time that deadlines are set by, in milliseconds. */
uint64_t wire_now_ms(void);

/**
 * Connect, and shake hands.
 *
 * @deadline_ms  For this and all that follows, by wire_now_ms.
 * @why          Says what went wrong.
 *
 * Returns NOT_FOUND (nobody is there), REFUSED (somebody, not to us), TLS,
 * TIMED_OUT, IO or NO_MEMORY.
 */
enum error wire_open(const struct endpoint *endpoint,
                     const struct options *options, uint64_t deadline_ms,
                     struct wire **wire_out, char why[WIRE_WHY_BYTES]);

/** Close and free. Accepts NULL. */
void wire_close(struct wire *wire);

/** Send a whole frame. An error means that the node has not got all of it. */
enum error wire_send(struct wire *wire, struct slice frame);

/** Receive a frame; it is valid until the wire is closed. CLOSED when the node
 * has hung up, TIMED_OUT, or what the frame reader says. */
enum error wire_receive(struct wire *wire, struct frame *frame_out);

#endif
