#include "proto/xccos/field.h"
#include "proto/xccos/roaming.h"
#include "proto/xccos/text.h"

#define FAULT_SPACE "http://schemas.microsoft.com/2006/09/sip/error/"

#define LITERAL(out, text) buffer_append((out), (text), sizeof(text) - 1)

static enum xccos_error write_text(struct buffer *out, const char *name,
                                   struct slice value)
{
    LITERAL(out, " ");
    buffer_append_text(out, name);
    LITERAL(out, "=\"");
    XCCOS_TRY(xccos_text_escape_attribute(out, value));
    LITERAL(out, "\"");
    return XCCOS_ERROR_NONE;
}

static void write_number(struct buffer *out, const char *name, uint32_t value)
{
    LITERAL(out, " ");
    buffer_append_text(out, name);
    LITERAL(out, "=\"");
    field_write_number(out, value);
    LITERAL(out, "\"");
}

static enum xccos_error write_item(struct buffer *out, const char *element,
                                   const char *category,
                                   const struct roaming_item *item)
{
    LITERAL(out, "<");
    buffer_append_text(out, element);
    XCCOS_TRY(write_text(out, category, item->category));
    write_number(out, "instance", item->instance);
    write_number(out, "container", item->container);
    write_number(out, "version", item->version);
    if (item->expire_type.len > 0) {
        XCCOS_TRY(write_text(out, "expireType", item->expire_type));
    }
    if (item->remove) {
        LITERAL(out, " expires=\"0\"");
    }
    LITERAL(out, ">");
    buffer_append_slice(out, item->xml);
    LITERAL(out, "</");
    buffer_append_text(out, element);
    LITERAL(out, ">");
    return buffer_failed(out) ? XCCOS_ERROR_NO_MEMORY : XCCOS_ERROR_NONE;
}

enum xccos_error roaming_write_publish(struct buffer *out, struct slice uri,
                                       const struct roaming_item *items)
{
    LITERAL(out, "<publish xmlns=\"http://schemas.microsoft.com/2006/09/sip/"
                 "rich-presence\"><publications");
    XCCOS_TRY(write_text(out, "uri", uri));
    LITERAL(out, ">");
    for (; items != NULL; items = items->next) {
        XCCOS_TRY(write_item(out, "publication", "categoryName", items));
    }
    LITERAL(out, "</publications></publish>");
    return buffer_failed(out) ? XCCOS_ERROR_NO_MEMORY : XCCOS_ERROR_NONE;
}

enum xccos_error roaming_begin(struct buffer *out, struct slice uri)
{
    LITERAL(out, "<roamingData xmlns=\"http://schemas.microsoft.com/2006/09/"
                 "sip/roaming-self\"><categories xmlns=\"http://schemas."
                 "microsoft.com/2006/09/sip/categories\"");
    XCCOS_TRY(write_text(out, "uri", uri));
    LITERAL(out, ">");
    return XCCOS_ERROR_NONE;
}

enum xccos_error roaming_add(struct buffer *out,
                             const struct roaming_item *item)
{
    return write_item(out, "category", "name", item);
}

void roaming_end(struct buffer *out)
{
    LITERAL(out,
            "</categories><containers xmlns=\"http://schemas.microsoft.com/"
            "2006/09/sip/container-management\"/><subscribers xmlns=\"http://"
            "schemas.microsoft.com/2006/09/sip/presence-subscribers\"/>"
            "</roamingData>");
}

void roaming_write_fault(struct buffer *out,
                         const struct roaming_conflict *conflicts, size_t n)
{
    LITERAL(out, "<Fault xmlns=\"" FAULT_SPACE "\"><Faultcode>Client.BadCall."
                 "WrongDelta</Faultcode><details>");
    for (size_t i = 0; i < n; i++) {
        LITERAL(out, "<operation");
        write_number(out, "index", conflicts[i].index);
        write_number(out, "curVersion", conflicts[i].version);
        LITERAL(out, "/>");
    }
    LITERAL(out, "</details></Fault>");
}
