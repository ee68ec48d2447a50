/* Reads a presence document, or what is published of one, from any bytes. What
 * is read is written and read again, and is the same: what one device has
 * published every other can read. */
#include <stdint.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/xccos/roaming.h"

enum { ARENA_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct roaming_item *a, const struct roaming_item *b)
{
    for (; a != NULL; a = a->next, b = b->next) {
        CHECK(b != NULL && slice_equal(a->category, b->category));
        CHECK(a->container == b->container && a->instance == b->instance);
        CHECK(a->version == b->version && a->remove == b->remove);
        CHECK(slice_equal(a->expire_type, b->expire_type));
        CHECK(slice_equal(a->xml, b->xml));
        CHECK(slice_equal(a->url, b->url) && slice_equal(a->name, b->name));
    }
    CHECK(b == NULL);
}

/* Other limits may be met by what declarations were added. */
static void write_again(struct arena *arena, struct slice uri,
                        const struct roaming_item *items)
{
    struct buffer out = BUFFER_EMPTY;
    struct roaming_item *again;
    struct slice uri_again;
    enum xccos_error error = roaming_write_publish(&out, uri, items);

    CHECK(error == XCCOS_ERROR_NONE);
    error = roaming_read_publish(buffer_slice(&out), arena, &uri_again, &again);
    if (error == XCCOS_ERROR_NONE) {
        CHECK(slice_equal(uri, uri_again));
        compare(items, again);
    } else {
        CHECK(xccos_error_is_limit(error));
    }
    buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct slice body = slice_of(data, size), uri;
    struct roaming_item *items;

    CHECK(arena != NULL);
    if (roaming_read_publish(body, arena, &uri, &items) == XCCOS_ERROR_NONE) {
        write_again(arena, uri, items);
    }
    (void)roaming_read(body, arena, &items);
    arena_free(arena);
    return 0;
}
