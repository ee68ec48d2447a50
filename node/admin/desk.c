#include "node/admin/desk.h"

#include <inttypes.h>
#include <stdlib.h>

#include "node/admin/answers.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

TAILQ_HEAD(answers, answer);

struct desk {
    struct loop *loop;
    struct admin_state state;
    struct letters *inbox;
    struct timer *tick; /* Runs while anything waits. */
    struct answers waiting;
    size_t n_waiting;
    uint64_t token_last;
};

#define TO(state) (1u << ANSWER_##state)

static const unsigned may_follow[ANSWER_STATES] = {
    [ANSWER_READING] = TO(DECIDING) | TO(SETTLED),
    [ANSWER_DECIDING] = TO(PROPOSED) | TO(TRANSFERRING) | TO(SETTLED),
    [ANSWER_PROPOSED] = TO(SETTLED),
    [ANSWER_TRANSFERRING] = TO(SETTLED),
    [ANSWER_SETTLED] = 0,
};

/* The one place an answer changes state. */
static void answer_move(struct answer *answer, enum answer_at next)
{
    CHECK(may_follow[answer->at] & (1u << next));
    answer->at = next;
    CHECK(next != ANSWER_PROPOSED || answer->does == ANSWER_PROPOSES);
}

static void answer_free(struct desk *desk, struct answer *answer)
{
    TAILQ_REMOVE(&desk->waiting, answer, link);
    desk->n_waiting--;
    if (desk->n_waiting == 0) {
        timer_stop(desk->tick);
    }
    admin_ask_free(answer->ask);
    free(answer);
}

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

/* One line for each change that was asked for, as it went; looking leaves
 * none. */
static void write_journal(const struct answer *answer)
{
    const Perch__Admin__Reply *reply = &answer->reply;

    if (answer->fact->access == ADMIN_CHANGE &&
        (answer->deed != NULL || answer_refused(answer))) {
        journal_notice("change_asked",
                       "administrator=\"%s\" source=\"%s\" what=%s "
                       "outcome=%.*s already=%d dry_run=%d log_index=%" PRIu64,
                       answer->ask->actor.name, answer->ask->actor.source,
                       answer->fact->name, (int)reply->outcome.len,
                       (const char *)reply->outcome.data, reply->already,
                       reply->dry_run, reply->log_index);
    }
}

/* A reply is bounded by how it is made; one that were not is a defect that
 * must not take the node down. */
static void write_reply(struct answer *answer, struct buffer *to)
{
    enum error error = admin_write_reply(answer->ask->request.kind,
                                         &answer->reply, answer->body, to);

    if (error != ERROR_NONE) {
        journal_error("reply_failed", "what=%s error=%s", answer->fact->name,
                      error_name(error));
        answer_refuse(answer, REFUSAL_NO_MEMORY);
        (void)admin_write_reply(answer->ask->request.kind, &answer->reply, NULL,
                                to);
    }
}

/* Send the reply and forget the request. */
static void settle(struct desk *desk, struct answer *answer)
{
    struct admin_told *told = admin_told_new(answer->ask->client);

    CHECK(told != NULL);
    answer_move(answer, ANSWER_SETTLED);
    write_journal(answer);
    write_reply(answer, &told->frame);
    if (letters_send_reply(answer->ask->reply_to, &told->letter) !=
        ERROR_NONE) {
        admin_told_free(told); /* The server is closing. */
    }
    answer_free(desk, answer);
}

static void settle_refused(struct desk *desk, struct answer *answer,
                           enum refusal refusal)
{
    answer_refuse(answer, refusal);
    settle(desk, answer);
}

/* A change that holds, by this request or before it. */
static void settle_changed(struct desk *desk, struct answer *answer)
{
    answer->machine = desk->state.machine(desk->state.context);
    answer_tell_change(answer);
    if (!answer->reply.dry_run && answer->row->show != NULL &&
        answer->machine != NULL) {
        answer->row->show(answer);
    }
    settle(desk, answer);
}

/* How long a proposal may wait before it leaves this node; at least a moment,
 * as none would mean for ever. */
static unsigned patience_ms(struct desk *desk, const struct answer *answer)
{
    uint64_t now_us = loop_now_us(desk->loop);

    return now_us + 1000 < answer->deadline_us
               ? (unsigned)((answer->deadline_us - now_us) / 1000)
               : 1;
}

static enum refusal refusal_of_error(enum error error)
{
    switch (error) {
    case ERROR_NO_LEADER:
        return REFUSAL_NO_LEADER;
    case ERROR_TOO_LARGE:
        return REFUSAL_REQUEST_TOO_LARGE;
    case ERROR_NO_MEMORY:
        return REFUSAL_NO_MEMORY;
    default:
        return REFUSAL_BUSY;
    }
}

