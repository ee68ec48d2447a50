/* The rules of rooms: what a room is and how it changes. Who may be in it is
 * access.h; who is in it, presence.h.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ROOM_H
#define NODE_CHAT_ROOM_H

#include "node/chat/state.h"

/**
 * Create a room in a category, with its first members and managers.
 *
 * All or nothing. A room is closed unless the command says otherwise. A user
 * who creates it manages it.
 *
 * Returns as manage_actor and manage_create, POOL_NOT_SET, GUID_INVALID,
 * GUID_TAKEN, a refusal of its name or description, CATEGORY_UNKNOWN,
 * VISIBILITY_INVALID, BEHAVIOR_INVALID, ROOMS_FULL, or a refusal of its lists
 * (role.h, presenter.h). The value is its number.
 */
enum outcome room_create(struct turn *turn, const Perch__Command *command);

/**
 * Change a room; what is the same stays unchanged.
 *
 * All or nothing. Whoever may no longer be in the room is put out at once,
 * before the change is told: everyone when it is disabled, else those whom its
 * category does not allow, and when it is not open those without a role.
 *
 * Returns as manage_actor and manage_change, ROOM_UNKNOWN, VERSION_STALE or as
 * room_create. The value is the
 * version after it, or a position as role_check says.
 */
enum outcome room_change(struct turn *turn, const Perch__Command *command);

/** Find a room by its guid. NULL when there is none, or it is a category. */
struct room *room_find(const struct machine *machine, const struct guid *guid);

/** Find the room whose guid a command carries. NULL as room_find. */
struct room *room_named(const struct machine *machine,
                        ProtobufCBinaryData guid);

/**
 * Take a room that has all its fields into the machine, which then owns it.
 *
 * Returns false, and takes nothing, when its guid or name is taken.
 */
bool room_adopt(struct machine *machine, struct room *room);

/** Take a room with nobody in it and no roles out of all indexes. */
void room_drop(struct machine *machine, struct room *room);

/** Free a room with nobody in it. Accepts NULL. */
void room_free(struct room *room);

/** Note that the room's row has changed. */
void room_mark(struct machine *machine, const struct room *room);

/** Tell of a room and note that its row has changed. */
void room_tell(struct turn *turn, const struct room *room, enum event_kind kind,
               unsigned changed);

/** Check who is to find a room and who is to post: VISIBILITY_INVALID,
 * BEHAVIOR_INVALID. */
enum outcome room_check_kind(const struct machine *machine, int visibility,
                             int behavior);

/** Put a room into another category. */
void room_move(struct room *room, struct category *category);

#endif
