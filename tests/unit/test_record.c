#include "tests/unit/test.h"

#include <stdlib.h>

#include "proto/base/endian.h"
#include "proto/record.h"

/* A record with a field of every form. */
struct scene {
    struct buffer fields, bytes;
    struct record record;
};

static void put_bytes(struct scene *s, enum record_field field, size_t n)
{
    uint8_t bytes[64];

    assert_true(n <= sizeof(bytes));
    memset(bytes, 0x5a, sizeof(bytes));
    record_put_text(&s->fields, field, slice_of(bytes, n));
}

static void write(struct scene *s)
{
    buffer_clear(&s->bytes);
    s->record.fields = buffer_slice(&s->fields);
    record_write(&s->record, &s->bytes);
}

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    *state = s;
    buffer_init(&s->fields);
    buffer_init(&s->bytes);
    put_bytes(s, RECORD_FIELD_ROOM, 16);
    record_put_text(&s->fields, RECORD_FIELD_ROOM_NAME, SLICE_LITERAL("lobby"));
    put_bytes(s, RECORD_FIELD_SESSION, 17);
    record_put_number(&s->fields, RECORD_FIELD_MESSAGE_ID, UINT64_MAX);
    put_bytes(s, RECORD_FIELD_WITHHOLDS, 24);
    put_bytes(s, RECORD_FIELD_DIGEST, 32);
    s->record = (struct record){
        .kind = RECORD_POST,
        .node = 3,
        .outcome = 7,
        .csn = UINT64_C(0x0102030405060708),
        .log_index = 9,
        .term = 10,
        .time_us = INT64_C(1900000000000000),
        .ordinal = 2,
        .command = SLICE_LITERAL("the command"),
    };
    write(s);
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;

    buffer_deinit(&s->fields);
    buffer_deinit(&s->bytes);
    free(s);
    return 0;
}

static enum error read(const struct scene *s, struct record *record_out)
{
    return record_read(buffer_slice(&s->bytes), record_out);
}

static void assert_malformed(const struct scene *s)
{
    struct record record;

    assert_int_equal(read(s, &record), ERROR_MALFORMED);
}

/* What was written is read, and the layout is the one that is drawn. */
static void test_record__round_trip(void **state)
{
    struct scene *s = *state;
    const uint8_t *at = s->bytes.data;
    struct record record;

    assert_int_equal(read(s, &record), ERROR_NONE);
    assert_int_equal(record.kind, RECORD_POST);
    assert_int_equal(record.node, 3);
    assert_int_equal(record.flags, 0);
    assert_int_equal(record.outcome, 7);
    assert_true(record.csn == s->record.csn);
    assert_int_equal(record.log_index, 9);
    assert_int_equal(record.term, 10);
    assert_true(record.time_us == s->record.time_us);
    assert_int_equal(record.ordinal, 2);
    assert_true(slice_equal(record.fields, s->record.fields));
    assert_true(slice_equal_text(record.command, "the command"));
    assert_int_equal(at[0], 1);
    assert_int_equal(at[1], RECORD_POST);
    assert_int_equal(at[2], 3);
    assert_int_equal(get_be32(at + 4), 7);
    assert_true(get_be64(at + 8) == s->record.csn);
    assert_int_equal(get_be64(at + 16), 9);
    assert_int_equal(get_be64(at + 24), 10);
    assert_true(get_be64(at + 32) == (uint64_t)s->record.time_us);
    assert_int_equal(get_be32(at + 40), 2);
    assert_int_equal(get_be32(at + 44), s->fields.len);
    assert_int_equal(get_be32(at + 48), 11);
    assert_int_equal(s->bytes.len, 52 + s->fields.len + 11);
}

