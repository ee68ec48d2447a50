/* The insides of quests, for their own files: quest.c walks, quest_read.c knows
 * what was asked, quest_rooms.c where to look, quest_answer.c what is written.
 *
 * Thread: state loop; quest_answer.c the worker's.
 */
#ifndef NODE_SESSION_QUEST_PARTS_H
#define NODE_SESSION_QUEST_PARTS_H

#include <stddef.h>

#include "node/session/hub.h"
#include "node/session/quest.h"

/* One search under way. The worker has the lookup while it runs. */
struct quest {
    struct errand errand; /* First. */
    struct recorded recorded;
    struct lookup lookup;
    const struct xccos_history_query *query;
    struct slice domain; /* Of rooms' URIs. */
    unsigned tries;
    uint64_t envid;
    struct xccos_primitive reply;
    struct body *body;
};

/** Find the quest of its lookup. */
static inline struct quest *quest_of(struct lookup *lookup)
{
    return (struct quest *)((char *)lookup - offsetof(struct quest, lookup));
}

/** Lay out what is asked. Returns why it cannot be asked so, or NULL. */
const char *quest_read(struct quest *quest);

/** Say what is asked for the record of it. Returns false when memory is out. */
bool quest_describe(struct quest *quest, struct recorded *recorded);

/** Find the user who asks, as the state is now; NULL: there is none. */
const struct user *quest_user(const struct quest *quest);

/**
 * Choose the rooms to look in, as the user may now.
 *
 * @outcome_out  DONE, or why a room that was named may not be looked in.
 *
 * Returns NO_MEMORY.
 */
enum error quest_choose(struct quest *quest, enum outcome *outcome_out);

/** Tell whether all that was found may still be shown to the user. */
bool quest_holds(const struct quest *quest, const struct user *user);

/** Tell what a message adds to the answer: a lookup's weigh. */
size_t quest_weigh(struct lookup *lookup, const struct lookup_found *found);

/** Write the answer's body: a lookup's finish. */
void quest_compose(struct lookup *lookup);

#endif
