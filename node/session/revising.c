#include "node/session/revising.h"

#include <inttypes.h>

#include "node/session/denying.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/posting.h"

/* A revision under way. */
struct revising {
    struct errand errand; /* First. */
    struct proposal proposal;
    const struct xccos_revision *asked;
    enum xccos_verb verb;
    /* What it is answered once its refusal is on record: DONE stands for the
     * words of whoever looked at it. */
    enum outcome denied;
    char *denied_why;
};

/* A correction that is looked at before it is proposed. */
struct screened_revising {
    struct screen screen; /* First. */
    struct revising *revising;
};

static struct revising *revising_of(struct proposal *proposal)
{
    return (struct revising *)((char *)proposal -
                               offsetof(struct revising, proposal));
}

/* It is named as it was asked for; what it says now comes as a notice. */
static void reply(struct revising *revising, const struct effects *effects)
{
    const struct xccos_revision *asked = revising->asked;
    struct visit *visit = revising->errand.visit;
    struct xccos_room *block =
        describe_room_uri(visit->hub, visit->intake->arena, &asked->room.guid);
    struct xccos_message message = {.author = visit->caller->user_uri,
                                    .message_id = asked->message->message_id};
    struct xccos_primitive primitive;

    if (block == NULL) {
        caller_cut(visit->caller, "no_memory");
        errand_end(&revising->errand);
        return;
    }
    message.room_uri = block->uri;
    block->messages = &message;
    errand_reply_init(&revising->errand, &primitive);
    primitive.data.rooms = block;
    errand_reply(&revising->errand, &primitive,
                 effects == NULL ? 0 : effects->log_index);
}

static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct revising *revising = revising_of(proposal);

    if (fate == PROPOSAL_UNKNOWN) {
        caller_cut(revising->errand.visit->caller, "revision_unknown");
        errand_end(&revising->errand);
    } else if (fate == PROPOSAL_WITHDRAWN) {
        errand_refuse(&revising->errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
    } else if (outcome_is_success(applied->outcome)) {
        reply(revising, effects);
    } else {
        errand_refuse_acting(&revising->errand, applied->outcome);
    }
}

static void fill_correct(const struct revising *revising,
                         Perch__MessageCorrect *correct)
{
    const struct xccos_message *message = revising->asked->message;
    struct arena *arena = revising->errand.visit->intake->arena;

    CODEC_SET_BYTES(correct, room,
                    slice_of(revising->asked->room.guid.bytes, GUID_BYTES));
    CODEC_SET(correct, message_id, message->message_id.value);
    CODEC_SET_BYTES(correct, text, message->text);
    CODEC_SET_BYTES(correct, extra,
                    posting_extra(arena, message->carried_attributes,
                                  message->carried_children));
}

static void fill_withdraw(const struct revising *revising,
                          Perch__MessageWithdraw *withdraw)
{
    const struct xccos_message *message = revising->asked->message;

    CODEC_SET_BYTES(withdraw, room,
                    slice_of(revising->asked->room.guid.bytes, GUID_BYTES));
    CODEC_SET(withdraw, message_id, message->message_id.value);
    CODEC_SET_BYTES(withdraw, reason, message->reason);
}

static enum error propose(struct revising *revising)
{
    struct caller *caller = revising->errand.visit->caller;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__MessageCorrect correct = PERCH__MESSAGE_CORRECT__INIT;
    Perch__MessageWithdraw withdraw = PERCH__MESSAGE_WITHDRAW__INIT;
    enum error error = caller_open(caller);

    if (error != ERROR_NONE) {
        return error;
    }
    if (revising->verb == XCCOS_VERB_MODMSG) {
        fill_correct(revising, &correct);
        command.kind_case = PERCH__COMMAND__KIND_MESSAGE_CORRECT;
        command.message_correct = &correct;
    } else {
        fill_withdraw(revising, &withdraw);
        command.kind_case = PERCH__COMMAND__KIND_MESSAGE_WITHDRAW;
        command.message_withdraw = &withdraw;
    }
    CODEC_SET_BYTES(&command, user, caller->user_uri);
    CODEC_SET(&command, session, caller->serial);
    revising->proposal.tell = told;
    revising->proposal.patience_ms = POST_PATIENCE_MS;
    return proposer_propose(caller->hub->proposer, &revising->proposal,
                            &command);
}

static void refuse_busy(struct revising *revising)
{
    errand_refuse(&revising->errand, XCCOS_CODE_BUSY,
                  "the pool is busy, try again");
}

static void pass_on(struct revising *revising)
{
    if (caller_is_served(revising->errand.visit->caller) &&
        propose(revising) == ERROR_NONE) {
        errand_waits(&revising->errand);
    } else {
        refuse_busy(revising);
    }
}