static void hand_over(struct desk *desk, struct answer *answer)
{
    enum error error;

    /* First: the fate may be told within the call. */
    answer_move(answer, ANSWER_PROPOSED);
    error = desk->state.propose(desk->state.context, answer->token,
                                &answer->command, patience_ms(desk, answer));
    if (error != ERROR_NONE) {
        settle_refused(desk, answer, refusal_of_error(error));
    }
}

static void propose(struct desk *desk, struct answer *answer)
{
    Perch__Command *command = &answer->command;
    const struct admin_actor *actor = &answer->ask->actor;
    struct applied judged;

    CODEC_SET_BYTES(command, administrator, slice_of_text(actor->name));
    CODEC_SET_BYTES(command, source, slice_of_text(actor->source));
    judged = machine_judge(answer->machine, command);
    if (!outcome_is_success(judged.outcome)) {
        answer_refuse_outcome(answer, judged.outcome,
                              answers_culprit(command, &judged));
        settle(desk, answer);
    } else if (answer->reply.dry_run) {
        settle_changed(desk, answer);
    } else {
        hand_over(desk, answer);
    }
}

static void transfer(struct desk *desk, struct answer *answer)
{
    if (answer->reply.dry_run) {
        settle_changed(desk, answer);
        return;
    }
    answer_move(answer, ANSWER_TRANSFERRING);
    desk->state.transfer(desk->state.context, answer->token,
                         answer->transfer_to);
}

static void act(struct desk *desk, struct answer *answer)
{
    switch (answer->does) {
    case ANSWER_ALREADY:
        CODEC_SET(&answer->reply, already, true);
        settle_changed(desk, answer);
        return;
    case ANSWER_PROPOSES:
        propose(desk, answer);
        return;
    case ANSWER_TRANSFERS:
        transfer(desk, answer);
        return;
    default:
        settle(desk, answer);
        return;
    }
}

static void decide(struct desk *desk, struct answer *answer)
{
    answer_move(answer, ANSWER_DECIDING);
    answer->machine = desk->state.machine(desk->state.context);
    if (answer->machine == NULL && answer->fact->access != ADMIN_LOCAL) {
        settle_refused(desk, answer, REFUSAL_NOT_LOADED);
        return;
    }
    CODEC_SET(&answer->reply, log_index,
              desk->state.applied(desk->state.context));
    answer->row->decide(answer);
    act(desk, answer);
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
        decide(desk, answer);
    } else if (desk->state.read(desk->state.context, answer->token) !=
               ERROR_NONE) {
        settle_refused(desk, answer, REFUSAL_BUSY);
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
        settle_refused(desk, answer, REFUSAL_NO_LEADER);
    } else if (now_us >= answer->deadline_us + DESK_WITHDRAW_MS * 1000) {
        settle_refused(desk, answer, REFUSAL_OUTCOME_UNKNOWN);
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
        answer_free(desk, TAILQ_FIRST(&desk->waiting));
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
        settle_refused(desk, answer, REFUSAL_NO_LEADER);
        return;
    }
    decide(desk, answer);
}

/* Another request may have made the same change since this one was judged:
 * then it holds, and whoever asked twice is told the same twice. */
static bool holds_already(struct desk *desk, struct answer *answer)
{
    answer->machine = desk->state.machine(desk->state.context);
    answer->does = ANSWER_REPLIES;
    if (answer->machine != NULL) {
        answer->row->decide(answer);
    }
    return !answer_refused(answer) && answer->does == ANSWER_ALREADY;
}

static void take_outcome(struct desk *desk, struct answer *answer,
                         const struct applied *applied)
{
    struct slice culprit = answers_culprit(&answer->command, applied);

    CODEC_SET(&answer->reply, log_index,
              desk->state.applied(desk->state.context));
    if (outcome_is_success(applied->outcome)) {
        settle_changed(desk, answer);
    } else if (holds_already(desk, answer)) {
        CODEC_SET(&answer->reply, already, true);
        settle_changed(desk, answer);
    } else {
        answer_refuse_outcome(answer, applied->outcome, culprit);
        settle(desk, answer);
    }
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
        take_outcome(desk, answer, applied);
        return;
    case ADMIN_WITHDRAWN:
        settle_refused(desk, answer, REFUSAL_WITHDRAWN);
        return;
    case ADMIN_LOST:
        settle_refused(desk, answer, REFUSAL_OUTCOME_UNKNOWN);
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
        settle(desk, answer);
        return;
    }
    settle_changed(desk, answer);
}
