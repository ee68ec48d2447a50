/* The law: what the pool's committed entries mean, one after the other.
 *
 * Pure. A machine reads its own memory and the entry it is given and nothing
 * else -- no clock, no disk, no socket, no randomness -- so the same entries
 * make the same state, outcomes and effects on every node. Memory that runs
 * out stops the node (CHECK): a replica that skipped a change would lie.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_MACHINE_H
#define NODE_CHAT_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/effects.h"
#include "node/chat/limits.h"
#include "node/chat/outcome.h"
#include "proto/command.h"

struct machine;

/* One committed entry: its place in the log and what proto/entry.h reads from
 * its header. */
struct applied_entry {
    uint64_t index; /* Strictly increasing from call to call. */
    uint64_t term;
    uint8_t node;              /* Origin. */
    uint64_t epoch;            /* Origin's epoch; 0 for node_started. */
    uint64_t number;           /* Origin's number; 0 for node_started. */
    int64_t sent_at_us;        /* As stamped; the rules make it increase. */
    const struct facts *facts; /* What the command wants to be told of messages
                                  (said.h); NULL: nothing. */
    struct slice bytes;        /* The command as it was committed: what the
                                  archive keeps. Borrowed as the command. */
};

struct applied {
    enum outcome outcome;
    uint64_t value; /* What the outcome is about, as its rule says: a message
                       id, an epoch, a position in the command, or 0. */
};

/**
 * Make the machine of a pool to which nothing has happened.
 *
 * @rules_known  The highest rules version this program knows,
 *               COMMAND_RULES_KNOWN; simulations of mixed pools pass others.
 *
 * Stops when memory is out. Owned by the caller.
 */
struct machine *machine_new(uint32_t rules_known);

/** Free the machine. Accepts NULL. */
void machine_free(struct machine *machine);

/**
 * Apply one committed entry.
 *
 * @command   As command_read gave it; NULL when it said MALFORMED. Borrowed;
 *            must outlive the use of effects.
 * @effects   Cleared, then filled with what this entry brought about. A refusal
 *            has no effects, but that a join tells of each room it refused.
 *
 * Outcomes NODE_NOT_STARTED, EPOCH_STALE, DUPLICATE, NUMBER_GAP and STOP_NODE
 * leave no trace in the state. Of a DUPLICATE the first outcome can be had
 * from machine_outcome. After STOP_NODE the caller writes nothing and ends the
 * process: the pool now follows rules this program does not know.
 * Any other outcome is kept as the answer to the origin's number.
 */
struct applied machine_apply(struct machine *machine,
                             const struct applied_entry *entry,
                             const Perch__Command *command,
                             struct effects *effects);

/** Tell whether a command is of a kind that administrators give, and that no
 * user has given. */
bool machine_is_administrators(const Perch__Command *command);

/** Tell which roles in administration cover a command, a set; ADMINISTRATOR is
 * always one. */
uint32_t machine_roles(const Perch__Command *command);

/**
 * Decide an administrator's command on the state as it is, without doing it.
 *
 * @command  machine_is_administrators; else a defect.
 * @as       The entry it would be: the moment and the facts count; NULL: at
 *           the moment of the last one, and without facts.
 *
 * Returns the refusal that machine_apply would give now, with its value, or
 * DONE and 0. Changes nothing; applying goes by the same code. What depends on
 * the entry's moment, OWNER_BUSY, is for applying alone.
 */
struct applied machine_judge(const struct machine *machine,
                             const Perch__Command *command,
                             const struct applied_entry *as);

/**
 * Look up the answer to a proposal that may have been applied unseen, by way
 * of a snapshot.
 *
 * Returns false when that number of the node's current epoch has not been
 * applied, or is older than its last OUTCOMES_KEPT.
 */
bool machine_outcome(const struct machine *machine, uint8_t node,
                     uint64_t number, struct applied *applied_out);

/** Tell the rules version in force. */
uint32_t machine_rules_version(const struct machine *machine);

/** Tell a setting's value in force. */
uint32_t machine_setting(const struct machine *machine, enum setting setting);

#endif