static void refuse_denied(struct revising *revising)
{
    if (revising->denied == OUTCOME_DONE) {
        errand_refuse(&revising->errand, XCCOS_CODE_PERMISSION,
                      revising->denied_why);
    } else {
        errand_refuse_outcome(&revising->errand, revising->denied);
    }
}

static void denial_told(struct proposal *proposal, enum proposal_fate fate,
                        const struct applied *applied,
                        const struct effects *effects)
{
    struct revising *revising = revising_of(proposal);

    (void)effects;
    if (fate == PROPOSAL_UNKNOWN) {
        caller_cut(revising->errand.visit->caller, "refusal_unknown");
        errand_end(&revising->errand);
    } else if (fate == PROPOSAL_WITHDRAWN ||
               outcome_code(applied->outcome) == 503) {
        refuse_busy(revising);
    } else {
        refuse_denied(revising);
    }
}

/* As a post that was refused: its notice says of which message it was to take
 * the place. */
static enum error propose_denial(struct revising *revising)
{
    const struct xccos_message *message = revising->asked->message;
    struct buffer notice = BUFFER_EMPTY;
    Perch__Post post = PERCH__POST__INIT;
    enum error error = ERROR_NO_MEMORY;

    buffer_printf(&notice, "%s of message %" PRIu64 ": %s",
                  revising->verb == XCCOS_VERB_MODMSG ? "Correction"
                                                      : "Withdrawal",
                  message->message_id.value, revising->denied_why);
    CODEC_SET_BYTES(&post, room,
                    slice_of(revising->asked->room.guid.bytes, GUID_BYTES));
    CODEC_SET_BYTES(&post, text, message->text);
    revising->proposal.tell = denial_told;
    if (!buffer_failed(&notice)) {
        error =
            denying_propose(revising->errand.visit->caller, &revising->proposal,
                            &post, buffer_slice(&notice));
    }
    buffer_deinit(&notice);
    return error;
}

/* While there is an archive a refusal is on record before it is answered. */
static void deny(struct revising *revising, enum outcome outcome,
                 struct slice reason)
{
    struct visit *visit = revising->errand.visit;
    char *why = arena_copy(visit->intake->arena, reason);

    revising->denied = outcome;
    revising->denied_why = why;
    if (why == NULL) {
        refuse_busy(revising);
    } else if (!hub_keeps_archive(visit->hub)) {
        refuse_denied(revising);
    } else if (!denying_may(visit->caller)) {
        errand_refuse(&revising->errand, XCCOS_CODE_BUSY, DENYING_TOO_MANY);
    } else if (propose_denial(revising) == ERROR_NONE) {
        errand_waits(&revising->errand);
    } else {
        refuse_busy(revising);
    }
}

static void decided(struct screen *screen)
{
    struct revising *revising = ((struct screened_revising *)screen)->revising;

    if (screen->is_refused) {
        deny(revising, OUTCOME_DONE, screen->reason);
    } else {
        pass_on(revising);
    }
}

/* What may not be posted may not be put in the place of a post either. */
static void screen(struct revising *revising, const struct room *room)
{
    struct visit *visit = revising->errand.visit;
    struct arena *arena = visit->intake->arena;
    struct screened_revising *screened = arena_alloc(arena, sizeof(*screened));

    if (screened == NULL) {
        refuse_busy(revising);
        return;
    }
    screened->revising = revising;
    screened->screen = (struct screen){
        .caller = visit->caller,
        .room = room,
        .arena = arena,
        .room_uri =
            hub_room_uri(visit->hub, arena, &revising->asked->room.guid),
        .author = visit->caller->user_uri,
        .text = revising->asked->message->text,
        .decided = decided,
    };
    if (!screening_begin(&screened->screen)) {
        refuse_busy(revising);
    }
}

void revising_serve(struct visit *visit, const struct xccos_primitive *command,
                    const struct xccos_request *request)
{
    struct revising *revising = errand_begin(visit, sizeof(*revising), command);
    const struct room *room =
        query_room(visit->hub->machine, &request->revision.room.guid);
    enum outcome gate;

    if (revising == NULL) {
        return;
    }
    revising->asked = &request->revision;
    revising->verb = request->verb;
    if (request->verb == XCCOS_VERB_MODMSG &&
        (gate = hub_archive_gate(visit->hub)) != OUTCOME_DONE) {
        errand_refuse_outcome(&revising->errand, gate);
    } else if (!hub_is_ours(visit->hub, &request->revision.room)) {
        deny(revising, OUTCOME_ROOM_UNKNOWN,
             slice_of_text(outcome_text(OUTCOME_ROOM_UNKNOWN)));
    } else if (request->verb == XCCOS_VERB_MODMSG &&
               screening_is_needed(visit->caller, room)) {
        screen(revising, room);
    } else {
        pass_on(revising);
    }
}
