#include <stdlib.h>

#include "node/admin/desk_parts.h"
#include "proto/base/check.h"

void desk_forget(struct desk *desk, struct answer *answer)
{
    TAILQ_REMOVE(&desk->waiting, answer, link);
    desk->n_waiting--;
    if (desk->n_waiting == 0) {
        timer_stop(desk->tick);
    }
    admin_ask_free(answer->ask);
    free(answer);
}

/* Who waits for that. NULL for one that was given up: its answer may come all
 * the same. */
static struct answer *find(struct desk *desk, uint64_t token, enum answer_at at)
{
    struct answer *answer;

    TAILQ_FOREACH (answer, &desk->waiting, link) {
        if (answer->token == token) {
            return answer->at == at ? answer : NULL;
        }
    }
    return NULL;
}

static unsigned wait_of(const Perch__Admin__Request *head)
{
    unsigned wait_ms = head->wait_ms;

    if (wait_ms == 0) {
        return ADMIN_WAIT_MS_DEFAULT;
    }
    return wait_ms < ADMIN_WAIT_MS_MAX ? wait_ms : ADMIN_WAIT_MS_MAX;
}

static struct answer *answer_begin(struct desk *desk, struct admin_ask *ask)
{
    const Perch__Admin__Request *head = ask->request.head;
    struct answer *answer = calloc(1, sizeof(*answer));

    CHECK(answer != NULL);
    answer->ask = ask;
    answer->token = ++desk->token_last;
    answer->deadline_us =
        loop_now_us(desk->loop) + (uint64_t)wait_of(head) * 1000;
    answer->loop = desk->loop;
    answer->state = &desk->state;
    answer->fact = admin_fact(ask->request.kind);
    answer->row = answers_row(ask->request.kind);
    answer->asked = ask->request.body;
    answer->arena = ask->arena;
    perch__command__init(&answer->command);
    perch__admin__reply__init(&answer->reply);
    CODEC_SET(&answer->reply, id, head->id);
    CODEC_SET(&answer->reply, result, PERCH__ADMIN__RESULT__DONE);
    ANSWER_TEXT(&answer->reply, outcome, SLICE_LITERAL("DONE"));
    CODEC_SET(&answer->reply, code, 200);
    CODEC_SET(&answer->reply, already, false);
    CODEC_SET(&answer->reply, dry_run,
              head->dry_run && answer->fact->access == ADMIN_CHANGE);
    return answer;
}

/* What the node alone knows is told at once; all else must be up to date. */
static bool must_read(const struct answer *answer)
{
    if (answer->fact->access == ADMIN_LOCAL) {
        return false;
    }
    return answer->fact->access == ADMIN_CHANGE ||
           !answer->ask->request.head->stale;
}

static void take(struct desk *desk, struct admin_ask *ask)
{
    struct answer *answer = answer_begin(desk, ask);

    CHECK(answer->row != NULL);
    TAILQ_INSERT_TAIL(&desk->waiting, answer, link);
    desk->n_waiting++;
    if (desk->n_waiting == 1) {
        timer_start(desk->tick, DESK_TICK_MS, DESK_TICK_MS);
    }
    if (!must_read(answer)) {
        carry_decide(desk, answer);
    } else if (desk->state.read(desk->state.context, answer->token) !=
               ERROR_NONE) {
        carry_refuse(desk, answer, REFUSAL_BUSY);
    }
}

static void on_asks(void *context, struct letter_list *list)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        take(context, (struct admin_ask *)letter);
    }
}

/* The deadline is over. What was proposed is taken back by then if it can be,
 * and a moment later its fate is open. */
static void give_up(struct desk *desk, struct answer *answer, uint64_t now_us)
{
    if (answer->at == ANSWER_READING) {
        carry_refuse(desk, answer, REFUSAL_NO_LEADER);
    } else if (answer->at == ANSWER_SEARCHING) {
        carry_refuse(desk, answer, REFUSAL_SEARCH_NOT_READY);
    } else if (now_us >= answer->deadline_us + DESK_WITHDRAW_MS * 1000) {
        carry_refuse(desk, answer, REFUSAL_OUTCOME_UNKNOWN);
    }
}

