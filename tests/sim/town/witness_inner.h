/* What a witness keeps of the ledger's rooms, and the twin it asks: shared by
 * its two files, and nobody else's.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_WITNESS_INNER_H
#define TESTS_SIM_TOWN_WITNESS_INNER_H

#include "tests/model/twin.h"
#include "tests/sim/town/witness.h"

struct version;

/* A message when it was said. */
struct heard {
    uint64_t index;
    uint64_t audience; /* The users who were in, a set. */
    bool hidden;       /* From readers. */
    bool purged;
    uint64_t purged_index;
    uint64_t post;            /* The ledger's. */
    struct version *versions; /* The newest. */
};

/* What a message was made. */
struct version {
    struct version *before;
    uint64_t index, audience;
    enum revision state;
    struct twin_text text;
};

/* What is known of one of the ledger's rooms. */
struct known_room {
    uint32_t place;      /* By the twin; 0: there is none. */
    uint32_t place_ever; /* Or was, and is deleted. */
    uint64_t last;       /* Message. */
    struct heard *said;  /* By message id. */
    size_t capacity;
    /* By user: whether he is allowed in now, */
    bool allowed[TWIN_USERS + 1];
    /* and the newest entry that found him so; 0: none has. */
    uint64_t allowed_until[TWIN_USERS + 1];
};

struct witness {
    struct ledger *ledger;
    struct twin *twin;
    uint64_t index;
    bool left_behind[TWIN_NODES]; /* By a raise. */
    struct known_room rooms[LEDGER_ROOMS];
};

/** Find what is known of a message; there need be none. */
struct heard *witness_said(struct known_room *room, uint64_t message_id);

/** Free what a room holds. */
void witness_forget(struct known_room *room);

/** Note what the newest entry says, or makes of what was said. */
void witness_note(struct witness *witness, const Perch__Command *command,
                  enum outcome outcome);

#endif
