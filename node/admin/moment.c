#include "node/admin/moment.h"

#include <string.h>
#include <time.h>

enum { MOMENT_BYTES = 20, NUMBER_DIGITS_MAX = 18 };

#define US_PER_S INT64_C(1000000)

bool moment_read(struct slice text, int64_t *at_us_out)
{
    char copy[MOMENT_BYTES + 1] = "";
    struct tm when = {.tm_isdst = 0};
    const char *end;

    if (text.len == 0 || text.len > MOMENT_BYTES) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    end = strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &when);
    if (end == NULL) {
        memset(&when, 0, sizeof(when));
        end = strptime(copy, "%Y-%m-%d", &when);
    }
    if (end == NULL || *end != '\0' || strlen(copy) != text.len) {
        return false;
    }
    *at_us_out = (int64_t)timegm(&when) * US_PER_S;
    return true;
}

/* Returns how many bytes are digits, 0 when there are too many. */
static size_t read_number(struct slice text, uint64_t *number_out)
{
    size_t n = 0;

    *number_out = 0;
    while (n < text.len && text.data[n] >= '0' && text.data[n] <= '9') {
        *number_out = *number_out * 10 + (text.data[n] - '0');
        if (++n > NUMBER_DIGITS_MAX) {
            return 0;
        }
    }
    return n;
}

bool message_range_read(struct slice text, struct message_range *range_out)
{
    size_t n = read_number(text, &range_out->first);
    struct slice rest = slice_after(text, n);

    range_out->last = range_out->first;
    if (n > 0 && rest.len > 1 && rest.data[0] == '-') {
        rest = slice_after(rest, 1);
        rest = slice_after(rest, read_number(rest, &range_out->last));
    }
    return n > 0 && rest.len == 0 && range_out->first > 0 &&
           range_out->last >= range_out->first;
}
