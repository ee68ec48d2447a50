/* An end to waiting where a library's time-outs do not reach, such as a TLS
 * handshake with a server that says nothing: when the time is over the
 * connection is shut down, and whoever waits for it is told so.
 *
 * Thread: the program's only one. One connection at a time.
 */
#ifndef OPS_DIRECTORY_WATCHDOG_H
#define OPS_DIRECTORY_WATCHDOG_H

#include <stdint.h>

/** Name the connection to shut down; -1: none. */
void watchdog_watch(int fd);

/** Let so much time pass, from now, before the connection is shut down. */
void watchdog_start(uint64_t ms);

/** Let it be. */
void watchdog_stop(void);

#endif
