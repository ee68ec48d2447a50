/* The writer as a part of the archive. Private to node/compliance.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_WRITER_PART_H
#define NODE_COMPLIANCE_WRITER_PART_H

#include "node/compliance/compliance_parts.h"
#include "node/compliance/writer.h"
#include "storage/batch.h"

extern const struct compliance_part writer_part;

/** As compliance_fill. */
void writer_fill(struct writer *writer, struct batch *batch);

#endif
