#include "node/chat/hold.h"

#include <stdlib.h>

#include "node/chat/revise.h"
#include "node/chat/room.h"
#include "node/chat/user.h"
#include "proto/base/check.h"

/* What a command names: one of both is NULL when all is well. */
struct target {
    struct slice name;
    struct room *room;
    struct user *user;
};

static enum outcome check_name(struct slice name)
{
    return name.len == 0 ? OUTCOME_NAME_EMPTY
                         : text_check_line(name, NAME_CHARACTERS_MAX,
                                           OUTCOME_NAME_TOO_LONG);
}

static enum outcome find_target(struct machine *machine,
                                ProtobufCBinaryData room,
                                ProtobufCBinaryData user, struct target *target)
{
    if ((room.len > 0) == (user.len > 0)) {
        return OUTCOME_HOLD_TARGET;
    }
    if (room.len > 0) {
        target->room = room_named(machine, room);
        return target->room == NULL ? OUTCOME_ROOM_UNKNOWN : OUTCOME_DONE;
    }
    target->user = user_find(machine, codec_slice(user));
    return target->user == NULL ? OUTCOME_USER_UNKNOWN : OUTCOME_DONE;
}

static struct hold *find(const struct machine *machine,
                         const struct target *target)
{
    struct hold *hold;

    TAILQ_FOREACH (hold, &machine->holds, link) {
        if (hold->room == target->room && hold->user == target->user &&
            text_compare_nocase(text_slice(hold->name), target->name) == 0) {
            return hold;
        }
    }
    return NULL;
}

struct hold *hold_numbered(const struct machine *machine, uint64_t number)
{
    struct hold *hold;

    TAILQ_FOREACH (hold, &machine->holds, link) {
        if (hold->number == number) {
            return hold;
        }
    }
    return NULL;
}

/* The counts are no part of the state: they follow from the holds. */
static void count(const struct hold *hold, int by)
{
    if (hold->room != NULL) {
        hold->room->holds += (uint32_t)by;
    } else {
        hold->user->holds += (uint32_t)by;
    }
}

bool hold_adopt(struct machine *machine, struct hold *hold)
{
    const struct hold *last = TAILQ_LAST(&machine->holds, hold_list);

    CHECK((hold->room == NULL) != (hold->user == NULL));
    if (last != NULL && last->number >= hold->number) {
        return false;
    }
    TAILQ_INSERT_TAIL(&machine->holds, hold, link);
    machine->counts[ROW_HOLD] += 1;
    count(hold, 1);
    return true;
}

void hold_free(struct hold *hold)
{
    if (hold != NULL) {
        text_free(hold->name);
        text_free(hold->reason);
        text_free(hold->administrator);
        free(hold);
    }
}

void hold_deinit(struct machine *machine)
{
    struct hold *hold;

    while ((hold = TAILQ_FIRST(&machine->holds)) != NULL) {
        TAILQ_REMOVE(&machine->holds, hold, link);
        hold_free(hold);
    }
}

bool hold_is_on(const struct machine *machine, struct slice user_uri)
{
    const struct user *user = user_find(machine, user_uri);

    return user != NULL && user->holds > 0;
}

static void tell(struct turn *turn, const struct hold *hold, bool is_in)
{
    struct event *event = effects_event(turn->effects, EVENT_HOLD_CHANGED);

    event->is_in = is_in;
    event->message_id = hold->number;
    if (hold->room != NULL) {
        event->room = hold->room->place.number;
        event->guid = hold->room->place.guid;
    } else {
        event->user = hold->user->principal.number;
    }
    changes_mark(&turn->machine->changes, ROW_HOLD, hold->number, 0, 0);
}

static void add(struct turn *turn, const struct target *target,
                const Perch__Command *command)
{
    struct machine *machine = turn->machine;
    struct hold *hold = calloc(1, sizeof(*hold));

    CHECK(hold != NULL);
    hold->number = ++machine->hold_last;
    hold->name = text_new(target->name);
    hold->room = target->room;
    hold->user = target->user;
    hold->reason = text_new(codec_slice(command->hold_place->reason));
    hold->administrator = text_new(codec_slice(command->administrator));
    hold->placed_at_us = turn->sent_at_us;
    turn->value = hold->number;
    CHECK(hold_adopt(machine, hold));
    tell(turn, hold, true);
}

enum outcome hold_place(struct turn *turn, const Perch__Command *command)
{
    struct machine *machine = turn->machine;
    const Perch__HoldPlace *place = command->hold_place;
    struct target target = {.name = codec_slice(place->name)};
    enum outcome outcome = check_name(target.name);

    if (outcome == OUTCOME_DONE) {
        outcome = reason_check(codec_slice(place->reason), true);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = find_target(machine, place->room, place->user, &target);
    }
    if (outcome == OUTCOME_DONE && find(machine, &target) != NULL) {
        outcome = OUTCOME_HOLD_EXISTS;
    }
    if (outcome == OUTCOME_DONE &&
        machine->counts[ROW_HOLD] >= machine->settings[SETTING_HOLDS_MAX]) {
        outcome = OUTCOME_HOLDS_FULL;
    }
    if (outcome == OUTCOME_DONE && !turn->judging) {
        add(turn, &target, command);
    }
    return outcome;
}

/* Returns whether purging has passed messages over, and begins again. */
static bool begin_again(struct sweep *sweep)
{
    if (sweep->kept == 0) {
        return false;
    }
    sweep->kept = 0;
    sweep->swept_upto = 0;
    return true;
}

/* In rooms, and in those that were deleted. */
static void sweep_again(struct machine *machine)
{
    for (uint32_t number = 1; number <= machine->place_last; number++) {
        struct room *room = table_at(&machine->rooms, number);
        struct tombstone *gone = table_at(&machine->tombstones, number);

        if (room != NULL && begin_again(&room->sweep)) {
            room_mark(machine, room);
        }
        if (gone != NULL && begin_again(&gone->sweep)) {
            changes_mark(&machine->changes, ROW_TOMBSTONE, number, 0, 0);
        }
    }
}

enum outcome hold_lift(struct turn *turn, const Perch__HoldLift *command)
{
    struct machine *machine = turn->machine;
    struct target target = {.name = codec_slice(command->name)};
    enum outcome outcome = check_name(target.name);
    struct hold *hold = NULL;

    if (outcome == OUTCOME_DONE) {
        outcome = reason_check(codec_slice(command->reason), true);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = find_target(machine, command->room, command->user, &target);
    }
    if (outcome == OUTCOME_DONE) {
        hold = find(machine, &target);
        outcome = hold == NULL ? OUTCOME_HOLD_UNKNOWN : OUTCOME_DONE;
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    TAILQ_REMOVE(&machine->holds, hold, link);
    machine->counts[ROW_HOLD] -= 1;
    count(hold, -1);
    turn->value = hold->number;
    tell(turn, hold, false);
    if (hold->user != NULL) {
        sweep_again(machine);
    }
    hold_free(hold);
    return OUTCOME_DONE;
}
