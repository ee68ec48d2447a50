/* Writes the records that were applied into this node's files: entry bundles,
 * hash tiles of all levels, payloads. A pure function of the log: all nodes
 * have the same bytes, and writing again does no harm.
 *
 *   OPENING --where the files end is known--> WRITING --error--> WAITING
 *                                                ^                  |
 *                                                +---- back-off ----+
 *
 * A job of the writer's worker takes rows of records in order, makes tiles of
 * them, syncs, and only then counts them as durable; rows are deleted from the
 * store (writer_fill) once the full bundles they are in are durable. Rows that
 * this node never had, or that a snapshot jumped over, are fetched from other
 * nodes (fetching.h).
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_WRITER_H
#define NODE_COMPLIANCE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "node/compliance/compliance.h"
#include "proto/command.h"

struct writer;

/** Make. Stops when memory or threads are out. */
struct writer *writer_new(struct compliance *compliance);

/** End the job at hand and free. Accepts NULL. */
void writer_free(struct writer *writer);

/** Count the records that are in this node's files, durably. */
uint64_t writer_durable(const struct writer *writer);

/** Tell how it goes: FINE, FULL or FAILED. */
Perch__ArchiveMark__State writer_state(const struct writer *writer);

/** Ask that as many records be durable as soon as can be: a checkpoint needs
 * them. Fewer than there are. */
void writer_want(struct writer *writer, uint64_t size);

#endif
