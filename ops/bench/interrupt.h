/* Ctrl-C and SIGTERM: perch-bench ends what it started and removes what it
 * wrote, as after any other error. A second one ends it at once.
 *
 * Thread: the main thread.
 */
#ifndef OPS_BENCH_INTERRUPT_H
#define OPS_BENCH_INTERRUPT_H

#include "proto/base/error.h"

/** From now on, take note of the signals. */
void interrupt_catch(void);

/** Returns CLOSED, with a complaint the first time, once a signal has come. */
enum error interrupt_check(void);

#endif
