#include <inttypes.h>

#include "node/admin/desk_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

#define TO(state) (1u << ANSWER_##state)

static const unsigned may_follow[ANSWER_STATES] = {
    [ANSWER_READING] = TO(DECIDING) | TO(SETTLED),
    [ANSWER_DECIDING] =
        TO(PROPOSED) | TO(TRANSFERRING) | TO(SEARCHING) | TO(SETTLED),
    [ANSWER_PROPOSED] = TO(SETTLED),
    [ANSWER_TRANSFERRING] = TO(SETTLED),
    [ANSWER_SEARCHING] = TO(SETTLED),
    [ANSWER_SETTLED] = 0,
};

/* Move an answer to another state: the one place that does. */
static void carry_move(struct answer *answer, enum answer_at next)
{
    CHECK(may_follow[answer->at] & (1u << next));
    answer->at = next;
    CHECK(next != ANSWER_PROPOSED || answer->does == ANSWER_PROPOSES);
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

/* A reply is bounded by how it is made; one that were not is a defect that must
 * not take the node down. A change that was made is still said to be made. */
static void write_reply(struct answer *answer, struct buffer *to)
{
    enum admin_kind kind = answer->ask->request.kind;
    enum error error =
        admin_write_reply(kind, &answer->reply, answer->body, to);

    if (error == ERROR_NONE) {
        return;
    }
    journal_error("reply_failed", "what=%s error=%s", answer->fact->name,
                  error_name(error));
    if (answer->fact->access != ADMIN_CHANGE) {
        answer_refuse(answer, REFUSAL_NO_MEMORY);
    }
    (void)admin_write_reply(kind, &answer->reply, NULL, to);
}

void carry_settle(struct desk *desk, struct answer *answer)
{
    struct admin_told *told = admin_told_new(answer->ask->client);

    CHECK(told != NULL);
    carry_move(answer, ANSWER_SETTLED);
    write_journal(answer);
    write_reply(answer, &told->frame);
    if (letters_send_reply(answer->ask->reply_to, &told->letter) !=
        ERROR_NONE) {
        admin_told_free(told); /* The server is closing. */
    }
    desk_forget(desk, answer);
}

void carry_refuse(struct desk *desk, struct answer *answer,
                  enum refusal refusal)
{
    answer_refuse(answer, refusal);
    carry_settle(desk, answer);
}

void carry_changed(struct desk *desk, struct answer *answer)
{
    answer->machine = desk->state.machine(desk->state.context);
    answer_tell_change(answer);
    if (!answer->reply.dry_run && answer->row->show != NULL &&
        answer->machine != NULL) {
        answer->row->show(answer);
    }
    carry_settle(desk, answer);
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
    carry_move(answer, ANSWER_PROPOSED);
    error = desk->state.propose(desk->state.context, answer->token,
                                &answer->command, patience_ms(desk, answer));
    if (error != ERROR_NONE) {
        carry_refuse(desk, answer, refusal_of_error(error));
    }
}

/* What the rules object to: a part of the command, or else all that it is
 * about, so that a refusal never leaves open what was wrong. */
static struct slice objection(const struct answer *answer,
                              const struct applied *applied)
{
    struct slice culprit = answers_culprit(&answer->command, applied);

    return culprit.len > 0 ? culprit : answer->subject;
}

static void propose(struct desk *desk, struct answer *answer)
{
    Perch__Command *command = &answer->command;
    const struct admin_actor *actor = &answer->ask->actor;
    struct applied judged;

    CODEC_SET_BYTES(command, administrator, slice_of_text(actor->name));
    CODEC_SET_BYTES(command, source, slice_of_text(actor->source));
    judged = machine_judge(answer->machine, command, NULL);
    if (!outcome_is_success(judged.outcome)) {
        answer_refuse_outcome(answer, judged.outcome,
                              objection(answer, &judged));
        carry_settle(desk, answer);
    } else if (answer->reply.dry_run) {
        carry_changed(desk, answer);
    } else {
        hand_over(desk, answer);
    }
}

static void transfer(struct desk *desk, struct answer *answer)
{
    if (answer->reply.dry_run) {
        carry_changed(desk, answer);
        return;
    }
    carry_move(answer, ANSWER_TRANSFERRING);
    desk->state.transfer(desk->state.context, answer->token,
                         answer->transfer_to);
}

static void search(struct desk *desk, struct answer *answer)
{
    struct admin_search *wanted = answer->search;

    answer->search = NULL;
    carry_move(answer, ANSWER_SEARCHING);
    desk->state.search(desk->state.context, answer->token, wanted);
}

static void act(struct desk *desk, struct answer *answer)
{
    switch (answer->does) {
    case ANSWER_ALREADY:
        CODEC_SET(&answer->reply, already, true);
        carry_changed(desk, answer);
        return;
    case ANSWER_PROPOSES:
        propose(desk, answer);
        return;
    case ANSWER_TRANSFERS:
        transfer(desk, answer);
        return;
    case ANSWER_SEARCHES:
        search(desk, answer);
        return;
    default:
        carry_settle(desk, answer);
        return;
    }
}

void carry_decide(struct desk *desk, struct answer *answer)
{
    carry_move(answer, ANSWER_DECIDING);
    answer->machine = desk->state.machine(desk->state.context);
    if (answer->machine == NULL && answer->fact->access != ADMIN_LOCAL) {
        carry_refuse(desk, answer, REFUSAL_NOT_LOADED);
        return;
    }
    CODEC_SET(&answer->reply, log_index,
              desk->state.applied(desk->state.context));
    answer->row->decide(answer);
    act(desk, answer);
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

void carry_outcome(struct desk *desk, struct answer *answer,
                   const struct applied *applied)
{
    struct slice about = objection(answer, applied);

    CODEC_SET(&answer->reply, log_index,
              desk->state.applied(desk->state.context));
    if (outcome_is_success(applied->outcome)) {
        carry_changed(desk, answer);
    } else if (holds_already(desk, answer)) {
        CODEC_SET(&answer->reply, already, true);
        carry_changed(desk, answer);
    } else {
        answer_refuse_outcome(answer, applied->outcome, about);
        carry_settle(desk, answer);
    }
}
