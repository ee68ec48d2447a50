#include "storage/keyspace.h"

#include "proto/base/check.h"
#include "proto/base/endian.h"

enum part_kind {
    KIND_NUMBER_8,
    KIND_NUMBER_32,
    KIND_NUMBER_64,
    KIND_GUID,
    KIND_TEXT,
    KIND_BYTES,
};

static const struct {
    enum part_kind kind;
    size_t at; /* Of the field in struct key_parts. */
} parts_known[PART_COUNT] = {
#define PART_ROW(name, kind_name, field)                                       \
    [PART_##name] = {KIND_##kind_name, offsetof(struct key_parts, field)},
    PART_LIST(PART_ROW)
#undef PART_ROW
};

static const struct {
    const char *name;
    enum part parts[KEY_PARTS_MAX + 1]; /* Ends in PART_NONE. */
} tables[TABLE_COUNT] = {
#define TABLE_ROW(name, text, ...) [TABLE_##name] = {text, {__VA_ARGS__}},
    TABLE_LIST(TABLE_ROW)
#undef TABLE_ROW
};

/* The longest key is two variable parts and the zero byte between them. */
_Static_assert(KEY_TEXT_BYTES_MAX + 1 + KEY_ID_BYTES_MAX + GUID_BYTES <=
                   KEY_BYTES_MAX,
               "every table's longest key fits");

const char *table_name(enum table table)
{
    CHECK((unsigned)table < TABLE_COUNT);
    return tables[table].name;
}

static bool text_is_valid(struct slice text)
{
    return text.len > 0 && text.len <= KEY_TEXT_BYTES_MAX &&
           memchr(text.data, 0, text.len) == NULL;
}

static bool id_is_valid(struct slice id)
{
    return id.len > 0 && id.len <= KEY_ID_BYTES_MAX;
}

static void key_put(struct key *key, struct slice bytes)
{
    CHECK(bytes.len <= sizeof(key->bytes) - key->len);
    memcpy(key->bytes + key->len, bytes.data, bytes.len);
    key->len += bytes.len;
}

/* Write a number or a guid from the field it lies in. */
static void fixed_put(struct key *key, enum part_kind kind, const void *field)
{
    uint8_t bytes[sizeof(uint64_t)];
    uint64_t number_64;
    uint32_t number_32;

    switch (kind) {
    case KIND_NUMBER_8:
        key_put(key, slice_of(field, 1));
        return;
    case KIND_NUMBER_32:
        memcpy(&number_32, field, sizeof(number_32));
        put_be32(bytes, number_32);
        key_put(key, slice_of(bytes, sizeof(number_32)));
        return;
    case KIND_NUMBER_64:
        memcpy(&number_64, field, sizeof(number_64));
        put_be64(bytes, number_64);
        key_put(key, slice_of(bytes, sizeof(number_64)));
        return;
    case KIND_GUID:
        key_put(key, slice_of(field, GUID_BYTES));
        return;
    case KIND_TEXT:
    case KIND_BYTES:
        break;
    }
    CHECK_UNREACHABLE();
}

/* Text at the end of a key needs no end of its own. */
static enum error part_put(struct key *key, enum part part, bool last,
                           const struct key_parts *parts)
{
    enum part_kind kind = parts_known[part].kind;
    const void *field = (const uint8_t *)parts + parts_known[part].at;
    struct slice slice;

    if (kind != KIND_TEXT && kind != KIND_BYTES) {
        fixed_put(key, kind, field);
        return ERROR_NONE;
    }
    memcpy(&slice, field, sizeof(slice));
    if (!(kind == KIND_TEXT ? text_is_valid(slice) : id_is_valid(slice))) {
        return ERROR_INVALID;
    }
    CHECK(kind == KIND_TEXT || last);
    key_put(key, slice);
    if (!last) {
        key_put(key, slice_of("", 1));
    }
    return ERROR_NONE;
}

enum error key_build(enum table table, const struct key_parts *parts,
                     struct key *key_out)
{
    const enum part *part;

    CHECK((unsigned)table < TABLE_COUNT);
    key_out->len = 0;
    for (part = tables[table].parts; *part != PART_NONE; part++) {
        TRY(part_put(key_out, *part, part[1] == PART_NONE, parts));
    }
    return ERROR_NONE;
}

enum error key_prefix(enum table table, size_t n, const struct key_parts *parts,
                      struct key *key_out)
{
    CHECK((unsigned)table < TABLE_COUNT);
    CHECK(n > 0 && n < KEY_PARTS_MAX);
    key_out->len = 0;
    for (size_t i = 0; i < n; i++) {
        CHECK(tables[table].parts[i + 1] != PART_NONE);
        TRY(part_put(key_out, tables[table].parts[i], false, parts));
    }
    return ERROR_NONE;
}

void key_after(struct key *key)
{
    while (key->len > 0 && key->bytes[key->len - 1] == 0xff) {
        key->len -= 1;
    }
    if (key->len > 0) {
        key->bytes[key->len - 1] += 1;
    }
}

static size_t fixed_bytes(enum part_kind kind)
{
    switch (kind) {
    case KIND_NUMBER_8:
        return 1;
    case KIND_NUMBER_32:
        return sizeof(uint32_t);
    case KIND_NUMBER_64:
        return sizeof(uint64_t);
    case KIND_GUID:
        return GUID_BYTES;
    case KIND_TEXT:
    case KIND_BYTES:
        break;
    }
    return 0;
}

/* Set the field of a number or a guid from its bytes. */
static void fixed_get(enum part_kind kind, const uint8_t *from, void *field)
{
    uint64_t number_64;
    uint32_t number_32;

    if (kind == KIND_NUMBER_64) {
        number_64 = get_be64(from);
        memcpy(field, &number_64, sizeof(number_64));
    } else if (kind == KIND_NUMBER_32) {
        number_32 = get_be32(from);
        memcpy(field, &number_32, sizeof(number_32));
    } else {
        memcpy(field, from, fixed_bytes(kind));
    }
}

/* Take a text or an id off the front of rest. */
static enum error slice_get(enum part_kind kind, bool last, struct slice *rest,
                            struct slice *slice_out)
{
    struct slice slice = *rest;

    if (!last) {
        const uint8_t *end =
            rest->len == 0 ? NULL : memchr(rest->data, 0, rest->len);

        if (end == NULL) {
            return ERROR_TRUNCATED;
        }
        slice.len = (size_t)(end - rest->data);
    }
    if (!(kind == KIND_TEXT ? text_is_valid(slice) : id_is_valid(slice))) {
        return slice.len == 0 && last ? ERROR_TRUNCATED : ERROR_MALFORMED;
    }
    *rest = slice_after(*rest, slice.len + (last ? 0 : 1));
    *slice_out = slice;
    return ERROR_NONE;
}

static enum error part_get(enum part part, bool last, struct slice *rest,
                           struct key_parts *parts)
{
    enum part_kind kind = parts_known[part].kind;
    uint8_t *field = (uint8_t *)parts + parts_known[part].at;
    size_t bytes = fixed_bytes(kind);
    struct slice slice = SLICE_NONE;

    if (bytes == 0) {
        TRY(slice_get(kind, last, rest, &slice));
        memcpy(field, &slice, sizeof(slice));
        return ERROR_NONE;
    }
    if (rest->len < bytes) {
        return ERROR_TRUNCATED;
    }
    fixed_get(kind, rest->data, field);
    *rest = slice_after(*rest, bytes);
    return ERROR_NONE;
}

enum error key_read(enum table table, struct slice bytes,
                    struct key_parts *parts_out)
{
    struct slice rest = bytes;
    const enum part *part;

    CHECK((unsigned)table < TABLE_COUNT);
    memset(parts_out, 0, sizeof(*parts_out));
    for (part = tables[table].parts; *part != PART_NONE; part++) {
        TRY(part_get(*part, part[1] == PART_NONE, &rest, parts_out));
    }
    return rest.len == 0 ? ERROR_NONE : ERROR_MALFORMED;
}
