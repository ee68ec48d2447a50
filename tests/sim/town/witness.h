/* Who may be told what, by the rules written a second time (tests/model): each
 * entry of the log is judged by that twin too, as soon as any host has applied
 * it, and what guests hear is held against what the twin says of them.
 *
 * It knows every command that the twin knows, and nothing of its own.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_WITNESS_H
#define TESTS_SIM_TOWN_WITNESS_H

#include "node/chat/machine.h"
#include "proto/xccos/envelope.h"
#include "tests/sim/town/ledger.h"

struct witness;

enum { WITNESS_HOSTS_MAX = 5 }; /* The twin knows no more nodes. */

/** Make one that has seen nothing. */
struct witness *witness_new(struct ledger *ledger);

/** Free. Accepts NULL. */
void witness_end(struct witness *witness);

/** See an entry that a host has applied; hosts may be at different ones. */
void witness_entry(struct witness *witness, const struct applied_entry *entry,
                   const struct applied *applied,
                   const struct effects *effects);

/** Tell the newest entry that was seen. */
uint64_t witness_index(const struct witness *witness);

/** Tell the rules in force after it. */
uint32_t witness_rules(const struct witness *witness);

/** Tell whether the pool has given a node up, now or when it raised its rules
 * beyond what the node knew: then the node must stop there. */
bool witness_gave_up(const struct witness *witness, unsigned node);

/** Tell a node's epoch after it; 0: it has not started yet. */
uint64_t witness_epoch(const struct witness *witness, unsigned node);

/** Check that a user was in the room when a message was said that he is told
 * live. */
void witness_copy(struct witness *witness, const char *user, unsigned room,
                  uint64_t message_id);

/** Check a message in a history that a user is shown: not said after he lost
 * the right to be there, nor while what is said was not kept for readers. */
void witness_shown(struct witness *witness, const char *user, unsigned room,
                   uint64_t message_id);

/** Check what a message is shown to be: none that was another already when
 * asked was the newest entry, nor one that it never was. */
void witness_text(struct witness *witness, unsigned room, uint64_t asked,
                  const struct xccos_message *message);

/** Check that a user is told what a message was made, and was in the room when
 * it was. */
void witness_notice(struct witness *witness, const char *user, unsigned room,
                    const struct xccos_message *message);

/** Check that a user who was shown a room's history at a read index could be
 * there at some moment since he asked: when asked was the newest entry. */
void witness_history(struct witness *witness, const char *user, unsigned room,
                     uint64_t asked);

/* One of the ledger's rooms, as its rows must be. */
struct witness_room {
    uint32_t place; /* 0: it was never made. */
    bool is_there;  /* Not deleted. */
    uint64_t last;  /* Message; what is not purged of all up to here is kept,
                       in a deleted room too. */
    uint64_t cleared, swept; /* Up to these it is cleared, and was purged. */
};

/** Tell of a room. */
struct witness_room witness_room(const struct witness *witness, unsigned room);

/** Tell whether a message was purged: its row is not there any more. */
bool witness_is_purged(const struct witness *witness, unsigned room,
                       uint64_t message_id);

#endif
