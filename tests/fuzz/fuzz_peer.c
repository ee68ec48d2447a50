/* Any payload of any kind is refused, or is a message that can be written, and
 * what is written reads back as the same message.
 *
 * The first byte of the input is the kind.
 */
#include <stddef.h>
#include <stdint.h>

#include "proto/base/check.h"
#include "proto/peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reading may cost what a head may cost, an array of entries, and the arena's
 * own share. */
enum { ARENA_BYTES_MAX = PEER_DECODE_BYTES_MAX * 2 + 512 * 1024 };

static void check_message(uint8_t kind, const struct peer_message *message)
{
    struct buffer once = BUFFER_EMPTY, twice = BUFFER_EMPTY;
    struct arena *arena = arena_new(1024);
    struct peer_message again;

    CHECK(arena != NULL);
    CHECK(peer_write(message, &once) == ERROR_NONE);
    CHECK(peer_read(kind, buffer_slice(&once), arena, &again) == ERROR_NONE);
    CHECK(peer_write(&again, &twice) == ERROR_NONE);
    CHECK(slice_equal(buffer_slice(&once), buffer_slice(&twice)));
    CHECK(once.len <= peer_limits()->kinds[kind].bytes_max);
    arena_free(arena);
    buffer_deinit(&once);
    buffer_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct peer_message message;
    struct arena *arena;

    if (size < 1) {
        return 0;
    }
    arena = arena_new(1024);
    CHECK(arena != NULL);
    if (peer_read(data[0], slice_of(data + 1, size - 1), arena, &message) ==
        ERROR_NONE) {
        check_message(data[0], &message);
    }
    CHECK(arena_bytes(arena) <= ARENA_BYTES_MAX);
    arena_free(arena);
    return 0;
}
