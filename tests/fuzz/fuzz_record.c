/* Any bytes that are a record of the archive are, written again, the bytes they
 * were read from, and every field of it can be found; all others are refused.
 */
#include <stddef.h>
#include <stdint.h>

#include "proto/base/check.h"
#include "proto/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A value lies within the record, whose end the sanitizer guards. */
static void touch(struct slice value)
{
    volatile uint8_t all = 0;

    for (size_t i = 0; i < value.len; i++) {
        all = (uint8_t)(all ^ value.data[i]);
    }
}

static void look_at_fields(const struct record *record)
{
    struct slice rest = record->fields, value, found;
    uint8_t tag;

    while (record_next_field(&rest, &tag, &value)) {
        touch(value);
        CHECK(record_find(record, (enum record_field)tag, &found));
        CHECK(found.data <= value.data);
        if (record_field_form(tag) == RECORD_NUMBER) {
            record_number(record, (enum record_field)tag, 0);
        }
    }
    CHECK(rest.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct buffer again = BUFFER_EMPTY;
    struct record record;

    if (record_read(bytes, &record) != ERROR_NONE) {
        return 0;
    }
    CHECK(record_kind_name(record.kind)[0] != '\0');
    touch(record.command);
    look_at_fields(&record);
    record_write(&record, &again);
    CHECK(slice_equal(buffer_slice(&again), bytes));
    buffer_deinit(&again);
    return 0;
}
