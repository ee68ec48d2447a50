/* One history on its way: waiting its turn, read by the worker, given. What
 * history.c and telling.c share; private to them.
 *
 *   asked -> parked, slow or held -> read (worker) -> given or refused
 *
 * Thread: state loop; while it is read, the worker's.
 */
#ifndef NODE_SESSION_TELLING_H
#define NODE_SESSION_TELLING_H

#include "node/session/history.h"
#include "node/session/past.h"
#include "node/session/recording.h"

/* One bccontext under way. The worker has it while it is read. */
struct telling {
    struct errand errand;      /* First. */
    TAILQ_ENTRY(telling) link; /* history.parked, .held or .slow */
    struct telling_list *list; /* In which it is; NULL: in none. */
    struct recorded recorded;
    struct job job;
    const struct xccos_request *request;
    uint64_t join_index; /* Of the seat it is for; 0: of none. */

    struct past_query query;
    struct store *store;
    struct arena *arena; /* The worker's. */
    uint64_t envid;
    uint64_t began_us;
    struct xccos_primitive reply;
    struct xccos_room block;
    struct body *body;
    uint64_t first_id; /* Of the first message that was read; 0: of none. */
    enum error error;
};

/** Put into one of the lists of those who wait. */
void telling_enlist(struct telling *telling, struct telling_list *list);

/** Take out of its list. */
void telling_delist(struct telling *telling);

/** Count it as waiting no more; its errand is to be ended next. */
void telling_end_wait(struct telling *telling);

/** Refuse as a rule does, and end it. */
void telling_refuse(struct telling *telling, enum outcome outcome);

/** Refuse for want of a leader, of room or of a sound disk, and end it. */
void telling_refuse_for(struct telling *telling, enum error error);

/** Read what its query says and give it to the client: now, or when there is a
 * store and the client has answered enough of what it was given. */
void telling_read(struct telling *telling);

#endif
