#include "proto/command_json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/guid.h"
#include "proto/command.h"

enum {
    ARENA_BYTES = 4096,
    /* Memory that a command may cost to read: far beyond any that a pool
     * takes, and little beside what an archive's bytes could ask for. */
    READ_BYTES_MAX = 256 * 1024 * 1024,
    ENUM_NAME_BYTES = 64,
};

json_t *command_json_hex(struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    struct buffer text = BUFFER_EMPTY;
    json_t *value = NULL;

    for (size_t i = 0; i < bytes.len; i++) {
        char pair[2] = {digits[bytes.data[i] >> 4], digits[bytes.data[i] & 15]};

        buffer_append(&text, pair, sizeof(pair));
    }
    if (!buffer_failed(&text)) {
        value = json_stringn_nocheck(text.len == 0 ? "" : (char *)text.data,
                                     text.len);
    }
    buffer_deinit(&text);
    return value;
}

json_t *command_json_text(struct slice bytes)
{
    json_t *value = NULL;

    if (bytes.len == 0) {
        return json_string("");
    }
    if (memchr(bytes.data, 0, bytes.len) == NULL) {
        value = json_stringn((const char *)bytes.data, bytes.len);
    }
    return value != NULL ? value
                         : json_pack("{s:o}", "hex", command_json_hex(bytes));
}

static json_t *json_of_guid(struct slice bytes)
{
    char text[GUID_TEXT_BYTES + 1];
    struct guid guid;

    if (bytes.len != GUID_BYTES) {
        return command_json_text(bytes);
    }
    memcpy(guid.bytes, bytes.data, GUID_BYTES);
    guid_write(&guid, text);
    return json_string(text);
}

static json_t *json_of_binary(struct slice bytes)
{
    return json_pack("{s:o}", "hex", command_json_hex(bytes));
}

static json_t *json_of_secret(struct slice bytes)
{
    return json_pack("{s:I}", "bytes", (json_int_t)bytes.len);
}

/* Bytes that are no texts. Of one name wherever they are in command.proto. */
static const struct {
    const char *name;
    json_t *(*render)(struct slice bytes);
} bytes_fields[] = {
    {"room", json_of_guid},           {"rooms", json_of_guid},
    {"category", json_of_guid},       {"categories", json_of_guid},
    {"categories_add", json_of_guid}, {"categories_remove", json_of_guid},
    {"addin", json_of_guid},          {"ha1", json_of_secret},
    {"ha1_user", json_of_secret},     {"start_id", json_of_binary},
    {"payload", json_of_binary},      {"public_key", json_of_binary},
    {"root", json_of_binary},         {"log_signature", json_of_binary},
    {"cosignature", json_of_binary},  {"sheet", json_of_binary},
    {"records", json_of_binary},      {"nonce", json_of_binary},
    {"digest", json_of_binary},       {"salt", json_of_binary},
};

static json_t *json_of_bytes(const char *name, struct slice bytes)
{
    for (size_t i = 0; i < sizeof(bytes_fields) / sizeof(bytes_fields[0]);
         i++) {
        if (strcmp(bytes_fields[i].name, name) == 0) {
            return bytes_fields[i].render(bytes);
        }
    }
    return command_json_text(bytes);
}

static json_t *json_of_number(uint64_t number)
{
    char text[24];

    if (number <= INT64_MAX) {
        return json_integer((json_int_t)number);
    }
    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    return json_string(text);
}

static json_t *json_of_enum(const ProtobufCEnumDescriptor *descriptor,
                            int number)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(descriptor, number);
    char name[ENUM_NAME_BYTES] = "";

    if (value == NULL) {
        return json_integer(number);
    }
    for (size_t i = 0; i + 1 < sizeof(name) && value->name[i] != 0; i++) {
        name[i] = (char)tolower((unsigned char)value->name[i]);
    }
    return json_string(name);
}

static json_t *json_of_message(const ProtobufCMessage *message);

/* One value of a field, or of its list. */
static json_t *json_of_value(const ProtobufCFieldDescriptor *field,
                             const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES:
        return json_of_bytes(field->name,
                             codec_slice(*(const ProtobufCBinaryData *)at));
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_UINT32:
        return json_integer(*(const uint32_t *)at);
    case PROTOBUF_C_TYPE_UINT64:
        return json_of_number(*(const uint64_t *)at);
    case PROTOBUF_C_TYPE_INT64:
        return json_integer(*(const int64_t *)at);
    case PROTOBUF_C_TYPE_ENUM:
        return json_of_enum(field->descriptor, *(const int *)at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return json_of_message(*(const ProtobufCMessage *const *)at);
    default: /* command.proto has no others; tests/unit/test_record_json. */
        return json_null();
    }
}

static size_t bytes_of_value(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(ProtobufCMessage *);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
        return sizeof(uint64_t);
    default:
        return sizeof(uint32_t); /* Enums too. */
    }
}

static json_t *json_of_list(const ProtobufCFieldDescriptor *field,
                            const uint8_t *values, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n && list != NULL; i++) {
        if (json_array_append_new(
                list, json_of_value(field,
                                    values + i * bytes_of_value(field))) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

/* Whether a field that is no list is there. */
static bool is_there(const ProtobufCFieldDescriptor *field, const uint8_t *base)
{
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        return *(const uint32_t *)(base + field->quantifier_offset) ==
               field->id;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(void *const *)(base + field->offset) != NULL;
    }
    return *(const protobuf_c_boolean *)(base + field->quantifier_offset);
}

/* Add a field to its message's object, when it is there. */
static bool add_field(json_t *object, const ProtobufCFieldDescriptor *field,
                      const uint8_t *base)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t n = *(const size_t *)(base + field->quantifier_offset);

        return n == 0 ||
               json_object_set_new_nocheck(
                   object, field->name,
                   json_of_list(field,
                                *(uint8_t *const *)(base + field->offset),
                                n)) == 0;
    }
    return !is_there(field, base) ||
           json_object_set_new_nocheck(
               object, field->name,
               json_of_value(field, base + field->offset)) == 0;
}

static json_t *json_of_message(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    json_t *object = json_object();
    bool good = object != NULL;

    for (unsigned i = 0; i < descriptor->n_fields && good; i++) {
        good =
            add_field(object, &descriptor->fields[i], (const uint8_t *)message);
    }
    if (good && message->n_unknown_fields > 0) {
        good = json_object_set_new_nocheck(
                   object, "unknown_fields",
                   json_integer((json_int_t)message->n_unknown_fields)) == 0;
    }
    if (!good) {
        json_decref(object);
        object = NULL;
    }
    return object;
}

json_t *command_json(struct slice bytes)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    Perch__Command *command;
    json_t *object = NULL;
    enum error error = ERROR_NO_MEMORY;

    if (arena != NULL) {
        error = codec_read_within(arena, &perch__command__descriptor, bytes,
                                  READ_BYTES_MAX, &command);
    }
    if (error == ERROR_NONE) {
        object = json_of_message(&command->base);
    } else if (error != ERROR_NO_MEMORY) {
        object = json_pack("{s:o}", "unreadable", command_json_hex(bytes));
    }
    arena_free(arena);
    return object;
}
