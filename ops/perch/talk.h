/* Orders done, in the order they were given: each comes to exactly one result.
 *
 *   QUEUED --its room is found--> READY --its turn--> UNDERWAY --> result
 *
 * A room's name is looked up before the next order begins, so no post
 * overtakes another. What is no post waits for the room's earlier orders: a
 * history sees the posts before it, and a room is left after them.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_TALK_H
#define OPS_PERCH_TALK_H

#include <bsd/sys/queue.h>

#include "ops/perch/app.h"
#include "ops/perch/order.h"
#include "ops/perch/places.h"

/* What came of an order. Borrowed for the call. */
struct talk_result {
    enum order_kind kind;
    json_t *tag; /* NULL: none. */
    struct slice room_uri;
    enum client_result result;
    unsigned code;
    struct slice words;
    uint64_t message_id; /* Of a post; 0: not known. */
    struct slice retry_id;
};

struct task;

/* In the order asked for. */
TAILQ_HEAD(task_list, task);

struct talk {
    struct app *app;
    void (*told)(void *context, const struct talk_result *result);
    void *context;
    struct places places; /* The rooms it is in. */
    struct task_list queued, underway;
    struct task *finding; /* The queue's first, being looked up; or NULL. */
    bool is_going_on;
    size_t tasks_n;
};

/** Begin. @told  Gets every result; may give orders. */
void talk_init(struct talk *talk, struct app *app,
               void (*told)(void *context, const struct talk_result *result),
               void *context);

/** Forget all without a word. */
void talk_deinit(struct talk *talk);

/** Do an order but HELP or QUIT. What it borrows is copied. */
void talk_do(struct talk *talk, const struct order *order);

/** Take an event of the client. */
void talk_event(struct talk *talk, const struct client_event *event);

#endif
