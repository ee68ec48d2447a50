/* All callers of a node, and the ways to find them: by dialog, as edges name
 * them, and by serial, as the pool's events do.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_CALLERS_H
#define NODE_SESSION_CALLERS_H

#include <stdint.h>

#include "node/session/caller.h"

/* By dialog. */
RB_HEAD(caller_dialogs, caller);
/* By user, then dialog. */
RB_HEAD(caller_users, caller);
/* By the serial of their session. */
RB_HEAD(caller_serials, caller);

struct callers {
    struct caller_dialogs by_dialog;
    struct caller_users by_user;
    struct caller_serials by_serial;
    TAILQ_HEAD(, caller) leaving; /* Whose close is still to be proposed. */
    TAILQ_HEAD(, caller) gone;    /* Held by requests. */
    uint64_t serial_last;
};

/** Start with nobody. */
void callers_init(struct callers *callers);

/** Free all, telling nobody. */
void callers_deinit(struct callers *callers);

/** Find the caller of a dialog. NULL when there is none. */
struct caller *callers_find(struct callers *callers, edge_ref dialog);

/** Find the caller that an event's session is. NULL when it is not ours. */
struct caller *callers_find_session(struct callers *callers,
                                    const struct session_id *id);

/** Walk callers by dialog: the first, when after is NULL, or the next. */
struct caller *callers_next(struct callers *callers,
                            const struct caller *after);

/** Walk the callers of a user, by URI in lower case: the first, when after is
 * NULL, or the next. */
struct caller *callers_next_of(struct callers *callers, struct slice user_uri,
                               const struct caller *after);

/** Add a caller by its dialog. */
void callers_add(struct callers *callers, struct caller *caller);

/** Give a caller a serial, or take it away (0). */
void callers_set_serial(struct callers *callers, struct caller *caller,
                        uint64_t serial);

/** Find a caller by its dialog no more. */
void callers_drop_dialog(struct callers *callers, struct caller *caller);

/** Find a caller by nothing any more. */
void callers_remove(struct callers *callers, struct caller *caller);

/** Keep one that is gone, and was removed, until it is freed. */
void callers_keep_gone(struct callers *callers, struct caller *caller);

/** Free one that is gone. */
void callers_free(struct callers *callers, struct caller *caller);

#endif
