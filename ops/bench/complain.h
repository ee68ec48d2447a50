/* Telling the person at the terminal what is wrong: one line on standard
 * error, by the function that knows most; callers pass the error up in silence.
 *
 * Thread: any.
 */
#ifndef OPS_BENCH_COMPLAIN_H
#define OPS_BENCH_COMPLAIN_H

#include "proto/base/error.h"

/**
 * Print "perch-bench: " and what printf would print, and a line end.
 *
 * Returns the error given, so that a refusal is one statement.
 */
enum error complain(enum error error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
