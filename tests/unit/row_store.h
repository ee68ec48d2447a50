/* Rows in memory, as a store would hold them: what machine_write_changes hands
 * over goes in, and a machine is made from what is there.
 */
#ifndef TESTS_UNIT_ROW_STORE_H
#define TESTS_UNIT_ROW_STORE_H

#include "node/chat/rows.h"

struct row_store;

/** Make an empty store. Stops when memory is out. */
struct row_store *row_store_new(void);

/** Free the store. Accepts NULL. */
void row_store_free(struct row_store *store);

/** Put or remove one row: a row_sink, the store its context. */
void row_store_take(void *store, const struct row_key *key,
                    const struct slice *value);

/** Hand over every row in key order. */
void row_store_each(const struct row_store *store, row_sink *sink,
                    void *context);

/** Count the rows. */
size_t row_store_count(const struct row_store *store);

/** Make a machine from the rows. NULL, with the error, when they are refused.
 */
struct machine *row_store_machine(const struct row_store *store,
                                  uint32_t rules_known, enum error *error_out);

#endif
