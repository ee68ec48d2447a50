#include "node/chat/lag.h"

bool lag_grown(struct lag *lag, int64_t now_us)
{
    if (lag->since_us != 0) {
        return false;
    }
    lag->since_us = now_us;
    return true;
}

void lag_heard(struct lag *lag, uint64_t has, uint64_t size, int64_t now_us)
{
    if (has >= size) {
        lag->since_us = 0;
    } else if (lag->since_us == 0) {
        lag->since_us = now_us;
    } else if (has >= lag->size && lag->heard_us > lag->since_us) {
        lag->since_us = lag->heard_us;
    }
    lag->size = size;
    lag->heard_us = now_us;
}

bool lag_is_long(const struct lag *lag, int64_t now_us, int64_t from_us,
                 uint64_t limit_s)
{
    int64_t since_us = lag->since_us > from_us ? lag->since_us : from_us;

    return lag->since_us != 0 &&
           now_us - since_us > (int64_t)limit_s * INT64_C(1000000);
}
