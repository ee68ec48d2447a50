/* How nodes of one pool talk: one authenticated connection per pair of nodes,
 * whole messages in order per class, bounded queues, and word of who is there.
 *
 * A message that was accepted for sending arrives once or not at all, and not
 * at all only when disconnected is told. Nothing is re-sent here; raft and the
 * proposer do that themselves.
 *
 * Two implementations, chosen when a program is linked: raft/peer (libuv, TLS)
 * and tests/sim (a network that delays, loses and cuts).
 *
 * Thread: the raft loop's, and so are the events.
 */
#ifndef RAFT_TRANSPORT_H
#define RAFT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/loop.h"
#include "proto/peer.h"

struct transport;

/* Limits, each the default of its field in struct transport_limits where
 * there is one. */
enum {
    TRANSPORT_NODES_MAX = 16,        /* Other nodes, configured. */
    TRANSPORT_CONNECT_MS = 1000,     /* From dialing to a TCP connection. */
    TRANSPORT_HANDSHAKE_MS = 3000,   /* From there to an accepted Hello. */
    TRANSPORT_LEAVE_MS = 500,        /* For a Reject to be read. */
    TRANSPORT_ALIVE_MS = 200,        /* Between keep-alives. */
    TRANSPORT_SILENT_MS = 2000,      /* Nothing heard, or nothing taken. */
    TRANSPORT_DIAL_MIN_MS = 50,      /* Back-off between attempts, doubled */
    TRANSPORT_DIAL_MAX_MS = 1000,    /* up to this, and jittered. */
    TRANSPORT_STRANGERS_MAX = 32,    /* Accepted, not yet known. */
    TRANSPORT_TELL_EVERY_MS = 10000, /* A reason, per node, in the journal. */

    /* Bytes that may wait per node and class; more is BUSY. */
    TRANSPORT_CONTROL_BYTES_MAX = 64 * 1024,
    TRANSPORT_RAFT_BYTES_MAX = 8 * 1024 * 1024,
    TRANSPORT_READ_BYTES_MAX = 256 * 1024,
    TRANSPORT_PROPOSAL_BYTES_MAX = 8 * 1024 * 1024,
    TRANSPORT_SNAPSHOT_BYTES_MAX = 1024 * 1024 + 4096,
    TRANSPORT_ARCHIVE_BYTES_MAX = 1024 * 1024 + 4096,

    /* Bytes handed to the system at a time, when frames are not larger; what
     * a heartbeat may have to wait behind. */
    TRANSPORT_WRITE_BYTES_MAX = 128 * 1024,
};

/* Why a connection ended. */
#define TRANSPORT_REASON_LIST(X)                                               \
    X(CLOSED, "the other side closed the connection")                          \
    X(IO, "the operating system reports an error")                             \
    X(TLS, "the TLS handshake or a TLS record was refused")                    \
    X(TIMED_OUT, "it was not finished in the time allowed")                    \
    X(CROWDED, "too many connections had not yet said who they are")           \
    X(SILENT, "nothing was heard for too long")                                \
    X(STUCK, "it takes nothing of what is sent")                               \
    X(MALFORMED, "the bytes are no message")                                   \
    X(OVERSIZED, "a message is larger than its kind may be")                   \
    X(UNEXPECTED, "a message came that may not come now")                      \
    X(REFUSED, "this node does not accept it")                                 \
    X(REJECTED, "it does not accept this node")                                \
    X(REPLACED, "the same node has made a new connection")                     \
    X(DROPPED, "this node's raft gave it up")                                  \
    X(NO_MEMORY, "out of memory")

#define TRANSPORT_REASON_ENUM(name, text) TRANSPORT_##name,
enum transport_reason {
    TRANSPORT_REASON_LIST(TRANSPORT_REASON_ENUM) TRANSPORT_REASONS
};
#undef TRANSPORT_REASON_ENUM

/* Another node of the pool, as configured. */
struct transport_node {
    uint8_t node;
    const char *host; /* A name or an address. */
    uint16_t port;
};

/* PEM files. The certificate's subject has exactly one common name, and that
 * is "node" and the node id in decimal: "node3". Alternative names are not
 * looked at. It chains to the authority and serves as client and as server. */
struct transport_tls {
    const char *certificate; /* With the chain below the authority, if any. */
    const char *key;
    const char *authority;
};

