/* One chat dialog: opened by the client's INVITE, ended by its BYE or with its
 * connection.
 *
 *   INVITE -> 200 -> ACK                     INFO both ways, UPDATE
 *              |  no ACK for 64*T1: the connection ends
 *
 * A dialog belongs to its connection, which has one user: two clients that
 * started in one second and chose the same Call-ID, tags and branches never
 * meet. Our tag has the dialog's edge_ref in it, so each is unlike any other.
 *
 * Spec: RFC 3261 12, 13.3.1.4.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_DIALOG_H
#define NODE_SIP_DIALOG_H

#include "node/sip/request.h"
#include "node/sip/window.h"

enum { DIALOG_TAG_BYTES = 40 };

struct dialog {
    edge_ref ref;
    struct connection *connection;
    LIST_ENTRY(dialog) link;                 /* connection->dialogs */
    TAILQ_ENTRY(dialog) unacknowledged_link; /* edge->unacknowledged */
    TAILQ_ENTRY(dialog) marked_link;         /* edge->marked */
    bool is_unacknowledged;
    bool is_marked;

    struct slice call_id; /* These four in one allocation at texts. */
    struct slice remote_tag;
    struct slice remote;    /* The client's From value. */
    struct slice local_uri; /* What it invited. */
    char *texts;
    char local_tag[DIALOG_TAG_BYTES];

    uint32_t remote_cseq; /* The highest, */
    enum method remote_method;
    int remote_status; /* and what it was answered; 0: not yet. */

    uint32_t invite_cseq;
    struct buffer answer; /* Of the INVITE, until its ACK. */
    uint64_t answered_ms;
    uint64_t resend_ms; /* When to repeat it. */
    unsigned resend_gap_ms;

    unsigned session_s;     /* Granted: a sign of life is due that often. */
    unsigned infos_waiting; /* For commit. */
    struct window window;
};

/* How a request's CSeq fits into its dialog. */
enum cseq_order {
    CSEQ_NEW,
    CSEQ_REPEATED, /* Seen and answered: say the same again, do nothing. */
    CSEQ_WAITING,  /* Seen, not yet answered: the answer will come. */
    CSEQ_LATE,     /* Lower than one that was seen: 500. */
};

/**
 * Find the dialog a request belongs to: by Call-ID and tags, among those of
 * its connection. A request without a To tag matches by the rest: pidgin-sipe
 * sends INFO before it has seen our tag.
 */
struct dialog *dialog_find(const struct request *request);

/** Find a dialog of a connection by our tag and the Call-ID. */
struct dialog *dialog_find_tag(struct connection *connection,
                               struct slice local_tag, struct slice call_id);

/** Make a dialog for an INVITE. NULL when memory is out. */
struct dialog *dialog_open(const struct request *invite);

/** Take over the client's Contact and routes. NO_MEMORY. */
enum error dialog_retarget(struct dialog *dialog,
                           const struct request *request);

/** Tell the state loop that the dialog is there. */
void dialog_announce(struct dialog *dialog);

/** End a dialog, tell the state loop, and free it. */
void dialog_end(struct dialog *dialog, enum ending ending);

/** Look at a request's CSeq and remember it when it is new. */
enum cseq_order dialog_order(struct dialog *dialog,
                             const struct request *request);

/** Keep an INVITE's answer and repeat it until the ACK comes. */
void dialog_await_ack(struct dialog *dialog, uint32_t cseq,
                      struct slice answer);

/** The client has our answer. */
void dialog_acknowledge(struct dialog *dialog);

/** Repeat the answers whose time has come; give up on some. */
void dialogs_repeat_answers(struct edge *edge);

#endif
