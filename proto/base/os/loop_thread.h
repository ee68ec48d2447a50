/* A loop that runs on a thread of its own.
 *
 * Signals are main's: the thread blocks them all.
 *
 * Thread: main's, or whichever starts it.
 */
#ifndef PROTO_BASE_OS_LOOP_THREAD_H
#define PROTO_BASE_OS_LOOP_THREAD_H

#include "proto/base/loop.h"

struct loop_thread;

/**
 * Run a loop on a new thread.
 *
 * @loop  Not running; it belongs to the thread until loop_thread_stop.
 * @name  Shown by ps; 15 characters at most.
 *
 * Returns NULL when memory or threads are out. Owned by the caller.
 */
struct loop_thread *loop_thread_start(struct loop *loop, const char *name);

/**
 * Let the loop finish its turn, end the thread and free. The loop is the
 * caller's again. Accepts NULL.
 */
void loop_thread_stop(struct loop_thread *thread);

#endif
