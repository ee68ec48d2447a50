/* The loop of real programs: libuv. For edges, which speak libuv themselves,
 * and for main, which makes the loops.
 *
 * Thread: the loop's.
 */
#ifndef PROTO_BASE_OS_LOOP_UV_H
#define PROTO_BASE_OS_LOOP_UV_H

#include <uv.h>

#include "proto/base/loop.h"

/** Make a loop. NULL when memory is out. Owned by the caller. */
struct loop *loop_new(void);

/** Run until loop_stop. */
void loop_run(struct loop *loop);

/** Make loop_run return at the end of the turn. Loop's thread only. */
void loop_stop(struct loop *loop);

/**
 * Close what is left and free. All timers, wakers and workers of the loop must
 * have been freed. Accepts NULL.
 */
void loop_free(struct loop *loop);

/** Borrow libuv's own loop. */
uv_loop_t *loop_uv(struct loop *loop);

#endif
