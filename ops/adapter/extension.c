#include "ops/adapter/extension.h"

#include <stdlib.h>
#include <string.h>

#include "ops/adapter/conversations.h"
#include "ops/adapter/details.h"
#include "ops/adapter/event.h"
#include "ops/adapter/markup.h"
#include "proto/base/base64.h"
#include "proto/base/time_text.h"

/* Of commands and fields, which are three deep. */
enum { DEPTH_MAX = 64 };

struct extension {
    const struct batch *batch;
    struct folder *folder;
    struct buffer text;
    uint32_t *positions; /* Of each conversation, in the first document. */
    struct details details;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_field(struct buffer *to, const char *name, const json_t *value,
                      int depth);

/* Members in the order of their names, whatever the input's. */
static void put_members(struct buffer *to, const json_t *object, int depth)
{
    size_t n = json_object_size(object), i = 0;
    const char **names = calloc(n + 1, sizeof(*names)), *name;
    json_t *value;

    if (names == NULL) {
        to->failed = true;
        return;
    }
    json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
        names[i++] = name;
    }
    qsort(names, n, sizeof(*names), by_name);
    for (i = 0; i < n; i++) {
        put_field(to, names[i], json_object_get(object, names[i]), depth);
    }
    free(names);
}

static void put_list(struct buffer *to, const json_t *list, int depth)
{
    size_t i;
    const json_t *value;

    json_array_foreach (list, i, value) {
        put_field(to, NULL, value, depth);
    }
}

static void put_text(struct buffer *to, struct slice text)
{
    if (markup_can_say(text)) {
        buffer_append_text(to, ">");
        markup_text(to, text);
        return;
    }
    buffer_append_text(to, " encoding=\"base64\">");
    base64_write(to, text);
}

