#include "raft/peer/outgoing.h"

#include "proto/base/check.h"
#include "proto/frame.h"

void outgoing_init(struct outgoing *outgoing, const size_t *bytes_max)
{
    for (int i = 0; i < PEER_CLASSES; i++) {
        buffer_init(&outgoing->classes[i].frames);
        outgoing->classes[i].taken = 0;
    }
    outgoing->bytes_max = bytes_max;
}

void outgoing_deinit(struct outgoing *outgoing)
{
    for (int i = 0; i < PEER_CLASSES; i++) {
        buffer_deinit(&outgoing->classes[i].frames);
        outgoing->classes[i].taken = 0;
    }
}

size_t outgoing_bytes(const struct outgoing *outgoing, enum peer_class class)
{
    return outgoing->classes[class].frames.len - outgoing->classes[class].taken;
}

enum error outgoing_put(struct outgoing *outgoing,
                        const struct peer_message *message)
{
    enum peer_class class = peer_class_of(message->kind);
    struct buffer *frames = &outgoing->classes[class].frames;
    enum error error;
    size_t at;

    if (outgoing_bytes(outgoing, class) >= outgoing->bytes_max[class]) {
        return ERROR_BUSY;
    }
    at = frame_begin(frames, (uint8_t)message->kind);
    error = peer_write(message, frames);
    if (error == ERROR_NONE) {
        error = frame_end(frames, at, peer_limits());
    }
    if (error == ERROR_NONE &&
        outgoing_bytes(outgoing, class) > outgoing->bytes_max[class]) {
        error = ERROR_BUSY;
    }
    if (error != ERROR_NONE) {
        frames->len = at;
        frames->failed = false;
    }
    return error;
}

/* Forget what is gone. A quarter of what waits at a time: no byte is moved more
 * than four times, and a full class takes no more than twice its bound. An
 * empty one gives back what a burst took. */
static void drop_taken(struct buffer *frames, size_t *taken)
{
    size_t waiting = frames->len - *taken;

    if (*taken <= waiting / 4) {
        return;
    }
    buffer_consume(frames, *taken);
    *taken = 0;
    if (waiting == 0 && frames->capacity > FRAME_KEEP_BYTES) {
        buffer_deinit(frames);
    }
}

/* Whole frames from the front of a class that fit in what is left; the first
 * frame of a batch always fits. */
static size_t measure(struct slice waiting, size_t left, bool first,
                      size_t *bytes_out)
{
    size_t frames = 0, bytes = 0;

    while (bytes < waiting.len) {
        size_t next = frame_bytes(waiting.data + bytes);

        CHECK(next <= waiting.len - bytes);
        if (bytes + next > left && !(first && frames == 0)) {
            break;
        }
        bytes += next;
        frames++;
    }
    *bytes_out = bytes;
    return frames;
}

size_t outgoing_take(struct outgoing *outgoing, struct buffer *to,
                     size_t bytes_max)
{
    size_t frames = 0, used = 0;

    for (int i = 0; i < PEER_CLASSES; i++) {
        struct buffer *from = &outgoing->classes[i].frames;
        size_t *taken = &outgoing->classes[i].taken;
        struct slice waiting = slice_after(buffer_slice(from), *taken);
        size_t left = used < bytes_max ? bytes_max - used : 0;
        size_t bytes, n;

        if (waiting.len == 0) {
            continue;
        }
        n = measure(waiting, left, frames == 0, &bytes);
        buffer_append(to, waiting.data, bytes);
        if (buffer_failed(to)) {
            break;
        }
        *taken += bytes;
        drop_taken(from, taken);
        used += bytes;
        frames += n;
        if (bytes < waiting.len) {
            break; /* No lower class passes a frame that must wait. */
        }
    }
    return frames;
}