/* Fields are found by tag, stepped through in order, and numbers read. */
static void test_record__fields(void **state)
{
    const uint8_t wanted[] = {RECORD_FIELD_ROOM,      RECORD_FIELD_ROOM_NAME,
                              RECORD_FIELD_SESSION,   RECORD_FIELD_MESSAGE_ID,
                              RECORD_FIELD_WITHHOLDS, RECORD_FIELD_DIGEST};
    struct scene *s = *state;
    struct slice rest, value;
    struct record record;
    uint8_t tag;

    assert_int_equal(read(s, &record), ERROR_NONE);
    rest = record.fields;
    for (size_t i = 0; i < sizeof(wanted); i++) {
        assert_true(record_next_field(&rest, &tag, &value));
        assert_int_equal(tag, wanted[i]);
    }
    assert_false(record_next_field(&rest, &tag, &value));
    assert_true(record_find(&record, RECORD_FIELD_ROOM_NAME, &value));
    assert_true(slice_equal_text(value, "lobby"));
    assert_false(record_find(&record, RECORD_FIELD_GROUP, &value));
    assert_true(slice_equal_text(value, "lobby")); /* It stays. */
    assert_true(record_number(&record, RECORD_FIELD_MESSAGE_ID, 0) ==
                UINT64_MAX);
    assert_int_equal(record_number(&record, RECORD_FIELD_COUNT, 5), 5);
}

/* Every kind and field has a name of its own, and a form where it has a name;
 * those of a later program are unknown and opaque. */
static void test_record__names(void **state)
{
#define KIND_NAME(name, number, text, pchat) {number, text, pchat},
    const struct {
        int number;
        const char *name, *pchat;
    } kinds[] = {RECORD_KIND_LIST(KIND_NAME)};
#define FIELD_NAME(name, tag, text, form) {tag, text, RECORD_##form},
    const struct {
        uint8_t tag;
        const char *name;
        enum record_form form;
    } fields[] = {RECORD_FIELD_LIST(FIELD_NAME)};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        assert_int_equal(kinds[i].number, i + 1);
        assert_string_equal(record_kind_name(kinds[i].number), kinds[i].name);
        assert_string_equal(record_kind_pchat(kinds[i].number), kinds[i].pchat);
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        assert_int_equal(fields[i].tag, i + 1);
        assert_string_equal(record_field_name(fields[i].tag), fields[i].name);
        assert_int_equal(record_field_form(fields[i].tag), fields[i].form);
    }
    assert_string_equal(record_kind_name(0), "unknown");
    assert_string_equal(record_kind_name(255), "unknown");
    assert_string_equal(record_kind_pchat(255), "");
    assert_null(record_field_name(0));
    assert_null(record_field_name(255));
    assert_int_equal(record_field_form(255), RECORD_BYTES);
}

/* A kind or a tag of a later program is let through. */
static void test_record__later_programs(void **state)
{
    struct scene *s = *state;
    struct record record;

    s->record.kind = 200;
    put_bytes(s, 250, 5);
    write(s);
    assert_int_equal(read(s, &record), ERROR_NONE);
    assert_int_equal(record.kind, 200);
    s->bytes.data[0] = RECORD_FORMAT + 1;
    assert_int_equal(read(s, &record), ERROR_UNSUPPORTED);
}

/* Of every beginning none is a record, nor is one with a byte too many. */
static void test_record__cut(void **state)
{
    struct scene *s = *state;
    struct record record;
    size_t len = s->bytes.len;

    for (size_t n = 0; n < len; n++) {
        /* A copy of that size, for the sanitizers to guard its end. */
        uint8_t *bytes = malloc(n + 1);

        memcpy(bytes + 1, s->bytes.data, n);
        assert_int_equal(record_read(slice_of(bytes + 1, n), &record),
                         ERROR_TRUNCATED);
        free(bytes);
    }
    buffer_append(&s->bytes, "", 1);
    assert_malformed(s);
}

static void test_record__malformed(void **state)
{
    struct scene *s = *state;
    struct record record;
    size_t fields_len = s->fields.len;
    uint8_t *at;

    s->bytes.data[1] = 0; /* No kind. */
    assert_malformed(s);
    write(s);
    /* Lengths whose sum wraps around in 32 bits. */
    put_be32(s->bytes.data + 44, UINT32_MAX);
    assert_int_equal(read(s, &record), ERROR_TRUNCATED);
    put_be32(s->bytes.data + 44, (uint32_t)fields_len - 1);
    assert_malformed(s);
    put_be32(s->bytes.data + 48, 12); /* The command gets the rest: */
    assert_malformed(s);              /* the last field is cut. */
    write(s);
    at = s->bytes.data + RECORD_HEADER_BYTES;
    at[0] = 0; /* No tag. */
    assert_malformed(s);
    at[0] = RECORD_FIELD_ROOM_NAME + 1; /* Tags sink. */
    assert_malformed(s);
    write(s);
    put_be16(at + 1, 15); /* No guid. */
    assert_malformed(s);
}

