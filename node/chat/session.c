#include "node/chat/session.h"

#include <stdlib.h>

#include "node/chat/memory.h"
#include "node/chat/origin.h"
#include "node/chat/policy.h"
#include "node/chat/presence.h"
#include "node/chat/told.h"
#include "node/chat/user.h"
#include "proto/base/check.h"

static int compare_serials(const struct session *a, const struct session *b)
{
    return (a->serial > b->serial) - (a->serial < b->serial);
}

TREE_GENERATE(session_serials, session, by_serial, compare_serials)

int session_compare(const struct session *a, const struct session *b)
{
    if (a->origin != b->origin) {
        return a->origin->node - b->origin->node;
    }
    return compare_serials(a, b);
}

struct session_id session_id(const struct session *session)
{
    return (struct session_id){session->origin->node, session->origin->epoch,
                               session->serial};
}

void session_mark(struct machine *machine, const struct session *session)
{
    changes_mark(&machine->changes, ROW_SESSION, session->origin->node,
                 session->origin->epoch, session->serial);
}

struct session *session_find(const struct origin *origin, uint64_t serial)
{
    struct session *session = RB_ROOT(&origin->sessions);

    while (session != NULL && session->serial != serial) {
        session = serial < session->serial ? RB_LEFT(session, by_serial)
                                           : RB_RIGHT(session, by_serial);
    }
    return session;
}

struct session *session_next(const struct origin *origin,
                             const struct session *after)
{
    struct session_serials tree = origin->sessions;

    if (after == NULL) {
        return RB_MIN(session_serials, &tree);
    }
    return RB_NEXT(session_serials, &tree, (struct session *)(uintptr_t)after);
}

struct session *session_after(const struct origin *origin, uint64_t serial)
{
    struct session *session = RB_ROOT(&origin->sessions), *found = NULL;

    while (session != NULL) {
        if (session->serial > serial) {
            found = session;
            session = RB_LEFT(session, by_serial);
        } else {
            session = RB_RIGHT(session, by_serial);
        }
    }
    return found;
}

enum outcome session_acting(const struct turn *turn,
                            const Perch__Command *command,
                            struct session **session_out)
{
    struct session *session = session_find(turn->origin, command->session);

    if (session == NULL) {
        return OUTCOME_SESSION_UNKNOWN;
    }
    if (!slice_equal_nocase(text_slice(session->user->uri),
                            codec_slice(command->user))) {
        return OUTCOME_NOT_THE_SESSIONS_USER;
    }
    *session_out = session;
    return OUTCOME_DONE;
}

/* Few sessions a user; in order of id, so that every replica ends them in one
 * order. */
static void insert_in_user(struct user *user, struct session *session)
{
    struct session *at = LIST_FIRST(&user->sessions), *before = NULL;

    while (at != NULL && session_compare(at, session) < 0) {
        before = at;
        at = LIST_NEXT(at, in_user);
    }
    if (before == NULL) {
        LIST_INSERT_HEAD(&user->sessions, session, in_user);
    } else {
        LIST_INSERT_AFTER(before, session, in_user);
    }
    user->n_sessions += 1;
}

struct session *session_load(struct machine *machine, struct origin *origin,
                             struct user *user, uint64_t serial,
                             struct slice endpoint_id)
{
    struct session *session = calloc(1, sizeof(*session));

    CHECK(session != NULL);
    session->origin = origin;
    session->user = user;
    session->user_number = user->principal.number;
    session->serial = serial;
    TAILQ_INIT(&session->rooms);
    if (RB_INSERT(session_serials, &origin->sessions, session) != NULL) {
        free(session);
        return NULL;
    }
    insert_in_user(user, session);
    session->endpoint_id = text_new(endpoint_id);
    machine->counts[ROW_SESSION] += 1;
    return session;
}

void session_drop(struct machine *machine, struct session *session)
{
    CHECK(session->user->n_sessions > 0);
    CHECK(machine->counts[ROW_SESSION] > 0);
    presence_drop(session);
    RB_REMOVE(session_serials, &session->origin->sessions, session);
    LIST_REMOVE(session, in_user);
    session->user->n_sessions -= 1;
    machine->counts[ROW_SESSION] -= 1;
    text_free(session->endpoint_id);
    free(session);
}

static enum outcome check_open(const struct turn *turn, const struct user *user,
                               const Perch__Command *command)
{
    const struct machine *machine = turn->machine;
    struct slice endpoint_id = codec_slice(command->session_open->endpoint_id);

    if (user == NULL) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (user->disabled) {
        return OUTCOME_USER_DISABLED;
    }
    if (!policy_allows(machine, user)) {
        return OUTCOME_CHAT_NOT_ENABLED;
    }
    if (command->session == 0) {
        return OUTCOME_SESSION_UNKNOWN;
    }
    if (session_find(turn->origin, command->session) != NULL) {
        return OUTCOME_SESSION_EXISTS;
    }
    if (!text_is_visible(endpoint_id, ENDPOINT_ID_BYTES_MAX)) {
        return OUTCOME_ENDPOINT_ID_INVALID;
    }
    if (user->n_sessions >= machine->settings[SETTING_USER_SESSIONS_MAX]) {
        return OUTCOME_USER_SESSIONS_FULL;
    }
    if (machine->counts[ROW_SESSION] >=
        machine->settings[SETTING_SESSIONS_MAX]) {
        return OUTCOME_SESSIONS_FULL;
    }
    return OUTCOME_DONE;
}

