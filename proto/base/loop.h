/* One thread's event loop: timers, wake-ups from other threads, workers, time
 * and random numbers. All that a deterministic part of perch may know of the
 * machine it runs on.
 *
 * The header has two implementations, chosen when a program is linked:
 * proto/base/os (libuv and threads) for programs, tests/sim (virtual time, one
 * thread, seeded) for perch-sim. Code that keeps to this header runs in both.
 *
 * Thread: a loop and its timers belong to the thread that runs it; waker_wake
 * alone may be called from any thread.
 */
#ifndef PROTO_BASE_LOOP_H
#define PROTO_BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct timer;
struct waker;

/** Read the monotonic clock, in microseconds from an arbitrary start. */
uint64_t loop_now_us(struct loop *loop);

/** Read the wall clock, in microseconds since 1970 UTC. It may jump. */
int64_t loop_wall_us(struct loop *loop);

/** Fill with random bytes fit for ids and nonces. */
void loop_random(struct loop *loop, void *bytes, size_t len);

/**
 * Call a function once at the end of every turn, before the loop waits: the
 * place to send in one go what the turn has gathered.
 *
 * @turn     NULL ends it. At most LOOP_TURNS_MAX functions per loop, each
 *           known by its context.
 */
void loop_on_turn(struct loop *loop, void (*turn)(void *context),
                  void *context);

enum { LOOP_TURNS_MAX = 4 };

/**
 * Make a timer, not yet running.
 *
 * Returns NULL when memory is out. Owned by the caller.
 */
struct timer *timer_new(struct loop *loop, void (*fire)(void *context),
                        void *context);

/**
 * Run the timer's function after delay_ms, then every repeat_ms when that is
 * not 0. Starting a running timer starts it anew.
 */
void timer_start(struct timer *timer, uint64_t delay_ms, uint64_t repeat_ms);

/** Stop the timer; its function is not called until it is started again. */
void timer_stop(struct timer *timer);

/** Stop and free. Accepts NULL. Safe inside the timer's own function. */
void timer_free(struct timer *timer);

/**
 * Make a waker: any thread may cause its function to run on this loop.
 *
 * Returns NULL when memory is out. Owned by the caller, on the loop's thread.
 */
struct waker *waker_new(struct loop *loop, void (*wake)(void *context),
                        void *context);

/** Run the waker's function soon; many wakes may become one run. Any thread. */
void waker_wake(struct waker *waker);

/** Free. Accepts NULL. No thread may wake it any more. */
void waker_free(struct waker *waker);

#endif
