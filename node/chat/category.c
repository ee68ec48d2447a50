#include "node/chat/category.h"

#include <stdlib.h>

#include "node/chat/place.h"
#include "proto/base/check.h"

void category_free(struct category *category)
{
    if (category != NULL) {
        place_deinit(&category->place);
        free(category);
    }
}

bool category_adopt(struct machine *machine, struct category *category)
{
    if (!place_adopt(machine, &category->place)) {
        return false;
    }
    CHECK(category->place.number > 0 && !category->place.is_room);
    CHECK(table_at(&machine->categories, category->place.number) == NULL);
    table_put(&machine->categories, category->place.number, category);
    machine->counts[ROW_CATEGORY] += 1;
    return true;
}

enum outcome category_find(const struct machine *machine,
                           ProtobufCBinaryData bytes,
                           struct category **category_out)
{
    struct guid guid;
    struct place *place;

    if (place_read_guid(bytes, &guid) != OUTCOME_DONE) {
        return OUTCOME_CATEGORY_UNKNOWN;
    }
    place = place_find(machine, &guid);
    if (place == NULL || place->is_room) {
        return OUTCOME_CATEGORY_UNKNOWN;
    }
    *category_out = table_at(&machine->categories, place->number);
    return OUTCOME_DONE;
}

static void tell(struct turn *turn, const struct category *category,
                 enum event_kind kind, unsigned changed)
{
    struct event *event = effects_event(turn->effects, kind);

    event->room = category->place.number;
    event->guid = category->place.guid;
    event->changed = (uint16_t)changed;
    changes_mark(&turn->machine->changes, ROW_CATEGORY, category->place.number,
                 0, 0);
}

static bool is_full(const struct machine *machine)
{
    return machine->counts[ROW_CATEGORY] >=
               machine->settings[SETTING_CATEGORIES_MAX] ||
           machine->place_last == NUMBERS_MAX;
}

enum outcome category_create(struct turn *turn,
                             const Perch__CategoryCreate *command)
{
    struct slice name = codec_slice(command->name);
    struct slice description = codec_slice(command->description);
    struct category *category;
    struct guid guid;
    enum outcome outcome = place_check_new(turn->machine, command->category,
                                           name, description, &guid);
    bool adopted;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (is_full(turn->machine)) {
        return OUTCOME_CATEGORIES_FULL;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    category = calloc(1, sizeof(*category));
    CHECK(category != NULL);
    place_init(turn, &category->place, &guid, name, description);
    adopted = category_adopt(turn->machine, category);
    CHECK(adopted);
    turn->value = category->place.number;
    tell(turn, category, EVENT_CATEGORY_CREATED, 0);
    return OUTCOME_DONE;
}

enum outcome category_change(struct turn *turn,
                             const Perch__CategoryChange *command)
{
    struct place_change change = {command->has_name, command->has_description,
                                  codec_slice(command->name),
                                  codec_slice(command->description)};
    struct category *category = NULL;
    enum outcome outcome =
        category_find(turn->machine, command->category, &category);
    unsigned changed;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (command->has_if_version &&
        command->if_version != category->place.version) {
        return OUTCOME_VERSION_STALE;
    }
    outcome = place_check_change(turn->machine, &category->place, &change);
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    changed = place_change(turn->machine, &category->place, &change);
    if (changed != 0) {
        place_touch(turn, &category->place);
        tell(turn, category, EVENT_CATEGORY_CHANGED, changed);
    }
    turn->value = category->place.version;
    return OUTCOME_DONE;
}
