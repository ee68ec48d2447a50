#include "ops/audit/proof.h"

#include <inttypes.h>

#include "proto/base/base64.h"
#include "proto/record.h"
#include "proto/tlog/note_text.h"

static const struct slice first_line = {
    (const uint8_t *)"c2sp.org/tlog-proof@v1", 22};
static const struct slice extra_word = {(const uint8_t *)"extra ", 6};
static const struct slice index_word = {(const uint8_t *)"index ", 6};

enum { INDEX_DIGITS_MAX = 19 };

void proof_write(const struct proof *proof, struct buffer *to)
{
    buffer_append_slice(to, first_line);
    buffer_append_text(to, "\n");
    if (proof->record.len > 0) {
        buffer_append_slice(to, extra_word);
        base64_write(to, buffer_slice(&proof->record));
        buffer_append_text(to, "\n");
    }
    buffer_printf(to, "index %" PRIu64 "\n", proof->index);
    for (size_t i = 0; i < proof->n; i++) {
        base64_write(to, slice_of(proof->hashes[i].bytes, MERKLE_HASH_BYTES));
        buffer_append_text(to, "\n");
    }
    buffer_append_text(to, "\n");
    buffer_append_slice(to, proof->checkpoint);
}

static enum error read_extra(struct slice text, struct buffer *record)
{
    uint8_t *room = buffer_reserve(record, RECORD_BYTES_MAX);

    if (room == NULL) {
        return ERROR_NO_MEMORY;
    }
    TRY(base64_read(text, room, RECORD_BYTES_MAX, &record->len));
    if (record->len > RECORD_BYTES_MAX) {
        record->len = 0;
        return ERROR_TOO_LARGE;
    }
    return ERROR_NONE;
}

/* Decimal, without leading zeros. */
static enum error read_index(struct slice text, uint64_t *index_out)
{
    uint64_t index = 0;

    if (text.len == 0 || text.len > INDEX_DIGITS_MAX ||
        (text.len > 1 && text.data[0] == '0')) {
        return ERROR_MALFORMED;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return ERROR_MALFORMED;
        }
        index = index * 10 + (text.data[i] - '0');
    }
    *index_out = index;
    return ERROR_NONE;
}

static enum error read_hash(struct proof *proof, struct slice line)
{
    size_t n;

    if (proof->n == MERKLE_DEPTH_MAX) {
        return ERROR_MALFORMED;
    }
    TRY(base64_read(line, proof->hashes[proof->n].bytes, MERKLE_HASH_BYTES,
                    &n));
    proof->n++;
    return n == MERKLE_HASH_BYTES ? ERROR_NONE : ERROR_MALFORMED;
}

enum error proof_read(struct slice text, struct proof *proof)
{
    struct slice line;

    *proof = (struct proof){0};
    if (!note_next_line(&text, &line) || !slice_equal(line, first_line) ||
        !note_next_line(&text, &line)) {
        return ERROR_MALFORMED;
    }
    if (slice_begins(line, extra_word)) {
        TRY(read_extra(slice_after(line, extra_word.len), &proof->record));
        if (!note_next_line(&text, &line)) {
            return ERROR_MALFORMED;
        }
    }
    if (!slice_begins(line, index_word)) {
        return ERROR_MALFORMED;
    }
    TRY(read_index(slice_after(line, index_word.len), &proof->index));
    while (note_next_line(&text, &line) && line.len > 0) {
        TRY(read_hash(proof, line));
    }
    proof->checkpoint = text;
    return text.len > 0 && line.len == 0 ? ERROR_NONE : ERROR_MALFORMED;
}

void proof_deinit(struct proof *proof)
{
    buffer_deinit(&proof->record);
}
