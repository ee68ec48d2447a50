#include "ops/adapter/postgresql_row.h"

#include <inttypes.h>

#include "ops/adapter/transcript.h"
#include "proto/base/time_text.h"

/* Text as COPY takes it, and a tab. A NUL, which a database's text cannot
 * have, is U+FFFD; the record's leaf has it as it was. */
static void put_cell(struct buffer *to, struct slice text)
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
        case '\0':
            buffer_append_text(to, "\xef\xbf\xbd");
            break;
        default:
            buffer_append(to, &text.data[i], 1);
        }
    }
    buffer_append_text(to, "\t");
}

static void put_or_null(struct buffer *to, struct slice text)
{
    if (text.len == 0) {
        buffer_append_text(to, "\\N\t");
    } else {
        put_cell(to, text);
    }
}

static void put_place(struct buffer *to, const struct cut *cut)
{
    put_cell(to, slice_of_text(cut->pool));
    put_cell(to, slice_of_text(cut->origin));
    put_cell(to, slice_of_text(cut->adapter));
}

static void put_message_id(struct buffer *to, const struct event *event)
{
    if (json_object_get(event->line, "message_id") == NULL) {
        buffer_append_text(to, "\\N\t");
    } else {
        buffer_printf(to, "%" PRIu64 "\t",
                      event_number(event, "message_id", 0));
    }
}

static void put_room(struct buffer *to, const struct batch *batch,
                     const struct event *event)
{
    uint32_t place = batch->entries[event->csn - batch->cut.first].place;

    put_or_null(to, place == BATCH_POOL
                        ? SLICE_NONE
                        : slice_of_text(batch->conversations[place].room));
}

/* The last two columns: the record as JSON, and its leaf. */
static void put_whole(struct buffer *to, struct event *event)
{
    struct buffer line = BUFFER_EMPTY;
    json_t *leaf = json_incref(json_object_get(event->line, "leaf"));

    transcript_json(&line, event); /* Without the leaf. */
    put_cell(to,
             line.len == 0 ? SLICE_NONE : slice_of(line.data, line.len - 1));
    to->failed = to->failed || line.failed;
    if (json_is_string(leaf)) {
        put_cell(to, slice_of_text(json_string_value(leaf)));
    } else {
        buffer_append_text(to, "\\N\t");
    }
    json_decref(leaf);
    buffer_deinit(&line);
}

void postgresql_row(struct buffer *to, const struct batch *batch,
                    struct event *event)
{
    char time[TIME_TEXT_BYTES + 1];

    time_write(event->time_us, time);
    put_place(to, &batch->cut);
    buffer_printf(to, "%" PRIu64 "\t%s\t%s\t%s\t", event->csn, event->kind,
                  event->type, time);
    put_room(to, batch, event);
    put_or_null(to, event_text(event, "room_name"));
    put_or_null(to, event_text(event, "user"));
    put_or_null(to, event_text(event, "display_name"));
    put_message_id(to, event);
    put_or_null(to, event_content(event));
    put_whole(to, event);
    if (!to->failed) {
        to->data[to->len - 1] = '\n'; /* For the last tab. */
    }
}
