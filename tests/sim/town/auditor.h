/* What must be true of a town's compliance archive, seen at every host: the
 * same records everywhere, densely numbered, in a time that never runs back,
 * under roots that are computed a second time; and nothing that a guest is
 * given without the record that says so.
 *
 * It begins to look when the pool's mode says so: what was said before has no
 * record, and is known to have none.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_AUDITOR_H
#define TESTS_SIM_TOWN_AUDITOR_H

#include "node/chat/machine.h"
#include "proto/tlog/merkle.h"
#include "proto/xccos/envelope.h"
#include "tests/sim/town/ledger.h"

struct auditor;

struct auditor_sums {
    uint64_t records;   /* In the tree. */
    uint64_t compared;  /* Records, at a host that was not the first. */
    uint64_t roots;     /* That checkpoints were compared with. */
    uint64_t delivered; /* Messages whose record was found. */
    uint64_t reads;     /* Histories and searches that were. */
    uint64_t denied;    /* Records of refusals. */
    uint64_t canaries, cuts;
    uint64_t closed; /* Posts that were refused for the archive's sake. */
    uint64_t shut;   /* Times that no post was let through any more, */
    uint64_t opened; /* and that they were again. */
};

/** Make one that has seen nothing. */
struct auditor *auditor_new(struct ledger *ledger);

/** Free. Accepts NULL. */
void auditor_end(struct auditor *auditor);

/** See an entry that a host has applied, and its state after it. */
void auditor_entry(struct auditor *auditor, unsigned node,
                   const struct machine *machine,
                   const struct applied_entry *entry,
                   const struct applied *applied,
                   const struct effects *effects);

/** Tell whether a record's bytes are those that every host has under its CSN.
 */
bool auditor_knows(const struct auditor *auditor, uint64_t csn,
                   struct slice bytes);

/** Tell whether that is the root of so many records. */
bool auditor_has_root(const struct auditor *auditor, uint64_t size,
                      const struct merkle_hash *root);

/** Tell whether the newest entry that any host has applied found an archive. */
bool auditor_is_on(const struct auditor *auditor);

/**
 * Check a message that a guest is given: the record it names says that, in
 * this room, under this id, with this text.
 */
void auditor_delivered(struct auditor *auditor, unsigned room,
                       const struct xccos_message *message);

/** Check that a user who is shown a room's past is on record with it, once for
 * each time. */
void auditor_shown(struct auditor *auditor, unsigned user, unsigned room);

/** Check that a user who is shown what was found is on record with it. */
void auditor_found(struct auditor *auditor, unsigned user);

/** Check, at the end, what a host says of the archive: it has published what
 * all hosts have written, and none differs. */
void auditor_close(struct auditor *auditor, unsigned node,
                   const struct machine *machine, unsigned hosts);

/** Tell what was checked. */
const struct auditor_sums *auditor_sums(const struct auditor *auditor);

#endif
