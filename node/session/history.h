/* bccontext: what was said in a room before.
 *
 * Read by a worker from the store, at once for who has just joined, else at a
 * read index; while there is an archive, when the read is on record
 * (recording.h). Two rules for who has just joined:
 *
 *   join point      nothing later than the join is shown: that comes live
 *   last delivered  all is shown since this endpoint was last known to have
 *                   been told everything, even when less was asked for
 *
 * Spec: MS-XCCOSIP 3.1.7 cmd:bccontext, 3.2.5 rpl:bccontext.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_HISTORY_H
#define NODE_SESSION_HISTORY_H

#include <bsd/sys/queue.h>
#include <stddef.h>

#include "node/session/visit.h"
#include "proto/base/worker.h"
#include "proto/xccos/request.h"
#include "storage/store.h"

/* Asked for and not yet answered: each may hold a MiB while it is read. */
enum {
    HISTORIES_WAITING_MAX = 1024,
    /* Of one client's that it has not answered: below what an edge lets wait in
     * a dialog, or who follows many full rooms could never come in. */
    HISTORY_UNANSWERED_BYTES_MAX = 4 * 1024 * 1024,
};

struct telling;

/* Histories that wait for one thing, in the order asked. */
TAILQ_HEAD(telling_list, telling);

struct history {
    struct worker *worker;
    struct store *store;             /* NULL: none is to be read now. */
    size_t waiting;                  /* All that are not answered. */
    size_t reading;                  /* Of them, on the worker. */
    struct telling_list parked;      /* Until the caller's joins are settled. */
    struct telling_list held;        /* Until there is a store. */
    struct telling_list slow;        /* Until the caller has answered others. */
    void (*released)(void *context); /* Owed to who wants the store. */
    void *context;
};

/** Start with nothing asked and no store. */
void history_init(struct history *history, struct loop *loop);

/** End what is being read and free; before visits are freed. */
void history_deinit(struct history *history);

/** Serve bccontext. */
void history_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request);

/** Go on with those whose callers' joins are settled; after each entry. */
void history_unpark(struct sessions *hub);

/** Go on with those whose callers have answered others, and end those whose
 * callers are gone. */
void history_go_on(struct sessions *hub);

/** Let go of the store; released is called when nobody reads it any more. */
void history_release(struct history *history, void (*released)(void *context),
                     void *context);

/** Borrow the store for a job of the worker; NULL: there is none now. */
struct store *history_borrow(struct history *history);

/** Give the store back after a job, which ended so. */
void history_give_back(struct sessions *hub, enum error error);

/** Read from this store from now on. */
void history_use(struct history *history, struct store *store);

#endif
