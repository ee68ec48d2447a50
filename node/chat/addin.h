/* The rules of add-ins: web pages that clients show beside a room. Each is
 * registered for the pool, with a name and an address, and carried by any
 * number of rooms, a room carrying one at most.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ADDIN_H
#define NODE_CHAT_ADDIN_H

#include "node/chat/state.h"

/**
 * Register an add-in.
 *
 * Returns GUID_INVALID, GUID_TAKEN, NAME_EMPTY, NAME_CHARACTER,
 * ADDIN_NAME_TOO_LONG, ADDIN_EXISTS, ADDIN_URL_INVALID or ADDINS_FULL. The
 * value is its number.
 */
enum outcome addin_create(struct turn *turn, const Perch__AddinCreate *command);

/**
 * Change an add-in's name or address; what is the same stays unchanged.
 *
 * Returns ADDIN_UNKNOWN, VERSION_STALE, or a refusal of what is new. The value
 * is the version after it.
 */
enum outcome addin_change(struct turn *turn, const Perch__AddinChange *command);

/**
 * Delete an add-in that no room carries.
 *
 * Returns ADDIN_UNKNOWN, VERSION_STALE, or ADDIN_IN_USE with the number of
 * rooms that carry it as the value.
 */
enum outcome addin_delete(struct turn *turn, const Perch__AddinDelete *command);

/**
 * Find the add-in that a command names for a room.
 *
 * @guid  Empty: none, and NULL is given.
 *
 * Returns ADDIN_UNKNOWN.
 */
enum outcome addin_find(const struct machine *machine, ProtobufCBinaryData guid,
                        struct addin **addin_out);

/** Have a room carry another add-in, or none: NULL. Returns whether that
 * changes anything. */
bool addin_carry(struct room *room, struct addin *addin);

/**
 * Take an add-in that has all its fields into the machine, which then owns it.
 *
 * Returns false, and takes nothing, when its guid or name is taken.
 */
bool addin_adopt(struct machine *machine, struct addin *addin);

/** Free an add-in. Accepts NULL. */
void addin_free(struct addin *addin);

/** Free all add-ins. */
void addin_deinit(struct machine *machine);

#endif
