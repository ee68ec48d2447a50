#include "node/chat/manage.h"

#include "node/chat/access.h"
#include "node/chat/closure.h"
#include "node/chat/scope.h"
#include "node/chat/session.h"
#include "proto/base/check.h"

enum outcome manage_actor(const struct turn *turn,
                          const Perch__Command *command,
                          const struct user **user_out)
{
    struct session *session = NULL;
    enum outcome outcome;

    *user_out = NULL;
    if (command->administrator.len > 0) {
        return OUTCOME_DONE;
    }
    CHECK(!turn->judging); /* Only administrators' commands are judged. */
    outcome = session_acting(turn, command, &session);
    if (outcome == OUTCOME_DONE) {
        *user_out = session->user;
    }
    return outcome;
}

static bool has(const struct place *place, const struct user *user,
                enum role role)
{
    return (closure_bits(&place->roles, &user->principal) & role) != 0;
}

enum outcome manage_create(const struct user *user,
                           const struct category *category)
{
    if (user == NULL || (scope_holds(category, &user->principal) &&
                         has(&category->place, user, ROLE_CREATOR))) {
        return OUTCOME_DONE;
    }
    return OUTCOME_NOT_A_CREATOR;
}

enum outcome manage_change(const struct user *user, const struct room *room)
{
    enum outcome outcome;

    if (user == NULL) {
        return OUTCOME_DONE;
    }
    outcome = access_find(user, room);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return has(&room->place, user, ROLE_MANAGER) ? OUTCOME_DONE
                                                 : OUTCOME_NOT_A_MANAGER;
}