static void on_tick(void *context)
{
    struct desk *desk = context;
    uint64_t now_us = loop_now_us(desk->loop);
    struct answer *answer, *next;

    TAILQ_FOREACH_SAFE (answer, &desk->waiting, link, next) {
        if (now_us >= answer->deadline_us) {
            give_up(desk, answer, now_us);
        }
    }
}

enum error desk_open(struct loop *loop, const struct admin_state *state,
                     struct desk **desk_out)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    if (desk == NULL) {
        return ERROR_NO_MEMORY;
    }
    desk->loop = loop;
    desk->state = *state;
    TAILQ_INIT(&desk->waiting);
    desk->inbox = letters_new(loop, DESK_ASKS_MAX, on_asks, desk);
    desk->tick = timer_new(loop, on_tick, desk);
    if (desk->inbox == NULL || desk->tick == NULL) {
        desk_close(desk);
        return ERROR_NO_MEMORY;
    }
    *desk_out = desk;
    return ERROR_NONE;
}

void desk_close(struct desk *desk)
{
    struct letter_list left;
    struct letter *letter;

    if (desk == NULL) {
        return;
    }
    if (desk->inbox != NULL) {
        letters_close(desk->inbox, &left);
        while ((letter = STAILQ_FIRST(&left)) != NULL) {
            STAILQ_REMOVE_HEAD(&left, link);
            admin_ask_free((struct admin_ask *)letter);
        }
        letters_free(desk->inbox);
    }
    while (!TAILQ_EMPTY(&desk->waiting)) {
        desk_forget(desk, TAILQ_FIRST(&desk->waiting));
    }
    timer_free(desk->tick);
    free(desk);
}

struct letters *desk_inbox(struct desk *desk)
{
    return desk->inbox;
}

size_t desk_waiting(const struct desk *desk)
{
    return desk->n_waiting;
}

void desk_read_ready(struct desk *desk, uint64_t token, enum error error)
{
    struct answer *answer = find(desk, token, ANSWER_READING);

    if (answer == NULL) {
        return;
    }
    if (error != ERROR_NONE) {
        carry_refuse(desk, answer, REFUSAL_NO_LEADER);
        return;
    }
    carry_decide(desk, answer);
}

void desk_told(struct desk *desk, uint64_t token, enum admin_fate fate,
               const struct applied *applied)
{
    struct answer *answer = find(desk, token, ANSWER_PROPOSED);

    if (answer == NULL) {
        return;
    }
    switch (fate) {
    case ADMIN_APPLIED:
        carry_outcome(desk, answer, applied);
        return;
    case ADMIN_WITHDRAWN:
        carry_refuse(desk, answer, REFUSAL_WITHDRAWN);
        return;
    case ADMIN_LOST:
        carry_refuse(desk, answer, REFUSAL_OUTCOME_UNKNOWN);
        return;
    }
}

void desk_transferred(struct desk *desk, uint64_t token, enum error error)
{
    struct answer *answer = find(desk, token, ANSWER_TRANSFERRING);

    if (answer == NULL) {
        return;
    }
    if (error != ERROR_NONE) {
        answer_refuse_about(answer, REFUSAL_TRANSFER_FAILED,
                            slice_of_text(error_text(error)));
        carry_settle(desk, answer);
        return;
    }
    carry_changed(desk, answer);
}

void desk_found(struct desk *desk, uint64_t token, const struct lookup *lookup,
                const char *why)
{
    struct answer *answer = find(desk, token, ANSWER_SEARCHING);

    if (answer == NULL) {
        return;
    }
    answer->machine = desk->state.machine(desk->state.context);
    if (lookup->error == ERROR_INVALID || lookup->error == ERROR_TOO_LARGE) {
        answer_refuse(answer, REFUSAL_SEARCH_WORDS);
    } else if (lookup->error != ERROR_NONE || answer->machine == NULL) {
        answer_refuse_about(answer, REFUSAL_SEARCH_NOT_READY,
                            slice_of_text(why));
    } else {
        search_found(answer, lookup);
    }
    carry_settle(desk, answer);
}
