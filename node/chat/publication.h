/* The rules of presence documents, as far as the pool keeps them: a user's
 * roomSetting categories, which say what rooms the user follows.
 *
 * An item is found by its container and instance and is not looked into, but
 * for the room it speaks of, which whoever proposed it has read from it. Each
 * change names the version that is to be changed; if it is another by now,
 * nothing of the command is done. Times and kinds of expiry are kept and have
 * no effect: an item stays until it is taken back.
 *
 * To follow a room needs no right in it, and tells nothing of it: what is told
 * of followed rooms asks for the right to read them each time. It begins where
 * the room is: what was said before counts as read.
 *
 * Spec: MS-PRES, category publication; xccos [P] roomSetting.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_PUBLICATION_H
#define NODE_CHAT_PUBLICATION_H

#include "node/chat/state.h"

/**
 * Change the actor's presence document.
 *
 * All or nothing. Told as EVENT_PUBLISHED, once.
 *
 * Returns as attention_actor; PUBLICATIONS_TOO_MANY for none or more than
 * PUBLICATIONS_PER_COMMAND_MAX items; PUBLICATION_INVALID, PUBLICATION_TOO_LONG
 * or PUBLICATION_STALE, the value then being the item's place in the command;
 * PUBLICATIONS_FULL; READS_FULL when there is no room for a followed room's
 * mark.
 */
enum outcome publish(struct turn *turn, const Perch__Command *command);

/** Find an item. NULL when there is none. */
struct publication *publication_find(const struct user *user,
                                     uint32_t container, uint32_t instance);

/** Walk items by container, then instance: the first, when after is NULL, or
 * the next. */
struct publication *publication_next(const struct user *user,
                                     const struct publication *after);

/**
 * Add an item, its version and texts left to the caller.
 *
 * @room  Place number of the room it speaks of; 0: of none.
 */
struct publication *publication_add(struct machine *machine, struct user *user,
                                    uint32_t container, uint32_t instance,
                                    uint32_t room);

/** Set an item's content. */
void publication_set_xml(struct user *user, struct publication *item,
                         struct slice xml);
/** Take all items of a user away, and their rows. */
void publication_drop_all(struct machine *machine, struct user *user);

/** Have items speak of no room that spoke of one. */
void publication_lose_room(struct machine *machine, struct user *user,
                           uint32_t room);

/** Free all items of a user who goes with the machine. */
void publication_free_all(struct attention *attention);

#endif
