/* A replica's half on the raft loop: core, log, peers and what is between them
 * and the owner.
 *
 *   letters in -> submit --+--lead--> core -> apply -> commits -> letters out
 *   frames --> gather -----+            \-> log, peers
 *
 * Events only take note of what happened; what follows from it is done once,
 * at the end of the loop's turn (engine_turn): so all that came in a turn goes
 * on together, and no part is called from inside another.
 *
 * Thread: raft loop, but for what says otherwise.
 */
#ifndef RAFT_REPLICA_ENGINE_H
#define RAFT_REPLICA_ENGINE_H

#include <stdatomic.h>

#include "proto/base/board.h"
#include "raft/core_input.h"
#include "raft/core_members.h"
#include "raft/replica/commits.h"
#include "raft/replica/gather.h"
#include "raft/replica/log_seam.h"
#include "raft/replica/peers.h"
#include "raft/replica/read_index.h"
#include "raft/replica/reconcile.h"
#include "raft/replica/snapshot_fetch.h"
#include "raft/replica/snapshot_send.h"
#include "raft/replica/submit.h"
#include "raft/replica/wire.h"
#include "raft/replica_meters.h"
#include "raft/replica_open.h"

enum {
    ENGINE_TICK_MS = 50,
    ENGINE_LETTERS_MAX = 1 << 20,     /* Bounded by what the owner may ask. */
    ENGINE_RETRY_MS = 10,             /* After a full queue of the transport. */
    ENGINE_BUSY_RETRY_MS = 50,        /* What is told to a node turned away. */
    ENGINE_LATE_MS = 2000,            /* Nothing heard of proposals: again. */
    ENGINE_PART_ENTRIES_MAX = 1024,   /* Of a batch or a Propose. */
    ENGINE_SECOND_BATCH_ENTRIES = 32, /* Fewer wait for the batch before. */
    ENGINE_PART_BYTES_MAX = 1024 * 1024 + 64 * 1024,
    ENGINE_GETS_MAX = SNAPSHOT_SEND_OFFERS_MAX,
    ENGINE_PATH_BYTES_MAX = 1024,
    ENGINE_OFFER_MS = 5000,  /* Nobody has asked: may make room for another. */
    ENGINE_POLICY_MS = 1000, /* Between questions to the owner. */
    ENGINE_TELL_MS = 1000,   /* Between words to those that are no members. */
    ENGINE_TOLD_MS = 5000,   /* For how long such a word is believed. */
    /* For how long a removed raft id must be there, and its successor not,
     * before it may displace that. */
    ENGINE_RETURN_MS = 30 * 1000,
};

/* A checkpoint for peers: being made for the one that needs it, then there for
 * as long as somebody copies it. */
struct engine_get {
    bool used, ready;
    uint64_t ticket, id;
    uint64_t needs;    /* What the state in it must have applied. */
    uint64_t asked_us; /* Last; at first, when it was begun. */
};

struct engine_snapshots {
    struct snapshot_send *send;
    struct snapshot_fetch *fetch;
    bool flushing;
    bool flush_again;     /* The owner has flushed less. */
    uint64_t flush_index; /* What the owner must have made durable. */
    bool failed;          /* The offered one cannot be had: to be told. */
    bool restoring;       /* The owner is switching. */
    uint8_t offer_node;   /* Of an offer that waits for that; 0: none. */
    struct buffer offer;  /* Its manifest. */
    struct engine_get gets[ENGINE_GETS_MAX];
};

struct engine_membership {
    struct reconcile_node nodes[REPLICA_NODES_MAX];
    bool answered; /* In this leadership. */
    uint64_t asked_us;
    enum reconcile_reason reason; /* As last told. */
    uint64_t reason_about;
};

/* outside.c: raft ids that are no members. */
struct engine_outside {
    uint64_t there_us[REPLICA_NODES_MAX]; /* As engine->nodes: since when each
                                             is connected as it is. */
    uint64_t told_us;                     /* When they were last told, */
    uint64_t heard_us;   /* and this node, of itself; 0: never. */
    bool removed;        /* This node's raft id will never be a member again. */
    bool needs_operator; /* Lately told, and may not return by itself. */
};

struct engine_disk {
    bool full;
    bool hand_over;              /* Wanted, as soon as it may be. */
    uint64_t handed_over_us;     /* Last try. */
    uint64_t empty_us;           /* When a follower last let through a message
                                    without its entries. */
    uint64_t appends, append_us; /* At the last tick. */
    uint64_t mean_us;
};

struct engine {
    struct replica_identity identity;
    char directory[ENGINE_PATH_BYTES_MAX]; /* The data directory. */
    struct loop *loop;
    struct letters *inbox, *owner;
    struct core_settings core_settings;
    uint32_t slow_disk_ms;
    size_t n_nodes;
    uint8_t nodes[REPLICA_NODES_MAX];
    struct peer_hello hello;
    struct timer *tick, *retry;

    struct core *core;
    struct log_seam *log;
    struct peers *peers;
    struct commits *commits;
    struct read_index *reads;
    struct submit submit;
    struct gather gather;
    struct wire_scratch scratch;
    struct engine_snapshots snapshots;
    struct engine_membership membership;
    struct engine_outside outside;
    struct engine_disk disk;

    bool started, dead;
    uint64_t staged_index;            /* Of a whole copy, not yet the state. */
    uint64_t segment_bytes;           /* Of the log. */
    bool role_changed, links_changed; /* Since the last turn's end. */
    struct core_role role;
    uint64_t leader, leader_term; /* As last told to the journal. */
    uint64_t leaderless_us;       /* Since when. */
    struct peer_commit_note note; /* The last that was heard, */
    uint64_t note_stored;      /* and what was stored when the core was told. */
    uint64_t forward_after_us; /* A leader has asked for patience. */
    uint64_t late_number, late_since_us;
    uint8_t first_source;   /* Whose proposals the next batch begins with. */
    uint64_t applied_index; /* By the owner. */
    struct memo *transfer;  /* Under way; NULL: none. */
    uint64_t transfer_until_us;

    struct replica_status status;
    struct board *board; /* Of the status, for any thread. */
    atomic_bool closed;  /* Proposals are not taken now. Any thread. */
    struct replica_meters meters;
};

/* engine_open.c */

/** Make an engine over an opened home. NULL when memory is out. */
struct engine *engine_new(const struct replica_settings *settings,
                          struct letters *owner);

/** Open all it stands on. Blocks. */
enum error engine_open(struct engine *engine,
                       const struct replica_settings *settings);

/** Load the log and take part. */
enum error engine_start(struct engine *engine, uint64_t applied_index);

/** End and free. Accepts NULL. */
void engine_free(struct engine *engine);

/* engine.c */

/** Send a letter to the owner. */
void engine_tell(struct engine *engine, struct memo *memo);

#endif
