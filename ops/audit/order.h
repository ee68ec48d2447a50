/* What holds from one record to the next: numbers without gaps, time that
 * never runs backward, positions in the pool's log that only rise.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_ORDER_H
#define OPS_AUDIT_ORDER_H

#include "ops/audit/findings.h"
#include "proto/record.h"

struct order {
    struct findings *findings;
    bool has_last;
    uint64_t n;
    int64_t off; /* How far the last record's number was from its place. */
    int64_t first_us, last_us;
    uint64_t last_csn, last_index;
    uint32_t last_ordinal;
};

/** Tell whether from such a record on the pool's log, its sessions and its
 * rooms may be others: an archive that begins, is switched off or on, or is refilled. */
bool order_is_break(const struct record *record);

/** Begin. */
void order_init(struct order *order, struct findings *findings);

/** Take the record at a place of the tree. */
void order_take(struct order *order, uint64_t place,
                const struct record *record);

/** Say what was looked at. */
void order_end(struct order *order);

#endif
