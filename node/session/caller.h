/* A caller: one chat dialog of an edge, and the session that the pool knows it
 * by.
 *
 *   IDLE --needs a session--> OPENING --applied--> OPEN
 *    |  ^                      |   |                 |
 *    |  +------ refused -------+   |                 |
 *    |                             |                 |
 *    +-----------+-----------------+-----------------+--we give up--> CUT
 *    |           |                 |                 |                 |
 *    |           +--dialog closed--+-----------------+-----------------+
 *    |                             |
 *    |                             v
 *    |                          LEAVING --session closed--+
 *    |                                                    v
 *    +-- dialog closed, no session ---------------------> GONE
 *
 * IDLE     The dialog is there; the pool knows nothing of it.
 * OPENING  session_open is proposed; what needs it is proposed behind it.
 * OPEN     The pool has the session.
 * CUT      The edge was told to close the connection: the pool ended the
 *          session, or the client must come back to be told the truth. Nothing
 *          is delivered any more.
 * LEAVING  The dialog is gone; session_close is proposed, or about to be.
 * GONE     Freed when the last request that holds it is done.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_CALLER_H
#define NODE_SESSION_CALLER_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/effects.h"
#include "node/session/intake.h"
#include "node/session/proposer.h"
#include "node/session/screening.h"
#include "proto/base/tree.h"

enum caller_state {
    CALLER_IDLE,
    CALLER_OPENING,
    CALLER_OPEN,
    CALLER_CUT,
    CALLER_LEAVING,
    CALLER_GONE,
    CALLER_STATES,
};

struct sessions;
struct body;

struct caller {
    RB_ENTRY(caller) by_dialog;
    RB_ENTRY(caller) by_user;
    RB_ENTRY(caller) by_serial;
    TAILQ_ENTRY(caller) leaving_link; /* callers.leaving or .gone */
    struct sessions *hub;
    enum caller_state state;
    bool is_opening;        /* session_open is proposed, its fate not known. */
    bool has_session;       /* The pool has opened it and not closed it. */
    bool is_leaving;        /* In callers.leaving. */
    bool is_owed_news;      /* A word of it: it was slow. */
    bool resumes;           /* It stands for a dialog that broke. */
    bool knows_revisions;   /* The client takes modmsg and purge. */
    uint64_t resumed_index; /* Of the join that put it back into its rooms; its
                               client knows of none. */
    edge_ref dialog;
    edge_ref connection;
    uint64_t serial;           /* 0: never opened. */
    uint64_t epoch;            /* In which it was opened. */
    unsigned holds;            /* Requests that point here. */
    unsigned verbs_unknown;    /* It has used. */
    unsigned joins;            /* Proposed, their fate not known. */
    enum outcome open_refusal; /* Why the last open was refused; or DONE. */
    enum dialog_end end;       /* How the dialog ended. */
    struct proposal opening, closing;

    /* What the client was given and has confirmed, by log index. */
    uint64_t given_index;     /* Of bodies for it alone. */
    uint64_t delivered_index; /* All up to here was answered. */
    uint64_t told_index; /* Once nothing more is given: duties_delivered then;
                            before, 0. */
    uint32_t replies_given; /* Bodies for it alone, */
    uint32_t replies_confirmed;

    size_t history_reading; /* Bytes that are set aside for what is read, */
    size_t history_given;   /* and that histories given and unanswered have. */
    uint32_t history_reply; /* The last of these. */

    TAILQ_HEAD(, seat) seats; /* In the order of joining. */
    uint32_t n_seats;
    struct screen_list screens; /* Posts that are not proposed yet. */

    struct slice user_uri, endpoint_id, pool_uri; /* In texts. */
    char texts[];
};

/** Take in a dialog that was opened. */
struct caller *caller_new(struct sessions *hub, const struct intake *intake);

/** Take note that the dialog is closed. */
void caller_dialog_closed(struct caller *caller,
                          const struct intake_dialog *dialog);

/**
 * See to it that what is proposed next finds a session.
 *
 * Returns BUSY when it cannot be proposed, CLOSED for one that is leaving.
 */
enum error caller_open(struct caller *caller);

/** Take note that the pool has ended the session. */
void caller_ended(struct caller *caller, enum leave leave);

/** Propose the closes that could not be proposed before. */
void callers_retry(struct sessions *hub);

/** Keep what the endpoint is known to have been told: from now on it misses
 * what happens. */
void caller_freeze(struct caller *caller);

/** Have the connection closed; nothing is delivered any more. */
void caller_cut(struct caller *caller, const char *reason);

/**
 * Give a caller a body, if it still takes any.
 *
 * @body       Held by the caller of this; NULL closes the connection, since
 *             it would wait for ever.
 * @log_index  That the body stands for; 0: none.
 */
void caller_give(struct caller *caller, struct body *body, uint64_t log_index);

/** Tell whether the dialog is served. */
bool caller_is_served(const struct caller *caller);

/** Hold on to a caller. */
void caller_hold(struct caller *caller);

/** Let go of a caller; frees one that is gone. */
void caller_release(struct caller *caller);

#endif
