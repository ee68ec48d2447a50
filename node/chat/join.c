#include "node/chat/join.h"

#include "node/chat/access.h"
#include "node/chat/place.h"
#include "node/chat/presence.h"
#include "node/chat/room.h"
#include "node/chat/session.h"

static enum outcome check_room(const struct turn *turn,
                               const struct session *session,
                               const struct room *room)
{
    enum outcome outcome;

    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    outcome = access_enter(session->user, room);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (session->n_rooms >=
            turn->machine->settings[SETTING_SESSION_ROOMS_MAX] &&
        presence_find(room, session) == NULL) {
        return OUTCOME_SESSION_ROOMS_FULL;
    }
    return OUTCOME_DONE;
}

static void tell_refused(struct turn *turn, const struct session *session,
                         ProtobufCBinaryData room, uint32_t position,
                         enum outcome outcome)
{
    struct event *event = effects_event(turn->effects, EVENT_JOIN_REFUSED);

    /* Where it is no guid, the event keeps all zero. */
    place_read_guid(room, &event->guid);
    event->user = session->user_number;
    event->session = session_id(session);
    event->position = position;
    event->outcome = outcome;
}

static enum outcome join_room(struct turn *turn, struct session *session,
                              ProtobufCBinaryData guid, uint32_t position)
{
    struct room *room = room_named(turn->machine, guid);
    enum outcome outcome = check_room(turn, session, room);

    if (outcome != OUTCOME_DONE) {
        tell_refused(turn, session, guid, position, outcome);
        return outcome;
    }
    presence_enter(turn, room, session, position);
    turn->value += 1;
    return OUTCOME_DONE;
}

static enum outcome check_join(const struct turn *turn,
                               const Perch__Command *command,
                               struct session **session_out)
{
    enum outcome outcome = session_acting(turn, command, session_out);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (command->join->n_rooms == 0) {
        return OUTCOME_JOIN_EMPTY;
    }
    if (command->join->n_rooms >
        turn->machine->settings[SETTING_JOIN_ROOMS_MAX]) {
        return OUTCOME_JOIN_TOO_MANY;
    }
    return OUTCOME_DONE;
}

enum outcome join(struct turn *turn, const Perch__Command *command)
{
    struct session *session = NULL;
    enum outcome outcome = check_join(turn, command, &session);
    enum outcome last = OUTCOME_DONE;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    /* One room after the other, each as if it were alone: a refusal must not
     * undo the others, since clients join all they follow at once. */
    for (size_t i = 0; i < command->join->n_rooms; i++) {
        last = join_room(turn, session, command->join->rooms[i], (uint32_t)i);
    }
    return command->join->n_rooms == 1 ? last : OUTCOME_DONE;
}

enum outcome part(struct turn *turn, const Perch__Command *command)
{
    struct room *room = room_named(turn->machine, command->part->room);
    struct participant *participant = NULL;
    struct session *session = NULL;
    enum outcome outcome = session_acting(turn, command, &session);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (room != NULL) {
        participant = presence_find(room, session);
    }
    if (participant == NULL) {
        return OUTCOME_NOT_JOINED;
    }
    presence_leave(turn, participant, LEAVE_ASKED);
    return OUTCOME_DONE;
}
