#include "tests/unit/ledger_fixture.h"

#include <stdio.h>

#include "node/chat/archive.h"
#include "proto/base/endian.h"
#include "tests/unit/test.h"

uint64_t ledger_records(const struct chat_fixture *f)
{
    struct archive_view view;

    archive_view(f->machine, &view);
    return view.records;
}

struct record assert_record(const struct chat_fixture *f, size_t at,
                            enum record_kind kind)
{
    struct record record = fixture_record(f, at);

    assert_string_equal(record_kind_name(record.kind), record_kind_name(kind));
    assert_int_equal(record.ordinal, at);
    assert_int_equal(record.log_index, f->index);
    assert_int_equal(record.csn, ledger_records(f) - f->effects.records.n + at);
    return record;
}

struct record assert_one_record(const struct chat_fixture *f,
                                enum record_kind kind)
{
    assert_int_equal(f->effects.records.n, 1);
    return assert_record(f, 0, kind);
}

void assert_text(const struct record *record, enum record_field field,
                 const char *wanted)
{
    struct slice value = SLICE_NONE;
    char text[2048];

    record_find(record, field, &value);
    snprintf(text, sizeof(text), "%.*s", SLICE_PRINT(value));
    assert_string_equal(text, wanted);
}

void assert_number(const struct record *record, enum record_field field,
                   uint64_t wanted)
{
    assert_int_equal(record_number(record, field, UINT64_MAX), wanted);
}

void assert_field_room(const struct record *record, const struct guid *room,
                       const char *name)
{
    struct slice value;

    assert_true(record_find(record, RECORD_FIELD_ROOM, &value));
    assert_memory_equal(value.data, room->bytes, GUID_BYTES);
    assert_text(record, RECORD_FIELD_ROOM_NAME, name);
}

void assert_numbers(const struct record *record, enum record_field field,
                    size_t n, const uint64_t *wanted)
{
    struct slice value = SLICE_NONE;

    record_find(record, field, &value);
    assert_int_equal(value.len, n * sizeof(*wanted));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(get_be64(value.data + i * sizeof(*wanted)), wanted[i]);
    }
}

bool has_field(const struct record *record, enum record_field field)
{
    struct slice value;

    return record_find(record, field, &value);
}
