/* What is remembered of users for a while: the retry ids of posts, and how far
 * closed endpoints had been told.
 *
 * A memory is found by its user and id for as long as its window lasts by the
 * commit times of entries, unless newer ones have pushed it out: the pool
 * remembers RETRIES_MAX retry ids for RETRY_WINDOW_S seconds and ENDPOINTS_MAX
 * endpoints for ENDPOINT_MEMORY_S, whichever ends sooner.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_MEMORY_H
#define NODE_CHAT_MEMORY_H

#include "node/chat/state.h"

/**
 * Find what is remembered under an id.
 *
 * @now_us  Commit time of the entry that asks, or of the last one.
 *
 * Returns NULL when there is nothing, or its window is over.
 */
struct memo *memory_find(const struct machine *machine, enum memory_kind kind,
                         const struct user *user, struct slice id,
                         int64_t now_us);

/**
 * Remember something under an id, in place of what the id stood for; the
 * oldest makes room when there are as many as may be.
 *
 * Returns the memo, to be given its value and room.
 */
struct memo *memory_add(struct turn *turn, enum memory_kind kind,
                        struct user *user, struct slice id);

/**
 * Take in a memo of a row.
 *
 * Returns NULL when the user has one of that id, or the number is taken.
 */
struct memo *memory_load(struct machine *machine, enum memory_kind kind,
                         uint64_t number, struct user *user, struct slice id);

/**
 * Clear away what is past its window or above the count, oldest first, at
 * most EXPIRIES_PER_ENTRY_MAX of each kind.
 */
void memory_expire(struct machine *machine, int64_t now_us);

/** Forget all that is remembered of a user. */
void memory_forget(struct machine *machine, struct user *user);

/** Find the memo of a row. NULL when there is none. */
struct memo *memory_numbered(const struct machine *machine,
                             enum memory_kind kind, uint64_t number);

/** Walk memos by number: the first, when after is NULL, or the next. */
struct memo *memory_next(const struct machine *machine, enum memory_kind kind,
                         const struct memo *after);

/** Free all memos. */
void memory_deinit(struct machine *machine);

#endif
