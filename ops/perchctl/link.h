/* A connection to a node: whole frames, in time.
 *
 * Thread: the program's only one; every call may wait.
 */
#ifndef OPS_PERCHCTL_LINK_H
#define OPS_PERCHCTL_LINK_H

#include "ops/perchctl/options.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/frame.h"

enum { LINK_WHY_BYTES = 256 };

struct link;

/** Tell the time that deadlines are set by, in milliseconds. */
uint64_t link_now_ms(void);

/**
 * Connect, and shake hands.
 *
 * @deadline_ms  For this and all that follows, by link_now_ms.
 * @why          Says what went wrong.
 *
 * Returns NOT_FOUND (nobody is there), REFUSED (somebody, not to us), TLS,
 * TIMED_OUT, IO or NO_MEMORY.
 */
enum error link_open(const struct endpoint *endpoint,
                     const struct options *options, uint64_t deadline_ms,
                     struct link **link_out, char why[LINK_WHY_BYTES]);

/** Close and free. Accepts NULL. */
void link_close(struct link *link);

/** Send a whole frame. An error means that the node has not got all of it. */
enum error link_send(struct link *link, struct slice frame);

/** Receive a frame; it is valid until the link is closed. CLOSED when the node
 * has hung up, TIMED_OUT, or what the frame reader says. */
enum error link_receive(struct link *link, struct frame *frame_out);

#endif
