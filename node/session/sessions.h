/* Who is connected to this node, what they ask, and what they are told: all
 * that lies between the edges and the pool.
 *
 *   edge --intake--> sessions_intake's queue --> request_serve
 *     request_serve --> proposer (to the log), reads (a read index), or at
 *                       once
 *   applied entry --> sessions_entry --> replies, fan-out, notices: held back
 *   store_commit  --> sessions_committed --> deliveries to the edges
 *
 * One caller per chat dialog of an edge (caller.h); the pool's view of it, a
 * session, is opened when it is first needed. The rules decide in the end; what
 * is refused before is refused for certain.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_SESSIONS_H
#define NODE_SESSION_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/machine.h"
#include "node/session/meters.h"
#include "node/session/pressure.h"
#include "proto/base/letters.h"
#include "proto/base/loop.h"
#include "proto/xccos/reply.h"
#include "raft/replica.h"
#include "storage/store.h"

struct sessions;
struct cataloging;
struct proposer;
struct reads;

struct sessions_settings {
    struct loop *loop;
    uint8_t node;
    uint64_t raft_id;
    uint64_t directory_id;
    uint32_t rules_known;
    struct xccos_masks masks; /* XCCOS_MASKS_DEFAULT. */
    const char *pool_name;    /* Shown to people; NULL: none. */
    const char *catalog;      /* Directory of the catalog by which what was
                                 said is searched; NULL: it is not. */

    /* The store cannot be read, or what it holds is rotten: no client can be
     * served from it. NULL: nobody is told. */
    void (*unsound)(void *context, enum error error);
    void *context; /* For unsound. */
};

/* The state as the sessions see it; switched as a whole. */
struct sessions_state {
    const struct machine *machine;
    struct store *store;
    uint64_t applied_index;
};

/** Make. Stops when memory or threads are out. Owned by the caller. */
struct sessions *sessions_new(const struct sessions_settings *settings);

/** Free; edges must be gone. Accepts NULL. */
void sessions_free(struct sessions *sessions);

/** Borrow the queue that takes the edges' intakes. */
struct letters *sessions_intake(struct sessions *sessions);

/** Borrow the queue that takes the answers of the external program. */
struct letters *sessions_answers(struct sessions *sessions);

/**
 * Say where the external program takes questions about posts; NULL: there is
 * none.
 *
 * @absent_refuses  What becomes of posts it does not answer for.
 */
void sessions_set_program(struct sessions *sessions, struct letters *questions,
                          bool absent_refuses);

/**
 * Say whether this node's own archive cannot take records: then its clients
 * cannot post as long as the pool requires that they are archived.
 */
void sessions_set_archive_fault(struct sessions *sessions, bool is_faulty);

/** Say where an edge takes its deliveries; NULL when it is gone. */
void sessions_set_edge(struct sessions *sessions, uint8_t edge,
                       struct letters *deliveries);

/** Begin to serve: the state is loaded, the replica takes proposals. */
void sessions_start(struct sessions *sessions, struct replica *replica,
                    const struct sessions_state *state);

/** Take note of an applied entry, the machine being as it left it. */
void sessions_entry(struct sessions *sessions,
                    const struct applied_entry *entry,
                    const struct applied *applied,
                    const struct effects *effects);

/** Tell all that applied entries up to here have brought about. */
void sessions_committed(struct sessions *sessions, uint64_t applied_index);

/**
 * Let go of the store: no read of it is begun until sessions_restored.
 *
 * @released  Called when the last that was begun has ended; perhaps at once.
 */
void sessions_release(struct sessions *sessions,
                      void (*released)(void *context), void *context);

/** Take note of a state that came as a snapshot. */
void sessions_restored(struct sessions *sessions,
                       const struct sessions_state *state);

/** Take note of the replica's new status. */
void sessions_changed(struct sessions *sessions,
                      const struct replica_status *status);

/** Tell nobody anything any more: the node must stop. */
void sessions_stop(struct sessions *sessions);

/** Borrow what proposes, for events of the replica and for administrators. */
struct proposer *sessions_proposer(struct sessions *sessions);

/** Borrow what asks for read indexes, likewise. */
struct reads *sessions_reads(struct sessions *sessions);

/** Borrow what searches what was said, likewise; NULL: nothing does. */
struct cataloging *sessions_cataloging(struct sessions *sessions);

/** Tell how loaded the state loop is, for edge_set_admission. */
enum load sessions_load(const struct sessions *sessions);

/** Borrow the meters. */
const struct session_meters *sessions_meters(const struct sessions *sessions);

#endif