static void tell(struct turn *turn, const struct session *session,
                 enum event_kind kind, enum leave leave)
{
    struct event *event = effects_event(turn->effects, kind);

    event->user = session->user_number;
    event->session = session_id(session);
    event->leave = (uint8_t)leave;
    session_mark(turn->machine, session);
}

enum outcome session_open(struct turn *turn, const Perch__Command *command)
{
    struct user *user = user_find(turn->machine, codec_slice(command->user));
    enum outcome outcome = check_open(turn, user, command);
    struct session *session;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }

    session = session_load(turn->machine, turn->origin, user, command->session,
                           codec_slice(command->session_open->endpoint_id));
    CHECK(session != NULL); /* check_open has found the serial free. */
    session->opened_index = turn->entry->index;
    session->opened_at_us = turn->sent_at_us;
    tell(turn, session, EVENT_SESSION_OPENED, LEAVE_ASKED);
    return OUTCOME_DONE;
}

/* A session that entered no room was told nothing of rooms. */
static void remember(struct turn *turn, struct session *session,
                     uint64_t delivered_index)
{
    struct slice id = text_slice(session->endpoint_id);
    const struct memo *known = memory_find(turn->machine, MEMORY_ENDPOINT,
                                           session->user, id, turn->sent_at_us);
    uint64_t told = told_upto(session, delivered_index,
                              known == NULL ? NULL : &known->value);

    if (session->entered) {
        memory_add(turn, MEMORY_ENDPOINT, session->user, id)->value = told;
    }
}

/* End a session: part its rooms, tell it, remember its endpoint, free it.
 *
 * @delivered_index  All up to here had been confirmed, or DELIVERED_UNKNOWN to
 *                   go by the node's mark. */
static void session_end(struct turn *turn, struct session *session,
                        enum leave leave, uint64_t delivered_index)
{
    /* A mark ahead of the log is a mistake; believing it would leave a gap in
     * what the endpoint is shown next. */
    if (delivered_index == DELIVERED_UNKNOWN ||
        delivered_index > turn->entry->index) {
        delivered_index = told_at_end(turn->machine, session);
    }
    /* People are told of the parts before the session is gone: a notice names
     * the room and the user, and both can still be asked for. */
    while (!TAILQ_EMPTY(&session->rooms)) {
        presence_leave(turn, TAILQ_FIRST(&session->rooms), leave);
    }
    remember(turn, session, delivered_index);
    tell(turn, session, EVENT_SESSION_CLOSED, leave);
    session_drop(turn->machine, session);
}

void session_end_user(struct turn *turn, struct user *user, enum leave leave)
{
    while (!LIST_EMPTY(&user->sessions)) {
        session_end(turn, LIST_FIRST(&user->sessions), leave,
                    DELIVERED_UNKNOWN);
    }
}

void session_end_origin(struct turn *turn, struct origin *origin,
                        enum leave leave)
{
    struct session *session;

    while ((session = session_next(origin, NULL)) != NULL) {
        session_end(turn, session, leave, DELIVERED_UNKNOWN);
    }
}

/* Which leave stands for a reason of the command; LEAVES for none. */
static enum leave leave_for(int reason)
{
    switch (reason) {
    case PERCH__SESSION_CLOSE__REASON__LEFT:
        return LEAVE_ASKED;
    case PERCH__SESSION_CLOSE__REASON__DROPPED:
        return LEAVE_DROPPED;
    case PERCH__SESSION_CLOSE__REASON__DRAINED:
        return LEAVE_DRAINED;
    default:
        return LEAVES;
    }
}

enum outcome session_close(struct turn *turn,
                           const Perch__SessionClose *command)
{
    struct session *session = session_find(turn->origin, command->serial);
    enum leave leave = leave_for(command->reason);

    if (session == NULL) {
        return OUTCOME_SESSION_UNKNOWN;
    }
    if (leave == LEAVES) {
        return OUTCOME_REASON_INVALID;
    }
    session_end(turn, session, leave, command->delivered_index);
    return OUTCOME_DONE;
}

enum outcome session_expel(struct turn *turn,
                           const Perch__SessionExpel *command)
{
    const struct origin *origin = NULL;
    struct session *session = NULL;

    if (command->node < NODES) {
        origin = turn->machine->origins[command->node];
    }
    if (origin != NULL && origin->epoch == command->epoch) {
        session = session_find(origin, command->serial);
    }
    if (session == NULL) {
        return OUTCOME_SESSION_UNKNOWN;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    session_end(turn, session, LEAVE_EXPELLED, DELIVERED_UNKNOWN);
    return OUTCOME_DONE;
}
