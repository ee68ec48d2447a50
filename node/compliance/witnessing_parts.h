/* What the halves of witnessing share: witnessing.c, witnessing_heard.c.
 * Private to them.
 *
 * Thread: state loop; a talk belongs to its worker while it works.
 */
#ifndef NODE_COMPLIANCE_WITNESSING_PARTS_H
#define NODE_COMPLIANCE_WITNESSING_PARTS_H

#include "node/compliance/tiles.h"
#include "node/compliance/witness_talk.h"
#include "node/compliance/witnessing.h"
#include "proto/base/worker.h"

/* A witness of the state's, by its slot. */
struct talker {
    struct compliance *compliance;
    uint32_t slot;
    struct worker *worker; /* NULL: not needed yet. */
    struct tiles *tiles;   /* The worker's while it works. */
    struct job job;
    bool is_working;
    struct witness_talk talk;
    uint64_t index;      /* Of the checkpoint it is about. */
    uint64_t done_index; /* Of the last that it has cosigned. */
    uint64_t retry_us;   /* Not before then. */
    unsigned attempts;   /* That failed in a row. */
    char error[WITNESS_WHY_BYTES];
    struct proposal proposal;
    bool is_first; /* The talk is the one before this node's start. */
    bool is_saying;
    bool is_halting; /* What is said is that the pool has to halt. */
};

/** Propose that the witness has cosigned what the talk was about. */
void witnessing_say(struct talker *talker);

/** Note a talk that failed: told when the reason is another, and tried again
 * after a while that doubles. */
void witnessing_note_failure(struct talker *talker);

/** Note that the witness has seen more, or another history: unless the state
 * here was behind and is not any more, the halt is proposed. */
void witnessing_note_set_back(struct talker *talker);

#endif
