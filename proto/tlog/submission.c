#include "proto/tlog/submission.h"

#include <inttypes.h>
#include <openssl/evp.h>

enum {
    HASH_TEXT_BYTES = SUBMISSION_HASH_BYTES - 1,
    SIZE_DIGITS_MAX = 19, /* Of less than 2^63. */
};

static void write_hash(struct buffer *to, const struct merkle_hash *hash)
{
    unsigned char text[HASH_TEXT_BYTES + 1];

    EVP_EncodeBlock(text, hash->bytes, MERKLE_HASH_BYTES);
    text[HASH_TEXT_BYTES] = '\n';
    buffer_append(to, text, SUBMISSION_HASH_BYTES);
}

void submission_write(struct buffer *to, const struct submission *submission)
{
    buffer_printf(to, "old %" PRIu64 "\n", submission->old_size);
    for (size_t i = 0; i < submission->n; i++) {
        write_hash(to, &submission->proof[i]);
    }
    buffer_append_text(to, "\n");
    buffer_append_slice(to, submission->checkpoint);
}

enum error submission_read_size(struct slice text, uint64_t *size_out)
{
    uint64_t size = 0;

    if (text.len == 0 || text.len > SIZE_DIGITS_MAX ||
        (text.data[0] == '0' && text.len > 1)) {
        return ERROR_MALFORMED;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return ERROR_MALFORMED;
        }
        size = size * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (size > INT64_MAX) {
        return ERROR_MALFORMED;
    }
    *size_out = size;
    return ERROR_NONE;
}

/* Decode, and encode again: one text alone stands for a hash. */
static enum error read_hash(struct slice text, struct merkle_hash *hash_out)
{
    unsigned char bytes[HASH_TEXT_BYTES / 4 * 3];
    unsigned char again[HASH_TEXT_BYTES + 1];

    if (text.len != HASH_TEXT_BYTES ||
        EVP_DecodeBlock(bytes, text.data, HASH_TEXT_BYTES) !=
            (int)sizeof(bytes)) {
        return ERROR_MALFORMED;
    }
    memcpy(hash_out->bytes, bytes, MERKLE_HASH_BYTES);
    EVP_EncodeBlock(again, bytes, MERKLE_HASH_BYTES);
    return memcmp(again, text.data, HASH_TEXT_BYTES) == 0 ? ERROR_NONE
                                                          : ERROR_MALFORMED;
}

/* Take a line off, without its newline. MALFORMED when none ends. */
static enum error take_line(struct slice *rest, struct slice *line_out)
{
    const uint8_t *end =
        rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);

    if (end == NULL) {
        return ERROR_MALFORMED;
    }
    *line_out = slice_of(rest->data, (size_t)(end - rest->data));
    *rest = slice_after(*rest, line_out->len + 1);
    return ERROR_NONE;
}

enum error submission_read(struct slice body, struct submission *out)
{
    const struct slice old = SLICE_LITERAL("old ");
    struct slice line;

    out->n = 0;
    TRY(take_line(&body, &line));
    if (!slice_begins(line, old)) {
        return ERROR_MALFORMED;
    }
    TRY(submission_read_size(slice_after(line, old.len), &out->old_size));
    for (;;) {
        TRY(take_line(&body, &line));
        if (line.len == 0) {
            break;
        }
        if (out->n == MERKLE_DEPTH_MAX) {
            return ERROR_TOO_LARGE;
        }
        TRY(read_hash(line, &out->proof[out->n]));
        out->n += 1;
    }
    out->checkpoint = body;
    return body.len == 0 ? ERROR_MALFORMED : ERROR_NONE;
}
