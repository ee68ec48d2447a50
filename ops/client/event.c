#include "ops/client/event.h"

#include "proto/base/check.h"

const char *client_state_word(enum client_state state)
{
    static const char *const words[CLIENT_STATES] = {
#define CLIENT_STATE_ROW(name, word) [CLIENT_##name] = word,
        CLIENT_STATE_LIST(CLIENT_STATE_ROW)
#undef CLIENT_STATE_ROW
    };

    CHECK(state < CLIENT_STATES);
    return words[state];
}

const char *client_result_word(enum client_result result)
{
    static const char *const words[] = {
        [CLIENT_DONE] = "done",
        [CLIENT_REFUSED] = "refused",
        [CLIENT_UNSENT] = "unsent",
        [CLIENT_UNKNOWN] = "unknown",
    };

    CHECK(result < sizeof(words) / sizeof(words[0]));
    return words[result];
}

const char *client_left_word(enum client_left why)
{
    static const char *const words[] = {
        [CLIENT_LEFT_ASKED] = "asked",
        [CLIENT_LEFT_REFUSED] = "refused",
        [CLIENT_LEFT_KICKED] = "kicked",
        [CLIENT_LEFT_DISABLED] = "disabled",
    };

    CHECK(why < sizeof(words) / sizeof(words[0]));
    return words[why];
}
