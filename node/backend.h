/* The half of a node that clients never see: state, rules,
 * sessions and what administrators see, around one replica.
 *
 *   replica --committed--> applier --entry--> sessions --deliveries--> edges
 *      ^                                          |
 *      +---------------- proposals ---------------+
 *
 * Everything here runs in perch-sim as well: no threads, sockets or clocks but
 * those of the loops it is given.
 *
 * Thread: that of main before backend_start and for backend_close; else the
 * state loop, and so are the events.
 */
#ifndef NODE_BACKEND_H
#define NODE_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "node/apply.h"
#include "node/compliance/compliance.h"
#include "node/session/sessions.h"
#include "proto/base/error.h"
#include "raft/replica_open.h"
#include "storage/store.h"

struct backend;

/* The state's directory below the data directory (storage/generation.h). */
#define BACKEND_STATE_NAME "store"

/* The directory of the catalog there: derived, and made anew when it is gone.
 */
#define BACKEND_CATALOG_NAME "catalog"

/* The directory of the compliance archive there, unless another is set. */
#define BACKEND_ARCHIVE_NAME "archive"

/* A file there: the state was found rotten while the node ran, and the next
 * start sets it aside. */
#define BACKEND_ROTTEN_NAME "rotten"

enum {
    BACKEND_TICK_MS = 100,   /* How often load and freshness are looked at. */
    BACKEND_PROBE_MS = 1000, /* From one proof of freshness to the next. */
    BACKEND_STALE_MS = 5 * 1000, /* Without a proof: not caught up. */
    BACKEND_DOMAIN_BYTES = 256,  /* DOMAIN_BYTES_MAX and the NUL. */
};

struct backend_settings {
    /* owner_loop is the state loop; state, noop, rules_version and events are
     * the backend's to fill in. */
    struct replica_settings replica;
    struct store_options store;
    /* COMMAND_RULES_KNOWN; simulations of mixed pools have nodes of older
     * programs. */
    uint32_t rules_known;
    const char *archive; /* The archive's directory; NULL: below the data. */
    /* Borrowed until backend_close (node/compliance/compliance.h); each may be
     * NULL. */
    const struct signer *signer;
    const struct witness_port *witnesses;
    /* Borrowed; NULL: this node exports nothing. */
    const struct exporting_settings *exporting;
    bool searches; /* What was said: keeps a catalog (node/session/
                      cataloging.h) of it. */
};

/* What the owner is told. */
struct backend_events {
    void *context;

    /* The pool has a domain: clients can be served. Told once. */
    void (*domain)(void *context, const char *domain);

    /* The door for sign-ins is to be opened or closed. */
    void (*load)(void *context, enum load load);

    /* Role, leader, term or members changed. Borrowed for the call. */
    void (*changed)(void *context, const struct replica_status *status);

    /* Whether the state here is as new as the pool's changed. */
    void (*fresh)(void *context, bool fresh);

    /* An entry was applied, the machine being as it left it; may be NULL. All
     * is borrowed for the call. */
    void (*entry)(void *context, const struct applied_entry *entry,
                  const struct applied *applied, const struct effects *effects);

    /* The node must stop, now: nothing is answered after this. */
    void (*fatal)(void *context, enum error error, const char *reason);
};

/**
 * Open log and state, and make them fit. Blocks.
 *
 * A log or a state that is damaged, or that has forgotten what it had
 * acknowledged, is set aside (rotted-<time> in the data directory) and the node
 * becomes a new incarnation of itself, without a past, to be taken in by the
 * pool.
 *
 * @settings, events  Copied, but for what they point to.
 *
 * Returns what replica_open and applier_open return for all else, with a
 * journal line.
 */
enum error backend_open(struct backend **backend_out,
                        const struct backend_settings *settings,
                        const struct backend_events *events);

/** Take part in the pool. Returns what replica_start returns. */
enum error backend_start(struct backend *backend);

/** End, make the state durable and free. Both loops have ended; edges are
 * gone. Accepts NULL. */
void backend_close(struct backend *backend);

/** End and free as a crash would: nothing is made durable. For tests. */
void backend_abandon(struct backend *backend);

/** Borrow the sessions, for edges and administrators. */
struct sessions *backend_sessions(struct backend *backend);

/** Borrow what applies. */
struct applier *backend_applier(struct backend *backend);

/** Borrow the part in the pool. */
struct replica *backend_replica(struct backend *backend);

/** Borrow the compliance archive. */
struct compliance *backend_compliance(struct backend *backend);

/** Tell nobody anything any more: the node must stop. */
void backend_stop(struct backend *backend);

#endif
