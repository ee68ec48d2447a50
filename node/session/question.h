/* What an external program is asked about a post before it is proposed, and
 * what it answers: a letter that goes to the program's thread and comes back,
 * once, whatever becomes of the program.
 *
 * Thread: one at a time, whoever holds the letter.
 */
#ifndef NODE_SESSION_QUESTION_H
#define NODE_SESSION_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/letters.h"
#include "proto/base/slice.h"

enum {
    QUESTION_SAYS_BYTES_MAX = 512, /* Reason or note; the rest is cut off. */
};

/* What becomes of the post, or why that was not to be learned. X(name, what it
 * counts) */
#define QUESTION_ANSWER_LIST(X)                                                \
    X(ALLOW, "allowed")                                                        \
    X(REFUSE, "refused")                                                       \
    X(ANNOTATE, "annotated")                                                   \
    X(LATE, "late")     /* Not answered by its deadline. */                    \
    X(ABSENT, "absent") /* There is no connection, or it broke. */             \
    X(MAD, "mad")       /* What came was no answer. */                         \
    X(FULL, "full")     /* As many questions are open as may be. */

#define QUESTION_ANSWER_ENUM(name, text) QUESTION_##name,
enum question_answer {
    QUESTION_ANSWER_LIST(QUESTION_ANSWER_ENUM) QUESTION_ANSWERS
};
#undef QUESTION_ANSWER_ENUM

struct question {
    struct letter letter; /* First. */
    void *asker;          /* The sender's own. */
    uint64_t asked_us;    /* loop_now_us. */

    /* Within the question. */
    struct slice room, room_name, category, author, text;
    bool is_alert;
    int64_t wall_us;

    /* Filled in on the way back. */
    enum question_answer answer;
    size_t says_len;
    char says[QUESTION_SAYS_BYTES_MAX]; /* Reason of a refusal, or note. */

    uint8_t bytes[]; /* Of the slices. */
};

/** Make a question that has its own copy of the slices of like. NULL when
 * memory is out. */
struct question *question_new(const struct question *like);

/** Free. Accepts NULL. */
void question_free(struct question *question);

/** Name an answer as counters do. */
const char *question_answer_name(enum question_answer answer);

#endif
