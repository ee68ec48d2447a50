/* What the parts of a talk share.
 *
 *   talk.c   the queue, what comes of orders, the rooms one is in
 *   task.c   one order: what the client is asked, and its end
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_TALK_PARTS_H
#define OPS_PERCH_TALK_PARTS_H

#include "ops/perch/talk.h"

/* An order under way, with copies of its texts. */
struct task {
    TAILQ_ENTRY(task) link;
    struct talk *talk;
    struct order order;
    struct buffer room, text, retry_id;
    char uri[FIND_URI_BYTES]; /* Once it was found; else empty. */
    uint64_t token;           /* Of what the client was asked; 0: nothing. */
};

/** Ask the client what the order wants. It may be finished at once. */
void task_act(struct task *task);

/** End one that is under way, tell its result, and free it. */
void task_finish(struct task *task, struct talk_result *result);

/** The same: it is done, and there is nothing to say. */
void task_finish_done(struct task *task);

/** Free one that is in no list. */
void task_free(struct task *task);

#endif
