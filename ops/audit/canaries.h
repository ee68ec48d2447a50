/* Canaries: each node that is up says a nonce into the archive in intervals, so
 * that an archive into which nothing comes is told from one with nothing to
 * say.
 *
 * The interval is the pool's setting as the records tell of it, or as it is
 * asked for. A canary is missing when twice the interval and a minute go by
 * without one, between a node's start and its loss or the archive's end.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_CANARIES_H
#define OPS_AUDIT_CANARIES_H

#include "ops/audit/findings.h"
#include "proto/record.h"

enum { CANARIES_NODES = 256, CANARIES_INTERVAL_S = 3600 };

struct canary_node {
    bool is_up;
    int64_t last_us; /* Its last canary, or its start. */
    uint64_t n;
};

struct canaries {
    struct findings *findings;
    bool is_asked; /* The interval is, and what is missing an error. */
    int64_t interval_us;
    int64_t last_us; /* Of the last record. */
    uint64_t n;
    struct canary_node nodes[CANARIES_NODES];
};

/** Begin. @interval_s  0: as the records tell; what is missing is a notice. */
void canaries_init(struct canaries *canaries, uint32_t interval_s,
                   struct findings *findings);

/** Take a record. */
void canaries_take(struct canaries *canaries, const struct record *record);

/** The archive ends: say what is missing, and what was looked at. */
void canaries_end(struct canaries *canaries);

#endif
