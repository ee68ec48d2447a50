/* The rules of sessions: one endpoint of a user, held by one node, from its
 * first command to its end.
 *
 *   opened --part, join--> opened --close, disabled user,
 *                                   node lost or restarted--> gone
 *
 * A session that ends leaves its rooms, one part each, and a memory of how far
 * its endpoint had been told (memory.h), so that the endpoint's next session
 * can be shown all it missed.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_SESSION_H
#define NODE_CHAT_SESSION_H

#include "node/chat/state.h"

/* session_end: no mark of the session's own. */
enum { DELIVERED_UNKNOWN = 0 };

/**
 * Open the actor's session under the serial it names.
 *
 * Returns USER_UNKNOWN, USER_DISABLED, SESSION_UNKNOWN for serial 0,
 * SESSION_EXISTS, ENDPOINT_ID_INVALID, USER_SESSIONS_FULL or SESSIONS_FULL.
 */
enum outcome session_open(struct turn *turn, const Perch__Command *command);

/**
 * End a session of the origin node.
 *
 * Returns SESSION_UNKNOWN or REASON_INVALID.
 */
enum outcome session_close(struct turn *turn,
                           const Perch__SessionClose *command);

/**
 * End a session of any node, as an administrator asks.
 *
 * Returns SESSION_UNKNOWN.
 */
enum outcome session_expel(struct turn *turn,
                           const Perch__SessionExpel *command);

/**
 * Find the session that acts, and check that it is the actor's.
 *
 * Returns SESSION_UNKNOWN or NOT_THE_SESSIONS_USER.
 */
enum outcome session_acting(const struct turn *turn,
                            const Perch__Command *command,
                            struct session **session_out);

/** Find a session of a node. NULL when there is none. */
struct session *session_find(const struct origin *origin, uint64_t serial);

/** Order by node, then serial. */
int session_compare(const struct session *a, const struct session *b);

/** Name a session. */
struct session_id session_id(const struct session *session);

/** End all sessions of a user who may have none any more. */
void session_end_user(struct turn *turn, struct user *user, enum leave leave);

/** End all sessions of a node. */
void session_end_origin(struct turn *turn, struct origin *origin,
                        enum leave leave);

/**
 * Take in a session of a row.
 *
 * Returns NULL when its serial is taken.
 */
struct session *session_load(struct machine *machine, struct origin *origin,
                             struct user *user, uint64_t serial,
                             struct slice endpoint_id);

/** Free a session, telling nobody. */
void session_drop(struct machine *machine, struct session *session);

/** Note that the session's row has changed. */
void session_mark(struct machine *machine, const struct session *session);

/** Walk a node's sessions by serial: the first, when after is NULL, or the
 * next. */
struct session *session_next(const struct origin *origin,
                             const struct session *after);

/** Find a node's first session of a higher serial; NULL for none. */
struct session *session_after(const struct origin *origin, uint64_t serial);

#endif
