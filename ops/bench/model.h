/* The published user model of a Persistent Chat pool for 80,000 people: 32,000
 * rooms of 30, 1,067 of 150 and 10 of 16,000: 33,077 rooms with 1.28 million
 * member entries. Here 50,000 users share them, so that each is in 24 at least.
 *
 * The people of a room follow each other: where one room ends, the next of its
 * size goes on, and after the last user comes the first.
 *
 * Thread: any.
 */
#ifndef OPS_BENCH_MODEL_H
#define OPS_BENCH_MODEL_H

#include "proto/base/guid.h"

enum {
    MODEL_USERS = 50000,
    MODEL_SMALL = 32000,
    MODEL_MEDIUM = 1067,
    MODEL_LARGE = 10,
    MODEL_SMALL_MEMBERS = 30,
    MODEL_MEDIUM_MEMBERS = 150,
    MODEL_LARGE_MEMBERS = 16000,
    MODEL_NAME_BYTES = 64,
};

struct model {
    unsigned users, small, medium, large; /* How many. */
    unsigned large_members;
};

/* Who is in a room: n users from the first on, counted from 0. */
struct model_members {
    unsigned first, n;
};

/** Lay out a model of so many small rooms; all else in proportion. */
struct model model_of(unsigned small);

/** Count the rooms: small ones first, then medium, then large. */
unsigned model_rooms(const struct model *model);

/** Tell who is in a room. */
struct model_members model_members(const struct model *model, unsigned room);

/** Count the member entries of all rooms. */
unsigned long model_entries(const struct model *model);

/**
 * List rooms that a user is in, the large ones last.
 *
 * Returns how many, at most max.
 */
unsigned model_rooms_of(const struct model *model, unsigned user,
                        unsigned *rooms, unsigned max);

/** Name a room "model-00001". */
void model_room_name(unsigned room, char name[MODEL_NAME_BYTES]);

/** Name a user "model00001". */
void model_user_name(unsigned user, char name[MODEL_NAME_BYTES]);

/** Make a room's guid, so that it need not be asked for. */
struct guid model_room_id(unsigned room);

#endif
