#include "raft/log_store/window.h"

#include <stdlib.h>

#include "proto/base/check.h"

enum { READ_AHEAD_BYTES = 256 * 1024 };

enum error log_window_init(struct window *window, size_t view_bytes)
{
    *window = (struct window){.capacity = view_bytes + READ_AHEAD_BYTES};
    window->bytes = blocks_alloc(window->capacity);
    return window->bytes == NULL ? ERROR_NO_MEMORY : ERROR_NONE;
}

void log_window_deinit(struct window *window)
{
    device_file_close(window->file);
    free(window->bytes);
    *window = (struct window){0};
}

enum error log_window_open(struct window *window, struct device *device,
                           const char *name)
{
    device_file_close(window->file);
    window->file = NULL;
    window->len = 0;
    TRY(device_file_open(device, name, DEVICE_READ | DEVICE_DIRECT,
                         &window->file));
    return device_file_bytes(window->file, &window->file_bytes);
}

static enum error refill(struct window *window, uint64_t offset)
{
    uint64_t left = window->file_bytes - offset;
    size_t want = left < window->capacity ? (size_t)left : window->capacity;
    size_t got = 0;

    window->len = 0;
    TRY(device_file_read(window->file, offset, window->bytes, want, &got));
    window->from = offset;
    window->len = got;
    return ERROR_NONE;
}

enum error log_window_at(struct window *window, uint64_t offset, size_t len,
                         const uint8_t **bytes_out)
{
    CHECK(len <= window->capacity && offset + len <= window->file_bytes);
    if (offset < window->from || offset + len > window->from + window->len) {
        TRY(refill(window, offset));
        if (len > window->len) {
            return ERROR_TRUNCATED;
        }
    }
    *bytes_out = window->bytes + (offset - window->from);
    return ERROR_NONE;
}

enum error log_window_used_end(struct window *window, uint64_t offset,
                               uint64_t *end_out)
{
    const uint8_t *block;

    *end_out = offset;
    for (; offset < window->file_bytes; offset += LOG_BLOCK_BYTES) {
        TRY(log_window_at(window, offset, LOG_BLOCK_BYTES, &block));
        if (!bytes_are(block, LOG_BLOCK_BYTES, 0)) {
            *end_out = offset + LOG_BLOCK_BYTES;
        }
    }
    return ERROR_NONE;
}
