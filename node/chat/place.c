#include "node/chat/place.h"

#include "node/chat/tombstone.h"
#include "proto/base/check.h"

static int compare_names(const struct place *a, const struct place *b)
{
    return text_compare_nocase(text_slice(a->name), text_slice(b->name));
}

static int compare_guids(const struct place *a, const struct place *b)
{
    return guid_compare(&a->guid, &b->guid);
}

TREE_GENERATE(place_names, place, by_name, compare_names)
TREE_GENERATE(place_guids, place, by_guid, compare_guids)

enum outcome place_read_guid(ProtobufCBinaryData bytes, struct guid *guid_out)
{
    struct guid guid;

    if (bytes.len != GUID_BYTES) {
        return OUTCOME_GUID_INVALID;
    }
    memcpy(guid.bytes, bytes.data, GUID_BYTES);
    if (guid_is_nil(&guid)) {
        return OUTCOME_GUID_INVALID;
    }
    *guid_out = guid;
    return OUTCOME_DONE;
}

/* The trees' own functions take what they only read as changeable. */
struct place *place_find(const struct machine *machine, const struct guid *guid)
{
    struct place_guids tree = machine->by_guid;
    struct place key;

    key.guid = *guid;
    return RB_FIND(place_guids, &tree, &key);
}

struct place *place_at(const struct machine *machine, uint64_t number)
{
    struct room *room = table_at(&machine->rooms, number);
    struct category *category;

    if (room != NULL) {
        return &room->place;
    }
    category = table_at(&machine->categories, number);
    return category == NULL ? NULL : &category->place;
}

/* Names come from outside: they are compared in place, not copied to a key. */
struct place *place_named(const struct machine *machine, struct slice name)
{
    struct place *place = RB_ROOT(&machine->by_name);

    while (place != NULL) {
        int order = text_compare_nocase(name, text_slice(place->name));

        if (order == 0) {
            return place;
        }
        place = order < 0 ? RB_LEFT(place, by_name) : RB_RIGHT(place, by_name);
    }
    return NULL;
}

static bool is_blank(struct slice text)
{
    size_t i = 0;

    while (i < text.len && text.data[i] == ' ') {
        i += 1;
    }
    return i == text.len;
}

static enum outcome check_name(const struct machine *machine,
                               const struct place *self, struct slice name)
{
    enum outcome outcome =
        text_check_line(name, NAME_CHARACTERS_MAX, OUTCOME_NAME_TOO_LONG);
    const struct place *holder;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (is_blank(name)) {
        return OUTCOME_NAME_EMPTY;
    }
    holder = place_named(machine, name);
    if (holder != NULL && holder != self) {
        return OUTCOME_NAME_TAKEN;
    }
    return OUTCOME_DONE;
}

enum outcome place_check_change(const struct machine *machine,
                                const struct place *place,
                                const struct place_change *change)
{
    enum outcome outcome = OUTCOME_DONE;

    if (change->has_name) {
        outcome = check_name(machine, place, change->name);
    }
    if (outcome == OUTCOME_DONE && change->has_description) {
        outcome =
            text_check_line(change->description, DESCRIPTION_CHARACTERS_MAX,
                            OUTCOME_DESCRIPTION_TOO_LONG);
    }
    return outcome;
}

enum outcome place_check_new(const struct machine *machine,
                             ProtobufCBinaryData guid, struct slice name,
                             struct slice description, struct guid *guid_out)
{
    struct place_change change = {true, true, name, description};
    enum outcome outcome;

    if (machine->domain == NULL) {
        return OUTCOME_POOL_NOT_SET;
    }
    outcome = place_read_guid(guid, guid_out);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (place_find(machine, guid_out) != NULL ||
        tombstone_find(machine, guid_out) != NULL) {
        return OUTCOME_GUID_TAKEN;
    }
    return place_check_change(machine, NULL, &change);
}

void place_init(struct turn *turn, struct place *place, const struct guid *guid,
                struct slice name, struct slice description)
{
    CHECK(turn->machine->place_last < NUMBERS_MAX);
    turn->machine->place_last += 1;
    place->guid = *guid;
    place->name = text_new(name);
    place->description = text_new(description);
    place->number = turn->machine->place_last;
    place->version = 1;
    place->created_at_us = turn->sent_at_us;
    place->changed_at_us = turn->sent_at_us;
}

bool place_adopt(struct machine *machine, struct place *place)
{
    if (RB_INSERT(place_guids, &machine->by_guid, place) != NULL) {
        return false;
    }
    if (RB_INSERT(place_names, &machine->by_name, place) != NULL) {
        RB_REMOVE(place_guids, &machine->by_guid, place);
        return false;
    }
    return true;
}

void place_drop(struct machine *machine, struct place *place)
{
    RB_REMOVE(place_guids, &machine->by_guid, place);
    RB_REMOVE(place_names, &machine->by_name, place);
}

static void rename_to(struct machine *machine, struct place *place,
                      struct slice name)
{
    struct place *holder;

    /* Out of the tree while the name, its key, changes. */
    RB_REMOVE(place_names, &machine->by_name, place);
    text_replace(&place->name, name);
    holder = RB_INSERT(place_names, &machine->by_name, place);
    CHECK(holder == NULL);
}

unsigned place_change(struct machine *machine, struct place *place,
                      const struct place_change *change)
{
    unsigned changed = 0;

    if (change->has_name &&
        !slice_equal(change->name, text_slice(place->name))) {
        rename_to(machine, place, change->name);
        changed |= CHANGED_NAME;
    }
    if (change->has_description &&
        !slice_equal(change->description, text_slice(place->description))) {
        text_replace(&place->description, change->description);
        changed |= CHANGED_DESCRIPTION;
    }
    return changed;
}

void place_touch(struct turn *turn, struct place *place)
{
    CHECK(place->version < UINT32_MAX);
    place->version += 1;
    place->changed_at_us = turn->sent_at_us;
}

void place_deinit(struct place *place)
{
    text_free(place->name);
    text_free(place->description);
    number_map_deinit(&place->roles);
}

struct place *place_next(const struct machine *machine,
                         const struct place *after)
{
    struct place_names tree = machine->by_name;

    if (after == NULL) {
        return RB_MIN(place_names, &tree);
    }
    return RB_NEXT(place_names, &tree, (struct place *)(uintptr_t)after);
}

struct place *place_after(const struct machine *machine, struct slice name)
{
    struct place *place = RB_ROOT(&machine->by_name), *found = NULL;

    while (place != NULL) {
        if (text_compare_nocase(name, text_slice(place->name)) < 0) {
            found = place;
            place = RB_LEFT(place, by_name);
        } else {
            place = RB_RIGHT(place, by_name);
        }
    }
    return found;
}
