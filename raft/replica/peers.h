/* The other nodes as this one sees them: who is connected, as which member,
 * and whether the pool's state knows the directory it comes with.
 *
 * A Hello is admitted at once; the owner is then asked whether the state knows
 * the raft id with another directory: a disk that was forgotten. Until it has
 * answered, nothing goes to the node and nothing that comes from it counts.
 *
 *   absent --Hello--> asked --known--> there --lost--> absent
 *                       \--not known: dropped, refused from now on
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_PEERS_H
#define RAFT_REPLICA_PEERS_H

#include "raft/core_seams.h"
#include "raft/replica/memo.h"
#include "raft/transport.h"

enum { PEERS_REMEMBERED = 64 }; /* Answers kept, of each kind. */

struct peers;

/* What the peers tell their owner. */
struct peers_events {
    void *context;
    /* A node is there. */
    void (*there)(void *context, uint8_t node, uint64_t raft_id);
    /* A node that was there is lost. */
    void (*lost)(void *context, uint8_t node);
    /* A message of one that is there; MALFORMED ends the connection. */
    enum error (*received)(void *context, uint8_t node, uint64_t raft_id,
                           const struct peer_message *message);
};

/** Make them, nobody connected. NULL when memory is out. */
struct peers *peers_new(struct letters *owner,
                        const struct peers_events *events);

/** Disconnect and free. Accepts NULL. */
void peers_free(struct peers *peers);

/** Open the transport; settings as transport_open, events are ours. */
enum error peers_open(struct peers *peers, struct loop *loop,
                      const struct transport_settings *settings);

/** Borrow the transport; NULL before peers_open. */
struct transport *peers_transport(struct peers *peers);

/** The owner has answered whether it knows a directory. */
void peers_take_known(struct peers *peers, const struct memo *answer);

/** Tell whether a node is there; hello_out may be NULL, else borrows. */
bool peers_is_there(const struct peers *peers, uint8_t node,
                    const struct peer_hello **hello_out);

/** Tell whether a member is there: its node, under this raft id. What the core
 * sends to another is CLOSED. */
bool peers_is_member_there(const struct peers *peers, uint64_t raft_id);

/** Send to a node. CLOSED when it is not there, else as transport_send. */
enum error peers_send(struct peers *peers, uint8_t node,
                      const struct peer_message *message);

/** The functions for the core. */
struct core_network peers_network(struct peers *peers);

/** Send the commit notes that no message has made needless. */
void peers_flush(struct peers *peers);

#endif
