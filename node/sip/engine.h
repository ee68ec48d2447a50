/* What the parts of one edge share. Private to node/sip.
 *
 * Thread: the edge's, but for what says otherwise.
 */
#ifndef NODE_SIP_ENGINE_H
#define NODE_SIP_ENGINE_H

#include <bsd/sys/queue.h>
#include <pthread.h>
#include <stdatomic.h>

#include "node/sip/address.h"
#include "node/sip/edge.h"
#include "node/sip/fanout.h"
#include "node/sip/framer.h"
#include "node/sip/listener.h"
#include "node/sip/parser.h"
#include "node/sip/slots.h"
#include "node/sip/tls.h"
#include "proto/base/os/loop_uv.h"

/* Connections with something in common; struct edge says what. */
TAILQ_HEAD(connection_list, connection);
/* Dialogs, likewise. */
TAILQ_HEAD(dialog_list, dialog);

/* What the journal sums up, and how often: every ten seconds. */
enum { REPORTED = 6, REPORT_TICKS = 40 };

/* Leaving, once edge_drain was called. */
struct drain {
    bool on;
    char *target; /* NULL: 503. Owned. */
    unsigned batch;
    unsigned batch_ms;
    struct timer *timer;
};

struct edge {
    struct edge_settings settings; /* Texts are in memory. */
    struct arena *memory;
    struct loop *loop;
    pthread_t thread;
    struct letters *intake;     /* The state loop's. */
    struct letters *deliveries; /* Ours. */
    struct letters *controls;   /* Ours: from edge_drain and its like. */
    struct parser *parser;
    struct timer *ticker;
    unsigned ticks;
    uint64_t reported[REPORTED]; /* Metrics, as the journal last said. */
    uint64_t random;             /* For jitter; never for secrets. */
    char tag_salt[17]; /* Makes To tags unlike those of other lives. */

    struct listener listeners[LISTENERS_MAX];
    size_t listeners_n;
    struct drain drain;
    _Atomic enum edge_admission admission;
    struct edge_metrics metrics;

    struct slots connections;
    struct slots dialogs;
    struct slots answers;   /* INFOs that wait for commit. */
    struct slots presences; /* Requests of documents that wait. */
    struct address_counts addresses;
    struct connection_list open;     /* All connections not closed. */
    struct connection_list dirty;    /* With output of this turn. */
    struct connection_list deferred; /* With output that may wait a moment. */
    struct timer *defer_timer;
    struct connection_list waiting;    /* For their turn to shake hands. */
    struct dialog_list unacknowledged; /* Their INVITE's 2xx lacks an ACK. */
    struct dialog_list marked;         /* Delivered more than was reported. */
    struct fanout fanout;
    unsigned handshakes;
    size_t partial_bytes; /* Kept of unfinished messages, all together. */

    struct frame frame; /* The message being read. */
    uint8_t read[READ_BYTES];
    uint8_t plain[READ_BYTES + TLS_RECORD_BYTES_MAX];
};

/** Make an edge on the caller's thread, listening but not yet served. */
enum error edge_new(struct edge **edge_out,
                    const struct edge_settings *settings,
                    struct letters *intake);

/** Close what is open and free. Accepts NULL. */
void edge_free(struct edge *edge);

/** Read the loop's clock, in milliseconds, as of this turn. */
uint64_t edge_now_ms(const struct edge *edge);

/** Count. */
void edge_count(struct edge *edge, enum edge_metric metric, int64_t n);

/** A number from 0 to below n, for jitter. */
unsigned edge_jitter(struct edge *edge, unsigned n);

/**
 * Hand an intake to the state loop, if its queue has room.
 *
 * Returns false when it is full or closed; the intake has been freed.
 */
bool edge_ask(struct edge *edge, struct intake *intake);

/** Hand over what is bounded elsewhere and must not be lost. */
void edge_tell(struct edge *edge, struct intake *intake);

/** Tell whether new sign-ins are to be refused now. */
bool edge_is_closed_to_new(const struct edge *edge);

#endif
