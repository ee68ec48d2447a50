/* Writes the records that were applied into this node's files: entry bundles,
 * hash tiles of all levels, payloads. A pure function of the log: all nodes
 * have the same bytes, and writing again does no harm.
 *
 *   OPENING --where the files end is known--> WRITING --error--> WAITING
 *                                                ^                  |
 *                                                +---- back-off ----+
 *
 * A job of the scribe's worker takes rows of records in order, makes tiles of
 * them, syncs, and only then counts them as durable; rows are deleted from the
 * store (scribe_fill) once the full bundles they are in are durable. Rows that
 * this node never had, or that a snapshot jumped over, are fetched from other
 * nodes (fetching.h).
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_SCRIBE_H
#define NODE_COMPLIANCE_SCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "node/compliance/compliance.h"
#include "proto/command.h"

struct scribe;

/** Make. Stops when memory or threads are out. */
struct scribe *scribe_new(struct compliance *compliance);

/** End the job at hand and free. Accepts NULL. */
void scribe_free(struct scribe *scribe);

/** Count the records that are in this node's files, durably. */
uint64_t scribe_durable(const struct scribe *scribe);

/** Tell how it goes: FINE, FULL or FAILED. */
Perch__ArchiveMark__State scribe_state(const struct scribe *scribe);

#endif