static void put_scalar(struct buffer *to, const json_t *value)
{
    if (json_is_string(value)) {
        put_text(to,
                 slice_of(json_string_value(value), json_string_length(value)));
    } else if (json_is_integer(value)) {
        buffer_printf(to, ">%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        buffer_append_text(to, json_is_true(value) ? ">true" : ">false");
    } else if (json_is_real(value)) {
        buffer_printf(to, ">%.17g", json_real_value(value));
    } else {
        buffer_append_text(to, ">");
    }
}

static void put_field(struct buffer *to, const char *name, const json_t *value,
                      int depth)
{
    buffer_append_text(to, "<Field");
    if (name != NULL) {
        markup_attribute(to, "name", slice_of_text(name));
    }
    if (depth == DEPTH_MAX) {
        buffer_append_text(to, ">");
    } else if (json_is_object(value)) {
        buffer_append_text(to, ">");
        put_members(to, value, depth + 1);
    } else if (json_is_array(value)) {
        buffer_append_text(to, ">");
        put_list(to, value, depth + 1);
    } else {
        put_scalar(to, value);
    }
    buffer_append_text(to, "</Field>\n");
}

static void put_place(struct extension *extension, const struct event *event,
                      uint32_t place)
{
    struct buffer uri = BUFFER_EMPTY;

    if (place != BATCH_POOL || event->type[0] != '\0') {
        conversations_room(&uri, extension->batch, place);
        extension->text.failed = extension->text.failed || uri.failed;
        markup_attribute(&extension->text, "room", buffer_slice(&uri));
    }
    if (event->type[0] != '\0') {
        extension->positions[place] += 1;
        markup_attribute(&extension->text, "type", slice_of_text(event->type));
        markup_number(&extension->text, "position",
                      extension->positions[place]);
    }
    buffer_deinit(&uri);
}

/* What the element's attributes say, and the proof's bytes, are no fields. */
static void strip(json_t *line)
{
    static const char *const names[] = {"csn", "kind", "time_us", "leaf"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_object_del(line, names[i]);
    }
}

static void put_event(struct extension *extension, struct event *event,
                      size_t index)
{
    char time[TIME_TEXT_BYTES + 1];
    struct buffer *to = &extension->text;

    time_write(event->time_us, time);
    buffer_append_text(to, "<Event");
    markup_number(to, "csn", (int64_t)event->csn);
    markup_attribute(to, "kind", slice_of_text(event->kind));
    markup_attribute(to, "time", slice_of_text(time));
    put_place(extension, event, extension->batch->entries[index].place);
    buffer_append_text(to, ">\n");
    strip(event->line); /* kind is gone with it. */
    put_members(to, event->line, 0);
    buffer_append_text(to, "</Event>\n");
}

static enum fault write_event(struct extension *extension, size_t index)
{
    struct event event;
    enum fault fault = event_read(extension->batch, index, &event);

    if (fault == FAULT_NONE) {
        fault =
            details_add(&extension->details, extension->batch, index, &event);
    }
    if (fault == FAULT_NONE) {
        put_event(extension, &event, index);
        if (extension->text.len >= FOLDER_WRITE_BYTES) {
            fault = folder_write(extension->folder, &extension->text);
        }
    }
    event_deinit(&event);
    return fault;
}

static enum fault write_details(struct extension *extension, json_t *all,
                                const char *element, const char *scheme)
{
    const char *name;
    json_t *one;

    json_object_foreach (all, name, one) {
        struct buffer uri = BUFFER_EMPTY;
        buffer_printf(&uri, "%s%s", scheme, name);
        extension->text.failed = extension->text.failed || uri.failed;
        buffer_printf(&extension->text, "<%s", element);
        markup_attribute(&extension->text, "uri", buffer_slice(&uri));
        buffer_deinit(&uri);
        buffer_append_text(&extension->text, ">\n");
        put_members(&extension->text, one, 0);
        buffer_printf(&extension->text, "</%s>\n", element);
        TAKE(folder_write(extension->folder, &extension->text));
    }
    return FAULT_NONE;
}

static void put_head(struct buffer *to, const struct cut *cut)
{
    buffer_append_text(to, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                           "<Extension xmlns=\"" EXTENSION_SPACE "\"");
    markup_attribute(to, "pool", slice_of_text(cut->pool));
    markup_attribute(to, "origin", slice_of_text(cut->origin));
    markup_attribute(to, "domain", slice_of_text(cut->domain));
    markup_attribute(to, "adapter", slice_of_text(cut->adapter));
    markup_number(to, "first", (int64_t)cut->first);
    markup_number(to, "last", (int64_t)cut->last);
    markup_number(to, "treeSize", (int64_t)cut->tree_size);
    markup_attribute(to, "root", slice_of_text(cut->root));
    buffer_append_text(to, ">\n");
}

static enum fault write_all(struct extension *extension)
{
    char scheme[CUT_NAME_BYTES_MAX + 16];

    put_head(&extension->text, &extension->batch->cut);
    for (size_t i = 0; i < extension->batch->n; i++) {
        TAKE(write_event(extension, i));
    }
    snprintf(scheme, sizeof(scheme), "ma-chan://%s/",
             extension->batch->cut.domain);
    TAKE(write_details(extension, extension->details.rooms, "Room", scheme));
    TAKE(write_details(extension, extension->details.users, "User", ""));
    buffer_append_text(&extension->text, "</Extension>\n");
    return folder_write(extension->folder, &extension->text);
}

enum fault extension_write(const struct batch *batch, struct folder *folder)
{
    struct extension extension = {.batch = batch, .folder = folder};
    enum fault fault;

    buffer_init(&extension.text);
    extension.positions =
        calloc(batch->n_conversations, sizeof(*extension.positions));
    fault = extension.positions == NULL
                ? fault_memory()
                : details_init(&extension.details, &batch->cut);
    if (fault == FAULT_NONE) {
        fault = write_all(&extension);
    }
    details_deinit(&extension.details);
    free(extension.positions);
    buffer_deinit(&extension.text);
    return fault;
}
