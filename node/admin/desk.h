/* The administrators' desk: takes what they ask off the server's letters,
 * waits until the state is as new as it must be, has answers.h decide, sees
 * changes through the log, and sends the reply. Every request gets exactly
 * one, in its time, whatever becomes of the pool.
 *
 * Thread: state loop; desk_inbox any.
 */
#ifndef NODE_ADMIN_DESK_H
#define NODE_ADMIN_DESK_H

#include "node/admin/state.h"
#include "node/chat/machine.h"
#include "proto/base/error.h"
#include "proto/base/letters.h"
#include "proto/base/loop.h"

enum {
    DESK_ASKS_MAX = 64,      /* Letters that may wait: one per client. */
    DESK_TICK_MS = 50,       /* How exactly deadlines are kept. */
    DESK_WITHDRAW_MS = 1000, /* How long a withdrawal may take. */
};

struct desk;

/**
 * Set the desk up.
 *
 * @state  Copied; what it points to outlives the desk.
 *
 * Returns NO_MEMORY. Owned by the caller.
 */
enum error desk_open(struct loop *loop, const struct admin_state *state,
                     struct desk **desk_out);

/**
 * Drop what is not answered, and free. Accepts NULL.
 *
 * No thread may send to the inbox any more, and nothing that was asked of the
 * state may be told any more.
 */
void desk_close(struct desk *desk);

/** Borrow the queue that takes struct admin_ask. */
struct letters *desk_inbox(struct desk *desk);

/** Tell that the state is as new as was asked for, or why it will not be. */
void desk_read_ready(struct desk *desk, uint64_t token, enum error error);

/**
 * Tell what became of a proposal.
 *
 * @applied  Its outcome; NULL unless it was applied. The state is then as the
 *           proposal left it.
 */
void desk_told(struct desk *desk, uint64_t token, enum admin_fate fate,
               const struct applied *applied);

/** Tell whether leadership was handed over. */
void desk_transferred(struct desk *desk, uint64_t token, enum error error);

/** Tell what a search has found or, by its error, that it has not been made,
 * and why. Borrowed for the call. */
void desk_found(struct desk *desk, uint64_t token, const struct lookup *lookup,
                const char *why);

/** Count the requests that wait for something. */
size_t desk_waiting(const struct desk *desk);

#endif