/* A value is of its tag's form. */
static void test_record__forms(void **state)
{
    static const struct {
        enum record_field field;
        size_t len;
        enum error error;
    } cases[] = {
        {RECORD_FIELD_ROOM, 16, ERROR_NONE},
        {RECORD_FIELD_ROOM, 15, ERROR_MALFORMED},
        {RECORD_FIELD_ROOM, 17, ERROR_MALFORMED},
        {RECORD_FIELD_SESSION, 17, ERROR_NONE},
        {RECORD_FIELD_SESSION, 16, ERROR_MALFORMED},
        {RECORD_FIELD_MESSAGE_ID, 8, ERROR_NONE},
        {RECORD_FIELD_MESSAGE_ID, 0, ERROR_MALFORMED},
        {RECORD_FIELD_MESSAGE_ID, 7, ERROR_MALFORMED},
        {RECORD_FIELD_MESSAGE_ID, 9, ERROR_MALFORMED},
        {RECORD_FIELD_WITHHOLDS, 0, ERROR_NONE},
        {RECORD_FIELD_WITHHOLDS, 64, ERROR_NONE},
        {RECORD_FIELD_WITHHOLDS, 63, ERROR_MALFORMED},
        {RECORD_FIELD_ROOM_NAME, 0, ERROR_NONE},
        {RECORD_FIELD_DIGEST, 1, ERROR_NONE},
    };
    struct scene *s = *state;
    struct record record;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buffer_clear(&s->fields);
        put_bytes(s, cases[i].field, cases[i].len);
        write(s);
        assert_int_equal(read(s, &record), cases[i].error);
    }
}

/* A tag may come again, but not after a higher one. */
static void test_record__order_of_tags(void **state)
{
    struct scene *s = *state;
    struct record record;

    buffer_clear(&s->fields);
    put_bytes(s, RECORD_FIELD_WITHHOLDS, 8);
    put_bytes(s, RECORD_FIELD_WITHHOLDS, 8);
    write(s);
    assert_int_equal(read(s, &record), ERROR_NONE);
    put_bytes(s, RECORD_FIELD_USER, 8);
    write(s);
    assert_malformed(s);
}

/* What is withheld is a digest. */
static void test_record__withheld(void **state)
{
    struct scene *s = *state;
    struct record record;

    s->record.flags = RECORD_WITHHELD;
    write(s);
    assert_malformed(s);
    s->record.command = SLICE_LITERAL("0123456789abcdef0123456789abcdef");
    write(s);
    assert_int_equal(read(s, &record), ERROR_NONE);
    assert_int_equal(record.flags, RECORD_WITHHELD);
}

/* The largest that tiles have room for, and one byte more. */
static void test_record__largest(void **state)
{
    struct scene *s = *state;
    size_t len = RECORD_BYTES_MAX - RECORD_HEADER_BYTES - s->fields.len;
    uint8_t *command = calloc(1, len);
    struct record record;

    assert_non_null(command);
    s->record.command = slice_of(command, len);
    write(s);
    assert_int_equal(s->bytes.len, RECORD_BYTES_MAX);
    assert_int_equal(read(s, &record), ERROR_NONE);
    put_be32(s->bytes.data + 48, (uint32_t)len + 1);
    buffer_append(&s->bytes, "", 1);
    assert_malformed(s);
    free(command);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH(test_record__round_trip), WITH(test_record__fields),
        WITH(test_record__names),      WITH(test_record__later_programs),
        WITH(test_record__cut),        WITH(test_record__malformed),
        WITH(test_record__forms),      WITH(test_record__order_of_tags),
        WITH(test_record__withheld),   WITH(test_record__largest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
