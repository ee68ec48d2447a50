/* Users and groups with their members: as a directory has them, or as the pool
 * has them. What is compared is two rosters.
 *
 * Texts lie in the roster's arena. URIs are lower case, as the pool keeps them.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_ROSTER_H
#define OPS_DIRECTORY_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"

struct roster_user {
    const char *uri;
    const char *name;
    const char *owner; /* Of the pool's; "": administrators. */
    uint32_t version;  /* Of the pool's. */
    bool disabled;
    bool unclear; /* Of a directory's: two entries claim it. Left alone. */
};

struct roster_group {
    const char *uri;
    const char *name;
    const char *owner;
    uint32_t version;
    bool unclear;
    size_t n;
    const char **members; /* URIs; sorted, each once, after roster_finish. */
};

struct roster {
    struct arena *arena;
    size_t n_users, n_groups;
    struct roster_user *users; /* Sorted by URI after roster_finish. */
    struct roster_group *groups;
    size_t n_problems;
    const char **problems; /* What could not be taken over, in sentences. */
    size_t users_room, groups_room, problems_room;
};

/** Begin an empty roster. */
void roster_init(struct roster *roster);

/** Free all of it. */
void roster_deinit(struct roster *roster);

/** Append a user; the caller fills it in before the next is added. */
struct roster_user *roster_add_user(struct roster *roster);

/** Append a group, likewise. */
struct roster_group *roster_add_group(struct roster *roster);

/** Append a member to the last group that was added. */
void roster_add_member(struct roster *roster, const char *uri);

/** Note, in a sentence, what could not be taken over. */
void roster_complain(struct roster *roster, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Sort, and drop members that are named twice. Of users or groups of one URI
 * the first stays, marked as unclear, and a complaint is made. */
void roster_finish(struct roster *roster);

/** Find a user in a finished roster. NULL when there is none. */
const struct roster_user *roster_user(const struct roster *roster,
                                      const char *uri);

/** Find a group, likewise. */
const struct roster_group *roster_group(const struct roster *roster,
                                        const char *uri);

/**
 * Make room for one more item of a list, doubling it.
 *
 * @room  How many there is room for; changed when that is too few.
 *
 * Returns where the items are now; stops when memory is out.
 */
void *roster_grow(void *items, size_t n, size_t *room, size_t size);

/** Copy a text into the roster. */
char *roster_text(struct roster *roster, const char *text);

#endif
