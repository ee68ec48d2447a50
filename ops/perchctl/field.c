#include "ops/perchctl/field.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/perchctl/text.h"
#include "proto/base/check.h"

enum { ENUM_BYTES_MAX = 64, LIST_STEP = 64 };

/* A value of any type, as it lies in a message. */
union value {
    ProtobufCBinaryData bytes;
    uint32_t number;
    int choice;
    protobuf_c_boolean truth;
};

static const ProtobufCFieldDescriptor *find(
    const ProtobufCMessageDescriptor *descriptor, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
}

bool field_exists(const ProtobufCMessageDescriptor *descriptor,
                  const char *name)
{
    return find(descriptor, name) != NULL;
}

static bool read_number(const char *text, uint32_t *number_out,
                        char why[FIELD_WHY_BYTES])
{
    char *end;
    unsigned long long number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 ||
        number > UINT32_MAX) {
        snprintf(why, FIELD_WHY_BYTES, "a number from 0 to %u", UINT32_MAX);
        return false;
    }
    *number_out = (uint32_t)number;
    return true;
}

static bool read_truth(const char *text, protobuf_c_boolean *truth_out,
                       char why[FIELD_WHY_BYTES])
{
    *truth_out = strcmp(text, "yes") == 0;
    snprintf(why, FIELD_WHY_BYTES, "yes or no");
    return *truth_out || strcmp(text, "no") == 0;
}

static bool read_choice(const ProtobufCEnumDescriptor *choices,
                        const char *text, int *choice_out,
                        char why[FIELD_WHY_BYTES])
{
    char lower[ENUM_BYTES_MAX];
    size_t len = 0;

    for (unsigned i = 0; i < choices->n_values; i++) {
        if (strcasecmp(choices->values[i].name, text) == 0) {
            *choice_out = choices->values[i].value;
            return true;
        }
        text_lower(choices->values[i].name, lower, sizeof(lower));
        len += (size_t)snprintf(why + len, FIELD_WHY_BYTES - len, "%s%s",
                                i == 0 ? "" : " or ", lower);
        CHECK(len < FIELD_WHY_BYTES);
    }
    return false;
}

static bool read_value(const ProtobufCFieldDescriptor *field, const char *text,
                       union value *value, char why[FIELD_WHY_BYTES])
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES:
        value->bytes = codec_bytes(slice_of_text(text));
        return true;
    case PROTOBUF_C_TYPE_UINT32:
        return read_number(text, &value->number, why);
    case PROTOBUF_C_TYPE_BOOL:
        return read_truth(text, &value->truth, why);
    default:
        CHECK(field->type == PROTOBUF_C_TYPE_ENUM);
        return read_choice(field->descriptor, text, &value->choice, why);
    }
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    default:
        return sizeof(uint32_t);
    }
}

/* Lists of requests are lists of texts. */
static void append(struct arena *arena, uint8_t *at,
                   const ProtobufCFieldDescriptor *field,
                   const union value *value)
{
    size_t *n = (size_t *)(void *)(at + field->quantifier_offset);
    ProtobufCBinaryData **list =
        (ProtobufCBinaryData **)(void *)(at + field->offset);

    CHECK(field->type == PROTOBUF_C_TYPE_BYTES);
    if (*n % LIST_STEP == 0) {
        ProtobufCBinaryData *longer =
            arena_alloc(arena, (*n + LIST_STEP) * sizeof(*longer));

        CHECK(longer != NULL);
        if (*n > 0) {
            memcpy(longer, *list, *n * sizeof(*longer));
        }
        *list = longer;
    }
    (*list)[(*n)++] = value->bytes;
}

bool field_set(struct arena *arena, ProtobufCMessage *message, const char *name,
               const char *text, char why[FIELD_WHY_BYTES])
{
    const ProtobufCFieldDescriptor *field = find(message->descriptor, name);
    uint8_t *at = (uint8_t *)message;
    union value value;

    CHECK(field != NULL);
    if (!read_value(field, text, &value, why)) {
        return false;
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        append(arena, at, field, &value);
        return true;
    }
    memcpy(at + field->offset, &value, size_of(field->type));
    *(protobuf_c_boolean *)(void *)(at + field->quantifier_offset) = 1;
    return true;
}

static json_t *json_of_choice(const ProtobufCEnumDescriptor *choices,
                              int choice)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(choices, choice);
    char lower[ENUM_BYTES_MAX];

    if (value == NULL) {
        return json_integer(choice); /* A newer node's. */
    }
    text_lower(value->name, lower, sizeof(lower));
    return json_string(lower);
}

static json_t *json_of_value(const ProtobufCFieldDescriptor *field,
                             const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES:
        return text_json(codec_slice(*(const ProtobufCBinaryData *)at));
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_UINT32:
        return json_integer(*(const uint32_t *)at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return json_integer(*(const int64_t *)at);
    case PROTOBUF_C_TYPE_ENUM:
        return json_of_choice(field->descriptor, *(const int *)at);
    default:
        CHECK(field->type == PROTOBUF_C_TYPE_MESSAGE);
        return field_json(*(const ProtobufCMessage *const *)at);
    }
}

static json_t *json_of_list(const ProtobufCFieldDescriptor *field,
                            const uint8_t *at)
{
    size_t n = *(const size_t *)(const void *)(at + field->quantifier_offset);
    const uint8_t *items =
        *(const uint8_t *const *)(const void *)(at + field->offset);
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(
            list, json_of_value(field, items + i * size_of(field->type)));
    }
    return list;
}

static bool is_there(const ProtobufCFieldDescriptor *field, const uint8_t *at)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(const void *const *)(const void *)(at + field->offset) != NULL;
    }
    return *(const protobuf_c_boolean *)(at + field->quantifier_offset) != 0;
}

static json_t *json_of_field(const ProtobufCFieldDescriptor *field,
                             const uint8_t *at)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return json_of_list(field, at);
    }
    return is_there(field, at) ? json_of_value(field, at + field->offset)
                               : json_null();
}

json_t *field_json(const ProtobufCMessage *message)
{
    json_t *object = json_object();

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        json_object_set_new(object, field->name,
                            json_of_field(field, (const uint8_t *)message));
    }
    CHECK(json_object_size(object) == message->descriptor->n_fields);
    return object;
}
