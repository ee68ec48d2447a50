#include "node/chat/room.h"

#include <stdlib.h>

#include "node/chat/addin.h"
#include "node/chat/place.h"
#include "proto/base/check.h"

void room_free(struct room *room)
{
    if (room == NULL) {
        return;
    }
    CHECK(RB_EMPTY(&room->participants));
    addin_carry(room, NULL);
    place_deinit(&room->place);
    number_map_deinit(&room->attendants);
    free(room);
}

bool room_adopt(struct machine *machine, struct room *room)
{
    if (!place_adopt(machine, &room->place)) {
        return false;
    }
    CHECK(room->category != NULL && room->place.is_room);
    CHECK(table_at(&machine->rooms, room->place.number) == NULL);
    table_put(&machine->rooms, room->place.number, room);
    number_map_set(&room->category->rooms, room->place.number, 1);
    machine->counts[ROW_ROOM] += 1;
    return true;
}

void room_drop(struct machine *machine, struct room *room)
{
    CHECK(RB_EMPTY(&room->participants) && room->place.roles.n == 0);
    CHECK(machine->counts[ROW_ROOM] > 0);
    place_drop(machine, &room->place);
    table_put(&machine->rooms, room->place.number, NULL);
    number_map_set(&room->category->rooms, room->place.number, 0);
    machine->counts[ROW_ROOM] -= 1;
}

struct room *room_find(const struct machine *machine, const struct guid *guid)
{
    struct place *place = place_find(machine, guid);

    if (place == NULL || !place->is_room) {
        return NULL;
    }
    return table_at(&machine->rooms, place->number);
}

struct room *room_named(const struct machine *machine,
                        ProtobufCBinaryData bytes)
{
    struct guid guid;

    if (place_read_guid(bytes, &guid) != OUTCOME_DONE) {
        return NULL;
    }
    return room_find(machine, &guid);
}

void room_mark(struct machine *machine, const struct room *room)
{
    changes_mark(&machine->changes, ROW_ROOM, room->place.number, 0, 0);
}

void room_tell(struct turn *turn, const struct room *room, enum event_kind kind,
               unsigned changed)
{
    struct event *event = effects_event(turn->effects, kind);

    event->room = room->place.number;
    event->guid = room->place.guid;
    event->changed = (uint16_t)changed;
    room_mark(turn->machine, room);
}

static bool is_visibility(const struct machine *machine, int visibility)
{
    return visibility == PERCH__VISIBILITY__OPEN ||
           visibility == PERCH__VISIBILITY__CLOSED ||
           (visibility == PERCH__VISIBILITY__SECRET &&
            machine->rules_version >= RULES_PEOPLE);
}

enum outcome room_check_kind(const struct machine *machine, int visibility,
                             int behavior)
{
    if (!is_visibility(machine, visibility)) {
        return OUTCOME_VISIBILITY_INVALID;
    }
    return behavior == PERCH__BEHAVIOR__NORMAL ||
                   behavior == PERCH__BEHAVIOR__AUDITORIUM
               ? OUTCOME_DONE
               : OUTCOME_BEHAVIOR_INVALID;
}

void room_move(struct room *room, struct category *category)
{
    number_map_set(&room->category->rooms, room->place.number, 0);
    number_map_set(&category->rooms, room->place.number, 1);
    room->category = category;
}
