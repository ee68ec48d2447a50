/* How a node's replica begins and ends: its data directory, its place in the
 * pool, the loops it runs on.
 *
 *   replica_open    the identity is read, or made in an empty directory; the
 *                   log is recovered, or set aside when it is damaged
 *   (the owner opens its state, which may be behind the log's snapshot)
 *   replica_start   the node takes part in the pool; events begin
 *   replica_close   both loops have ended
 *
 * In the data directory the replica owns identity, log/, staging/, checkpoint/
 * and rotted-<time>/; all else is its owner's.
 *
 * Thread: that of main, while neither loop runs, unless said otherwise.
 */
#ifndef RAFT_REPLICA_OPEN_H
#define RAFT_REPLICA_OPEN_H

#include "raft/replica.h"
#include "raft/transport.h"

/* All is copied, or read while a call lasts. 0 stands for a default. */
struct replica_settings {
    const char *directory; /* The data directory; made when missing. */
    struct guid pool;
    uint8_t node;
    /* An empty directory becomes a founder's: its log begins with all nodes
     * below as voters. Else it becomes a new incarnation of the node, which
     * waits to be taken in by the pool. */
    bool founding;

    const struct transport_node *nodes; /* Of the pool, this one too. */
    size_t n_nodes;                     /* 1 to REPLICA_NODES_MAX. */
    const char *listen_host;            /* An address. */
    uint16_t listen_port;               /* 0 takes any that is free. */
    bool plain;                         /* No TLS: loopback only. */
    struct transport_tls tls;
    struct transport_limits limits;
    const char *software;    /* "perchd 0.1.0"; told to the others. */
    const char *sip_address; /* Where clients go; told to the others. */
    uint32_t rules_version;  /* The highest this program knows. */
    const char *state; /* Name of the owner's state in the data directory, to
                          be set aside with a damaged log; NULL: none. */

    uint32_t election_ms, heartbeat_ms;
    uint32_t snapshot_entries; /* Applied between two cuts of the log. */
    uint32_t trailing_entries; /* Kept behind a cut. */
    uint64_t segment_bytes;    /* Of a file of the log. */
    uint64_t floor_bytes;      /* Of disk space left to others. */
    uint32_t slow_disk_ms;     /* A leader's write that takes longer makes it
                                  hand over; REPLICA_SLOW_DISK_MS. */

    struct slice noop; /* The command that spends a withdrawn number. */

    struct loop *owner_loop;
    struct loop *raft_loop; /* Another one, or the same. Up to two more turn
                               functions (loop_on_turn) may be its own. */
    struct replica_events events;
};

enum {
    REPLICA_SLOW_DISK_MS = 1000,
    REPLICA_HAND_OVER_MS = 30 * 1000, /* Between two tries to hand over. */
};

/* Who the node is, as its data directory says. */
struct replica_identity {
    struct guid pool;
    uint8_t node;
    uint64_t raft_id;      /* (incarnation << 8) | node. */
    uint64_t directory_id; /* Random; written once. */
    bool removed; /* The pool has removed the raft id: the next replica_open
                     makes another. */
};

/**
 * Read or make the data directory, recover the log. Blocks.
 *
 * A damaged log, or that of a raft id which the pool has removed, is renamed
 * rotted-<time>, the owner's state beside it rotted-<time>-<its name>, and the
 * node comes back as a new incarnation. So
 * the owner opens its state afterwards; replica_status tells the log's bounds.
 *
 * Returns WRONG_POOL when the directory is another pool's or node's, ROTTEN
 * for an unreadable identity file, NO_SPACE below the floor, INVALID for
 * settings that contradict themselves, else what disk, TLS files or sockets
 * report; with a journal line.
 */
enum error replica_open(const struct replica_settings *settings,
                        struct replica **replica_out);

/**
 * Take part in the pool.
 *
 * @applied_index  Up to where the owner's state is durable; committed begins
 *                 behind it.
 *
 * Returns FORGOTTEN when the state is behind the log's beginning and there is
 * no whole snapshot in staging/ either: the state was lost. INVALID for a log
 * that cannot be one.
 */
enum error replica_start(struct replica *replica, uint64_t applied_index);

/**
 * End and free. No event comes any more; unanswered letters are lost, as in a
 * crash. Accepts NULL and a replica that was not started.
 */
void replica_close(struct replica *replica);

/** Tell who this node is. Any thread. */
struct replica_identity replica_identity(const struct replica *replica);

/**
 * Tell the log index of the snapshot that was received whole and not switched
 * to; the event restore comes for it after replica_start. 0: there is none.
 */
uint64_t replica_staged_index(const struct replica *replica);

/**
 * Make the data directory only, as replica_open would: for an init command.
 *
 * Returns EXISTS when it is made already, else as replica_open.
 */
enum error replica_format(const struct replica_settings *settings);

/**
 * Set the log, and a state that was lost or is damaged, aside as rotted-<time>:
 * the next replica_open makes a new incarnation. No replica is open.
 *
 * @state    As in the settings.
 * @wall_us  The time, for the name.
 */
enum error replica_set_aside(const char *directory, const char *state,
                             int64_t wall_us);

/** Read certificate, key and authority again. Owner's loop. */
void replica_reload_tls(struct replica *replica);

#endif
