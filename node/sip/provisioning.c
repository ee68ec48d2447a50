#include "node/sip/provisioning.h"

static void append_escaped(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '&':
            buffer_append_text(out, "&amp;");
            break;
        case '<':
            buffer_append_text(out, "&lt;");
            break;
        case '>':
            buffer_append_text(out, "&gt;");
            break;
        default:
            buffer_append(out, &text.data[i], 1);
        }
    }
}

static void append_property(struct buffer *out, const char *name,
                            struct slice value)
{
    buffer_printf(out, "<property name=\"%s\">", name);
    append_escaped(out, value);
    buffer_append_text(out, "</property>");
}

void provisioning_write(struct buffer *out, struct slice pool_uri)
{
    buffer_append_text(
        out, "<provisionGroupList xmlns=\"http://schemas.microsoft.com/2006/09/"
             "sip/provisiongrouplist-notification\">"
             "<provisionGroup name=\"persistentChatConfiguration\">"
             "<propertyEntryList>");
    append_property(out, "EnablePersistentChat", SLICE_LITERAL("true"));
    append_property(out, "DefaultPersistentChatPoolUri", pool_uri);
    append_property(out, "PersistentChatPoolUris", pool_uri);
    buffer_append_text(out, "</propertyEntryList></provisionGroup>"
                            "</provisionGroupList>");
}
