/* Places: what a room and a category have in common. Each has a guid, and a
 * name that no other place of the pool has.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_PLACE_H
#define NODE_CHAT_PLACE_H

#include "node/chat/state.h"

/* New texts for a place; what it has not stays. */
struct place_change {
    bool has_name, has_description;
    struct slice name, description;
};

/**
 * Read a guid of a command.
 *
 * Returns GUID_INVALID unless it is 16 bytes that are not all zero.
 */
enum outcome place_read_guid(ProtobufCBinaryData bytes, struct guid *guid_out);

/** Find a room or category by its guid. NULL when there is none. */
struct place *place_find(const struct machine *machine,
                         const struct guid *guid);

/** Find a room or category by its number. NULL when there is none. */
struct place *place_at(const struct machine *machine, uint64_t number);

/** Find a room or category by its name, ASCII case aside. */
struct place *place_named(const struct machine *machine, struct slice name);

/**
 * Check what a place to be created is called: the pool has a domain, the guid
 * and the name are free, the texts are fine.
 *
 * @guid_out  Gets the guid; set only when all is well.
 *
 * Returns POOL_NOT_SET, GUID_INVALID, GUID_TAKEN, or as place_check_change.
 */
enum outcome place_check_new(const struct machine *machine,
                             ProtobufCBinaryData guid, struct slice name,
                             struct slice description, struct guid *guid_out);

/**
 * Check new texts for a place.
 *
 * Returns NAME_EMPTY, NAME_TOO_LONG, NAME_CHARACTER, NAME_TAKEN when another
 * place has the name, or DESCRIPTION_TOO_LONG.
 */
enum outcome place_check_change(const struct machine *machine,
                                const struct place *place,
                                const struct place_change *change);

/**
 * Put checked texts in place of those that differ.
 *
 * Returns what changed: CHANGED_NAME, CHANGED_DESCRIPTION.
 */
unsigned place_change(struct machine *machine, struct place *place,
                      const struct place_change *change);

/** Start a new place: guid, texts, number, version 1, times. */
void place_init(struct turn *turn, struct place *place, const struct guid *guid,
                struct slice name, struct slice description);

/**
 * Take a place that has all its fields into the indexes.
 *
 * Returns false when its guid or name is taken.
 */
bool place_adopt(struct machine *machine, struct place *place);

/** Take a place out of the indexes. */
void place_drop(struct machine *machine, struct place *place);

/** Count one change: the version and the time of the last change. */
void place_touch(struct turn *turn, struct place *place);

/** Free what the place holds, not the place; the indexes are not kept. */
void place_deinit(struct place *place);

/** Walk places by name: the first, when after is NULL, or the next. */
struct place *place_next(const struct machine *machine,
                         const struct place *after);

/** Find the first place whose name comes after this one; NULL for none. */
struct place *place_after(const struct machine *machine, struct slice name);

#endif
