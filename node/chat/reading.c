#include "node/chat/reading.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/access.h"
#include "node/chat/attention.h"
#include "node/chat/policy.h"
#include "node/chat/room.h"
#include "node/chat/user.h"
#include "proto/base/check.h"

enum { MARKS_FIRST = 4 };

/* The place of the first mark that is not of a room below this one. */
static uint32_t place_of(const struct attention *attention, uint32_t room)
{
    uint32_t low = 0, high = attention->n_marks;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (attention->marks[middle].room < room) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct attention *attention, uint32_t at, uint32_t room)
{
    return at < attention->n_marks && attention->marks[at].room == room;
}

bool reading_find(const struct user *user, uint32_t room,
                  uint64_t *message_id_out)
{
    const struct attention *attention = user->attention;
    uint32_t at;

    if (attention == NULL) {
        return false;
    }
    at = place_of(attention, room);
    if (!is_at(attention, at, room)) {
        return false;
    }
    *message_id_out = attention->marks[at].message_id;
    return true;
}

static void make_room(struct attention *attention)
{
    uint32_t capacity = attention->marks_capacity;
    struct read_mark *marks;

    if (attention->n_marks < capacity) {
        return;
    }
    capacity = capacity == 0 ? MARKS_FIRST : capacity * 2;
    marks = realloc(attention->marks, capacity * sizeof(*marks));
    CHECK(marks != NULL);
    attention->marks = marks;
    attention->marks_capacity = capacity;
}

static void insert(struct machine *machine, struct user *user, uint32_t at,
                   uint32_t number)
{
    struct attention *attention = user->attention;
    struct room *room = table_at(&machine->rooms, number);
    uint32_t bits;

    CHECK(room != NULL && at <= attention->n_marks);
    make_room(attention);
    memmove(attention->marks + at + 1, attention->marks + at,
            (attention->n_marks - at) * sizeof(*attention->marks));
    attention->n_marks += 1;
    machine->counts[ROW_READ] += 1;
    bits = number_map_get(&room->attendants, user->principal.number);
    number_map_set(&room->attendants, user->principal.number,
                   bits | ATTENDS_MARK);
}

void reading_set(struct machine *machine, struct user *user, uint32_t room,
                 uint64_t message_id)
{
    struct attention *attention = attention_of(user);
    uint32_t at = place_of(attention, room);

    if (!is_at(attention, at, room)) {
        insert(machine, user, at, room);
    }
    attention->marks[at] = (struct read_mark){room, message_id};
}

void reading_drop(struct machine *machine, struct user *user, uint32_t number)
{
    struct attention *attention = user->attention;
    struct room *room = table_at(&machine->rooms, number);
    uint32_t at = attention == NULL ? 0 : place_of(attention, number);
    uint32_t bits;

    if (attention == NULL || !is_at(attention, at, number)) {
        return;
    }
    CHECK(room != NULL && machine->counts[ROW_READ] > 0);
    attention->n_marks -= 1;
    memmove(attention->marks + at, attention->marks + at + 1,
            (attention->n_marks - at) * sizeof(*attention->marks));
    machine->counts[ROW_READ] -= 1;
    changes_mark(&machine->changes, ROW_READ, user->principal.number, number,
                 0);
    bits = number_map_get(&room->attendants, user->principal.number);
    number_map_set(&room->attendants, user->principal.number,
                   bits & ~(uint32_t)ATTENDS_MARK);
}

static void move(struct turn *turn, struct user *user, const struct room *room,
                 uint64_t message_id)
{
    struct event *event = effects_event(turn->effects, EVENT_READ);

    CHECK(message_id <= room->message_id_last);
    reading_set(turn->machine, user, room->place.number, message_id);
    changes_mark(&turn->machine->changes, ROW_READ, user->principal.number,
                 room->place.number, 0);
    event->user = user->principal.number;
    event->room = room->place.number;
    event->guid = room->place.guid;
    event->message_id = message_id;
}

static enum outcome check_mark(const struct user *user, const struct room *room)
{
    uint64_t ignored;
    enum outcome outcome;

    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    outcome = access_read(user, room);
    if (outcome == OUTCOME_DONE &&
        !reading_find(user, room->place.number, &ignored) &&
        user->attention != NULL &&
        user->attention->n_marks >= READS_PER_USER_MAX) {
        return OUTCOME_READS_FULL;
    }
    return outcome;
}

enum outcome read_mark(struct turn *turn, const Perch__Command *command)
{
    const Perch__ReadMark *mark = command->read_mark;
    const struct room *room = room_named(turn->machine, mark->room);
    struct user *user = NULL;
    enum outcome outcome = attention_actor(turn, command, &user);
    uint64_t now = 0, next;
    bool has_mark;

    if (outcome == OUTCOME_DONE) {
        outcome = check_mark(user, room);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    next = mark->has_message_id ? mark->message_id : room->message_id_last;
    if (next > room->message_id_last) {
        return OUTCOME_MESSAGE_UNKNOWN;
    }
    has_mark = reading_find(user, room->place.number, &now);
    if (has_mark && (next == now || (next < now && !mark->back))) {
        turn->value = now;
        return OUTCOME_REPEATED;
    }
    move(turn, user, room, next);
    turn->value = next;
    return OUTCOME_DONE;
}

/* Whether a mark of a node's list is to be moved. */
static bool moves(const struct turn *turn, const struct user *user,
                  const struct room *room, uint64_t message_id)
{
    uint64_t now = 0;

    return user != NULL && room != NULL &&
           number_map_get(&room->attendants, user->principal.number) != 0 &&
           policy_allows(turn->machine, user) &&
           check_mark(user, room) == OUTCOME_DONE &&
           message_id <= room->message_id_last &&
           (!reading_find(user, room->place.number, &now) || message_id > now);
}

enum outcome read_marks(struct turn *turn, const Perch__ReadMarks *command)
{
    if (command->n_marks > READS_PER_COMMAND_MAX) {
        return OUTCOME_READS_TOO_MANY;
    }
    for (size_t i = 0; i < command->n_marks; i++) {
        const Perch__ReadMarks__Mark *mark = command->marks[i];
        struct user *user = user_find(turn->machine, codec_slice(mark->user));
        const struct room *room = room_named(turn->machine, mark->room);

        if (moves(turn, user, room, mark->message_id)) {
            move(turn, user, room, mark->message_id);
            turn->value += 1;
        }
    }
    return OUTCOME_DONE;
}
