#include "proto/record.h"

#include "proto/base/check.h"
#include "proto/base/endian.h"

enum {
    FIELD_HEADER_BYTES = 3, /* Tag and length. */
    GUID_VALUE_BYTES = 16,
    NUMBER_VALUE_BYTES = 8,
    SESSION_VALUE_BYTES = 17,
};

#define KIND_FACT(name, number, text, pchat) [number] = {text, pchat},
static const struct {
    const char *name, *pchat;
} kinds[] = {RECORD_KIND_LIST(KIND_FACT)};
#undef KIND_FACT

#define FIELD_FACT(name, tag, text, form) [tag] = {text, RECORD_##form},
static const struct {
    const char *name;
    enum record_form form;
} fields[] = {RECORD_FIELD_LIST(FIELD_FACT)};
#undef FIELD_FACT

enum {
    KINDS = sizeof(kinds) / sizeof(kinds[0]),
    FIELDS = sizeof(fields) / sizeof(fields[0]),
};

const char *record_kind_name(enum record_kind kind)
{
    return (unsigned)kind < KINDS && kinds[kind].name != NULL ? kinds[kind].name
                                                              : "unknown";
}

const char *record_kind_pchat(enum record_kind kind)
{
    return (unsigned)kind < KINDS && kinds[kind].pchat != NULL
               ? kinds[kind].pchat
               : "";
}

const char *record_field_name(uint8_t tag)
{
    return tag < FIELDS ? fields[tag].name : NULL;
}

enum record_form record_field_form(uint8_t tag)
{
    return record_field_name(tag) != NULL ? fields[tag].form : RECORD_BYTES;
}

static void put_field(struct buffer *to, enum record_field field,
                      struct slice value)
{
    uint8_t header[FIELD_HEADER_BYTES] = {(uint8_t)field};

    CHECK(value.len <= UINT16_MAX);
    put_be16(header + 1, (uint16_t)value.len);
    buffer_append(to, header, sizeof(header));
    buffer_append_slice(to, value);
}

void record_put_text(struct buffer *to, enum record_field field,
                     struct slice text)
{
    put_field(to, field, text);
}

void record_put_number(struct buffer *to, enum record_field field,
                       uint64_t number)
{
    uint8_t value[NUMBER_VALUE_BYTES];

    CHECK(record_field_form(field) == RECORD_NUMBER);
    put_be64(value, number);
    put_field(to, field, slice_of(value, sizeof(value)));
}

void record_write(const struct record *record, struct buffer *to)
{
    uint8_t header[RECORD_HEADER_BYTES] = {RECORD_FORMAT, (uint8_t)record->kind,
                                           record->node, record->flags};

    CHECK(sizeof(header) + record->fields.len + record->command.len <=
          RECORD_BYTES_MAX);
    put_be32(header + 4, record->outcome);
    put_be64(header + 8, record->csn);
    put_be64(header + 16, record->log_index);
    put_be64(header + 24, record->term);
    put_be64(header + 32, (uint64_t)record->time_us);
    put_be32(header + 40, record->ordinal);
    put_be32(header + 44, (uint32_t)record->fields.len);
    put_be32(header + 48, (uint32_t)record->command.len);
    buffer_append(to, header, sizeof(header));
    buffer_append_slice(to, record->fields);
    buffer_append_slice(to, record->command);
}

bool record_next_field(struct slice *rest, uint8_t *tag_out,
                       struct slice *value_out)
{
    size_t len;

    if (rest->len < FIELD_HEADER_BYTES) {
        return false;
    }
    len = get_be16(rest->data + 1);
    if (rest->len - FIELD_HEADER_BYTES < len) {
        return false;
    }
    *tag_out = rest->data[0];
    *value_out = slice_of(rest->data + FIELD_HEADER_BYTES, len);
    *rest = slice_of(rest->data + FIELD_HEADER_BYTES + len,
                     rest->len - FIELD_HEADER_BYTES - len);
    return true;
}

/* Whether a value is of the length that its form has. */
static bool fits(enum record_form form, size_t len)
{
    switch (form) {
    case RECORD_NUMBER:
        return len == NUMBER_VALUE_BYTES;
    case RECORD_NUMBERS:
        return len % NUMBER_VALUE_BYTES == 0;
    case RECORD_GUID:
        return len == GUID_VALUE_BYTES;
    case RECORD_SESSION:
        return len == SESSION_VALUE_BYTES;
    case RECORD_TEXT:
    case RECORD_BYTES:
        break;
    }
    return true;
}

static enum error check_fields(struct slice rest)
{
    struct slice value;
    uint8_t tag, last = 0;

    while (record_next_field(&rest, &tag, &value)) {
        if (tag == 0 || tag < last ||
            !fits(record_field_form(tag), value.len)) {
            return ERROR_MALFORMED;
        }
        last = tag;
    }
    return rest.len == 0 ? ERROR_NONE : ERROR_MALFORMED;
}

/* Whether the lengths of a header's parts make up all there is. */
static enum error check_length(size_t len, size_t fields_len,
                               size_t command_len)
{
    size_t parts = RECORD_HEADER_BYTES + fields_len + command_len;

    if (len > RECORD_BYTES_MAX || len > parts) {
        return ERROR_MALFORMED;
    }
    return len < parts ? ERROR_TRUNCATED : ERROR_NONE;
}

/* What a header says; the slices follow. */
static void read_header(const uint8_t *from, struct record *record)
{
    *record = (struct record){
        .kind = from[1],
        .node = from[2],
        .flags = from[3],
        .outcome = get_be32(from + 4),
        .csn = get_be64(from + 8),
        .log_index = get_be64(from + 16),
        .term = get_be64(from + 24),
        .time_us = (int64_t)get_be64(from + 32),
        .ordinal = get_be32(from + 40),
    };
}

enum error record_read(struct slice bytes, struct record *record_out)
{
    size_t fields_len, command_len;
    struct record record;

    if (bytes.len >= 1 && bytes.data[0] != RECORD_FORMAT) {
        return ERROR_UNSUPPORTED;
    }
    if (bytes.len < RECORD_HEADER_BYTES) {
        return ERROR_TRUNCATED;
    }
    read_header(bytes.data, &record);
    fields_len = get_be32(bytes.data + 44);
    command_len = get_be32(bytes.data + 48);
    TRY(check_length(bytes.len, fields_len, command_len));
    record.fields = slice_of(bytes.data + RECORD_HEADER_BYTES, fields_len);
    record.command = slice_of(record.fields.data + fields_len, command_len);
    if ((int)record.kind == 0 || ((record.flags & RECORD_WITHHELD) != 0 &&
                                  command_len != RECORD_DIGEST_BYTES)) {
        return ERROR_MALFORMED;
    }
    TRY(check_fields(record.fields));
    *record_out = record;
    return ERROR_NONE;
}

bool record_find(const struct record *record, enum record_field field,
                 struct slice *value_out)
{
    struct slice rest = record->fields, value;
    uint8_t tag;

    while (record_next_field(&rest, &tag, &value)) {
        if (tag == field) {
            *value_out = value;
            return true;
        }
    }
    return false;
}

uint64_t record_number(const struct record *record, enum record_field field,
                       uint64_t fallback)
{
    struct slice value;

    CHECK(record_field_form(field) == RECORD_NUMBER);
    return record_find(record, field, &value) ? get_be64(value.data) : fallback;
}
