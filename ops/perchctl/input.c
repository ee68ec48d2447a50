#include "ops/perchctl/input.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

/* Read all there is. NULL: too much, or it cannot be read. */
static char *read_all(FILE *from, size_t *len_out)
{
    char *bytes = malloc(INPUT_BYTES_MAX + 1);

    CHECK(bytes != NULL);
    *len_out = fread(bytes, 1, INPUT_BYTES_MAX + 1, from);
    if (*len_out > INPUT_BYTES_MAX || ferror(from)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

static bool set_text(struct arena *arena, const json_t *value, void *at)
{
    size_t len = json_string_length(value);
    struct slice copy =
        arena_copy_slice(arena, slice_of(json_string_value(value), len));

    *(ProtobufCBinaryData *)at = codec_bytes(copy);
    return copy.len == len;
}

static bool set_value(struct arena *arena,
                      const ProtobufCFieldDescriptor *field,
                      const json_t *value, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES:
        return json_is_string(value) && set_text(arena, value, at);
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = json_is_true(value);
        return json_is_boolean(value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(int64_t *)at = json_integer_value(value);
        return json_is_integer(value);
    default:
        return false;
    }
}

static bool set_field(struct arena *arena, ProtobufCMessage *message,
                      const char *name, const json_t *value)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor,
                                                        name);
    uint8_t *at = (uint8_t *)message;

    if (json_is_null(value)) {
        return true;
    }
    if (field == NULL || field->label == PROTOBUF_C_LABEL_REPEATED ||
        !set_value(arena, field, value, at + field->offset)) {
        return false;
    }
    *(protobuf_c_boolean *)(void *)(at + field->quantifier_offset) = 1;
    return true;
}

static ProtobufCMessage *read_one(struct arena *arena, const json_t *object,
                                  const ProtobufCMessageDescriptor *of,
                                  const char **bad_out)
{
    ProtobufCMessage *message = arena_alloc(arena, of->sizeof_message);
    const char *name;
    json_t *value;

    CHECK(message != NULL);
    of->message_init(message);
    *bad_out = "object";
    if (!json_is_object(object)) {
        return NULL;
    }
    json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
        if (!set_field(arena, message, name, value)) {
            *bad_out = name;
            return NULL;
        }
    }
    return message;
}

static bool read_list(struct arena *arena, const json_t *root,
                      ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field,
                      char why[INPUT_WHY_BYTES])
{
    size_t n = json_array_size(root);
    ProtobufCMessage **list = arena_alloc(arena, (n + 1) * sizeof(*list));
    uint8_t *at = (uint8_t *)message;
    const char *bad;

    CHECK(list != NULL);
    for (size_t i = 0; i < n; i++) {
        list[i] =
            read_one(arena, json_array_get(root, i), field->descriptor, &bad);
        if (list[i] == NULL) {
            snprintf(why, INPUT_WHY_BYTES,
                     "standard input: item %zu: its %.64s is not as it must be",
                     i + 1, bad);
            return false;
        }
    }
    memcpy(at + field->quantifier_offset, &n, sizeof(n));
    memcpy(at + field->offset, &list, sizeof(list));
    return true;
}

bool input_read(FILE *from, struct arena *arena, ProtobufCMessage *message,
                const char *name, char why[INPUT_WHY_BYTES])
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor,
                                                        name);
    json_error_t error = {.text = "it is no array"};
    size_t len;
    char *bytes = read_all(from, &len);
    json_t *root = NULL;
    bool is_fine = false;

    CHECK(field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE);
    if (bytes == NULL) {
        snprintf(why, INPUT_WHY_BYTES, "standard input: more than %d bytes",
                 INPUT_BYTES_MAX);
        return false;
    }
    root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    if (json_is_array(root)) {
        is_fine = read_list(arena, root, message, field, why);
    } else {
        snprintf(why, INPUT_WHY_BYTES, "standard input: %.200s", error.text);
    }
    json_decref(root);
    free(bytes);
    return is_fine;
}
