#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/admin/desk_parts.h"
#include "node/admin/on_record.h"
#include "node/chat/archive.h"
#include "node/chat/query.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

/* Of a reason in the journal; what is longer is cut there, and nowhere else. */
enum { REASON_BYTES_MAX = 512, SALT_BYTES = 32 };

#define TO(state) (1u << ANSWER_##state)

static const unsigned may_follow[ANSWER_STATES] = {
    [ANSWER_READING] = TO(DECIDING) | TO(SETTLED),
    [ANSWER_DECIDING] =
        TO(PROPOSED) | TO(TRANSFERRING) | TO(SEARCHING) | TO(SETTLED),
    [ANSWER_PROPOSED] = TO(DECIDING) | TO(SETTLED),
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

/* " reason=..." within its quotes, whatever it has in it; "" without one. */
static void write_reason(const struct answer *answer, char to[REASON_BYTES_MAX])
{
    struct slice reason = codec_slice(answer->ask->request.head->reason);
    char *end;

    to[0] = '\0';
    if (reason.len == 0) {
        return;
    }
    snprintf(to, REASON_BYTES_MAX - 1, " reason=\"%.*s", SLICE_PRINT(reason));
    for (end = strchr(to, '"') + 1; *end != '\0'; end++) {
        *end = *end == '"' ? '\'' : *end;
    }
    *end++ = '"';
    *end = '\0';
}

/* One line for each look at what others say; what was found it does not tell.
 */
static void write_look(const struct answer *answer,
                       const char reason[REASON_BYTES_MAX])
{
    const Perch__Admin__Reply *reply = &answer->reply;

    journal_notice("said_looked_at",
                   "administrator=\"%s\" source=\"%s\" what=%s "
                   "outcome=%.*s log_index=%" PRIu64 "%s",
                   answer->ask->actor.name, answer->ask->actor.source,
                   answer->fact->name, (int)reply->outcome.len,
                   (const char *)reply->outcome.data, reply->log_index, reason);
}

/* One line for each change that was asked for, as it went; looking leaves
 * none, but at what is said. */
static void write_journal(const struct answer *answer)
{
    const Perch__Admin__Reply *reply = &answer->reply;
    char reason[REASON_BYTES_MAX];

    write_reason(answer, reason);
    if (answer->fact->access == ADMIN_LOOK &&
        administrators_for(answer->ask->request.kind) != 0) {
        write_look(answer, reason);
    } else if (answer->fact->access == ADMIN_CHANGE &&
               (answer->deed != NULL || answer_refused(answer))) {
        journal_notice("change_asked",
                       "administrator=\"%s\" source=\"%s\" what=%s "
                       "outcome=%.*s already=%d dry_run=%d log_index=%" PRIu64
                       "%s",
                       answer->ask->actor.name, answer->ask->actor.source,
                       answer->fact->name, (int)reply->outcome.len,
                       (const char *)reply->outcome.data, reply->already,
                       reply->dry_run, reply->log_index, reason);
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

/* What the archive has by its digest alone is salted, lest the digest tell what
 * it says. */
static void salt(const struct desk *desk, struct answer *answer,
                 Perch__Command *command)
{
    size_t size = perch__command__get_packed_size(command) + SALT_BYTES;
    uint8_t *bytes;

    if (answer->machine == NULL ||
        !archive_withholds(answer->machine, command, size)) {
        return;
    }
    bytes = answer_alloc(answer, SALT_BYTES);
    loop_random(desk->loop, bytes, SALT_BYTES);
    CODEC_SET(command, salt, codec_bytes(slice_of(bytes, SALT_BYTES)));
}

static void hand_over(struct desk *desk, struct answer *answer,
                      Perch__Command *command)
{
    enum error error;

    salt(desk, answer, command);
    /* First: the fate may be told within the call. */
    carry_move(answer, ANSWER_PROPOSED);
    error = desk->state.propose(desk->state.context, answer->token, command,
                                patience_ms(desk, answer));
    if (error != ERROR_NONE) {
        carry_refuse(desk, answer, refusal_of_error(error));
    }
}

/* What the rules object to: a part of the command, or else all that it is
 * about, so that a refusal never leaves open what was wrong. */
static struct slice objection(struct answer *answer,
                              const struct applied *applied)
{
    struct slice culprit = answers_culprit(&answer->command, applied);

    if (applied->outcome == OUTCOME_ADMINISTRATOR_ROLE_MISSING &&
        answer->machine != NULL) {
        return administrators_lack(answer, machine_roles(&answer->command));
    }
    return culprit.len > 0 ? culprit : answer->subject;
}

/* Say who acts and, to rules that know of it, by what that is believed and
 * why. */
static void sign(const struct answer *answer, Perch__Command *command)
{
    const struct admin_actor *actor = &answer->ask->actor;

    CODEC_SET_BYTES(command, administrator, slice_of_text(actor->name));
    CODEC_SET_BYTES(command, source, slice_of_text(actor->source));
    if (machine_rules_version(answer->machine) >= RULES_TALK) {
        CODEC_SET(command, credential, actor->credential);
        CODEC_SET_BYTES(command, reason,
                        codec_slice(answer->ask->request.head->reason));
    }
}

/* The rules are raised before what was asked, which the rules then in force
 * decide anew. */
static void raise_rules(struct desk *desk, struct answer *answer)
{
    Perch__RulesRaise *raise =
        answer_new(answer, &perch__rules_raise__descriptor);
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(raise, version, answer->raise_to);
    command.kind_case = PERCH__COMMAND__KIND_RULES_RAISE;
    command.rules_raise = raise;
    sign(answer, &command);
    answer->raised = true;
    answer->is_raising = true;
    hand_over(desk, answer, &command);
}

static void propose(struct desk *desk, struct answer *answer)
{
    struct facts facts = {0, NULL};
    struct applied_entry as = {.facts = &facts};
    struct applied judged;

    sign(answer, &answer->command);
    as.sent_at_us = loop_wall_us(desk->loop);
    if (message_is_wanted(&answer->command) &&
        desk->state.messages->facts(desk->state.context, &answer->command,
                                    answer->arena, &facts) != ERROR_NONE) {
        carry_refuse(desk, answer, REFUSAL_NO_MESSAGES_HERE);
        return;
    }
    judged = machine_judge(answer->machine, &answer->command, &as);
    if (!outcome_is_success(judged.outcome)) {
        answer_refuse_outcome(answer, judged.outcome,
                              objection(answer, &judged));
        carry_settle(desk, answer);
    } else if (answer->reply.dry_run) {
        carry_changed(desk, answer);
    } else if (answer->raise_to != 0 && !answer->raised) {
        raise_rules(desk, answer);
    } else {
        hand_over(desk, answer, &answer->command);
    }
}

static void transfer(struct desk *desk, struct answer *answer)
{
    const uint32_t roles =
        ADMINISTRATOR_BIT(OPERATOR) | ADMINISTRATOR_BIT(ADMINISTRATOR);

    if ((query_roles_of(answer->machine, &answer->command) & roles) == 0) {
        answer_refuse_outcome(answer, OUTCOME_ADMINISTRATOR_ROLE_MISSING,
                              administrators_lack(answer, roles));
        carry_settle(desk, answer);
        return;
    }
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

/* Whoever has a role may look, but not at what is said; what changes something
 * the rules decide. A node without a state tells of itself alone. */
static bool has_role(const struct answer *answer)
{
    uint32_t needed = administrators_for(answer->ask->request.kind);
    Perch__Command command = PERCH__COMMAND__INIT;
    uint32_t has;

    sign(answer, &command);
    has = query_roles_of(answer->machine, &command);
    return needed == 0 ? has != 0 : (has & needed) != 0;
}

static bool may_ask(struct answer *answer)
{
    uint32_t needed = administrators_for(answer->ask->request.kind);

    sign(answer, &answer->command);
    if (has_role(answer)) {
        return true;
    }
    answer_refuse_outcome(answer, OUTCOME_ADMINISTRATOR_ROLE_MISSING,
                          administrators_lack(answer, needed));
    return false;
}

/* It reads messages, and there is nothing to read them from. */
static bool wants_messages(const struct answer *answer)
{
    enum admin_kind kind = answer->ask->request.kind;

    return answer->state->messages == NULL && kind >= ADMIN_MESSAGES_LIST &&
           kind <= ADMIN_ROOMS_PURGE;
}

/* What is said is looked at: that goes on record first, also when the rules
 * refuse it. */
static void put_on_record(struct desk *desk, struct answer *answer)
{
    on_record_command(answer, has_role(answer), &answer->command);
    sign(answer, &answer->command);
    answer->is_recording = true;
    answer->does = ANSWER_PROPOSES;
    hand_over(desk, answer, &answer->command);
}

void carry_decide(struct desk *desk, struct answer *answer)
{
    carry_move(answer, ANSWER_DECIDING);
    answer->machine = desk->state.machine(desk->state.context);
    if (answer->machine == NULL && answer->fact->access != ADMIN_LOCAL) {
        carry_refuse(desk, answer, REFUSAL_NOT_LOADED);
        return;
    }
    if (answer->machine != NULL && on_record_is_needed(answer)) {
        put_on_record(desk, answer);
        return;
    }
    if (answer->machine != NULL && !may_ask(answer)) {
        carry_settle(desk, answer);
        return;
    }
    CODEC_SET(&answer->reply, log_index,
              desk->state.applied(desk->state.context));
    if (wants_messages(answer)) {
        carry_refuse(desk, answer, REFUSAL_NO_MESSAGES_HERE);
        return;
    }
    answer->row->decide(answer);
    act(desk, answer);
}

/* Another request may have made the same change since this one was judged:
 * then it holds, and whoever asked twice is told the same twice. */
static bool holds_already(struct desk *desk, struct answer *answer)
{
    answer->machine = desk->state.machine(desk->state.context);
    answer->does = ANSWER_REPLIES;
    if (answer->machine != NULL && may_ask(answer)) {
        answer->row->decide(answer);
    }
    return !answer_refused(answer) && answer->does == ANSWER_ALREADY;
}

/* The look is on record, or that it was refused. */
static void go_on(struct desk *desk, struct answer *answer,
                  const struct applied *applied)
{
    answer->is_recording = false;
    answer->machine = desk->state.machine(desk->state.context);
    if (!outcome_is_success(applied->outcome)) {
        answer_refuse_outcome(answer, applied->outcome,
                              objection(answer, applied));
        carry_settle(desk, answer);
        return;
    }
    answer->is_on_record = true;
    answer->token = ++desk->token_last;
    answer->does = ANSWER_REPLIES;
    perch__command__init(&answer->command);
    carry_decide(desk, answer);
}

void carry_outcome(struct desk *desk, struct answer *answer,
                   const struct applied *applied)
{
    struct slice about;

    if (answer->is_recording) {
        go_on(desk, answer, applied);
        return;
    }

    if (answer->is_raising) {
        answer->is_raising = false;
        answer->token = ++desk->token_last;
        answer->does = ANSWER_REPLIES;
        carry_decide(desk, answer); /* Whoever has raised them, or not. */
        return;
    }
    answer->machine = desk->state.machine(desk->state.context);
    about = objection(answer, applied);
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
