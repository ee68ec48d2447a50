/* What a search of rooms asks for, and whether a room is that.
 *
 * Words are looked for case aside by Unicode's rules. What else is asked for
 * are facts of the state: who has which role, who is in, of which kind a room
 * is. Whether who asks may see the room comes first. Disabled rooms are found
 * by those who manage them, and only when they ask for them.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_MATCHING_H
#define NODE_SESSION_MATCHING_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/arena.h"
#include "proto/xccos/request.h"

struct sessions;
struct user;
struct room;
struct category;
struct addin;

enum {
    SEARCH_WORDS_MAX = 16, /* Of one search; those after them do not count. */
};

struct matching {
    struct sessions *hub;
    const struct xccos_room_query *query;
    struct slice words[SEARCH_WORDS_MAX]; /* Folded. */
    size_t n_words;

    /* Valid until the next entry is applied. */
    const struct user *user;         /* Who asks. */
    const struct user *other;        /* The member, manager or participant asked
                                        for; NULL: there is none such. */
    const struct category *category; /* NULL: any. */
    const struct addin *addin;       /* NULL: any, or none. */
};

/** Take what is asked for apart. @arena  Lives as long as the matching. */
void matching_init(struct matching *matching, struct sessions *hub,
                   struct arena *arena, const struct xccos_room_query *query);

/**
 * Look up whom and what the search names; again whenever entries may have been
 * applied since.
 *
 * Returns false when no room can be what is asked for.
 */
bool matching_look_up(struct matching *matching, const struct user *user);

/** Tell whether a room is what is asked for, and shown to who asks. */
bool matching_wants(struct matching *matching, const struct room *room);

#endif
