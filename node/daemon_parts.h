/* What the parts of a daemon share: daemon.c opens and ends it, daemon_main.c
 * is what main's loop does meanwhile, daemon_state.c what the state loop does.
 * Private to them.
 */
#ifndef NODE_DAEMON_PARTS_H
#define NODE_DAEMON_PARTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/admin/admin.h"
#include "node/backend.h"
#include "node/bridge.h"
#include "node/compliance/export_order.h"
#include "node/daemon.h"
#include "node/drain.h"
#include "node/edges.h"
#include "node/hook/program.h"
#include "node/web/health.h"
#include "node/web/metrics.h"
#include "node/web/notify.h"
#include "node/web/web.h"
#include "proto/base/board.h"
#include "proto/base/os/loop_thread.h"
#include "proto/base/os/loop_uv.h"
#include "proto/base/worker.h"

enum { DAEMON_SIGNALS = 3, DAEMON_PULSES = 3, DAEMON_PATH_BYTES = 600 };

struct daemon {
    const char *config_path;
    const struct config *config;
    const struct plan *plan;

    struct loop *main_loop, *state_loop, *raft_loop;
    struct loop_thread *state_thread, *raft_thread;
    struct pulse *pulses[DAEMON_PULSES];
    uv_signal_t signals[DAEMON_SIGNALS];
    bool has_signals;
    struct timer *tick, *watchdog, *extend;
    struct timer *beat;   /* On the state loop: what others read of it. */
    struct waker *moving; /* On the state loop: hand over, send away. */
    struct waker *reload; /* On the state loop: load certificates again. */

    struct notify *notify;
    struct health *health;
    struct metrics *metrics;
    struct web *web;
    struct drain *drain;

    struct worker *opener; /* Opens the backend while main's loop turns. */
    struct job opening;
    enum error opened;
    struct backend *backend;
    struct bridge *bridge;
    struct admin *admin;
    struct program *program; /* NULL: none is configured. */
    struct keys *archive_keys;
    struct witness_http *witnesses;
    char socket_path[DAEMON_PATH_BYTES];
    struct exporting_settings exporting; /* What adapters may do; */
    struct arena *kept;                  /* its texts. */
    enum load load;                      /* As the state loop was last told. */
    struct board *status; /* struct replica_status, for other threads. */
    _Atomic(struct edges *) edges; /* NULL until the pool has a domain. */
    _Atomic uint64_t unanswered;   /* Proposals whose fate is not known. */
    bool leaving;
    int exit_code;
};

/**
 * Open what the archive needs of the machine: its keys, and a way to witnesses.
 * Blocks. Fills in what of it the backend is to have; daemon_archive_close
 * frees it, after the backend.
 *
 * Returns what keys_open and witness_http_open return.
 */
enum error daemon_archive_open(struct daemon *daemon,
                               struct backend_settings *settings);

/** Free it. */
void daemon_archive_close(struct daemon *daemon);

/** Say what the state loop is to do for the backend. */
struct backend_events daemon_backend_events(struct daemon *daemon);

/**
 * Set up what lives on the state loop beside the backend; daemon_state_close
 * frees it.
 *
 * Returns NO_MEMORY, or what admin_open returns.
 */
enum error daemon_state_open(struct daemon *daemon);

/** Free it; the state loop has ended. */
void daemon_state_close(struct daemon *daemon);

/**
 * Set up what lives on main's loop; daemon_main_close frees it.
 *
 * Returns NO_MEMORY.
 */
enum error daemon_main_open(struct daemon *daemon);

/** Free it; main's loop has ended. */
void daemon_main_close(struct daemon *daemon);

#endif
