/* The state loop's parts, joined: what the replica commits goes to the applier,
 * what comes of it to the sessions, and what clients ask back to the replica.
 *
 *             edges (intakes, deliveries)
 *                        |
 *   replica <-- proposals, reads -- sessions
 *      |                               ^
 *      +------ entries --> applier ----+ what came of them
 *
 * Start: state_loop_new, the replica with state_loop_events, state_loop_open,
 * state_loop_start, then the edges. End: the edges, state_loop_stop, the
 * replica, state_loop_close.
 *
 * Thread: state loop.
 */
#ifndef NODE_STATE_LOOP_H
#define NODE_STATE_LOOP_H

#include "node/apply.h"
#include "node/session/sessions.h"
#include "raft/replica.h"

struct state_loop;

/* What the owner is told. */
struct state_loop_owner {
    void *context;

    /* The node must stop: told once, by the replica or by the applier. Nothing
     * is applied or told after it. */
    void (*fatal)(void *context, enum error error, const char *reason);

    /* The replica's status has changed; may be NULL. */
    void (*changed)(void *context, const struct replica_status *status);

    /* The state has changed: entries were applied, or it was replaced by
     * another node's; may be NULL. */
    void (*applied)(void *context);

    /* A batch is about to be committed, as applier_events.fill; may be NULL. */
    void (*fill)(void *context, struct batch *batch);

    /* The store is about to be replaced: read it no more, and call
     * state_loop_released then. NULL: the owner does not read it. */
    void (*release)(void *context);

    /* As replica_events.archive; may be NULL. */
    void (*archive)(void *context, uint8_t node,
                    const struct peer_message *message);

    /* The state was replaced by a later one; may be NULL. */
    void (*restored)(void *context);

    /* An entry was applied; the sessions know. May be NULL. Borrowed. */
    void (*entry)(void *context, const struct applied_entry *entry,
                  const struct applied *applied, const struct effects *effects);
};

/** Make, without a state yet. NULL when memory is out. Owned by the caller. */
struct state_loop *state_loop_new(const struct state_loop_owner *owner);

/**
 * Open the store and load the state.
 *
 * @sessions  Its loop is the applier's; unsound is the state loop's to set.
 *
 * Returns as applier_open; it may then be tried again.
 */
enum error state_loop_open(struct state_loop *state,
                           const struct applier_settings *applier,
                           const struct sessions_settings *sessions);

/** Borrow what the replica is to tell; for making it. */
const struct replica_events *state_loop_events(const struct state_loop *state);

/** Begin: the replica is there and has not told anything yet. */
void state_loop_start(struct state_loop *state, struct replica *replica);

/** The owner does not read the store any more (state_loop_owner.release). */
void state_loop_released(struct state_loop *state);

/** Apply and tell nothing more: the node stops. */
void state_loop_stop(struct state_loop *state);

/** Flush, close what is open and free; edges and replica must be gone. Accepts
 * NULL. */
void state_loop_close(struct state_loop *state);

/** Close as a crash would: for tests. Accepts NULL. */
void state_loop_abandon(struct state_loop *state);

/** Borrow the applier, for what web and administrators ask. */
struct applier *state_loop_applier(struct state_loop *state);

/** Borrow the sessions, to join edges to. */
struct sessions *state_loop_sessions(struct state_loop *state);

#endif
