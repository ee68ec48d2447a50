/* A whole node: its threads, what runs on each, and its life from start to
 * drained end.
 *
 *   main    signals, service manager, disk space, draining
 *   state   backend: rules, store, sessions; the administrators' desk
 *   raft    replica
 *   edge-N  SIP clients
 *   web     metrics, health, administrators' connections
 *
 * Crash-only: what cannot be gone on with ends the process at once, and its
 * next start makes everything right.
 *
 * Thread: main's.
 */
#ifndef NODE_DAEMON_H
#define NODE_DAEMON_H

#include "node/config.h"
#include "node/plan.h"
#include "proto/base/error.h"
#include "raft/replica_open.h"

enum {
    DAEMON_TICK_MS = 1000,        /* Disk space, the manager's status. */
    DAEMON_EXTEND_MS = 10 * 1000, /* While starting: asks for more time. */
    DAEMON_EXTEND_US = 30 * 1000 * 1000,
    DAEMON_EXIT_FATAL = 1, /* The node could not go on, or not begin. */
};

#define DAEMON_SOFTWARE "perchd 0.1.0"

struct daemon;

/**
 * Set a node up.
 *
 * @config_path  Read again on SIGHUP.
 * @config       Borrowed until daemon_free; replaced in place by a reload.
 * @plan         Borrowed until daemon_free.
 *
 * Returns an error, with a journal line, when a socket, a certificate, memory
 * or a thread could not be had.
 */
enum error daemon_new(struct daemon **daemon_out, const char *config_path,
                      const struct config *config, const struct plan *plan);

/**
 * Open log and state, serve, and return when SIGTERM or SIGINT has drained the
 * node, or when it could not start.
 *
 * Returns the process's exit code.
 */
int daemon_run(struct daemon *daemon);

/** Free. Accepts NULL. */
void daemon_free(struct daemon *daemon);

/** What a configuration means for the replica: for daemon_run, and for init. */
void daemon_replica_settings(const struct config *config,
                             const struct plan *plan,
                             struct replica_settings *settings_out);

#endif
