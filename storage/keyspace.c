#include "storage/keyspace.h"

#include "proto/base/check.h"
#include "proto/base/endian.h"

static const size_t part_bytes[PART_COUNT] = {
#define PART_ROW(name, bytes) [PART_##name] = (bytes),
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

_Static_assert(KEY_PARTS_MAX * sizeof(uint64_t) <= KEY_BYTES_MAX,
               "every table's longest key fits");

const char *table_name(enum table table)
{
    CHECK((unsigned)table < TABLE_COUNT);
    return tables[table].name;
}

/* Count the numbers that make a key of the table. */
static size_t table_parts(enum table table)
{
    size_t n = 0;

    CHECK((unsigned)table < TABLE_COUNT);
    while (tables[table].parts[n] != PART_NONE) {
        n += 1;
    }
    return n;
}

/* The low bytes of the number, most significant first. */
static void part_put(struct key *key, enum part part, uint64_t number)
{
    size_t bytes = part_bytes[part];
    uint8_t wide[sizeof(number)];

    CHECK(bytes == sizeof(number) || number >> (8 * bytes) == 0);
    put_be64(wide, number);
    memcpy(key->bytes + key->len, wide + sizeof(wide) - bytes, bytes);
    key->len += bytes;
}

static void parts_put(enum table table, size_t n, const uint64_t *parts,
                      struct key *key_out)
{
    key_out->len = 0;
    for (size_t i = 0; i < n; i++) {
        part_put(key_out, tables[table].parts[i], parts[i]);
    }
}

void key_build(enum table table, const uint64_t *parts, struct key *key_out)
{
    parts_put(table, table_parts(table), parts, key_out);
}

void key_prefix(enum table table, size_t n, const uint64_t *parts,
                struct key *key_out)
{
    CHECK(n > 0 && n < table_parts(table));
    parts_put(table, n, parts, key_out);
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

static uint64_t part_get(enum part part, const uint8_t *from)
{
    size_t bytes = part_bytes[part];
    uint8_t wide[sizeof(uint64_t)] = {0};

    memcpy(wide + sizeof(wide) - bytes, from, bytes);
    return get_be64(wide);
}

enum error key_read(enum table table, struct slice bytes,
                    uint64_t parts_out[KEY_PARTS_MAX])
{
    struct slice rest = bytes;
    const enum part *part;

    CHECK((unsigned)table < TABLE_COUNT);
    memset(parts_out, 0, KEY_PARTS_MAX * sizeof(*parts_out));
    for (part = tables[table].parts; *part != PART_NONE; part++) {
        if (rest.len < part_bytes[*part]) {
            return ERROR_TRUNCATED;
        }
        *parts_out++ = part_get(*part, rest.data);
        rest = slice_after(rest, part_bytes[*part]);
    }
    return rest.len == 0 ? ERROR_NONE : ERROR_MALFORMED;
}
