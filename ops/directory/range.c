#include "ops/directory/range.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/check.h"

#define RANGE ";range="

static const char *find_range(const char *options)
{
    for (; options != NULL; options = strchr(options + 1, ';')) {
        if (strncasecmp(options, RANGE, strlen(RANGE)) == 0) {
            return options + strlen(RANGE);
        }
    }
    return NULL;
}

/* "0-1499" or "1500-*". */
static bool read_bounds(const char *text, struct range *range)
{
    char *end;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    range->first = strtoul(text, &end, 10);
    if (*end != '-' || errno != 0) {
        return false;
    }
    text = end + 1;
    if (text[0] == '*') {
        range->is_last = true;
        return true;
    }
    range->last = strtoul(text, &end, 10);
    return end != text && errno == 0 && range->last >= range->first &&
           range->last < (unsigned long)-1;
}

bool range_read(const char *description, struct range *range_out)
{
    size_t len = strcspn(description, ";");
    const char *bounds = find_range(strchr(description, ';'));

    memset(range_out, 0, sizeof(*range_out));
    if (len == 0 || len >= RANGE_NAME_BYTES) {
        return false;
    }
    memcpy(range_out->name, description, len);
    if (bounds == NULL) {
        return true;
    }
    range_out->ranged = true;
    return read_bounds(bounds, range_out);
}

void range_next(const struct range *range, char next_out[RANGE_NAME_BYTES])
{
    CHECK(range->ranged && !range->is_last);
    /* A name that leaves no room for a range is none of a directory's. */
    snprintf(next_out, RANGE_NAME_BYTES, "%.80s" RANGE "%lu-*", range->name,
             range->last + 1);
}
