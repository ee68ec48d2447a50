#include "tests/unit/tree_log.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/tlog/submission.h"

void tree_log_init(struct tree_log *log, size_t fork_at)
{
    uint8_t public_key[NOTE_KEY_BYTES];

    memset(log, 0, sizeof(*log));
    memset(log->key, 7, sizeof(log->key));
    note_public_key(log->key, public_key);
    CHECK(note_verifier_init(&log->verifier, SLICE_LITERAL(TREE_LOG_ORIGIN),
                             NOTE_ED25519, public_key) == ERROR_NONE);
    for (size_t i = 0; i < TREE_LOG_LEAVES; i++) {
        char text[64];
        int len = snprintf(text, sizeof(text), "record %zu of %zu", i,
                           i < fork_at ? 0 : fork_at);

        merkle_leaf(slice_of(text, (size_t)len), &log->leaves[i]);
    }
}

enum error tree_log_read(void *context, unsigned level, uint64_t index,
                         struct merkle_hash *hash_out)
{
    const struct tree_log *log = context;
    struct merkle_hash left, right;

    if (level == 0) {
        CHECK(index < TREE_LOG_LEAVES);
        *hash_out = log->leaves[index];
        return ERROR_NONE;
    }
    TRY(tree_log_read(context, level - 1, 2 * index, &left));
    TRY(tree_log_read(context, level - 1, 2 * index + 1, &right));
    merkle_node(&left, &right, hash_out);
    return ERROR_NONE;
}

static void *reader(const struct tree_log *log)
{
    return (void *)(uintptr_t)log;
}

struct merkle_hash tree_log_root(const struct tree_log *log, uint64_t size)
{
    struct merkle_hash root;

    CHECK(merkle_root_of(tree_log_read, reader(log), size, &root) ==
          ERROR_NONE);
    return root;
}

void tree_log_note(const struct tree_log *log, uint64_t size, struct buffer *to)
{
    const struct checkpoint_text text = {SLICE_LITERAL(TREE_LOG_ORIGIN), size,
                                         tree_log_root(log, size)};
    uint8_t signature[NOTE_SIGNATURE_BYTES];
    size_t before = to->len;

    checkpoint_write(to, &text);
    note_sign(log->key, slice_after(buffer_slice(to), before), signature);
    buffer_append_text(to, "\n");
    note_write_signature(to, SLICE_LITERAL(TREE_LOG_ORIGIN), log->verifier.id,
                         slice_of(signature, sizeof(signature)));
}

void tree_log_submission(const struct tree_log *log, uint64_t old_size,
                         uint64_t size, struct buffer *to)
{
    struct submission said = {.old_size = old_size};
    struct buffer note = BUFFER_EMPTY;

    tree_log_note(log, size, &note);
    said.checkpoint = buffer_slice(&note);
    if (old_size > 0 && old_size < size) {
        CHECK(merkle_prove_prefix(tree_log_read, reader(log), old_size, size,
                                  said.proof, &said.n) == ERROR_NONE);
    }
    submission_write(to, &said);
    buffer_deinit(&note);
}
