/* 128-bit ids of rooms, categories and pools, in their 36-character form.
 *
 * Spec: RFC 4122; perch makes version 4 (random) ids.
 *
 * Thread: any.
 */
#ifndef PROTO_BASE_GUID_H
#define PROTO_BASE_GUID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"

enum { GUID_BYTES = 16, GUID_TEXT_BYTES = 36 };

struct guid {
    uint8_t bytes[GUID_BYTES];
};

/** Make a version 4 id of 16 random bytes. */
struct guid guid_from_random(const uint8_t random[GUID_BYTES]);

/**
 * Read the 36-character form; both letter cases are taken.
 *
 * Returns MALFORMED when the text is anything else.
 */
enum error guid_read(struct slice text, struct guid *guid_out);

/** Write the lower-case form and a NUL. */
void guid_write(const struct guid *guid, char text[GUID_TEXT_BYTES + 1]);

/** Order by bytes, as memcmp. */
static inline int guid_compare(const struct guid *a, const struct guid *b)
{
    return memcmp(a->bytes, b->bytes, GUID_BYTES);
}

/** Tell whether it is the all-zero id, which names nothing. */
bool guid_is_nil(const struct guid *guid);

#endif
