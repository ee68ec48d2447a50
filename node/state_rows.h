/* Where the rules' rows lie in the store, and the way back into memory.
 *
 * node/chat numbers its rows by kind, storage its tables: this is the one
 * place that knows both.
 *
 * Thread: one at a time per machine and batch.
 */
#ifndef NODE_STATE_ROWS_H
#define NODE_STATE_ROWS_H

#include "node/chat/effects.h"
#include "node/chat/machine.h"
#include "node/chat/rows.h"
#include "storage/batch.h"
#include "storage/store.h"

/**
 * Add a row to a batch, or its removal: a row_sink, the batch its context.
 */
void state_rows_put(void *batch, const struct row_key *key,
                    const struct slice *value);

/**
 * Add a message's row to a batch.
 *
 * @scratch  Memory that is kept from call to call.
 */
void state_rows_put_message(struct batch *batch, const struct message *message,
                            struct buffer *scratch);

/** Add the rows of what messages were made, one for each id of the effects. */
void state_rows_put_revisions(struct batch *batch,
                              const struct effects *effects,
                              struct buffer *scratch);

/**
 * Add the removal of the messages that the effects erase, with all that was
 * made of them.
 *
 * @store  Has all that the entries before have brought about.
 */
enum error state_rows_purge(struct store *store, struct batch *batch,
                            const struct effects *effects);

/** Add a row that comes back with missing records, by its place from 0. */
void state_rows_put_brought(struct batch *batch, const struct effects *effects,
                            size_t at);

/** Add the digest's row to a batch. */
void state_rows_put_digest(struct batch *batch, uint64_t digest);

/**
 * Make the machine that a store's rows say, and check that none is missing:
 * each kind by its count, messages by the last of each room, records by
 * their numbers.
 *
 * @machine_out  Owned by the caller.
 * @digest_out   As state_rows_put_digest wrote it; 0 for an empty store.
 *
 * Returns ROTTEN for rows that make no whole, with a journal line that says
 * which; UNSUPPORTED when they follow rules this program does not know;
 * STORE_IO, NO_MEMORY.
 */
enum error state_rows_load(struct store *store, uint32_t rules_known,
                           struct machine **machine_out, uint64_t *digest_out);

#endif