/* 0 stands for the default. */
struct transport_limits {
    uint32_t connect_ms;
    uint32_t handshake_ms;
    uint32_t alive_ms; /* At most a quarter of silent_ms. */
    uint32_t silent_ms;
    uint32_t strangers_max;
    size_t class_bytes_max[PEER_CLASSES]; /* At least its largest message. */
};

/* All is copied or read when the transport opens. */
struct transport_settings {
    struct peer_hello hello; /* This node. */
    const struct transport_node *nodes;
    size_t n_nodes;
    const char *listen_host; /* An address; names are not looked up. */
    uint16_t listen_port;    /* 0 takes any that is free. */
    bool plain;              /* No TLS: loopback addresses only. */
    struct transport_tls tls;
    struct transport_limits limits;
};

/* What the transport tells its owner. Any event may send, drop or close. */
struct transport_events {
    /** Judge a Hello whose name, version, pool and node are right. */
    enum peer_refusal (*admit)(void *context, const struct peer_hello *hello);
    /** A node is there; it may be sent to. */
    void (*connected)(void *context, uint8_t node,
                      const struct peer_hello *hello);
    /** A connected node is there no longer. What waited for it is lost. */
    void (*disconnected)(void *context, uint8_t node,
                         enum transport_reason reason);
    /** A message came, of any class but control. Borrowed for the call. */
    void (*received)(void *context, uint8_t node,
                     const struct peer_message *message);
};

/* Counts since the transport opened, of one node or of strangers: those
 * connections that never said which node they are, or not truly. */
struct transport_stats {
    bool connected;
    uint64_t connects; /* Connections that became usable. */
    uint64_t drops;    /* Connections ended for any reason. */
    uint64_t refused;  /* Of these, refused by this node's rules. */
    uint64_t busy;     /* Messages not taken because a class was full. */
    uint64_t bytes_sent;
    uint64_t bytes_received;
    uint64_t frames_sent;
    uint64_t frames_received;
    uint64_t queued_bytes[PEER_CLASSES];
    uint64_t rtt_us; /* Smoothed, of keep-alives; 0 when not known. */
};

/**
 * Listen, and dial the configured nodes of a higher id.
 *
 * Makes the process ignore SIGPIPE, which a socket's write may otherwise
 * raise. What is wrong with the settings is told by a journal line.
 *
 * @events  Copied. None comes before this returns.
 *
 * Returns INVALID for settings that contradict themselves or the rule that
 * plain TCP stays on loopback addresses, TLS for files that are not usable,
 * else what the system reports.
 */
enum error transport_open(struct loop *loop,
                          const struct transport_settings *settings,
                          const struct transport_events *events, void *context,
                          struct transport **transport_out);

/**
 * Close all connections and free. No event comes any more. Memory goes when
 * the loop has closed the sockets, at the latest in loop_free. Accepts NULL.
 */
void transport_close(struct transport *transport);

/**
 * Send a message to a connected node; it is copied into the queue of its
 * class, and all that a turn of the loop sends to a node goes out together.
 *
 * @message  Of any kind but those of the control class, which are the
 *           transport's own.
 *
 * Returns CLOSED when the node is not connected, NOT_FOUND when it is not
 * configured, BUSY when its class is full, TOO_LARGE as peer_write.
 */
enum error transport_send(struct transport *transport, uint8_t node,
                          const struct peer_message *message);

/** Say this from the next connection on; node and pool stay. */
void transport_set_hello(struct transport *transport,
                         const struct peer_hello *hello);

/**
 * Give up the connection to a node; it may come again.
 *
 * @why  For the journal: no quotes in it.
 */
void transport_drop(struct transport *transport, uint8_t node, const char *why);

/**
 * Read the TLS files again, for connections made from now on; those that are
 * open stay. On an error the old ones are kept. NONE when there is no TLS.
 */
enum error transport_reload_tls(struct transport *transport);

/** Tell when the own certificate expires, seconds since 1970; 0 for none. */
int64_t transport_certificate_expires_s(const struct transport *transport);

/** Read the counts of a node; of strangers for 0. NOT_FOUND for others. */
enum error transport_stats_of(const struct transport *transport, uint8_t node,
                              struct transport_stats *stats_out);

/** Tell the port it listens on. */
uint16_t transport_port(const struct transport *transport);

#endif
