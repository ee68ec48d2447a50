/* The lines between a node and the external program: JSON, one object a line.
 *
 * Thread: any.
 */
#ifndef NODE_HOOK_LINE_H
#define NODE_HOOK_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "node/session/question.h"
#include "proto/base/buffer.h"

struct line_answer {
    uint64_t id;
    enum question_answer answer; /* ALLOW, REFUSE or ANNOTATE. */
    size_t says_len;
    char says[QUESTION_SAYS_BYTES_MAX];
};

/** Append the line that asks a question. */
void line_write(const struct question *question, uint64_t id,
                struct buffer *to);

/**
 * Read an answer.
 *
 * What it says becomes one line: control characters become blanks, and what
 * does not fit is cut off between characters.
 *
 * Returns false, and why, for anything but an answer.
 */
bool line_read(struct slice line, struct line_answer *answer_out,
               const char **why_out);

#endif
