/* What the parts of a node's archive share. Private to node/compliance.
 *
 * A part is a struct of its own file, made by its x_new(compliance), told what
 * happens by the functions of its line in compliance.c's table, each of which
 * may be NULL, and freed by its x_free. To add one: a pointer here, a line
 * there.
 *
 * What a part asks for:
 *
 *   - how many records are durable in this node's files: scribe_durable
 *     (compliance->scribe);
 *   - a record, a leaf, a tile, a root, a payload: of the files, read by a job
 *     of the part's own worker: tiles_open(compliance->settings.directory),
 *     then tiles_record, tiles_hash (a merkle_reader), tiles_root,
 *     tiles_payload; only below scribe_durable;
 *   - a command: proposer_propose(compliance->proposer, ...), with a struct
 *     proposal of the part's own; not while stopped;
 *   - what the rules say: node/chat/archive.h on compliance->state.machine;
 *   - who leads: compliance->role, compliance->leader.
 *
 * A part that reads the store (most need not) does so in jobs that end before
 * its idle function returns true.
 *
 * Thread: state loop, but for jobs.
 */
#ifndef NODE_COMPLIANCE_COMPLIANCE_PARTS_H
#define NODE_COMPLIANCE_COMPLIANCE_PARTS_H

#include <stdbool.h>

#include "node/chat/archive.h"
#include "node/compliance/compliance.h"
#include "node/compliance/meters.h"
#include "node/compliance/signer.h"

struct exporting;
struct scribe;
struct cosigning;
struct publishing;
struct canaries;
struct witnessing;
struct serving;
struct fetching;

enum { COMPLIANCE_PATH_BYTES_MAX = 512 };

struct compliance {
    struct compliance_settings settings;
    char directory[COMPLIANCE_PATH_BYTES_MAX]; /* settings.directory. */
    struct compliance_state state;
    struct replica *replica;   /* NULL before compliance_start. */
    struct proposer *proposer; /* Likewise. */
    enum replica_role role;
    uint8_t leader;                       /* Node; 0: none is known. */
    uint8_t peers[REPLICA_NODES_MAX * 2]; /* Other members, connected, */
    size_t n_peers;
    size_t n_away; /* and how many are not. */
    bool stopped;
    bool releasing; /* The store is not to be read. */
    void (*released)(void *context);
    void *released_context;
    struct timer *tick;
    struct compliance_meters meters;

    /* The parts. */
    struct scribe *scribe;
    struct exporting *exporting;
    unsigned watched; /* Ticks. */
    struct cosigning *cosigning;
    struct publishing *publishing;
    struct witnessing *witnessing;
    struct canaries *canaries;
    struct serving *serving;
    struct fetching *fetching;
};

/* What a part is told; any may be NULL. */
struct compliance_part {
    const char *name;
    /* The state is there; proposals may be made. */
    void (*start)(struct compliance *compliance);
    /* Every COMPLIANCE_TICK_MS. */
    void (*tick)(struct compliance *compliance);
    /* An entry was applied; not yet in the store. */
    void (*entry)(struct compliance *compliance,
                  const struct applied_entry *entry,
                  const struct applied *applied, const struct effects *effects);
    /* What was applied is in the store. */
    void (*committed)(struct compliance *compliance);
    /* More records are durable in this node's files. */
    void (*written)(struct compliance *compliance);
    /* Role or leader changed. */
    void (*changed)(struct compliance *compliance);
    /* The state was replaced. */
    void (*restored)(struct compliance *compliance);
    /* Does no job of it read the store? */
    bool (*idle)(struct compliance *compliance);
};

/** Tell the parts that more records are in the files, durably. */
void compliance_written(struct compliance *compliance);

/** Tell the owner, once, that what this node has cannot be believed; nothing
 * more is done. @is_state  The state, not the files alone. @reason  Static. */
void compliance_unsound(struct compliance *compliance, bool is_state,
                        const char *reason);

/** A job that read the store has ended: the store may be waited for. */
void compliance_job_ended(struct compliance *compliance);

#endif
