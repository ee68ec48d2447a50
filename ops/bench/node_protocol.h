/* How perch-bench talks to bench_node: frames over TCP on loopback, numbers
 * little-endian.
 *
 *   question:  4 length of the command, 4 kind, 8 tag, then the command
 *   answer:    8 tag, 4 result
 *
 * Answers to commands come in the order of the log, that is, of the questions
 * of one node.
 *
 * Thread: any.
 */
#ifndef OPS_BENCH_NODE_PROTOCOL_H
#define OPS_BENCH_NODE_PROTOCOL_H

#include <stdint.h>

#include "proto/base/endian.h"

enum {
    NODE_QUESTION_BYTES = 16,
    NODE_ANSWER_BYTES = 12,
    NODE_COMMAND_BYTES_MAX = 64 * 1024,
};

enum node_question {
    NODE_COMMIT, /* Result 0 once it is applied here, else NODE_BUSY. */
    NODE_LEADER, /* Result: the leader's number; 0 while there is none or this
                    node may not propose yet. */
};

enum { NODE_DONE = 0, NODE_BUSY = 1 };

/** Write a question's head. */
static inline void node_put_question(uint8_t *to, uint32_t len,
                                     enum node_question kind, uint64_t tag)
{
    put_le32(to, len);
    put_le32(to + 4, kind);
    put_le64(to + 8, tag);
}

/** Write an answer. */
static inline void node_put_answer(uint8_t *to, uint64_t tag, uint32_t result)
{
    put_le64(to, tag);
    put_le32(to + 8, result);
}

#endif
