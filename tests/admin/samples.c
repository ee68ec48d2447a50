#include "tests/admin/samples.h"

#include <stdio.h>

#include "proto/base/check.h"

enum { LIST_ITEMS = 2, NUMBER_BASE = 100 };

static void *take(struct arena *arena, size_t bytes)
{
    void *memory = arena_alloc(arena, bytes);

    CHECK(memory != NULL);
    return memory;
}

/* The field's name says what it is. */
static ProtobufCBinaryData text_of(struct arena *arena, const char *name,
                                   size_t item)
{
    size_t room = strlen(name) + 8;
    char *text = take(arena, room);

    snprintf(text, room, "%s-%zu", name, item);
    return codec_bytes(slice_of_text(text));
}

static size_t write_value(struct arena *arena,
                          const ProtobufCFieldDescriptor *field, size_t item,
                          uint8_t *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)(void *)at = text_of(arena, field->name, item);
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)(void *)at = 1;
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)(void *)at = NUMBER_BASE + field->id;
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(uint64_t *)(void *)at = ((uint64_t)NUMBER_BASE << 33) + field->id;
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumDescriptor *choices = field->descriptor;

        *(int *)(void *)at = choices->values[choices->n_values - 1].value;
        return sizeof(int);
    }
    default:
        CHECK(field->type == PROTOBUF_C_TYPE_MESSAGE);
        *(ProtobufCMessage **)(void *)at =
            sample_message(arena, field->descriptor);
        return sizeof(void *);
    }
}

static void write_list(struct arena *arena, ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field)
{
    uint8_t *at = (uint8_t *)message;
    uint8_t *items = take(arena, LIST_ITEMS * sizeof(ProtobufCBinaryData));
    size_t used = 0;

    for (size_t i = 0; i < LIST_ITEMS; i++) {
        used += write_value(arena, field, i, items + used);
    }
    *(size_t *)(void *)(at + field->quantifier_offset) = LIST_ITEMS;
    *(uint8_t **)(void *)(at + field->offset) = items;
}

ProtobufCMessage *sample_message(struct arena *arena,
                                 const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = take(arena, descriptor->sizeof_message);
    uint8_t *at = (uint8_t *)message;

    descriptor->message_init(message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            write_list(arena, message, field);
            continue;
        }
        write_value(arena, field, 0, at + field->offset);
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
            *(protobuf_c_boolean *)(void *)(at + field->quantifier_offset) = 1;
        }
    }
    return message;
}

void sample_request(struct arena *arena, enum admin_kind kind,
                    struct buffer *to)
{
    ProtobufCMessage *head =
        sample_message(arena, &perch__admin__request__descriptor);

    CHECK(admin_write_request(kind, (Perch__Admin__Request *)head,
                              sample_message(arena, admin_fact(kind)->request),
                              to) == ERROR_NONE);
}

void sample_reply(struct arena *arena, enum admin_kind kind, struct buffer *to)
{
    ProtobufCMessage *head =
        sample_message(arena, &perch__admin__reply__descriptor);

    CHECK(admin_write_reply(kind, (Perch__Admin__Reply *)head,
                            sample_message(arena, admin_fact(kind)->reply),
                            to) == ERROR_NONE);
}
