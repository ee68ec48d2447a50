#include "proto/xccos/read.h"

#include "proto/base/check.h"
#include "proto/xccos/association.h"
#include "proto/xccos/field.h"
#include "proto/xccos/fill.h"
#include "proto/xccos/write.h"
#include "proto/xccos/xml.h"

enum { DEPTH_ENVELOPE = 1, DEPTH_PRIMITIVE = 2, DEPTH_DATA = 3 };

enum { CODE_MISSING = 500 };

struct reader {
    struct arena *arena;
    struct xccos_envelope *envelope;
    struct xccos_primitive **tail; /* Where its list goes on. */
    struct xccos_primitive *primitive;
    size_t primitives; /* Also unknown ones. */
    struct fill fill;
};

static const struct {
    const char *element; /* Also what the id of a verb begins with. */
    enum xccos_kind kind;
    const struct schema_block *block;
} primitives[] = {
    {"cmd", XCCOS_KIND_COMMAND, &schema_command},
    {"rpl", XCCOS_KIND_REPLY, &schema_reply},
    {"ntc", XCCOS_KIND_NOTICE, &schema_notice},
    {"grpchat", XCCOS_KIND_MESSAGE, &schema_message},
};
enum { PRIMITIVES = sizeof(primitives) / sizeof(primitives[0]) };

static enum xccos_error start_envelope(struct reader *reader,
                                       const struct xml_element *element)
{
    struct slice envid;

    if (!fill_is_named(element, "xccos")) {
        return XCCOS_ERROR_ROOT;
    }
    if (fill_find_attribute(element, "envid", &envid) &&
        field_read_number(envid, UINT64_MAX, &reader->envelope->envid) !=
            ERROR_NONE) {
        return XCCOS_ERROR_ENVID;
    }
    return fill_enter(&reader->fill, element, NULL, NULL);
}

static enum xccos_error read_seqid(struct reader *reader,
                                   const struct xml_element *element)
{
    uint64_t seqid = reader->primitives;
    struct slice text;

    if (fill_find_attribute(element, "seqid", &text) &&
        field_read_number(text, UINT32_MAX, &seqid) != ERROR_NONE) {
        return XCCOS_ERROR_SEQID;
    }
    reader->primitive->seqid = (uint32_t)seqid;
    return XCCOS_ERROR_NONE;
}

static enum xccos_error read_verb(struct reader *reader, const char *prefix,
                                  const struct xml_element *element)
{
    struct xccos_primitive *primitive = reader->primitive;
    struct slice id, verb;

    if (!fill_find_attribute(element, "id", &id) ||
        !xccos_verb_from_id(id, slice_of_text(prefix), &verb)) {
        return XCCOS_ERROR_VERB;
    }
    primitive->verb = xccos_verb_find(verb);
    primitive->verb_text = arena_copy_slice(reader->arena, verb);
    return primitive->verb_text.len == 0 ? XCCOS_ERROR_NO_MEMORY
                                         : XCCOS_ERROR_NONE;
}

static enum xccos_error add_primitive(struct reader *reader,
                                      enum xccos_kind kind)
{
    struct xccos_primitive *primitive =
        arena_alloc(reader->arena, sizeof(*primitive));

    if (primitive == NULL) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    primitive->kind = kind;
    *reader->tail = primitive;
    reader->tail = &primitive->next;
    reader->primitive = primitive;
    reader->fill.fault = &primitive->fault;
    reader->envelope->n += 1;
    return XCCOS_ERROR_NONE;
}

static enum xccos_error start_known(struct reader *reader,
                                    const struct xml_element *element,
                                    size_t index)
{
    XCCOS_TRY(add_primitive(reader, primitives[index].kind));
    XCCOS_TRY(read_seqid(reader, element));
    if (primitives[index].kind == XCCOS_KIND_MESSAGE) {
        return fill_enter(&reader->fill, element, primitives[index].block,
                          &reader->primitive->message);
    }
    XCCOS_TRY(read_verb(reader, primitives[index].element, element));
    return fill_enter(&reader->fill, element, primitives[index].block,
                      reader->primitive);
}

static enum xccos_error start_primitive(struct reader *reader,
                                        const struct xml_element *element)
{
    reader->primitives += 1;
    if (reader->primitives > XCCOS_PRIMITIVES_MAX) {
        return XCCOS_ERROR_PRIMITIVES;
    }
    for (size_t i = 0; i < PRIMITIVES; i++) {
        if (fill_is_named(element, primitives[i].element)) {
            return start_known(reader, element, i);
        }
    }
    fill_ignore(&reader->fill, element);
    return XCCOS_ERROR_NONE;
}

