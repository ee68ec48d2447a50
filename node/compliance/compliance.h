/* A node's compliance archive: the files that the pool's records become, and
 * all that is done with them beside the rules: checkpoints, keys, witnesses,
 * cuts and sinks.
 *
 *   applied entries --> rows of records --> scribe --> tiles, bundles, payloads
 *                                             |              |
 *        ArchiveMark, Cosign, Cut... <--------+--- parts ----+
 *
 * The parts and how they ask for things: compliance_parts.h.
 *
 * Runs in perch-sim as well: no threads, files or clocks but those of the loop
 * and of raft/device.h.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_COMPLIANCE_H
#define NODE_COMPLIANCE_COMPLIANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/machine.h"
#include "node/session/proposer.h"
#include "proto/base/error.h"
#include "proto/base/loop.h"
#include "raft/replica.h"
#include "storage/batch.h"
#include "storage/store.h"

struct compliance;
struct compliance_meters;
struct exporting_settings;
struct signer;
struct witness_port;

enum { COMPLIANCE_TICK_MS = 100 };

/* All is copied. */
struct compliance_settings {
    struct loop *loop;     /* The state loop's. */
    const char *directory; /* The archive's; made when it is missing. */
    uint8_t node;
    /* Borrowed for the archive's life; NULL: this node exports nothing. */
    const struct exporting_settings *exporting;
    const struct signer *signer; /* Borrowed; NULL: this node signs nothing. */
    const struct witness_port *witnesses; /* Likewise: it asks none. */
    /* What this node has cannot be believed: it must stop, and its archive be
     * set aside; with it its state, when that is another than the pool's, too.
     * NULL: nobody is told. */
    void (*unsound)(void *context, bool is_state, const char *reason);
    /* Its files cannot take records, or can again: its clients are to know at
     * once where that is required. NULL: nobody is told. */
    void (*faulty)(void *context, bool is_faulty);
    void *context; /* For these two. */
};

/* The state as it is now; switched as a whole. */
struct compliance_state {
    const struct machine *machine;
    struct store *store;
};

/**
 * Make, with nothing begun yet. Stops when memory or threads are out.
 *
 * Files are first looked at after compliance_start: a directory that cannot be
 * used makes the archive FAILED, not the node.
 *
 * Returns TOO_LARGE for a directory's name that is too long.
 */
enum error compliance_open(struct compliance **compliance_out,
                           const struct compliance_settings *settings);

/**
 * Begin: the state is loaded, the replica takes proposals.
 *
 * @proposer  The sessions'. Both are borrowed until compliance_close.
 */
void compliance_start(struct compliance *compliance, struct replica *replica,
                      struct proposer *proposer,
                      const struct compliance_state *state);

/**
 * Tell whether witnesses are to be asked before this node's start is proposed
 * (proposer_hold): compliance_start asks them and ends the hold. Before
 * compliance_start.
 */
bool compliance_asks_first(const struct compliance *compliance,
                           const struct compliance_state *state);

/** Take note of an applied entry, the machine being as it left it. */
void compliance_entry(struct compliance *compliance,
                      const struct applied_entry *entry,
                      const struct applied *applied,
                      const struct effects *effects);

/**
 * Add what is this node's own affair to a batch that is about to be committed:
 * rows of records that are in files are deleted.
 */
void compliance_fill(struct compliance *compliance, struct batch *batch);

/** Take note that what was applied is in the store. */
void compliance_committed(struct compliance *compliance);

/**
 * Let go of the store: no job that reads it is begun until compliance_restored.
 *
 * @released  Called when the last that was begun has ended; perhaps at once.
 */
void compliance_release(struct compliance *compliance,
                        void (*released)(void *context), void *context);

/** Take note of a state that came as a snapshot. */
void compliance_restored(struct compliance *compliance,
                         const struct compliance_state *state);

/** Take note of the replica's new status. Borrowed for the call. */
void compliance_changed(struct compliance *compliance,
                        const struct replica_status *status);

/** Take a message of another node's archive: an ask or a part. */
void compliance_received(struct compliance *compliance, uint8_t node,
                         const struct peer_message *message);

/** Propose and begin nothing more: the node stops. */
void compliance_stop(struct compliance *compliance);

/** End the jobs at hand and free; before the store is closed. Accepts NULL. */
void compliance_close(struct compliance *compliance);

/** Borrow the meters. */
const struct compliance_meters *compliance_meters(
    const struct compliance *compliance);

#endif
