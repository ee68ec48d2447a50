#include "proto/xccos/provisioning_client.h"

#include "proto/xccos/xml.h"

#define REQUEST_SPACE                                                          \
    "http://schemas.microsoft.com/2006/09/sip/provisioninggrouplist"
#define ANSWER_SPACE                                                           \
    "http://schemas.microsoft.com/2006/09/sip/provisiongrouplist-notification"

#define CHAT_GROUP "persistentChatConfiguration"

enum { GROUP_DEPTH = 2, PROPERTY_DEPTH = 4 };

void provisioning_write_request(struct buffer *out)
{
    buffer_append_text(out, "<provisioningGroupList xmlns=\"" REQUEST_SPACE
                            "\"><provisioningGroup name=\"" CHAT_GROUP
                            "\"/></provisioningGroupList>");
}

enum property { PROPERTY_OTHER, PROPERTY_ENABLED, PROPERTY_POOL };

struct reading {
    bool in_group;
    enum property property; /* The one whose text comes. */
    struct buffer text;
    struct arena *arena;
    struct provisioned found;
};

static struct slice name_of(const struct xml_element *element)
{
    for (size_t i = 0; i < element->n; i++) {
        if (xml_is_named(&element->attributes[i].name, "", "name")) {
            return element->attributes[i].value;
        }
    }
    return SLICE_NONE;
}

static enum property property_of(struct slice name)
{
    if (slice_equal_text(name, "EnablePersistentChat")) {
        return PROPERTY_ENABLED;
    }
    return slice_equal_text(name, "DefaultPersistentChatPoolUri")
               ? PROPERTY_POOL
               : PROPERTY_OTHER;
}

static enum xccos_error on_start(void *context,
                                 const struct xml_element *element)
{
    struct reading *reading = context;

    if (element->depth == 1 &&
        !xml_is_named(&element->name, ANSWER_SPACE, "provisionGroupList")) {
        return XCCOS_ERROR_ROOT;
    }
    if (element->depth == GROUP_DEPTH) {
        reading->in_group =
            xml_is_named(&element->name, ANSWER_SPACE, "provisionGroup") &&
            slice_equal_text(name_of(element), CHAT_GROUP);
    }
    reading->property = PROPERTY_OTHER;
    buffer_clear(&reading->text);
    if (reading->in_group && element->depth == PROPERTY_DEPTH &&
        xml_is_named(&element->name, ANSWER_SPACE, "property")) {
        reading->property = property_of(name_of(element));
    }
    return XCCOS_ERROR_NONE;
}

static enum xccos_error on_text(void *context, struct slice text)
{
    struct reading *reading = context;

    if (reading->property != PROPERTY_OTHER) {
        buffer_append_slice(&reading->text, text);
    }
    return buffer_failed(&reading->text) ? XCCOS_ERROR_NO_MEMORY
                                         : XCCOS_ERROR_NONE;
}

static enum xccos_error on_end(void *context, size_t depth, size_t ends_at)
{
    struct reading *reading = context;
    struct slice text = buffer_slice(&reading->text);

    (void)depth;
    (void)ends_at;
    if (reading->property == PROPERTY_ENABLED) {
        reading->found.is_disabled =
            !slice_equal_nocase(text, SLICE_LITERAL("true"));
    } else if (reading->property == PROPERTY_POOL && text.len > 0) {
        reading->found.pool_uri = arena_copy_slice(reading->arena, text);
        if (reading->found.pool_uri.len == 0) {
            return XCCOS_ERROR_NO_MEMORY;
        }
    }
    reading->property = PROPERTY_OTHER;
    return XCCOS_ERROR_NONE;
}

enum xccos_error provisioning_read_answer(struct slice body,
                                          struct arena *arena,
                                          struct provisioned *found_out)
{
    static const struct xml_events events = {
        .start = on_start, .end = on_end, .text = on_text};
    struct reading reading = {.text = BUFFER_EMPTY, .arena = arena};
    enum xccos_error error = xml_walk(body, &events, &reading);

    buffer_deinit(&reading.text);
    if (error == XCCOS_ERROR_NONE) {
        *found_out = reading.found;
    }
    return error;
}
