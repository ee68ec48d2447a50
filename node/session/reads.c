#include "node/session/reads.h"

#include <stdbool.h>
#include <stdlib.h>

#include "proto/base/check.h"

TAILQ_HEAD(read_list, read);

/* All that asked in one turn.
 *
 *   GATHERING --turn ends--> ASKED --index--> APPLYING --applied--> told
 *                              \-- error, patience --> told
 */
enum question_state { QUESTION_GATHERING, QUESTION_ASKED, QUESTION_APPLYING };

struct question {
    TAILQ_ENTRY(question) link;
    enum question_state state;
    uint64_t token;
    uint64_t index; /* Wanted. */
    uint64_t asked_us;
    size_t n;
    struct read_list list;
};

TAILQ_HEAD(question_list, question);

struct reads {
    struct loop *loop;
    struct replica *replica;
    struct timer *timer;
    uint64_t token; /* The last given. */
    uint64_t applied_index;
    size_t waiting;
    struct question *gathering; /* Of this turn; NULL: none yet. */
    struct question_list asked; /* Oldest first, also those APPLYING. */
};

/* Tell all. The question is out of every list: who is told may ask again. */
static void settle(struct reads *reads, struct question *question,
                   enum error error)
{
    struct read *read;

    reads->waiting -= question->n;
    while ((read = TAILQ_FIRST(&question->list)) != NULL) {
        TAILQ_REMOVE(&question->list, read, link);
        read->tell(read, error);
    }
    free(question);
}

static void ask(struct reads *reads, struct question *question)
{
    enum error error;

    question->state = QUESTION_ASKED;
    question->asked_us = loop_now_us(reads->loop);
    TAILQ_INSERT_TAIL(&reads->asked, question, link);
    error = replica_read(reads->replica, question->token, READ_PATIENCE_MS);
    if (error != ERROR_NONE) {
        TAILQ_REMOVE(&reads->asked, question, link);
        settle(reads, question, error);
    }
}

static void on_turn(void *context)
{
    struct reads *reads = context;
    struct question *question = reads->gathering;

    if (question != NULL && reads->replica != NULL) {
        reads->gathering = NULL;
        ask(reads, question);
    }
}

/* The state does not get there: entries are missing, or too many. */
static void on_tick(void *context)
{
    struct reads *reads = context;
    uint64_t now_us = loop_now_us(reads->loop);
    struct question *question;

    while ((question = TAILQ_FIRST(&reads->asked)) != NULL &&
           question->state == QUESTION_APPLYING &&
           now_us - question->asked_us >= 2 * READ_PATIENCE_MS * 1000ull) {
        TAILQ_REMOVE(&reads->asked, question, link);
        settle(reads, question, ERROR_TIMED_OUT);
    }
}

struct reads *reads_new(struct loop *loop)
{
    struct reads *reads = calloc(1, sizeof(*reads));

    CHECK(reads != NULL);
    reads->loop = loop;
    TAILQ_INIT(&reads->asked);
    reads->timer = timer_new(loop, on_tick, reads);
    CHECK(reads->timer != NULL);
    loop_on_turn(loop, on_turn, reads);
    return reads;
}

void reads_free(struct reads *reads)
{
    struct question *question;

    if (reads == NULL) {
        return;
    }
    loop_on_turn(reads->loop, NULL, reads);
    timer_free(reads->timer);
    while ((question = TAILQ_FIRST(&reads->asked)) != NULL) {
        TAILQ_REMOVE(&reads->asked, question, link);
        free(question);
    }
    free(reads->gathering);
    free(reads);
}

void reads_start(struct reads *reads, struct replica *replica,
                 uint64_t applied_index)
{
    reads->replica = replica;
    reads->applied_index = applied_index;
    timer_start(reads->timer, READ_PATIENCE_MS / 10, READ_PATIENCE_MS / 10);
}

static struct question *question_new(struct reads *reads)
{
    struct question *question = calloc(1, sizeof(*question));

    CHECK(question != NULL);
    reads->token += 1;
    question->token = reads->token;
    TAILQ_INIT(&question->list);
    return question;
}

static void add(struct reads *reads, struct question *question,
                struct read *read)
{
    TAILQ_INSERT_TAIL(&question->list, read, link);
    question->n += 1;
    reads->waiting += 1;
}

enum error reads_ask(struct reads *reads, struct read *read)
{
    CHECK(read->tell != NULL);
    if (reads->waiting >= READS_WAITING_MAX) {
        return ERROR_BUSY;
    }
    if (reads->gathering == NULL) {
        reads->gathering = question_new(reads);
    }
    add(reads, reads->gathering, read);
    return ERROR_NONE;
}

/* The one that waits for this entry, which others of it may share; it is the
 * last, since entries come in order. */
static struct question *question_for(struct reads *reads, uint64_t log_index)
{
    struct question *last = TAILQ_LAST(&reads->asked, question_list);

    if (last == NULL || last->state != QUESTION_APPLYING ||
        last->index != log_index) {
        last = question_new(reads);
        last->state = QUESTION_APPLYING;
        last->index = log_index;
        last->asked_us = loop_now_us(reads->loop);
        TAILQ_INSERT_TAIL(&reads->asked, last, link);
    }
    return last;
}

enum error reads_await(struct reads *reads, struct read *read,
                       uint64_t log_index)
{
    CHECK(read->tell != NULL);
    if (reads->waiting >= READS_WAITING_MAX) {
        return ERROR_BUSY;
    }
    add(reads, question_for(reads, log_index), read);
    return ERROR_NONE;
}

void reads_ready(struct reads *reads, uint64_t token, enum error error,
                 uint64_t log_index)
{
    struct question *question;

    TAILQ_FOREACH (question, &reads->asked, link) {
        if (question->token == token && question->state == QUESTION_ASKED) {
            break;
        }
    }
    if (question == NULL) {
        return;
    }
    if (error == ERROR_NONE && log_index > reads->applied_index) {
        question->state = QUESTION_APPLYING;
        question->index = log_index;
        return;
    }
    TAILQ_REMOVE(&reads->asked, question, link);
    settle(reads, question, error);
}

void reads_applied(struct reads *reads, uint64_t applied_index)
{
    struct question_list done = TAILQ_HEAD_INITIALIZER(done);
    struct question *question, *next;

    reads->applied_index = applied_index;
    for (question = TAILQ_FIRST(&reads->asked); question != NULL;
         question = next) {
        next = TAILQ_NEXT(question, link);
        if (question->state == QUESTION_APPLYING &&
            question->index <= applied_index) {
            TAILQ_REMOVE(&reads->asked, question, link);
            TAILQ_INSERT_TAIL(&done, question, link);
        }
    }
    while ((question = TAILQ_FIRST(&done)) != NULL) {
        TAILQ_REMOVE(&done, question, link);
        settle(reads, question, ERROR_NONE);
    }
}

size_t reads_waiting(const struct reads *reads)
{
    return reads->waiting;
}
