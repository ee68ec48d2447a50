/* One INFO of a client while it is served. A visit owns the intake and what
 * was made in its arena; each primitive of the body is an errand of its own,
 * and the visit ends with the last of them.
 *
 * Whoever waits for the log is watched: a client that has waited for
 * VISIT_PATIENCE_MS gets no answer any more but its connection closed, since
 * what it asked for may have happened.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_VISIT_H
#define NODE_SESSION_VISIT_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/chat/outcome.h"
#include "node/session/intake.h"
#include "proto/xccos/code.h"
#include "proto/xccos/envelope.h"

enum { VISIT_PATIENCE_MS = 30 * 1000 };

struct sessions;
struct caller;
struct body;

struct visit {
    TAILQ_ENTRY(visit) link; /* hub->visits */
    struct sessions *hub;
    struct intake *intake; /* Owns the arena that all this lies in. */
    struct caller *caller; /* Held. */
    unsigned errands;      /* Under way. */
    bool waits;            /* For the log, */
    uint64_t since_us;     /* from then on. */
};

/* Embedded first in what each kind of errand needs. */
struct errand {
    struct visit *visit;
    const struct xccos_primitive *primitive;
};

/** Begin a visit. Takes the intake; returns NULL when memory is out. */
struct visit *visit_begin(struct caller *caller, struct intake *intake);

/** End the visit's first errand, that of reading it. */
void visit_read(struct visit *visit);

/** Cut the callers whose patience is over. Tells since when the oldest waits,
 * which is now when none does. */
uint64_t visits_overdue(struct sessions *hub);

/** Free all visits, answering nobody. */
void visits_deinit(struct sessions *hub);

/** Begin an errand of size bytes in the visit's arena, zeroed. NULL: no
 * memory; the primitive stays unanswered and the caller is cut. */
void *errand_begin(struct visit *visit, size_t size,
                   const struct xccos_primitive *primitive);

/** The errand waits for the log. */
void errand_waits(struct errand *errand);

/** End an errand; the last one frees the visit, and with it the errand. */
void errand_end(struct errand *errand);

/** Start the reply to an errand's command. */
void errand_reply_init(const struct errand *errand,
                       struct xccos_primitive *reply);

/**
 * Give the reply to the client, and end the errand.
 *
 * @log_index  That it stands for; 0: none.
 */
void errand_reply(struct errand *errand, const struct xccos_primitive *reply,
                  uint64_t log_index);

/**
 * Give a reply that is written already, and end the errand.
 *
 * @body  Taken; NULL closes the connection.
 */
void errand_reply_body(struct errand *errand, struct body *body,
                       uint64_t log_index);

/** Refuse a command, and end the errand. @why  One plain sentence, or NULL. */
void errand_refuse(struct errand *errand, enum xccos_code code,
                   const char *why);

/** Refuse a command as a rule does, and end the errand. */
void errand_refuse_outcome(struct errand *errand, enum outcome outcome);

/** The same for a command of the client's session: one that was not opened has
 * a reason of its own. */
void errand_refuse_acting(struct errand *errand, enum outcome outcome);

#endif
