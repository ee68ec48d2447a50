/* How other threads wake a loop: its wakers, and one descriptor that is only
 * written to while the loop sleeps.
 *
 *   AWAKE  --end of turn, nobody waits--> ASLEEP: who wakes it rings
 *   ASLEEP --rung, or anything else-----> AWAKE: a flag is enough
 *
 * libuv's own uv_async_t is not used: it rings a loop that is awake, and spins
 * while a thread that rings is off its processor.
 *
 * Thread: the loop's, but for waker_wake (proto/base/loop.h).
 */
#ifndef PROTO_BASE_OS_BELL_H
#define PROTO_BASE_OS_BELL_H

#include <bsd/sys/queue.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include "proto/base/loop.h"

/* All of a bell. */
TAILQ_HEAD(waker_list, waker);

struct bell {
    int fd;
    atomic_bool asleep;
    struct waker_list wakers;
    struct waker *next; /* Of the walk over them that is under way. */
    uv_poll_t poll;
    uv_check_t check; /* After the loop has waited: runs who was woken. */
    uv_idle_t idle;   /* Keeps it from waiting when somebody is. */
};

/** Begin. Returns false when there is no descriptor to be had. */
bool bell_init(struct bell *bell, uv_loop_t *loop);

/** Say, last in a turn, that the loop is going to wait. */
void bell_sleep(struct bell *bell);

/** Close the loop's handles; the loop must turn once more before bell_deinit.
 */
void bell_close(struct bell *bell);

/** End. All wakers have been freed. */
void bell_deinit(struct bell *bell);

/** The bell of a loop. */
struct bell *loop_bell(struct loop *loop);

#endif
