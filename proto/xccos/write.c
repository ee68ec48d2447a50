#include "proto/xccos/write.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/xccos/field.h"
#include "proto/xccos/schema.h"
#include "proto/xccos/text.h"

/* Most bytes of a message's tags, names of attributes, numbers and moment. */
enum {
    MESSAGE_FRAME_BYTES_MAX = 256,
    /* What perch's own attributes add: of a story, of a changed message, of
     * one that has a note, of one that is archived. */
    STORY_BYTES_MAX = 24,
    CHANGE_BYTES_MAX = 96,
    NOTE_BYTES_MAX = 64,
    CSN_BYTES_MAX = 40,
};

#define LITERAL(out, text) buffer_append((out), (text), sizeof(text) - 1)

static enum xccos_error write_block(struct buffer *out,
                                    const struct schema_block *block,
                                    const void *value);

static enum xccos_error write_attribute(struct buffer *out,
                                        const struct schema_field *field,
                                        const void *value)
{
    buffer_append_text(out, field->is_perch ? " perch:" : " ");
    buffer_append_text(out, field->name);
    LITERAL(out, "=\"");
    XCCOS_TRY(field_write(field, value, out));
    LITERAL(out, "\"");
    return XCCOS_ERROR_NONE;
}

static enum xccos_error write_attributes(struct buffer *out,
                                         const struct schema_block *block,
                                         const void *value)
{
    bool is_declared = false;

    for (size_t i = 0; i < block->fields_n; i++) {
        const struct schema_field *field = &block->fields[i];

        if (field->always || field_is_set(field, value)) {
            if (field->is_perch && !is_declared) {
                LITERAL(out, " xmlns:perch=\"" XCCOS_PERCH_SPACE "\"");
                is_declared = true;
            }
            XCCOS_TRY(write_attribute(out, field, value));
        }
    }
    return XCCOS_ERROR_NONE;
}

/* Tell whether an inlay says anything: it has members and no item. */
static bool is_said(const struct schema_block *block, const void *value)
{
    for (size_t i = 0; i < block->fields_n; i++) {
        if (field_is_set(&block->fields[i], value)) {
            return true;
        }
    }
    return block->text != NULL && field_is_set(block->text, value);
}

static enum xccos_error write_items(struct buffer *out,
                                    const struct schema_block *block,
                                    const void *item)
{
    while (item != NULL) {
        XCCOS_TRY(write_block(out, block, item));
        item = *(void *const *)item; /* next comes first in every item. */
    }
    return XCCOS_ERROR_NONE;
}

static enum xccos_error write_child(struct buffer *out,
                                    const struct schema_child *child,
                                    const void *value)
{
    const void *at = (const char *)value + child->offset;

    switch (child->kind) {
    case CHILD_LIST:
        return write_items(out, child->block, *(void *const *)at);
    case CHILD_ONE:
        at = *(void *const *)at;
        return at == NULL ? XCCOS_ERROR_NONE
                          : write_block(out, child->block, at);
    case CHILD_INLAY:
        if (child->always || is_said(child->block, at)) {
            return write_block(out, child->block, at);
        }
        return XCCOS_ERROR_NONE;
    }
    CHECK_UNREACHABLE();
}

static enum xccos_error write_fact(struct buffer *out,
                                   const struct schema_fact *fact,
                                   const void *value)
{
    LITERAL(out, "<");
    buffer_append_text(out, fact->block->name);
    LITERAL(out, " id=\"");
    buffer_append_text(out, fact->id);
    LITERAL(out, "\">");
    XCCOS_TRY(field_write(&fact->field, value, out));
    LITERAL(out, "</");
    buffer_append_text(out, fact->block->name);
    LITERAL(out, ">");
    return XCCOS_ERROR_NONE;
}

static enum xccos_error write_facts(struct buffer *out,
                                    const struct schema_block *block,
                                    const void *value)
{
    for (size_t i = 0; i < block->facts_n; i++) {
        if (field_is_set(&block->facts[i].field, value)) {
            XCCOS_TRY(write_fact(out, &block->facts[i], value));
        }
    }
    return XCCOS_ERROR_NONE;
}

static enum xccos_error write_content(struct buffer *out,
                                      const struct schema_block *block,
                                      const void *value)
{
    if (block->text != NULL) {
        XCCOS_TRY(field_write(block->text, value, out));
    }
    for (size_t i = 0; i < block->children_n; i++) {
        XCCOS_TRY(write_child(out, &block->children[i], value));
    }
    if (block->carries) {
        buffer_append_slice(
            out, ((const struct xccos_message *)value)->carried_children);
    }
    return write_facts(out, block, value);
}

/* Close a start tag that is open, write what is in the element, end it; an
 * empty element closes at once. */
static enum xccos_error write_rest(struct buffer *out,
                                   const struct schema_block *block,
                                   const void *value)
{
    size_t begins_at;

    LITERAL(out, ">");
    begins_at = out->len;
    XCCOS_TRY(write_content(out, block, value));
    if (out->len == begins_at && !buffer_failed(out)) {
        out->len -= 1;
        LITERAL(out, "/>");
        return XCCOS_ERROR_NONE;
    }
    LITERAL(out, "</");
    buffer_append_text(out, block->name);
    LITERAL(out, ">");
    return XCCOS_ERROR_NONE;
}

