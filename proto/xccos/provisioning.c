#include "proto/xccos/provisioning.h"

#include "proto/xccos/text.h"
#include "proto/xccos/xml.h"

/* Not a slip: the client asks in "provisioninggrouplist" and is answered in
 * "provisiongrouplist-notification". */
#define REQUEST_SPACE                                                          \
    "http://schemas.microsoft.com/2006/09/sip/provisioninggrouplist"
#define ANSWER_SPACE                                                           \
    "http://schemas.microsoft.com/2006/09/sip/provisiongrouplist-notification"

#define CHAT_GROUP "persistentChatConfiguration"

static void read_group(struct provisioning_request *request,
                       const struct xml_element *element)
{
    request->groups += 1;
    for (size_t i = 0; i < element->n; i++) {
        if (xml_is_named(&element->attributes[i].name, "", "name") &&
            slice_equal_text(element->attributes[i].value, CHAT_GROUP)) {
            request->wants_chat = true;
        }
    }
}

static enum xccos_error on_start(void *context,
                                 const struct xml_element *element)
{
    if (element->depth == 1 &&
        !xml_is_named(&element->name, REQUEST_SPACE, "provisioningGroupList")) {
        return XCCOS_ERROR_ROOT;
    }
    if (element->depth == 2 &&
        xml_is_named(&element->name, REQUEST_SPACE, "provisioningGroup")) {
        read_group(context, element);
    }
    return XCCOS_ERROR_NONE;
}

enum xccos_error provisioning_read(struct slice body,
                                   struct provisioning_request *request_out)
{
    static const struct xml_events events = {.start = on_start};
    struct provisioning_request request = {false, 0};

    if (body.len == 0) {
        *request_out = (struct provisioning_request){true, 0};
        return XCCOS_ERROR_NONE;
    }
    XCCOS_TRY(xml_walk(body, &events, &request));
    *request_out = request;
    return XCCOS_ERROR_NONE;
}

static enum xccos_error write_property(struct buffer *out, const char *name,
                                       struct slice value)
{
    if (value.len == 0) {
        return XCCOS_ERROR_NONE;
    }
    buffer_append_text(out, "<property name=\"");
    buffer_append_text(out, name);
    buffer_append_text(out, "\">");
    XCCOS_TRY(xccos_text_escape(out, value));
    buffer_append_text(out, "</property>");
    return XCCOS_ERROR_NONE;
}

static enum xccos_error write_group(struct buffer *out,
                                    const struct provisioning_answer *answer)
{
    /* pidgin-sipe takes "true" in lower case alone. */
    const char *enabled = answer->is_enabled ? "true" : "false";

    buffer_append_text(out, "<provisionGroup name=\"" CHAT_GROUP
                            "\"><propertyEntryList>");
    XCCOS_TRY(
        write_property(out, "EnablePersistentChat", slice_of_text(enabled)));
    XCCOS_TRY(
        write_property(out, "DefaultPersistentChatPoolUri", answer->pool_uri));
    XCCOS_TRY(write_property(out, "PersistentChatPoolUris", answer->pool_uris));
    XCCOS_TRY(write_property(out, "PersistentChatWebManagerUriInt",
                             answer->web_manager_internal));
    XCCOS_TRY(write_property(out, "PersistentChatWebManagerUriExt",
                             answer->web_manager_external));
    buffer_append_text(out, "</propertyEntryList></provisionGroup>");
    return XCCOS_ERROR_NONE;
}

enum xccos_error provisioning_write(struct buffer *out,
                                    const struct provisioning_answer *answer)
{
    size_t len_before = out->len;
    enum xccos_error error = XCCOS_ERROR_NONE;

    buffer_append_text(out, "<provisionGroupList xmlns=\"" ANSWER_SPACE "\">");
    if (answer->has_chat) {
        error = write_group(out, answer);
    }
    buffer_append_text(out, "</provisionGroupList>");
    if (error == XCCOS_ERROR_NONE && buffer_failed(out)) {
        error = XCCOS_ERROR_NO_MEMORY;
    }
    if (error != XCCOS_ERROR_NONE) {
        out->len = len_before;
    }
    return error;
}
