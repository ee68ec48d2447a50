#include "ops/adapter/transcript.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/time_text.h"

/* Controls would move a terminal's cursor or end a line. */
static void put(struct buffer *to, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '\n') {
            buffer_append_text(to, "\n\t");
        } else if (byte == '\t' || (byte >= 0x20 && byte != 0x7f)) {
            buffer_append(to, &byte, 1);
        } else if (byte != '\r') {
            buffer_append_text(to, "\xef\xbf\xbd");
        }
    }
}

static void put_named(struct buffer *to, const struct event *event,
                      const char *field)
{
    struct slice text = event_text(event, field);

    if (text.len > 0) {
        buffer_printf(to, " %s=", field);
        put(to, text);
    }
}

void transcript_what(struct buffer *to, const struct event *event)
{
    static const char *const named[] = {"reason", "author", "group", "name",
                                        "mode",   "before", "after", "title"};
    uint64_t id = event_number(event, "message_id", 0);
    struct slice content = event_content(event);

    buffer_append_text(to, event->kind);
    if (id != 0) {
        buffer_printf(to, " %" PRIu64, id);
    }
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        put_named(to, event, named[i]);
    }
    if (content.len > 0) {
        buffer_append_text(to, ": ");
        put(to, content);
    }
}

void transcript_line(struct buffer *to, const struct event *event)
{
    char time[TIME_TEXT_BYTES + 1];
    struct slice user = event_text(event, "user");

    time_write(event->time_us, time);
    buffer_printf(to, "%s  [%" PRIu64 "] ", time, event->csn);
    if (user.len > 0) {
        put(to, event_text(event, "display_name"));
        buffer_append_text(to, " <");
        put(to, event_address(user));
        buffer_append_text(to, ">  ");
    }
    transcript_what(to, event);
    buffer_append_text(to, "\n");
}

void transcript_json(struct buffer *to, struct event *event)
{
    char *dump;

    json_object_del(event->line, "leaf");
    dump = json_dumps(event->line, JSON_SORT_KEYS | JSON_COMPACT);
    if (dump == NULL) {
        to->failed = true;
        return;
    }
    buffer_append_text(to, dump);
    buffer_append_text(to, "\n");
    free(dump);
}
