/* proto/base/loop.h and worker.h without threads or clocks: a test says what
 * happens next. Jobs run, and finish, in fake_loop_step; time stands still but
 * for fake_loop_pass.
 *
 * Thread: one.
 */
#ifndef TESTS_UNIT_FAKE_LOOP_H
#define TESTS_UNIT_FAKE_LOOP_H

#include "proto/base/loop.h"

/** Make a loop at time 0 that draws its randomness from a seed. */
struct loop *fake_loop_new(uint64_t seed);

/** Free a loop without timers, wakers and workers. Accepts NULL. */
void fake_loop_free(struct loop *loop);

/**
 * Run what was woken and the hooks of a turn's end, then one job and its done.
 *
 * Returns false when there was no job and nothing is to be woken.
 */
bool fake_loop_step(struct loop *loop);

/** Step until there is nothing left to do. */
void fake_loop_settle(struct loop *loop);

/** Let time pass, firing timers that come due; jobs are run in between. */
void fake_loop_pass(struct loop *loop, uint64_t us);

/** Let so much time pass whenever the clock is looked at. */
void fake_loop_look(struct loop *loop, uint64_t us);

/** Keep jobs from running, as a disk that hangs. */
void fake_loop_hold(struct loop *loop, bool hold);

#endif
