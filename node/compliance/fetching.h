/* Asks other nodes for bytes of the archive's files that this one lacks, one
 * thing at a time: a tile, a bundle or a payload, in parts.
 *
 *   IDLE --fetching_want--> ASKING --last part--> told --> IDLE
 *                             |  ^
 *           no answer, absent +--+ the next node; after the last one a pause
 *
 * A node that gave wrong bytes is named in the journal and asked last from then
 * on. Whether bytes are right is the asker's affair (climb.h).
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_FETCHING_H
#define NODE_COMPLIANCE_FETCHING_H

#include <stdbool.h>

#include "node/compliance/climb.h"
#include "node/compliance/compliance_parts.h"
#include "proto/peer.h"

struct fetching;

enum {
    FETCHING_PART_MS = 2000,     /* For an answer. */
    FETCHING_PAUSE_MS = 1000,    /* After all nodes were asked in vain. */
    FETCHING_SUSPECT_MS = 60000, /* One that was wrong is asked last. */
};

extern const struct compliance_part fetching_part;

/** Make. Stops when memory is out. */
struct fetching *fetching_new(struct compliance *compliance);

/** Free. Accepts NULL. */
void fetching_free(struct fetching *fetching);

/**
 * Ask for something; what was asked for before is given up.
 *
 * @got  Told once, with the whole; bytes are borrowed for the call. absent:
 *       every node that is connected has said that it has no such payload.
 */
void fetching_want(struct fetching *fetching, const struct climb_want *want,
                   void (*got)(void *context, struct slice bytes, bool absent),
                   void *context);

/** Ask for nothing any more. */
void fetching_stop(struct fetching *fetching);

/** Tell whether something is being asked for. */
bool fetching_is_asking(const struct fetching *fetching);

/** The bytes that were got last are wrong: name who gave them. */
void fetching_blame(struct fetching *fetching, const struct climb_want *want);

/** Take a part. Borrowed. */
void fetching_part_came(struct fetching *fetching, uint8_t node,
                        const struct peer_archive_part *part);

#endif
