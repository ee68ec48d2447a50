/* Programs that perch-bench starts to measure them, and ends again: whatever
 * happens to perch-bench, they die with it.
 *
 * Thread: the main thread; a child ends when the thread that started it does.
 */
#ifndef OPS_BENCH_CHILD_H
#define OPS_BENCH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/base/error.h"

enum { CHILD_STOP_MS = 3000 }; /* From SIGTERM to SIGKILL. */

/**
 * Start a program.
 *
 * @argv      The program's path or name first, NULL last.
 * @log_file  Takes what it prints.
 *
 * Returns IO with a complaint when it cannot be forked. A program that cannot
 * be run ends at once; child_check tells.
 */
enum error child_start(const char *const *argv, const char *log_file,
                       pid_t *pid_out);

/**
 * Tell whether the child still runs.
 *
 * Returns CLOSED, with a complaint that names its log file, when it has ended.
 */
enum error child_check(pid_t *pid, const char *name, const char *log_file);

/** Tell whether someone listens on a port of 127.0.0.1. */
bool child_listens(uint16_t port);

/** End n children and wait for them. Zero pids are skipped. */
void child_stop_all(pid_t *pids, size_t n);

/**
 * Find n ports of 127.0.0.1 that nobody listens on now.
 *
 * Returns BUSY when there are none.
 */
enum error child_free_ports(uint16_t *ports, size_t n);

#endif
