#include "proto/record_json.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/base64.h"
#include "proto/base/endian.h"
#include "proto/base/guid.h"
#include "proto/command_json.h"

enum { FIELD_NAME_BYTES = 16, NUMBER_BYTES = 8 };

static bool put(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new_nocheck(object, name, value) == 0;
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

static json_t *json_of_guid(struct slice value)
{
    char text[GUID_TEXT_BYTES + 1];
    struct guid guid;

    memcpy(guid.bytes, value.data, GUID_BYTES);
    guid_write(&guid, text);
    return json_string(text);
}

static json_t *json_of_value(enum record_form form, struct slice value)
{
    switch (form) {
    case RECORD_TEXT:
        return command_json_text(value);
    case RECORD_NUMBER:
        return json_of_number(get_be64(value.data));
    case RECORD_GUID:
        return json_of_guid(value);
    case RECORD_NUMBERS: /* Written by put_numbers. */
    case RECORD_SESSION:
    case RECORD_BYTES:
        break;
    }
    return command_json_hex(value);
}

/* Append numbers to a field's list, which may be there already. */
static bool put_numbers(json_t *object, const char *name, struct slice value)
{
    json_t *list = json_object_get(object, name);

    if (list == NULL) {
        list = json_array();
        if (!put(object, name, list)) {
            return false;
        }
    }
    for (; value.len >= NUMBER_BYTES;
         value = slice_after(value, NUMBER_BYTES)) {
        if (json_array_append_new(list, json_of_number(get_be64(value.data))) !=
            0) {
            return false;
        }
    }
    return true;
}

/* Append a value to a field that is there: it becomes a list. */
static bool put_again(json_t *object, const char *name, json_t *before,
                      json_t *value)
{
    json_t *list;

    if (json_is_array(before)) {
        return json_array_append_new(before, value) == 0;
    }
    list = json_pack("[O,o]", before, value);
    return put(object, name, list);
}

static bool put_field(json_t *object, uint8_t tag, struct slice value)
{
    char later[FIELD_NAME_BYTES];
    const char *name = record_field_name(tag);
    enum record_form form = record_field_form(tag);
    json_t *before;

    snprintf(later, sizeof(later), "field_%u", tag);
    name = name == NULL ? later : name;
    if (form == RECORD_NUMBERS) {
        return put_numbers(object, name, value);
    }
    before = json_object_get(object, name);
    return before == NULL
               ? put(object, name, json_of_value(form, value))
               : put_again(object, name, before, json_of_value(form, value));
}

static bool put_fields(json_t *object, const struct record *record)
{
    struct slice rest = record->fields, value;
    uint8_t tag;
    bool good = true;

    while (good && record_next_field(&rest, &tag, &value)) {
        good = put_field(object, tag, value);
    }
    return good;
}

static bool put_header(json_t *object, const struct record *record)
{
    const char *kind = record_kind_name(record->kind);

    return put(object, "csn", json_of_number(record->csn)) &&
           put(object, "kind", json_string(kind)) &&
           (strcmp(kind, "unknown") != 0 ||
            put(object, "kind_number", json_integer(record->kind))) &&
           put(object, "time_us", json_integer(record->time_us)) &&
           put(object, "node", json_integer(record->node)) &&
           put(object, "outcome", json_integer(record->outcome)) &&
           put(object, "log_index", json_of_number(record->log_index)) &&
           put(object, "term", json_of_number(record->term)) &&
           put(object, "ordinal", json_integer(record->ordinal));
}

static bool put_command(json_t *object, const struct record *record,
                        struct slice payload)
{
    struct slice command = record->command;

    if ((record->flags & RECORD_WITHHELD) != 0) {
        if (!put(object, "withheld", command_json_hex(command))) {
            return false;
        }
        command = payload;
    }
    return command.len == 0 || put(object, "command", command_json(command));
}

static bool put_leaf(json_t *object, struct slice leaf)
{
    struct buffer text = BUFFER_EMPTY;
    bool good = true;

    if (leaf.len > 0) {
        base64_write(&text, leaf);
        good = !buffer_failed(&text) &&
               put(object, "leaf", json_stringn((char *)text.data, text.len));
    }
    buffer_deinit(&text);
    return good;
}

json_t *record_json(const struct record *record, struct slice leaf,
                    struct slice payload)
{
    json_t *object = json_object();

    if (object != NULL &&
        !(put_header(object, record) && put_fields(object, record) &&
          put_command(object, record, payload) && put_leaf(object, leaf))) {
        json_decref(object);
        object = NULL;
    }
    return object;
}
