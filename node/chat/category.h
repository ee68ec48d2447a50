/* The rules of categories: the one level above rooms, which says whom its rooms
 * may be for.
 *
 * Who may do what in a category's rooms will be decided here when categories
 * have scopes; in these rules a category is a name that rooms stand under.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_CATEGORY_H
#define NODE_CHAT_CATEGORY_H

#include "node/chat/state.h"

/**
 * Create a category.
 *
 * Returns POOL_NOT_SET, GUID_INVALID, GUID_TAKEN, a refusal of its name or
 * description, or CATEGORIES_FULL. The value is its number.
 */
enum outcome category_create(struct turn *turn,
                             const Perch__CategoryCreate *command);

/**
 * Change a category's name or description; what is the same stays unchanged.
 *
 * Returns CATEGORY_UNKNOWN, VERSION_STALE or a refusal of a text. The value is
 * the version after it.
 */
enum outcome category_change(struct turn *turn,
                             const Perch__CategoryChange *command);

/**
 * Find the category a command names.
 *
 * Returns CATEGORY_UNKNOWN when the guid is none or not a category's.
 */
enum outcome category_find(const struct machine *machine,
                           ProtobufCBinaryData guid,
                           struct category **category_out);

/**
 * Take a category that has all its fields into the machine, which then owns
 * it.
 *
 * Returns false, and takes nothing, when its guid or name is taken.
 */
bool category_adopt(struct machine *machine, struct category *category);

/** Take a category without rooms or roles out of all indexes. */
void category_drop(struct machine *machine, struct category *category);

/** Free a category. Accepts NULL. */
void category_free(struct category *category);

#endif
