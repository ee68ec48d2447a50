#include "node/chat/access.h"

#include "node/chat/closure.h"
#include "node/chat/principal.h"
#include "node/chat/scope.h"
#include "node/chat/state.h"

static bool has_role(const struct user *user, const struct room *room)
{
    return (closure_bits(&room->place.roles, &user->principal) &
            ROLES_ENTERING) != 0;
}

enum outcome access_find(const struct user *user, const struct room *room)
{
    bool in_scope = scope_holds(room->category, &user->principal);

    if (user->disabled) {
        return OUTCOME_USER_DISABLED;
    }
    /* Before all that would tell that there is such a room. */
    if (room->visibility == PERCH__VISIBILITY__SECRET &&
        (!in_scope || !has_role(user, room))) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (room->disabled) {
        return OUTCOME_ROOM_DISABLED;
    }
    return in_scope ? OUTCOME_DONE : OUTCOME_NOT_IN_SCOPE;
}

enum outcome access_enter(const struct user *user, const struct room *room)
{
    enum outcome outcome = access_find(user, room);

    if (outcome != OUTCOME_DONE ||
        room->visibility == PERCH__VISIBILITY__OPEN) {
        return outcome;
    }
    return has_role(user, room) ? OUTCOME_DONE : OUTCOME_NOT_A_MEMBER;
}

/* Presenters are members too; an open room's members are all. */
static bool presents(const struct user *user, const struct room *room)
{
    uint32_t needed = room->visibility == PERCH__VISIBILITY__OPEN
                          ? ROLE_PRESENTER
                          : ROLE_PRESENTER | ROLE_MEMBER;

    return (closure_bits(&room->place.roles, &user->principal) & needed) ==
           needed;
}

enum outcome access_post(const struct user *user, const struct room *room)
{
    enum outcome outcome = access_enter(user, room);

    if (outcome != OUTCOME_DONE ||
        room->behavior != PERCH__BEHAVIOR__AUDITORIUM) {
        return outcome;
    }
    return presents(user, room) ? OUTCOME_DONE : OUTCOME_NOT_A_PRESENTER;
}

enum outcome access_read(const struct user *user, const struct room *room)
{
    return access_enter(user, room);
}

bool access_is_eligible(const struct principal *principal,
                        const struct category *category)
{
    const struct user *user =
        principal_user((struct principal *)(uintptr_t)principal);

    return (user == NULL || !user->disabled) &&
           scope_holds(category, principal);
}
