#include "ops/perch/words.h"

const char *word_of_role(enum xccos_role role)
{
    static const char *const words[] = {
        [XCCOS_ROLE_MEMBER] = "member",
        [XCCOS_ROLE_PRESENTER] = "presenter",
        [XCCOS_ROLE_MANAGER] = "manager",
    };

    return words[role];
}

const char *word_of_behavior(enum xccos_behavior behavior)
{
    static const char *const words[] = {
        [XCCOS_BEHAVIOR_NORMAL] = "normal",
        [XCCOS_BEHAVIOR_AUDITORIUM] = "auditorium",
    };

    return words[behavior];
}

const char *word_of_state(enum xccos_message_state state)
{
    static const char *const words[] = {
        [XCCOS_MESSAGE_CORRECTED] = "corrected",
        [XCCOS_MESSAGE_WITHDRAWN] = "withdrawn",
        [XCCOS_MESSAGE_REDACTED] = "redacted",
        [XCCOS_MESSAGE_REPLACED] = "replaced",
    };

    return words[state];
}

/* A pool says it in one of two places. */
const char *word_of_visibility(const struct xccos_room *room)
{
    static const char *const words[] = {
        [XCCOS_VISIBILITY_OPEN] = "open",
        [XCCOS_VISIBILITY_SCOPED] = "closed",
        [XCCOS_VISIBILITY_PRIVATE] = "secret",
    };

    return words[room->visibility != XCCOS_VISIBILITY_UNSET
                     ? room->visibility
                     : room->shown_visibility];
}
