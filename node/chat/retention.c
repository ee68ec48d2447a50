#include "node/chat/retention.h"

#include "node/chat/category.h"
#include "node/chat/hold.h"
#include "node/chat/place.h"
#include "node/chat/room.h"
#include "node/chat/tombstone.h"
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

/* What was said in a room, also in one that was deleted. */
struct cellar {
    uint32_t number;
    struct guid guid;
    uint64_t message_id_last;
    uint32_t days;
    bool is_held;
    enum row_kind row;
    struct sweep *sweep;
};

static void take_room(struct room *room, struct cellar *cellar)
{
    *cellar = (struct cellar){
        .number = room->place.number,
        .guid = room->place.guid,
        .message_id_last = room->message_id_last,
        .days = retention_days(room),
        .is_held = room->holds > 0,
        .row = ROW_ROOM,
        .sweep = &room->sweep,
    };
}

/* No hold lies on what is deleted, but on users. */
static void take_deleted(struct tombstone *tombstone, struct cellar *cellar)
{
    *cellar = (struct cellar){
        .number = tombstone->number,
        .guid = tombstone->guid,
        .message_id_last = tombstone->message_id_last,
        .days = tombstone->retention_days,
        .row = ROW_TOMBSTONE,
        .sweep = &tombstone->sweep,
    };
}

static bool find(const struct machine *machine, ProtobufCBinaryData guid,
                 struct cellar *cellar_out)
{
    struct room *room = room_named(machine, guid);
    struct tombstone *tombstone =
        room == NULL ? tombstone_of_room(machine, guid) : NULL;

    if (room != NULL) {
        take_room(room, cellar_out);
    } else if (tombstone != NULL) {
        take_deleted(tombstone, cellar_out);
    }
    return room != NULL || tombstone != NULL;
}

/* Whether retention has ended for all that is to be looked at. */
static bool is_over(const struct turn *turn, const struct cellar *cellar)
{
    int64_t kept_us = cellar->days * US_PER_DAY;

    for (size_t i = 0; turn->facts != NULL && i < turn->facts->n; i++) {
        if (turn->facts->said[i].sent_at_us + kept_us >= turn->sent_at_us) {
            return false;
        }
    }
    return true;
}

static enum outcome check(const struct turn *turn, const struct cellar *cellar,
                          const Perch__RoomPurge *command)
{
    if (cellar->is_held) {
        return OUTCOME_ROOM_HELD;
    }
    if (cellar->days == 0) {
        return OUTCOME_RETENTION_NONE;
    }
    if (command->after_id != cellar->sweep->swept_upto) {
        return OUTCOME_PURGE_STALE;
    }
    if (command->upto_id <= command->after_id ||
        command->upto_id > cellar->message_id_last) {
        return OUTCOME_MESSAGE_UNKNOWN;
    }
    if (turn->facts != NULL && turn->facts->n > PURGES_MAX) {
        return OUTCOME_PURGE_TOO_MANY;
    }
    return is_over(turn, cellar) ? OUTCOME_DONE : OUTCOME_RETENTION_RUNS;
}

/* Erase what nobody holds. */
static void erase(struct turn *turn, const struct cellar *cellar)
{
    struct effects *effects = turn->effects;

    for (size_t i = 0; turn->facts != NULL && i < turn->facts->n; i++) {
        const struct said *said = &turn->facts->said[i];

        if (hold_is_on(turn->machine, said->author_uri)) {
            cellar->sweep->kept += 1;
        } else {
            effects_id(effects, said->message_id);
        }
    }
    effects->purged_room = effects->n_ids > 0 ? cellar->number : 0;
}

static void tell_purged(struct turn *turn, const struct cellar *cellar,
                        uint64_t upto_id)
{
    struct event *event = effects_event(turn->effects, EVENT_ROOM_PURGED);

    event->room = cellar->number;
    event->guid = cellar->guid;
    event->message_id = upto_id;
    event->position = (uint32_t)turn->effects->n_ids;
    changes_mark(&turn->machine->changes, cellar->row, cellar->number, 0, 0);
}

enum outcome room_purge(struct turn *turn, const Perch__RoomPurge *command)
{
    struct cellar cellar;
    enum outcome outcome = OUTCOME_ROOM_UNKNOWN;

    if (find(turn->machine, command->room, &cellar)) {
        outcome = check(turn, &cellar, command);
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    erase(turn, &cellar);
    cellar.sweep->swept_upto = command->upto_id;
    if (cellar.sweep->purged_upto < command->upto_id) {
        cellar.sweep->purged_upto = command->upto_id;
    }
    turn->value = turn->effects->n_ids;
    tell_purged(turn, &cellar, command->upto_id);
    return OUTCOME_DONE;
}
