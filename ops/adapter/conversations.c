#include "ops/adapter/conversations.h"

#include <string.h>

#include "ops/adapter/markup.h"
#include "proto/base/time_text.h"

/* 100-ns ticks from the year 1 to 1970. */
#define TICKS_1970 INT64_C(621355968000000000)

static void put_moment(struct buffer *to, const char *element, int64_t time_us)
{
    char text[TIME_TEXT_BYTES + 1];

    time_write(time_us, text);
    buffer_printf(to, "<%s", element);
    markup_number(to, "since1970", time_us / 1000);
    markup_attribute(to, "string", slice_of_text(text));
    markup_number(to, "long", time_us * 10 + TICKS_1970);
    buffer_append_text(to, "/>\n");
}

static int64_t as_int(uint64_t number)
{
    return number <= CONVERSATIONS_ID_MAX ? (int64_t)number : 0;
}

static void put_sender(struct buffer *to, const struct batch *batch,
                       const struct event *event)
{
    struct slice uri = event_text(event, "user");
    struct slice address = event_address(uri);
    struct slice name = event_text(event, "display_name");

    buffer_append_text(to, "<Sender");
    markup_attribute(to, "UserName", name.len > 0 ? name : address);
    markup_number(to, "id", as_int(event_number(event, "principal", 0)));
    markup_attribute(to, "email", address);
    markup_attribute(to, "internal",
                     slice_of_text(event_is_internal(uri, batch->cut.domain)
                                       ? "true"
                                       : "false"));
    markup_attribute(to, "uri", uri);
    buffer_append_text(to, "/>\n");
}

bool conversations_is_transfer(const struct event *event)
{
    return strcmp(event->type, "FILEUPLOAD") == 0 ||
           strcmp(event->type, "FILEDOWNLOAD") == 0;
}

/* What follows the last dot of a name, when it is short and plain. */
static struct slice extension_of(struct slice name)
{
    enum { EXTENSION_BYTES_MAX = 16 };

    for (size_t i = name.len; i > 1; i--) {
        uint8_t byte = name.data[i - 1];
        if (byte == '.') {
            return slice_after(name, i - 1);
        }
        if (!((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
              (byte >= 'a' && byte <= 'z')) ||
            name.len - i >= EXTENSION_BYTES_MAX) {
            break;
        }
    }
    return SLICE_NONE;
}

static struct slice field_or_argument(const struct event *event,
                                      const char *name)
{
    struct slice text = event_text(event, name);

    return text.len > 0 ? text : event_argument(event, name);
}

void conversations_stored_name(struct buffer *to, const struct event *event)
{
    struct slice digest = event_text(event, "digest");
    struct slice name = field_or_argument(event, "name");

    if (digest.len == 0) {
        buffer_append_slice(to, name);
        return;
    }
    buffer_append_slice(to, digest);
    buffer_append_slice(to, extension_of(name));
}

static void put_message(struct buffer *to, const struct batch *batch,
                        const struct event *event, const char *element)
{
    struct buffer stored = BUFFER_EMPTY;
    struct slice content = event_content(event);
    uint64_t id = 0;

    if (strcmp(event->type, "CHAT") == 0) {
        id = event_number(event, "message_id", 0);
    }
    if (conversations_is_transfer(event)) {
        conversations_stored_name(&stored, event);
        content = buffer_slice(&stored);
    }
    to->failed = to->failed || stored.failed;
    buffer_printf(to, "<%s", element);
    markup_attribute(to, "type", slice_of_text(event->type));
    markup_attribute(to, "content", content);
    markup_number(to, "id", as_int(id));
    buffer_append_text(to, ">\n");
    put_sender(to, batch, event);
    put_moment(to, "DateTimeUTC", event->time_us);
    buffer_printf(to, "</%s>\n", element);
    buffer_deinit(&stored);
}

void conversations_room(struct buffer *to, const struct batch *batch,
                        uint32_t which)
{
    buffer_printf(to, "ma-chan://%s/%s", batch->cut.domain,
                  batch->conversations[which].room);
}

static void put_channel(struct buffer *to, const struct batch *batch,
                        uint32_t which)
{
    const struct conversation *conversation = &batch->conversations[which];
    struct buffer uri = BUFFER_EMPTY;

    conversations_room(&uri, batch, which);
    to->failed = to->failed || uri.failed;
    buffer_append_text(to, "<Conversation>\n<Channel");
    markup_attribute(to, "uri", buffer_slice(&uri));
    markup_attribute(to, "name",
                     conversation->name[0] != '\0'
                         ? slice_of_text(conversation->name)
                         : buffer_slice(&uri));
    buffer_append_text(to, "/>\n");
    buffer_deinit(&uri);
}

static enum fault flush(struct folder *folder, struct buffer *text)
{
    if (folder == NULL || text->len < FOLDER_WRITE_BYTES) {
        return FAULT_NONE;
    }
    return folder_write(folder, text);
}

/* Where a conversation stands while it is written. */
struct span {
    bool has_begun;
    int64_t first_us, last_us;
};

static enum fault write_event(const struct batch *batch, uint32_t index,
                              struct span *span, struct buffer *text)
{
    struct event event;
    enum fault fault = event_read(batch, index, &event);

    if (fault == FAULT_NONE && event.type[0] != '\0') {
        if (!span->has_begun) {
            span->has_begun = true;
            span->first_us = event.time_us;
            put_message(text, batch, &event, "FirstMessage");
            buffer_append_text(text, "<Messages>\n");
        }
        span->last_us = event.time_us;
        put_message(text, batch, &event, "Message");
    }
    event_deinit(&event);
    return fault;
}

static enum fault write_conversation(const struct batch *batch, uint32_t which,
                                     struct folder *folder, struct buffer *text)
{
    const struct conversation *conversation = &batch->conversations[which];
    struct span span = {0};

    if (conversation->talk == 0) {
        return FAULT_NONE;
    }
    put_channel(text, batch, which);
    for (uint32_t i = conversation->first; i != BATCH_NOWHERE;
         i = batch->entries[i].next) {
        TAKE(write_event(batch, i, &span, text));
        TAKE(flush(folder, text));
    }
    buffer_append_text(text, "</Messages>\n");
    put_moment(text, "StartTimeUTC", span.first_us);
    put_moment(text, "EndTimeUTC", span.last_us);
    buffer_append_text(text, "</Conversation>\n");
    return flush(folder, text);
}

enum fault conversations_write(const struct batch *batch, uint32_t which,
                               struct folder *folder, struct buffer *text)
{
    buffer_append_text(
        text, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Conversations"
              " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
              " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\n");
    for (uint32_t i = 0; i < batch->n_conversations; i++) {
        if (which == CONVERSATIONS_ALL || which == i) {
            TAKE(write_conversation(batch, i, folder, text));
        }
    }
    buffer_append_text(text, "</Conversations>\n");
    if (folder == NULL) {
        return buffer_failed(text) ? fault_memory() : FAULT_NONE;
    }
    return folder_write(folder, text);
}
