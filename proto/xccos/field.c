#include "proto/xccos/field.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/base/guid.h"
#include "proto/base/time_text.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/text.h"

enum { DIGITS_MAX = 20 }; /* Of 64 bits. */

enum error field_read_number(struct slice text, uint64_t max,
                             uint64_t *number_out)
{
    uint64_t number = 0;

    if (text.len == 0 || text.len > DIGITS_MAX) {
        return ERROR_MALFORMED;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint64_t digit = (uint64_t)text.data[i] - '0';

        if (digit > 9) {
            return ERROR_MALFORMED;
        }
        if (number > (UINT64_MAX - digit) / 10) {
            return ERROR_TOO_LARGE;
        }
        number = number * 10 + digit;
    }
    if (number > max) {
        return ERROR_TOO_LARGE;
    }
    *number_out = number;
    return ERROR_NONE;
}

static enum error read_text(const struct schema_field *field, struct slice text,
                            struct slice *member, struct arena *arena)
{
    struct slice copy;

    if (field->max > 0 && text.len > field->max) {
        return ERROR_TOO_LARGE;
    }
    copy = arena_copy_slice(arena, text);
    if (copy.len != text.len) {
        return ERROR_NO_MEMORY;
    }
    *member = copy;
    return ERROR_NONE;
}

static enum error read_number(const struct schema_field *field,
                              struct slice text, struct xccos_number *member)
{
    TRY(field_read_number(text, field->max, &member->value));
    member->set = true;
    return ERROR_NONE;
}

static enum error read_moment(struct slice text, struct xccos_moment *member)
{
    TRY(time_read(text, &member->wall_us));
    member->set = true;
    return ERROR_NONE;
}

static enum error read_flag(struct slice text, enum xccos_flag *member)
{
    if (slice_equal_nocase(text, SLICE_LITERAL("true")) ||
        slice_equal_text(text, "1")) {
        *member = XCCOS_FLAG_TRUE;
        return ERROR_NONE;
    }
    if (slice_equal_nocase(text, SLICE_LITERAL("false")) ||
        slice_equal_text(text, "0")) {
        *member = XCCOS_FLAG_FALSE;
        return ERROR_NONE;
    }
    return ERROR_MALFORMED;
}

static enum error read_word(const struct schema_words *words, struct slice text,
                            unsigned *member)
{
    for (unsigned word = 1; word < words->n; word++) {
        if (slice_equal_nocase(text, slice_of_text(words->texts[word]))) {
            *member = word;
        }
    }
    return ERROR_NONE;
}

enum error field_read(const struct schema_field *field, struct slice text,
                      void *value, struct arena *arena)
{
    void *member = (char *)value + field->offset;

    switch (field->type) {
    case FIELD_TEXT:
        return read_text(field, text, member, arena);
    case FIELD_NUMBER:
        return read_number(field, text, member);
    case FIELD_MOMENT:
        return read_moment(text, member);
    case FIELD_GUID:
        return guid_read(text, member);
    case FIELD_FLAG:
    case FIELD_PROP:
        return read_flag(text, member);
    case FIELD_WORD:
        return read_word(field->words, text, member);
    }
    CHECK_UNREACHABLE();
}

/* Borrow a member to write it. */
static const void *member_of(const struct schema_field *field,
                             const void *value)
{
    return (const char *)value + field->offset;
}

bool field_is_set(const struct schema_field *field, const void *value)
{
    const void *member = member_of(field, value);

    switch (field->type) {
    case FIELD_TEXT:
        return ((const struct slice *)member)->len > 0;
    case FIELD_NUMBER:
        return ((const struct xccos_number *)member)->set;
    case FIELD_MOMENT:
        return ((const struct xccos_moment *)member)->set;
    case FIELD_GUID:
        return !guid_is_nil(member);
    case FIELD_FLAG:
    case FIELD_PROP:
    case FIELD_WORD:
        return *(const unsigned *)member != 0;
    }
    CHECK_UNREACHABLE();
}

void field_write_number(struct buffer *out, uint64_t number)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buffer_append(out, digits + at, sizeof(digits) - at);
}

static void write_moment(const struct xccos_moment *moment, struct buffer *out)
{
    char text[TIME_TEXT_BYTES + 1];

    time_write(moment->wall_us, text);
    buffer_append(out, text, TIME_TEXT_BYTES);
}

static void write_guid(const struct guid *guid, struct buffer *out)
{
    char text[GUID_TEXT_BYTES + 1];

    guid_write(guid, text);
    buffer_append(out, text, GUID_TEXT_BYTES);
}

static void write_flag(enum xccos_flag flag, bool capital, struct buffer *out)
{
    if (flag == XCCOS_FLAG_TRUE) {
        buffer_append_text(out, capital ? "True" : "true");
    } else {
        buffer_append_text(out, capital ? "False" : "false");
    }
}

static enum xccos_error write_text(const struct schema_field *field,
                                   struct slice member, struct buffer *out)
{
    if (field->name == NULL) {
        return xccos_text_escape(out, member);
    }
    return xccos_text_escape_attribute(out, member);
}

enum xccos_error field_write(const struct schema_field *field,
                             const void *value, struct buffer *out)
{
    const void *member = member_of(field, value);

    switch (field->type) {
    case FIELD_TEXT:
        return write_text(field, *(const struct slice *)member, out);
    case FIELD_NUMBER:
        field_write_number(out, ((const struct xccos_number *)member)->value);
        break;
    case FIELD_MOMENT:
        write_moment(member, out);
        break;
    case FIELD_GUID:
        write_guid(member, out);
        break;
    case FIELD_FLAG:
    case FIELD_PROP:
        write_flag(*(const enum xccos_flag *)member, field->type == FIELD_PROP,
                   out);
        break;
    case FIELD_WORD:
        CHECK(*(const unsigned *)member < field->words->n);
        buffer_append_text(out, field->words->texts[*(const unsigned *)member]);
        break;
    }
    return XCCOS_ERROR_NONE;
}
