/* The texts of checkpoints, and what a cosignature of one signs. */
#include <inttypes.h>

#include "proto/base/base64.h"
#include "proto/tlog/note.h"
#include "proto/tlog/note_text.h"

enum { SIZE_DIGITS_MAX = 19 }; /* Of 2^63 - 1. */

void checkpoint_write(struct buffer *to,
                      const struct checkpoint_text *checkpoint)
{
    buffer_append_slice(to, checkpoint->origin);
    buffer_printf(to, "\n%" PRIu64 "\n", checkpoint->size);
    base64_write(to, slice_of(checkpoint->root.bytes, MERKLE_HASH_BYTES));
    buffer_append_text(to, "\n");
}

/* Decimal without leading zeros, below 2^63. */
static enum error read_size(struct slice text, uint64_t *size_out)
{
    uint64_t size = 0;

    if (text.len == 0 || text.len > SIZE_DIGITS_MAX ||
        (text.len > 1 && text.data[0] == '0')) {
        return ERROR_MALFORMED;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return ERROR_MALFORMED;
        }
        size = size * 10 + (text.data[i] - '0');
    }
    *size_out = size;
    return size <= INT64_MAX ? ERROR_NONE : ERROR_MALFORMED;
}

enum error checkpoint_read(struct slice text,
                           struct checkpoint_text *checkpoint_out)
{
    struct checkpoint_text checkpoint;
    struct slice size, root;
    size_t n;

    if (!note_next_line(&text, &checkpoint.origin) ||
        !note_next_line(&text, &size) || !note_next_line(&text, &root) ||
        checkpoint.origin.len == 0) {
        return ERROR_MALFORMED;
    }
    TRY(read_size(size, &checkpoint.size));
    TRY(base64_read(root, checkpoint.root.bytes, MERKLE_HASH_BYTES, &n));
    if (n != MERKLE_HASH_BYTES) {
        return ERROR_MALFORMED;
    }
    *checkpoint_out = checkpoint;
    return ERROR_NONE;
}

void cosignature_message(struct buffer *to, uint64_t time_s,
                         struct slice checkpoint_text)
{
    buffer_printf(to, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
    buffer_append_slice(to, checkpoint_text);
}
