/* A log for tests of checkpoints: leaves in memory, a key, and notes of any
 * size of it. Two logs of one key whose leaves differ are a fork.
 */
#ifndef TESTS_UNIT_TREE_LOG_H
#define TESTS_UNIT_TREE_LOG_H

#include "proto/base/buffer.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

enum { TREE_LOG_LEAVES = 1024 };

#define TREE_LOG_ORIGIN "fjord.example/perch/1"

struct tree_log {
    uint8_t key[NOTE_KEY_BYTES];
    struct note_verifier verifier;
    struct merkle_hash leaves[TREE_LOG_LEAVES];
};

/** Make a log. @fork_at  Leaves from there on are others than those of a log
 * that forks elsewhere. */
void tree_log_init(struct tree_log *log, size_t fork_at);

/** A merkle_reader; context is the log. */
enum error tree_log_read(void *log, unsigned level, uint64_t index,
                         struct merkle_hash *hash_out);

/** Tell the root of the first size leaves. */
struct merkle_hash tree_log_root(const struct tree_log *log, uint64_t size);

/** Append the signed checkpoint of a size. */
void tree_log_note(const struct tree_log *log, uint64_t size,
                   struct buffer *to);

/** Append an add-checkpoint request from one size to another. */
void tree_log_submission(const struct tree_log *log, uint64_t old_size,
                         uint64_t size, struct buffer *to);

#endif
