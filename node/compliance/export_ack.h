/* Reads what an adapter says at its end: {"ack": CSN, "sheet": "hex"}.
 *
 * Protocol: ops/adapter/interface.md.
 *
 * Pure. Thread: any.
 */
#ifndef NODE_COMPLIANCE_EXPORT_ACK_H
#define NODE_COMPLIANCE_EXPORT_ACK_H

#include <stdint.h>

#include "node/compliance/adapter_process.h"
#include "proto/tlog/merkle.h"

/**
 * Tell whether a line acknowledges a cut, exactly.
 *
 * @sheet_out  Of the reconciliation sheet.
 * @why        Says what is wrong with it.
 *
 * Returns MALFORMED for a line that is none, REFUSED for one that acknowledges
 * something else: more was said than was given, or less.
 */
enum error export_ack_read(const char *line, uint64_t last_csn,
                           uint8_t sheet_out[MERKLE_HASH_BYTES],
                           char why[ADAPTER_WHY_BYTES]);

#endif
