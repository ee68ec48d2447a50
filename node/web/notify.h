/* What the service manager is told: ready, status, stopping, still alive.
 *
 * systemd's protocol by hand: one datagram of KEY=value lines per call, to the
 * socket that $NOTIFY_SOCKET names (a path, or @name for an abstract one).
 * Without that variable every call does nothing and succeeds.
 *
 * Spec: sd_notify(3), systemd 252. libsystemd would draw seven libraries into
 * the daemon for these few datagrams.
 *
 * Thread: any, except open and close.
 */
#ifndef NODE_WEB_NOTIFY_H
#define NODE_WEB_NOTIFY_H

#include <stdint.h>

#include "proto/base/error.h"

enum {
    NOTIFY_STATUS_BYTES_MAX = 256, /* Longer texts are cut. */
    NOTIFY_WAIT_MS_MAX = 1000,     /* For a manager that does not read. */
};

struct notify;

/**
 * Read $NOTIFY_SOCKET and make a socket for it.
 *
 * Returns INVALID when the variable is no address of a Unix socket (with a
 * line in the journal), NO_MEMORY or IO.
 */
enum error notify_open(struct notify **notify_out);

/** Free. Accepts NULL. */
void notify_close(struct notify *notify);

/**
 * Tell that the node serves, after its start or after a reload.
 *
 * @status  One line for `systemctl status`, such as "leader, term 41".
 *
 * Returns an error when the manager could not be told; the journal hears of
 * the first such failure and of the first success after it.
 */
enum error notify_ready(struct notify *notify, const char *status);

/** Change the line that `systemctl status` shows. Errors as notify_ready. */
enum error notify_status(struct notify *notify, const char *status);

/**
 * Tell that the configuration is read again; notify_ready ends it.
 *
 * @monotonic_us  CLOCK_MONOTONIC now: a manager that waits for the reload
 *                ignores messages from before it asked.
 */
enum error notify_reloading(struct notify *notify, uint64_t monotonic_us);

/** Tell that the node is on its way down. */
enum error notify_stopping(struct notify *notify, const char *status);

/**
 * Ask for this much more time to start or stop, counted from now. Sent again
 * before it is over, for as long as replaying makes headway.
 */
enum error notify_extend_timeout(struct notify *notify, uint64_t us);

/**
 * Tell that the node is alive. Never waits: one that is lost is followed by
 * the next.
 */
enum error notify_watchdog(struct notify *notify);

/**
 * Read how often the manager wants to hear notify_watchdog at the least.
 *
 * Returns the time after which it kills the node, in microseconds ($WATCHDOG_
 * USEC, when it is meant for this process); 0 when it does not watch. Call the
 * watchdog at half of it.
 */
uint64_t notify_watchdog_us(void);

#endif
