#include "ops/adapter/attach.h"

#include <inttypes.h>

#include "ops/adapter/conversations.h"
#include "ops/adapter/event.h"
#include "proto/base/time_text.h"

static void put(struct buffer *to, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '\\':
            buffer_append_text(to, "\\\\");
            break;
        case '\t':
            buffer_append_text(to, "\\t");
            break;
        case '\n':
            buffer_append_text(to, "\\n");
            break;
        case '\r':
            buffer_append_text(to, "\\r");
            break;
        default:
            buffer_append(to, &text.data[i], 1);
        }
    }
}

static void put_cell(struct buffer *to, struct slice text)
{
    put(to, text);
    buffer_append_text(to, "\t");
}

static void put_line(struct buffer *to, const struct event *event)
{
    struct buffer stored = BUFFER_EMPTY;
    struct slice name = event_text(event, "name");
    uint64_t bytes = event_number(event, "bytes", UINT64_MAX);
    char time[TIME_TEXT_BYTES + 1];

    conversations_stored_name(&stored, event);
    to->failed = to->failed || stored.failed;
    time_write(event->time_us, time);
    put_cell(to, buffer_slice(&stored));
    put_cell(to, name.len > 0 ? name : event_argument(event, "name"));
    if (bytes != UINT64_MAX) {
        buffer_printf(to, "%" PRIu64, bytes);
    }
    buffer_append_text(to, "\t");
    put_cell(to, event_text(event, "digest"));
    put_cell(to, slice_of_text(event->type));
    put_cell(to, event_text(event, "user"));
    put_cell(to, slice_of_text(time));
    buffer_printf(to, "%" PRIu64 "\n", event->csn);
    buffer_deinit(&stored);
}

static enum fault add_conversation(const struct batch *batch, uint32_t which,
                                   struct buffer *text)
{
    const struct conversation *conversation = &batch->conversations[which];

    if (conversation->talk == 0) {
        return FAULT_NONE;
    }
    for (uint32_t i = conversation->first; i != BATCH_NOWHERE;
         i = batch->entries[i].next) {
        struct event event;
        enum fault fault = event_read(batch, i, &event);
        if (fault == FAULT_NONE && conversations_is_transfer(&event)) {
            put_line(text, &event);
        }
        event_deinit(&event);
        TAKE(fault);
    }
    return FAULT_NONE;
}

enum fault attach_write(const struct batch *batch, uint32_t which,
                        struct buffer *text)
{
    for (uint32_t i = 0; i < batch->n_conversations; i++) {
        if (which == CONVERSATIONS_ALL || which == i) {
            TAKE(add_conversation(batch, i, text));
        }
    }
    return buffer_failed(text) ? fault_memory() : FAULT_NONE;
}
