/* What the parts of node/session share. Private to it.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_HUB_H
#define NODE_SESSION_HUB_H

#include "node/chat/query.h"
#include "node/session/audience.h"
#include "node/session/callers.h"
#include "node/session/cataloging.h"
#include "node/session/denying.h"
#include "node/session/duties.h"
#include "node/session/folding.h"
#include "node/session/following.h"
#include "node/session/history.h"
#include "node/session/identity.h"
#include "node/session/keeping.h"
#include "node/session/looking.h"
#include "node/session/outbox.h"
#include "node/session/proposer.h"
#include "node/session/quest.h"
#include "node/session/reads.h"
#include "node/session/recording.h"
#include "node/session/resuming.h"
#include "node/session/screening.h"
#include "node/session/sessions.h"
#include "node/session/shown.h"
#include "node/session/tidings.h"
#include "proto/xccos/write.h"

/* INFOs being served, the oldest first. */
TAILQ_HEAD(visit_list, visit);

struct sessions {
    struct sessions_settings settings;
    struct letters *intake;
    struct replica *replica; /* NULL until started. */
    bool stopped;

    const struct machine *machine;
    uint64_t applied_index; /* In the store. */
    uint64_t entry_index;   /* Of the entry being told, else applied_index. */

    struct proposer *proposer;
    struct reads *reads;
    struct recordings recordings;
    struct denials denials;
    bool archive_fault; /* This node's own archive cannot take records. */
    struct outbox *outbox;
    struct callers callers;
    struct audiences audiences;
    struct visit_list visits;       /* That do not wait for the log. */
    struct visit_list waiting;      /* That do, the longest first. */
    struct greeting_list greetings; /* Sign-ins that wait for an index. */
    struct resumption resumption;
    struct folding folding;
    struct history history;
    struct looks looks;
    struct cataloging *cataloging; /* NULL: what was said is not searched. */
    struct screening screening;
    struct duties duties;
    struct keeping keeping;
    struct shown shown;
    struct tidings tidings;
    struct following following;
    uint64_t leaderless_since_us; /* 0: there is a leader, as far as known. */
    struct pressure pressure;
    unsigned holders; /* Of the store, that are to let go of it. */
    void (*released)(void *context);
    void *released_context;
    struct timer *timer; /* Every PRESSURE_TICK_MS. */
    uint64_t duties_us;  /* When they were last done. */

    uint64_t envid;      /* The last given. */
    struct arena *arena; /* For what is told of one event; reset after it. */
    struct buffer body;  /* Being written. */
    struct session_meters meters;
};

/**
 * Write a reply or notice as a body with one holder.
 *
 * Returns NULL, with a journal line, for a text that XML cannot carry: some
 * name got in by a door that did not look.
 */
struct body *hub_write(struct sessions *hub,
                       const struct xccos_primitive *primitive);

/** Write a message as a body, likewise. */
struct body *hub_write_message(struct sessions *hub,
                               const struct xccos_message *message);

/** Make the URI of a room, in the arena; empty when memory is out. */
struct slice hub_room_uri(const struct sessions *hub, struct arena *arena,
                          const struct guid *guid);

/** Tell whether a name is of this pool's domain. */
bool hub_is_ours(const struct sessions *hub, const struct xccos_name *name);

/** Tell whether the pool keeps an archive now. */
bool hub_keeps_archive(const struct sessions *hub);

/** Tell why nothing may be posted now for the archive's sake; DONE: it may. */
enum outcome hub_archive_gate(const struct sessions *hub);

#endif
