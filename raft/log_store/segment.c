#include "raft/log_store/segment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"

#define MAGIC       "perchlog"
#define NAME_PREFIX "segment-"

/* Leaves room for counting on: at one a second, for 30 million years. */
#define SEGMENT_NUMBER_MAX UINT64_C(1000000000000000)

enum {
    NAME_DIGITS = 16,

    AT_NUMBER = BLOCK_FIELDS_AT,
    AT_BYTES = AT_NUMBER + 8,
    AT_FIRST_INDEX = AT_BYTES + 8,
    AT_FIRST_SERIAL = AT_FIRST_INDEX + 8,
    AT_CHAIN = AT_FIRST_SERIAL + 8,
};

void segment_name(uint64_t number, char name[SEGMENT_NAME_BYTES])
{
    int len = snprintf(name, SEGMENT_NAME_BYTES, NAME_PREFIX "%0*" PRIu64,
                       NAME_DIGITS, number);

    CHECK(len == (int)sizeof(NAME_PREFIX) - 1 + NAME_DIGITS);
}

bool segment_name_read(const char *name, uint64_t *number_out)
{
    size_t prefix = sizeof(NAME_PREFIX) - 1;
    uint64_t number = 0;

    if (strlen(name) != prefix + NAME_DIGITS ||
        memcmp(name, NAME_PREFIX, prefix) != 0) {
        return false;
    }
    for (const char *at = name + prefix; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(*at - '0');
    }
    *number_out = number;
    return number > 0 && number < SEGMENT_NUMBER_MAX;
}

void segment_head_write(uint8_t block[LOG_BLOCK_BYTES],
                        const struct segment_head *head,
                        const struct log_identity *identity)
{
    memset(block, 0, LOG_BLOCK_BYTES);
    put_le64(block + AT_NUMBER, head->number);
    put_le64(block + AT_BYTES, head->bytes);
    put_le64(block + AT_FIRST_INDEX, head->first_index);
    put_le64(block + AT_FIRST_SERIAL, head->first_serial);
    put_le32(block + AT_CHAIN, head->chain);
    block_seal(block, MAGIC, identity);
}

enum error segment_head_read(const uint8_t block[LOG_BLOCK_BYTES],
                             const struct log_identity *identity,
                             struct segment_head *head_out)
{
    TRY(block_check(block, MAGIC, identity));
    *head_out = (struct segment_head){
        .number = get_le64(block + AT_NUMBER),
        .bytes = get_le64(block + AT_BYTES),
        .first_index = get_le64(block + AT_FIRST_INDEX),
        .first_serial = get_le64(block + AT_FIRST_SERIAL),
        .chain = get_le32(block + AT_CHAIN),
    };
    return ERROR_NONE;
}

size_t segment_batch_bytes_max(uint64_t segment_bytes)
{
    uint64_t room = segment_bytes - LOG_BLOCK_BYTES;

    return room < LOG_BATCH_BYTES_MAX ? (size_t)room : LOG_BATCH_BYTES_MAX;
}

void segment_table_deinit(struct segment_table *table)
{
    free(table->rows);
    *table = (struct segment_table){0};
}

enum error segment_table_begin(struct segment_table *table, uint64_t number,
                               uint64_t from)
{
    if (table->n == table->capacity) {
        size_t capacity = table->capacity * 2 + 16;
        void *rows = realloc(table->rows, capacity * sizeof(*table->rows));

        if (rows == NULL) {
            return ERROR_NO_MEMORY;
        }
        table->rows = rows;
        table->capacity = capacity;
    }
    table->rows[table->n].number = number;
    table->rows[table->n].from = from;
    table->n++;
    return ERROR_NONE;
}

void segment_table_cut(struct segment_table *table, uint64_t index)
{
    CHECK(table->n > 0);
    for (size_t i = 0; i < table->n; i++) {
        if (table->rows[i].from > index) {
            table->rows[i].from = index;
        }
    }
}

uint64_t segment_table_find(const struct segment_table *table, uint64_t index)
{
    size_t i = table->n;

    CHECK(table->n > 0);
    while (i > 1 && table->rows[i - 1].from > index) {
        i--;
    }
    return table->rows[i - 1].number;
}

void segment_table_drop_first(struct segment_table *table)
{
    CHECK(table->n > 0);
    table->n--;
    memmove(table->rows, table->rows + 1, table->n * sizeof(*table->rows));
}
