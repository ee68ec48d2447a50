#include "ops/adapter/event.h"

#include <string.h>

#include "proto/record.h"

const char *event_type_of(const char *kind)
{
#define EVENT_TYPE(name, number, text, pchat) {text, pchat},
    static const struct {
        const char *kind, *type;
    } types[] = {RECORD_KIND_LIST(EVENT_TYPE)};
#undef EVENT_TYPE

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].kind, kind) == 0) {
            return types[i].type;
        }
    }
    return "";
}

static json_t *load(const struct batch *batch, size_t index)
{
    const struct entry *entry = &batch->entries[index];

    return json_loadb(batch->lines + entry->offset, entry->bytes,
                      JSON_ALLOW_NUL, NULL);
}

enum fault event_read(const struct batch *batch, size_t index,
                      struct event *event_out)
{
    const struct entry *entry = &batch->entries[index];

    memset(event_out, 0, sizeof(*event_out));
    event_out->line = load(batch, index);
    if (event_out->line == NULL) {
        return fault_memory(); /* It was JSON when it came. */
    }
    event_out->csn = batch->cut.first + index;
    event_out->kind =
        json_string_value(json_object_get(event_out->line, "kind"));
    event_out->type = event_type_of(event_out->kind);
    event_out->time_us =
        json_integer_value(json_object_get(event_out->line, "time_us"));
    event_out->command = json_object_get(event_out->line, "command");
    if (event_out->command == NULL && entry->leader != index) {
        event_out->leader = load(batch, entry->leader);
        if (event_out->leader == NULL) {
            return fault_memory();
        }
        event_out->command = json_object_get(event_out->leader, "command");
    }
    return FAULT_NONE;
}

void event_deinit(struct event *event)
{
    json_decref(event->line);
    json_decref(event->leader);
    memset(event, 0, sizeof(*event));
}

static struct slice text_of(const json_t *value)
{
    return slice_of(json_string_value(value), json_string_length(value));
}

struct slice event_text(const struct event *event, const char *field)
{
    return text_of(json_object_get(event->line, field));
}

uint64_t event_number(const struct event *event, const char *field,
                      uint64_t fallback)
{
    const json_t *value = json_object_get(event->line, field);

    return json_is_integer(value) && json_integer_value(value) >= 0
               ? (uint64_t)json_integer_value(value)
               : fallback;
}

/* The command's own part: the object beside who, where from and why. */
static const json_t *command_part(const json_t *command)
{
    const json_t *part = NULL, *value;
    const char *name;

    /* The iterator takes no const, and changes nothing. */
    json_object_foreach ((json_t *)(uintptr_t)command, name, value) {
        if (json_is_object(value) && strcmp(name, "credential") != 0) {
            part = value;
        }
    }
    return part;
}

struct slice event_argument(const struct event *event, const char *name)
{
    const json_t *part = command_part(event->command);
    const json_t *value = json_object_get(part, name);

    if (value == NULL) {
        /* What was refused lies one deeper: post_denied.post. */
        value = json_object_get(json_object_get(part, "post"), name);
    }
    return text_of(value);
}

/* Of an import, whose command has many messages: the one of the record. */
static struct slice imported_text(const struct event *event)
{
    const json_t *part = command_part(event->command);
    const json_t *first = json_object_get(part, "first_id");
    uint64_t id = event_number(event, "message_id", 0);
    uint64_t at = event_number(event, "ordinal", 0);
    const json_t *message;

    if (json_is_integer(first)) {
        at = id - (uint64_t)json_integer_value(first);
    }
    message = json_array_get(json_object_get(part, "messages"), at);
    return text_of(json_object_get(json_object_get(message, "post"), "text"));
}

struct slice event_content(const struct event *event)
{
    static const char *const names[] = {"text", "replacement", "words", "what",
                                        "name"};
    static const char *const silent[] = {"join", "part", "session_opened",
                                         "session_closed"};

    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        if (strcmp(event->kind, silent[i]) == 0) {
            return SLICE_NONE;
        }
    }
    if (strcmp(event->kind, "import") == 0) {
        return imported_text(event);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct slice text = event_argument(event, names[i]);
        if (text.len > 0) {
            return text;
        }
    }
    return SLICE_NONE;
}

struct slice event_address(struct slice uri)
{
    for (size_t i = 0; i < uri.len; i++) {
        if (uri.data[i] == ':') {
            return slice_after(uri, i + 1);
        }
    }
    return uri;
}

bool event_is_internal(struct slice uri, const char *domain)
{
    for (size_t i = uri.len; i > 0; i--) {
        if (uri.data[i - 1] == '@') {
            return slice_equal_nocase(slice_after(uri, i),
                                      slice_of_text(domain));
        }
    }
    return false;
}
