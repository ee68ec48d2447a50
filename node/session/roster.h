/* Who is in the rooms that a reply tells of: one list of users for all of
 * them, and for each room the numbers of those who are there, by role.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_ROSTER_H
#define NODE_SESSION_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/query.h"
#include "proto/base/arena.h"
#include "proto/xccos/envelope.h"

struct sessions;

struct roster {
    const struct sessions *hub;
    struct arena *arena;
    struct xccos_user *users; /* The list, for the reply's data. */
    struct xccos_user **tail;
    uint32_t n;
    uint32_t *slots;   /* Principal number -> place in the list: a hash table */
    uint32_t *numbers; /* of as many entries as slots says in mask + 1. */
    uint32_t mask;
    size_t bytes; /* That users and their numbers take when written, at most. */
    bool failed;  /* Memory ran out. */
};

enum {
    /* What all rosters of one reply may take of a body: rooms after that are
     * told of as large ones are. */
    ROSTER_BYTES_MAX = 512 * 1024,
};

/** Start with no users. */
void roster_init(struct roster *roster, const struct sessions *hub,
                 struct arena *arena);

/**
 * Put into a room's block who is in it; of a large room only one user.
 *
 * @joiner  Listed whatever the size of the room.
 */
void roster_add(struct roster *roster, struct xccos_room *block,
                const struct room *room, const struct user *joiner);

#endif
