#include "node/chat/access.h"

#include "node/chat/closure.h"
#include "node/chat/state.h"

enum outcome access_find(const struct user *user, const struct room *room)
{
    if (user->disabled) {
        return OUTCOME_USER_DISABLED;
    }
    return room->disabled ? OUTCOME_ROOM_DISABLED : OUTCOME_DONE;
}

enum outcome access_enter(const struct user *user, const struct room *room)
{
    enum outcome outcome = access_find(user, room);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (room->visibility == PERCH__VISIBILITY__OPEN) {
        return OUTCOME_DONE;
    }
    if (closure_bits(&room->place.roles, &user->principal) == 0) {
        return OUTCOME_NOT_A_MEMBER;
    }
    return OUTCOME_DONE;
}

enum outcome access_post(const struct user *user, const struct room *room)
{
    return access_enter(user, room);
}

enum outcome access_read(const struct user *user, const struct room *room)
{
    return access_enter(user, room);
}
