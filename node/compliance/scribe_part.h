/* The scribe as a part of the archive. Private to node/compliance.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_SCRIBE_PART_H
#define NODE_COMPLIANCE_SCRIBE_PART_H

#include "node/compliance/compliance_parts.h"
#include "node/compliance/scribe.h"
#include "storage/batch.h"

extern const struct compliance_part scribe_part;

/** As compliance_fill. */
void scribe_fill(struct scribe *scribe, struct batch *batch);

#endif
