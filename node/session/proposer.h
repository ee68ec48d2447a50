/* Numbers this node's proposals and finds out what became of each: once, and
 * whatever happens in between.
 *
 *   NOT_BEGUN --node_started is applied--> BEGUN
 *       ^                                    |
 *       +--another start of this node--------+
 *
 * NOT_BEGUN  The node has no epoch: what is proposed waits here.
 * BEGUN      Each proposal goes out under the next number. It is answered when
 *            this node applies its own entry; entries come in number order.
 *
 * A start of this node that is not ours (a message of an earlier process that
 * came late) ends our epoch: the pool refuses what is left of it, so that is
 * told as withdrawn, and we begin another. After a snapshot the state says what
 * became of proposals whose entries we never saw.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_PROPOSER_H
#define NODE_SESSION_PROPOSER_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/machine.h"
#include "proto/base/error.h"
#include "proto/base/loop.h"
#include "proto/base/meter.h"
#include "proto/command.h"
#include "raft/replica.h"

enum {
    PROPOSER_SALT_BYTES = 32,
    /* How often it is looked for proposals whose patience is over. */
    PROPOSER_TICK_MS = 250,
    /* How long a start waits for what proposer_release is to tell. */
    PROPOSER_HOLD_MS = 3000,
};

/* What a witness of the archive has, that the state here has not. */
struct proposer_news {
    struct slice witness; /* Its name. */
    struct slice origin;  /* Of the archive it was asked about. */
    uint64_t size;
    bool forked;
};

enum proposal_fate {
    PROPOSAL_APPLIED,   /* applied says with which outcome. */
    PROPOSAL_WITHDRAWN, /* It has not happened and never will. */
    PROPOSAL_UNKNOWN,   /* It may have happened; nobody can tell any more. */
};

struct proposal;

/**
 * Tell a proposal's fate; it is the caller's again.
 *
 * @applied  Unless APPLIED NULL.
 * @effects  Of the entry, borrowed for the call; NULL unless this node has
 *           applied it (after a snapshot the state alone knows the outcome).
 */
typedef void proposal_told(struct proposal *proposal, enum proposal_fate fate,
                           const struct applied *applied,
                           const struct effects *effects);

/* Embedded by whoever proposes, who keeps it until told. */
struct proposal {
    proposal_told *tell;
    unsigned
        patience_ms; /* Taken back when it was not sent within; 0: never. */

    /* The proposer's. */
    uint64_t asked_us;
    bool withdrawing;
};

struct proposer_settings {
    struct loop *loop;
    uint8_t node;
    uint64_t raft_id;
    uint64_t directory_id;
    uint32_t rules_known;

    /* Tells beyond how many bytes a command gets a salt: it is archived beside
     * its record, which has only its digest. NULL: none does. */
    size_t (*salted_above)(void *context);
    void *context; /* For salted_above. */

    /* Says in a start what a witness of the archive has seen of it, so that a
     * pool that was set back halts before it makes a record. What is put must
     * outlive the call. NULL: nothing is said. */
    void (*say_seen)(void *context, Perch__NodeStarted *started);
    void *seen_context;
};

struct proposer_meters {
    struct meter_counter proposed, refused, withdrawn, unknown;
    struct meter_counter epochs;
    struct meter_gauge waiting;
    struct meter_histogram commit_us; /* From proposed to applied here. */
};

struct proposer;

/** Make a proposer. Stops when memory is out. Owned by the caller. */
struct proposer *proposer_new(const struct proposer_settings *settings);

/** Free; who waits is not told. Accepts NULL. */
void proposer_free(struct proposer *proposer);

/** Wait with this node's start for proposer_release, at most PROPOSER_HOLD_MS.
 * Before proposer_start. */
void proposer_hold(struct proposer *proposer);

/**
 * Go on with the start that was held; one that was not, or is over, is left
 * alone.
 *
 * @news  Goes with the start; borrowed for the call. NULL: there is none.
 */
void proposer_release(struct proposer *proposer,
                      const struct proposer_news *news);

/** Begin: propose this node's start. */
void proposer_start(struct proposer *proposer, struct replica *replica);

/**
 * Propose a command.
 *
 * @proposal  Kept until told.
 * @command   Written at once; borrowed for the call.
 *
 * Returns BUSY when as many wait as may, TOO_LARGE for a command beyond
 * ENTRY_COMMAND_BYTES_MAX, NO_MEMORY; the proposal is then not kept.
 */
enum error proposer_propose(struct proposer *proposer,
                            struct proposal *proposal, Perch__Command *command);

/** Take note of an applied entry, of whatever node. */
void proposer_applied(struct proposer *proposer,
                      const struct applied_entry *entry,
                      const struct applied *applied,
                      const struct effects *effects);

/** Take note that the applied entries are in the store. */
void proposer_committed(struct proposer *proposer);

/** Take note of a state that came as a snapshot. */
void proposer_restored(struct proposer *proposer,
                       const struct machine *machine);

/** Take note of the answer to a withdrawal (replica_events.withdrawn). */
void proposer_withdrawn(struct proposer *proposer, uint64_t number,
                        bool taken_back);

/** Tell the epoch; 0 as long as it has not begun. */
uint64_t proposer_epoch(const struct proposer *proposer);

/** Count the proposals whose fate is not known. */
size_t proposer_waiting(const struct proposer *proposer);

/** Borrow the meters. */
const struct proposer_meters *proposer_meters(const struct proposer *proposer);

#endif