/* What getassociations asks is known by its words, not by its elements. */
static bool is_association(const struct reader *reader,
                           const struct xml_element *element)
{
    return element->depth > DEPTH_DATA &&
           reader->primitive->kind == XCCOS_KIND_COMMAND &&
           reader->primitive->verb == XCCOS_VERB_GETASSOCIATIONS;
}

static enum xccos_error start_association(struct reader *reader,
                                          const struct xml_element *element)
{
    XCCOS_TRY(association_read(element, reader->arena,
                               &reader->primitive->data.association));
    return fill_enter(&reader->fill, element, NULL, NULL);
}

static enum xccos_error on_start(void *context,
                                 const struct xml_element *element)
{
    struct reader *reader = context;

    if (reader->fill.ignored > 0) {
        return fill_pass(&reader->fill, element);
    }
    if (element->depth == DEPTH_ENVELOPE) {
        return start_envelope(reader, element);
    }
    if (element->depth == DEPTH_PRIMITIVE) {
        return start_primitive(reader, element);
    }
    if (is_association(reader, element)) {
        return start_association(reader, element);
    }
    return fill_enter_child(&reader->fill, element);
}

/* What is carried is sent on, and stands deepest in a reply with history:
 * whoever is to read that must be able to. */
static enum xccos_error try_in_history(const struct xccos_message *message)
{
    struct xccos_message alone = *message;
    struct xccos_room room = {.messages = &alone};
    struct xccos_primitive reply = {.kind = XCCOS_KIND_REPLY,
                                    .verb = XCCOS_VERB_BCCONTEXT,
                                    .code = XCCOS_NUMBER(CODE_MISSING),
                                    .data.rooms = &room};
    struct arena *arena = arena_new(message->carried_children.len);
    struct xccos_envelope *envelope;
    struct buffer body = BUFFER_EMPTY;
    enum xccos_error error = XCCOS_ERROR_NO_MEMORY;

    if (arena != NULL) {
        error = xccos_write_primitive(&body, UINT64_MAX, &reply);
    }
    if (error == XCCOS_ERROR_NONE) {
        error = xccos_read(buffer_slice(&body), arena, &envelope);
    }
    buffer_deinit(&body);
    arena_free(arena);
    return error == XCCOS_ERROR_NONE || error == XCCOS_ERROR_NO_MEMORY
               ? error
               : XCCOS_ERROR_CARRIED;
}

static enum xccos_error end_primitive(struct xccos_primitive *primitive)
{
    if (primitive->kind == XCCOS_KIND_REPLY && !primitive->code.set) {
        primitive->code = XCCOS_NUMBER(CODE_MISSING);
    }
    if (primitive->kind == XCCOS_KIND_MESSAGE &&
        (primitive->message.carried_attributes.len > 0 ||
         primitive->message.carried_children.len > 0)) {
        return try_in_history(&primitive->message);
    }
    return XCCOS_ERROR_NONE;
}

static enum xccos_error on_end(void *context, size_t depth, size_t ends_at)
{
    struct reader *reader = context;
    bool is_primitive = depth == DEPTH_PRIMITIVE && reader->fill.ignored == 0;

    XCCOS_TRY(fill_leave(&reader->fill, depth, ends_at));
    return is_primitive ? end_primitive(reader->primitive) : XCCOS_ERROR_NONE;
}

static enum xccos_error on_text(void *context, struct slice text)
{
    struct reader *reader = context;

    return fill_text(&reader->fill, text);
}

static enum xccos_error on_declare(void *context, size_t depth,
                                   struct slice prefix, struct slice uri)
{
    struct reader *reader = context;

    return fill_declare(&reader->fill, depth, prefix, uri);
}

enum xccos_error xccos_read(struct slice body, struct arena *arena,
                            struct xccos_envelope **envelope_out)
{
    static const struct xml_events events = {on_start, on_end, on_text,
                                             on_declare};
    struct reader reader = {.arena = arena};
    enum xccos_error error;

    reader.envelope = arena_alloc(arena, sizeof(*reader.envelope));
    if (reader.envelope == NULL) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    reader.tail = &reader.envelope->primitives;
    fill_init(&reader.fill, body, arena);
    error = xml_walk(body, &events, &reader);
    fill_deinit(&reader.fill);
    if (error == XCCOS_ERROR_NONE) {
        *envelope_out = reader.envelope;
    }
    return error;
}