static enum xccos_error write_block(struct buffer *out,
                                    const struct schema_block *block,
                                    const void *value)
{
    LITERAL(out, "<");
    buffer_append_text(out, block->name);
    if (block->fixed != NULL) {
        buffer_append_text(out, block->fixed);
    }
    XCCOS_TRY(write_attributes(out, block, value));
    if (block->carries) {
        buffer_append_slice(
            out, ((const struct xccos_message *)value)->carried_attributes);
    }
    return write_rest(out, block, value);
}

static enum xccos_error write_grpchat(struct buffer *out, uint32_t seqid,
                                      const struct xccos_message *message)
{
    LITERAL(out, "<grpchat id=\"grpchat\" seqid=\"");
    field_write_number(out, seqid);
    LITERAL(out, "\"");
    XCCOS_TRY(write_attributes(out, &schema_message, message));
    buffer_append_slice(out, message->carried_attributes);
    return write_rest(out, &schema_message, message);
}

static struct slice verb_of(const struct xccos_primitive *primitive)
{
    if (primitive->verb_text.len > 0) {
        return primitive->verb_text;
    }
    return slice_of_text(xccos_verb_name(primitive->verb));
}

/* A command, reply or notice: <cmd id="cmd:join" seqid="1">. */
static enum xccos_error write_worded(struct buffer *out,
                                     const struct schema_block *block,
                                     const struct xccos_primitive *primitive)
{
    struct slice verb = verb_of(primitive);

    CHECK(verb.len > 0);
    LITERAL(out, "<");
    buffer_append_text(out, block->name);
    LITERAL(out, " id=\"");
    buffer_append_text(out, block->name);
    LITERAL(out, ":");
    XCCOS_TRY(xccos_text_escape_attribute(out, verb));
    LITERAL(out, "\" seqid=\"");
    field_write_number(out, primitive->seqid);
    LITERAL(out, "\"");
    return write_rest(out, block, primitive);
}

static enum xccos_error write_any(struct buffer *out,
                                  const struct xccos_primitive *primitive)
{
    switch (primitive->kind) {
    case XCCOS_KIND_COMMAND:
        return write_worded(out, &schema_command, primitive);
    case XCCOS_KIND_REPLY:
        CHECK(primitive->code.set);
        return write_worded(out, &schema_reply, primitive);
    case XCCOS_KIND_NOTICE:
        return write_worded(out, &schema_notice, primitive);
    case XCCOS_KIND_MESSAGE:
        return write_grpchat(out, primitive->seqid, &primitive->message);
    }
    CHECK_UNREACHABLE();
}

static void begin(struct buffer *out, uint64_t envid)
{
    LITERAL(out, "<xccos ver=\"1\" envid=\"");
    field_write_number(out, envid);
    LITERAL(out, "\" xmlns=\"" XCCOS_SPACE "\">");
}

/* End the envelope, or take back all that was written. */
static enum xccos_error end(struct buffer *out, size_t len_before,
                            enum xccos_error error)
{
    LITERAL(out, "</xccos>");
    if (error == XCCOS_ERROR_NONE && buffer_failed(out)) {
        error = XCCOS_ERROR_NO_MEMORY;
    }
    if (error != XCCOS_ERROR_NONE) {
        out->len = len_before;
    }
    return error;
}

enum xccos_error xccos_write(struct buffer *out,
                             const struct xccos_envelope *envelope)
{
    size_t len_before = out->len;
    enum xccos_error error = XCCOS_ERROR_NONE;

    begin(out, envelope->envid);
    for (const struct xccos_primitive *primitive = envelope->primitives;
         primitive != NULL && error == XCCOS_ERROR_NONE;
         primitive = primitive->next) {
        error = write_any(out, primitive);
    }
    return end(out, len_before, error);
}

enum xccos_error xccos_write_message(struct buffer *out, uint64_t envid,
                                     const struct xccos_message *message)
{
    size_t len_before = out->len;

    begin(out, envid);
    return end(out, len_before, write_grpchat(out, 1, message));
}

enum xccos_error xccos_write_primitive(struct buffer *out, uint64_t envid,
                                       const struct xccos_primitive *primitive)
{
    size_t len_before = out->len;

    begin(out, envid);
    return end(out, len_before, write_any(out, primitive));
}

size_t xccos_message_bytes_max(const struct xccos_message *message)
{
    const struct slice attributes[] = {message->room_uri,    message->author,
                                       message->author_name, message->retry_id,
                                       message->reason,      message->note};
    size_t bytes = MESSAGE_FRAME_BYTES_MAX;

    bytes += message->story != XCCOS_FLAG_UNSET ? STORY_BYTES_MAX : 0;
    bytes += message->state != XCCOS_MESSAGE_POSTED ? CHANGE_BYTES_MAX : 0;
    bytes += message->note.len > 0 ? NOTE_BYTES_MAX : 0;
    bytes += message->csn.set ? CSN_BYTES_MAX : 0;

    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        bytes += xccos_text_escaped_bytes(attributes[i], true);
    }
    return bytes + xccos_text_escaped_bytes(message->text, false) +
           message->carried_attributes.len + message->carried_children.len;
}
