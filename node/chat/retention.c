#include "node/chat/retention.h"

#include "node/chat/category.h"
#include "node/chat/hold.h"
#include "node/chat/place.h"
#include "node/chat/room.h"
#include "proto/base/check.h"

#define US_PER_DAY (INT64_C(86400) * 1000000)

uint32_t retention_days(const struct room *room)
{
    return room->has_retention ? room->retention_days
                               : room->category->retention_days;
}

static void tell(struct turn *turn, const struct place *place,
                 enum row_kind kind)
{
    struct event *event = effects_event(turn->effects, EVENT_RETENTION_CHANGED);

    event->room = place->number;
    event->guid = place->guid;
    changes_mark(&turn->machine->changes, kind, place->number, 0, 0);
}

static void set_room(struct turn *turn, struct room *room,
                     const Perch__RetentionSet *command)
{
    bool has = command->has_days;
    uint32_t days = has ? command->days : 0;

    if (room->has_retention != has || room->retention_days != days) {
        room->has_retention = has;
        room->retention_days = days;
        tell(turn, &room->place, ROW_ROOM);
    }
    turn->value = retention_days(room);
}

static void set_category(struct turn *turn, struct category *category,
                         const Perch__RetentionSet *command)
{
    uint32_t days = command->has_days ? command->days : 0;

    if (category->retention_days != days) {
        category->retention_days = days;
        tell(turn, &category->place, ROW_CATEGORY);
    }
    turn->value = days;
}

enum outcome retention_set(struct turn *turn,
                           const Perch__RetentionSet *command)
{
    struct machine *machine = turn->machine;
    struct category *category = NULL;
    struct room *room = room_named(machine, command->room);
    enum outcome outcome = OUTCOME_DONE;

    if ((command->room.len > 0) == (command->category.len > 0)) {
        return OUTCOME_RETENTION_TARGET;
    }
    if (command->has_days && command->days > RETENTION_DAYS_MAX) {
        return OUTCOME_RETENTION_OUT_OF_RANGE;
    }
    if (command->category.len > 0) {
        outcome = category_find(machine, command->category, &category);
    } else if (room == NULL) {
        outcome = OUTCOME_ROOM_UNKNOWN;
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    if (category != NULL) {
        set_category(turn, category, command);
    } else {
        set_room(turn, room, command);
    }
    return OUTCOME_DONE;
}

/* Whether retention has ended for all that is to be looked at. */
static bool is_over(const struct turn *turn, const struct room *room)
{
    int64_t kept_us = retention_days(room) * US_PER_DAY;

    for (size_t i = 0; turn->facts != NULL && i < turn->facts->n; i++) {
        if (turn->facts->said[i].sent_at_us + kept_us >= turn->sent_at_us) {
            return false;
        }
    }
    return true;
}

static enum outcome check(const struct turn *turn, const struct room *room,
                          const Perch__RoomPurge *command)
{
    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (room->holds > 0) {
        return OUTCOME_ROOM_HELD;
    }
    if (retention_days(room) == 0) {
        return OUTCOME_RETENTION_NONE;
    }
    if (command->after_id != room->swept_upto) {
        return OUTCOME_PURGE_STALE;
    }
    if (command->upto_id <= command->after_id ||
        command->upto_id > room->message_id_last) {
        return OUTCOME_MESSAGE_UNKNOWN;
    }
    if (turn->facts != NULL && turn->facts->n > PURGES_MAX) {
        return OUTCOME_PURGE_TOO_MANY;
    }
    return is_over(turn, room) ? OUTCOME_DONE : OUTCOME_RETENTION_RUNS;
}

/* Erase what nobody holds. */
static void erase(struct turn *turn, struct room *room)
{
    struct effects *effects = turn->effects;

    for (size_t i = 0; turn->facts != NULL && i < turn->facts->n; i++) {
        const struct said *said = &turn->facts->said[i];

        if (hold_is_on(turn->machine, said->author_uri)) {
            room->kept += 1;
        } else {
            effects_id(effects, said->message_id);
        }
    }
    effects->purged_room = effects->n_ids > 0 ? room->place.number : 0;
}

enum outcome room_purge(struct turn *turn, const Perch__RoomPurge *command)
{
    struct room *room = room_named(turn->machine, command->room);
    enum outcome outcome = check(turn, room, command);
    struct event *event;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    erase(turn, room);
    room->swept_upto = command->upto_id;
    if (room->purged_upto < command->upto_id) {
        room->purged_upto = command->upto_id;
    }
    turn->value = turn->effects->n_ids;
    event = effects_event(turn->effects, EVENT_ROOM_PURGED);
    event->room = room->place.number;
    event->guid = room->place.guid;
    event->message_id = command->upto_id;
    event->position = (uint32_t)turn->effects->n_ids;
    room_mark(turn->machine, room);
    return OUTCOME_DONE;
}
