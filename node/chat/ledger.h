/* The ledger: every record of the archive, made when its entry is applied.
 *
 * Once the rule has decided, what came of the entry is said in records
 * (proto/record.h): one for each event (record_fill.h), or one for a command
 * whose outcome itself is what there is to say. They are numbered densely,
 * carry the entry's commit time and grow the tree of which every node keeps
 * the frontier. Records and rows go into one batch with all else.
 *
 * The first record of an entry carries the command's bytes as they were
 * committed, or, when they are more than archive_inline_bytes_max, their
 * SHA-256, and the bytes lie beside as its payload. A command that sets a
 * password is in the archive by its digest alone and has no payload: such a
 * record names itself in WITHHOLDS.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_LEDGER_H
#define NODE_CHAT_LEDGER_H

#include "node/chat/encode.h"
#include "node/chat/load.h"
#include "node/chat/state.h"

/** Free what the ledger holds. */
void ledger_deinit(struct ledger *ledger);

/** Tell whether nobody is to find a command in an archive: one that sets a
 * password, or brings records that the archive then has. */
bool ledger_is_secret(const Perch__Command *command);

/** Look at what a command is about to change, before its rule decides. */
void ledger_before(struct turn *turn, const Perch__Command *command);

struct draft;

/**
 * Add a record that has been drafted (record_draft.h) to those of the entry,
 * and to the tree.
 */
void ledger_add(struct draft *draft);

/**
 * Make the records of an entry, after its rule has decided.
 *
 * Makes none while the archive's mode is off and was so before the entry.
 * Messages and revisions of the effects learn their CSN.
 */
void ledger_take(struct turn *turn, const Perch__Command *command,
                 struct applied applied);

/**
 * Take in a record that a copy of the archive has: the next, verbatim.
 *
 * Returns false, and takes nothing, when it is no record, or its CSN or time
 * is not what comes next.
 */
bool ledger_refill(struct turn *turn, struct slice bytes);

/** Begin another tree: the archive goes on under a new origin. */
void ledger_restart(struct machine *machine);

/** Append the ledger's row, as an encoder. */
encoder encode_ledger;

/** Take in the ledger's row, as a loader. */
loader load_ledger;

#endif
