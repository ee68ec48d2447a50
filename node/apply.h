/* Applies the pool's committed entries to a node's state: the one place where
 * rules (node/chat), rows (storage) and log (raft) meet.
 *
 *   replica --entries--> apply_entry: machine_apply, message row, digest
 *                    \-> apply_batch: changed rows + applied index in one
 *                        store_commit, then what it all means is told
 *
 * Entries come in log order and may come again: those at or below the applied
 * index are skipped. Apply never fails. What keeps it from going on -- a store
 * that cannot write, rules this program does not know, no memory -- is told
 * once, as fatal, and nothing is applied after it: the node must stop, and
 * replay brings it back.
 *
 * The log is raft's; a batch is not synced. What a crash takes from the store
 * is in the log.
 *
 * Thread: state loop.
 */
#ifndef NODE_APPLY_H
#define NODE_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/machine.h"
#include "proto/base/error.h"
#include "proto/base/loop.h"
#include "proto/base/meter.h"
#include "raft/replica.h"
#include "storage/generation.h"
#include "storage/store.h"

/* What one store batch holds at most; more entries make more batches. */
enum {
    APPLY_BATCH_ENTRIES_MAX = 1024,
    APPLY_BATCH_BYTES_MAX = 4 * 1024 * 1024, /* Of entries. */
};

struct applier;

struct applier_settings {
    struct loop *loop;
    const char *data;                  /* The data directory; exists. */
    uint32_t rules_known;              /* COMMAND_RULES_KNOWN. */
    const struct store_options *store; /* NULL for the defaults. */
    const struct generation_options *generation; /* NULL in programs. */
};

/* What the owner is told. */
struct applier_events {
    void *context;

    /* An entry was applied; the machine is as it left it. All is borrowed for
     * the call. Nothing of it may leave the state loop before committed. */
    void (*entry)(void *context, const struct applied_entry *entry,
                  const struct applied *applied, const struct effects *effects);

    /* A batch is about to be committed: add rows that are this node's own
     * affair and in no digest; may be NULL. */
    void (*fill)(void *context, struct batch *batch);

    /* All entries up to here are in the store. */
    void (*committed)(void *context, uint64_t applied_index);

    /* The store is about to be replaced: close all views on it, then call
     * applier_released (apply_work.h). */
    void (*release)(void *context);

    /* The state was replaced by a later one. */
    void (*restored)(void *context, uint64_t applied_index);

    /* The node must stop. */
    void (*fatal)(void *context, enum error error, const char *reason);
};

/* For node/web. */
struct applier_meters {
    struct meter_counter entries;
    struct meter_counter skipped; /* Came again. */
    struct meter_counter batches;
    struct meter_gauge applied_index;
    struct meter_gauge flushed_index;
    struct meter_histogram commit_us; /* Of a store batch. */
};

/**
 * Open the store below a data directory and load the state.
 *
 * @settings, events  Copied, but for what they point to.
 *
 * Returns ROTTEN for a store that cannot be believed, UNSUPPORTED for one of a
 * newer program, or what storage says, with a journal line.
 */
enum error applier_open(struct applier **applier_out,
                        const struct applier_settings *settings,
                        const struct applier_events *events);

/** Flush, close and free. Accepts NULL. */
void applier_close(struct applier *applier);

/** Close and free as a crash would, without a flush: for tests. */
void applier_abandon(struct applier *applier);

/**
 * Decide at start whether state and log fit together, and install a snapshot
 * that was received but not switched to.
 *
 * @snapshot_index  Of raft's log: entries up to there are gone; 0: none are.
 * @log_last_index  Its last index.
 *
 * Returns FORGOTTEN when entries are missing between the two.
 */
enum error applier_reconcile(struct applier *applier, uint64_t snapshot_index,
                             uint64_t log_last_index);

/** Say whom to tell how far the state is. Before the first entry. */
void applier_attach(struct applier *applier, struct replica *replica);

/** Apply committed entries, in batches; tell the replica. */
void applier_apply(struct applier *applier, const struct replica_entry *entries,
                   size_t n);

/** Tell the log index of the last entry applied. */
uint64_t applier_applied(const struct applier *applier);

/** Borrow the state; valid until the owner is told of another. */
const struct machine *applier_machine(const struct applier *applier);

/** Borrow the store, as applier_machine. */
struct store *applier_store(const struct applier *applier);

/** Tell the log index of the last entry in the digest: at or below applied,
 * since some entries are none. */
uint64_t applier_digested(const struct applier *applier);

/** Look up the digest at a log index (digest.h). */
bool applier_digest_at(const struct applier *applier, uint64_t index,
                       uint64_t *value_out);

/** Borrow the meters. */
const struct applier_meters *applier_meters(const struct applier *applier);

#endif
