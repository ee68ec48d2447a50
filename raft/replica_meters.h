/* What a replica counts, for metrics.
 *
 * Thread: any.
 */
#ifndef RAFT_REPLICA_METERS_H
#define RAFT_REPLICA_METERS_H

#include "proto/base/meter.h"
#include "raft/guard/rules.h"
#include "raft/replica.h"

/* The network to one other node. */
struct replica_peer_meters {
    uint8_t node;                 /* 0: none. Set before any thread reads. */
    struct meter_gauge connected; /* 1 or 0. */
    struct meter_gauge rtt_us;    /* Smoothed; 0 when not known. */
    struct meter_counter connects;
    struct meter_counter busy; /* Messages not taken, a queue was full. */
    struct meter_counter bytes_sent, bytes_received;
};

struct replica_meters {
    struct meter_counter proposed;      /* Own proposals, taken. */
    struct meter_counter refused;       /* Own proposals, not taken: BUSY. */
    struct meter_counter led;           /* Entries put into the log, leading. */
    struct meter_counter batches;       /* In how many batches. */
    struct meter_counter forwarded;     /* Entries sent to a leader. */
    struct meter_counter gathered;      /* Entries taken from other nodes. */
    struct meter_counter turned_away;   /* Frames of other nodes not taken. */
    struct meter_counter resent_role;   /* Sent again: term, leader changed, */
    struct meter_counter resent_link;   /* the leader was connected anew, */
    struct meter_counter resent_gap;    /* one was missing in the log, */
    struct meter_counter resent_busy;   /* the leader had no room, */
    struct meter_counter resent_late;   /* nothing was heard of them. */
    struct meter_counter committed;     /* Entries given to the owner. */
    struct meter_counter elections;     /* Won by this node. */
    struct meter_counter hand_overs;    /* For a slow or full disk. */
    struct meter_counter reads;         /* Rounds of pings, */
    struct meter_counter reads_asked;   /* requests to leaders, */
    struct meter_counter reads_granted; /* reads answered, */
    struct meter_counter reads_expired; /* reads overdue. */
    struct meter_counter guard[GUARD_RULE_COUNT]; /* Each rule has acted. */
    struct meter_counter snapshot_bytes_sent;
    struct meter_counter
        strangers; /* Connections that named no node of ours. */
    struct replica_peer_meters peers[REPLICA_NODES_MAX];
    struct meter_gauge certificate_expires_s; /* Since 1970; 0: plain TCP. */
    struct meter_gauge apply_lag;    /* Entries the owner has not applied. */
    struct meter_gauge full;         /* 1: the disk takes no more. */
    struct meter_histogram write_us; /* Of log writes, by mean per tick. */
};

/** Borrow the meters, until the replica is closed. Any thread. */
const struct replica_meters *replica_meters(const struct replica *replica);

#endif
