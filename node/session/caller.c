#include "node/session/caller.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/session/hub.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

#define TO(state) (1u << CALLER_##state)

static const struct {
    const char *name;
    unsigned may_follow; /* Set of TO() bits. */
} caller_states[CALLER_STATES] = {
    [CALLER_IDLE] = {"idle", TO(OPENING) | TO(CUT) | TO(GONE)},
    [CALLER_OPENING] = {"opening", TO(OPEN) | TO(IDLE) | TO(CUT) | TO(LEAVING)},
    [CALLER_OPEN] = {"open", TO(CUT) | TO(LEAVING)},
    [CALLER_CUT] = {"cut", TO(LEAVING) | TO(GONE)},
    [CALLER_LEAVING] = {"leaving", TO(GONE)},
    [CALLER_GONE] = {"gone", 0},
};

/* What must hold in a state. */
static void caller_check(const struct caller *caller)
{
    switch (caller->state) {
    case CALLER_IDLE:
        CHECK(!caller->has_session && caller->n_seats == 0);
        break;
    case CALLER_OPENING:
    case CALLER_OPEN:
        CHECK(caller->serial != 0);
        break;
    case CALLER_CUT:
    case CALLER_LEAVING:
        CHECK(caller->n_seats == 0);
        break;
    case CALLER_GONE:
        CHECK(!caller->has_session && caller->n_seats == 0);
        CHECK(!caller->is_leaving);
        break;
    default:
        CHECK_UNREACHABLE();
    }
}

/* The one place a caller changes state. */
static void caller_move(struct caller *caller, enum caller_state next)
{
    CHECK(caller_states[caller->state].may_follow & (1u << next));
    journal_debug("caller_moved",
                  "session=%" PRIu64 " dialog=%016" PRIx64 " from=%s to=%s",
                  caller->serial, caller->dialog,
                  caller_states[caller->state].name, caller_states[next].name);
    caller->state = next;
    caller_check(caller);
}

static struct slice keep(char **to, struct slice text)
{
    struct slice kept = slice_of(*to, text.len);

    if (text.len > 0) {
        memcpy(*to, text.data, text.len);
    }
    *to += text.len;
    return kept;
}

struct caller *caller_new(struct sessions *hub, const struct intake *intake)
{
    const struct intake_dialog *dialog = &intake->dialog;
    size_t texts =
        dialog->user_uri.len + dialog->endpoint_id.len + dialog->pool_uri.len;
    struct caller *caller = calloc(1, sizeof(*caller) + texts);
    char *to;

    CHECK(caller != NULL);
    to = caller->texts;
    caller->hub = hub;
    caller->dialog = intake->ref;
    caller->connection = dialog->connection;
    caller->resumes = dialog->resumes;
    caller->user_uri = keep(&to, dialog->user_uri);
    caller->endpoint_id = keep(&to, dialog->endpoint_id);
    caller->pool_uri = keep(&to, dialog->pool_uri);
    TAILQ_INIT(&caller->seats);
    TAILQ_INIT(&caller->screens);
    callers_add(&hub->callers, caller);
    meter_move(&hub->meters.callers, 1);
    return caller;
}

static void leave_seats(struct caller *caller)
{
    while (!TAILQ_EMPTY(&caller->seats)) {
        seat_leave(&caller->hub->audiences, TAILQ_FIRST(&caller->seats));
    }
}

static void set_session(struct caller *caller, bool has_session)
{
    if (caller->has_session != has_session) {
        meter_move(&caller->hub->meters.sessions, has_session ? 1 : -1);
    }
    caller->has_session = has_session;
}

static void go(struct caller *caller)
{
    set_session(caller, false);
    leave_seats(caller);
    if (caller->dialog != 0) {
        meter_move(&caller->hub->meters.callers, -1);
    }
    callers_remove(&caller->hub->callers, caller);
    caller_move(caller, CALLER_GONE);
    callers_keep_gone(&caller->hub->callers, caller);
    if (caller->holds == 0) {
        callers_free(&caller->hub->callers, caller);
    }
}

void caller_hold(struct caller *caller)
{
    caller->holds += 1;
}

void caller_release(struct caller *caller)
{
    CHECK(caller->holds > 0);
    caller->holds -= 1;
    if (caller->holds == 0 && caller->state == CALLER_GONE) {
        callers_free(&caller->hub->callers, caller);
    }
}

bool caller_is_served(const struct caller *caller)
{
    return caller->state == CALLER_IDLE || caller->state == CALLER_OPENING ||
           caller->state == CALLER_OPEN;
}

static struct caller *caller_of_opening(struct proposal *proposal)
{
    return (struct caller *)((char *)proposal -
                             offsetof(struct caller, opening));
}

static struct caller *caller_of_closing(struct proposal *proposal)
{
    return (struct caller *)((char *)proposal -
                             offsetof(struct caller, closing));
}

/* The open was refused or taken back: there is no session. */
static void not_opened(struct caller *caller, enum outcome refusal)
{
    caller->open_refusal = refusal;
    callers_set_serial(&caller->hub->callers, caller, 0);
    if (caller->state == CALLER_OPENING) {
        caller_move(caller, CALLER_IDLE);
    }
}

static void opened(struct caller *caller)
{
    caller->epoch = proposer_epoch(caller->hub->proposer);
    set_session(caller, true);
    if (caller->state == CALLER_OPENING) {
        caller_move(caller, CALLER_OPEN);
    }
}

static void open_told(struct proposal *proposal, enum proposal_fate fate,
                      const struct applied *applied,
                      const struct effects *effects)
{
    struct caller *caller = caller_of_opening(proposal);

    (void)effects;
    caller->is_opening = false;
    if (fate == PROPOSAL_APPLIED && outcome_is_success(applied->outcome)) {
        opened(caller);
    } else if (fate == PROPOSAL_UNKNOWN) {
        caller_cut(caller, "session_unknown");
    } else if (caller->state == CALLER_OPENING || caller->state == CALLER_CUT) {
        not_opened(caller, applied == NULL ? OUTCOME_DONE : applied->outcome);
    } /* Else a close goes behind it, and says the rest. */
    caller_release(caller);
}

/* An endpoint id that the rules take; one of its own for a client that has
 * none: it must not share another's memory. */
static void set_endpoint(const struct caller *caller, Perch__SessionOpen *open,
                         char *own, size_t size)
{
    struct slice id = caller->endpoint_id;
    bool fine = id.len > 0 && id.len <= ENDPOINT_ID_BYTES_MAX;

    for (size_t i = 0; i < id.len && fine; i++) {
        fine = id.data[i] > ' ' && id.data[i] < 0x7f;
    }
    if (!fine) {
        snprintf(own, size, "session-%u-%" PRIu64, caller->hub->settings.node,
                 caller->serial);
        id = slice_of_text(own);
    }
    CODEC_SET_BYTES(open, endpoint_id, id);
}

static enum error propose_open(struct caller *caller)
{
    Perch__SessionOpen open = PERCH__SESSION_OPEN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    char own[64];

    set_endpoint(caller, &open, own, sizeof(own));
    CODEC_SET_BYTES(&command, user, caller->user_uri);
    CODEC_SET(&command, session, caller->serial);
    command.kind_case = PERCH__COMMAND__KIND_SESSION_OPEN;
    command.session_open = &open;
    caller->opening = (struct proposal){.tell = open_told};
    return proposer_propose(caller->hub->proposer, &caller->opening, &command);
}

enum error caller_open(struct caller *caller)
{
    struct callers *callers = &caller->hub->callers;
    enum error error;

    if (caller->state == CALLER_OPENING || caller->state == CALLER_OPEN) {
        return ERROR_NONE;
    }
    if (caller->state != CALLER_IDLE) {
        return ERROR_CLOSED;
    }
    callers_set_serial(callers, caller, ++callers->serial_last);
    error = propose_open(caller);
    if (error != ERROR_NONE) {
        callers_set_serial(callers, caller, 0);
        return error;
    }
    caller_hold(caller);
    caller->is_opening = true;
    caller->open_refusal = OUTCOME_DONE;
    caller_move(caller, CALLER_OPENING);
    return ERROR_NONE;
}

static Perch__SessionClose__Reason reason_for(enum dialog_end end)
{
    switch (end) {
    case DIALOG_LEFT:
        return PERCH__SESSION_CLOSE__REASON__LEFT;
    case DIALOG_DRAINED:
        return PERCH__SESSION_CLOSE__REASON__DRAINED;
    default:
        return PERCH__SESSION_CLOSE__REASON__DROPPED;
    }
}

/* Whatever became of it, the pool has no such session any more: an epoch that
 * ends takes its sessions along. */
static void close_told(struct proposal *proposal, enum proposal_fate fate,
                       const struct applied *applied,
                       const struct effects *effects)
{
    struct caller *caller = caller_of_closing(proposal);

    (void)fate;
    (void)applied;
    (void)effects;
    if (caller->state == CALLER_LEAVING) {
        go(caller); /* Held still. */
    }
    caller_release(caller);
}

static enum error propose_close(struct caller *caller)
{
    Perch__SessionClose close = PERCH__SESSION_CLOSE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&close, serial, caller->serial);
    CODEC_SET(&close, reason, reason_for(caller->end));
    CODEC_SET(&close, delivered_index, caller->told_index);
    command.kind_case = PERCH__COMMAND__KIND_SESSION_CLOSE;
    command.session_close = &close;
    caller->closing = (struct proposal){.tell = close_told};
    return proposer_propose(caller->hub->proposer, &caller->closing, &command);
}

/* Propose the close, now or when there is room. */
static void leave(struct caller *caller)
{
    struct callers *callers = &caller->hub->callers;

    if (propose_close(caller) == ERROR_NONE) {
        caller_hold(caller);
    } else {
        caller->is_leaving = true;
        TAILQ_INSERT_TAIL(&callers->leaving, caller, leaving_link);
    }
}

void callers_retry(struct sessions *hub)
{
    struct caller *caller;

    while ((caller = TAILQ_FIRST(&hub->callers.leaving)) != NULL) {
        if (propose_close(caller) != ERROR_NONE) {
            return;
        }
        TAILQ_REMOVE(&hub->callers.leaving, caller, leaving_link);
        caller->is_leaving = false;
        caller_hold(caller);
    }
}

/* What it has read, while it is known where. */
static void flush_seats(struct caller *caller)
{
    struct seat *seat;

    TAILQ_FOREACH (seat, &caller->seats, in_caller) {
        shown_flush(seat);
    }
}

void caller_dialog_closed(struct caller *caller,
                          const struct intake_dialog *dialog)
{
    bool may_have_session = caller->has_session || caller->is_opening;

    caller->end = dialog->end;
    duties_confirmed(caller, dialog->delivered_index, dialog->replies);
    flush_seats(caller);
    resuming_remember(caller);
    caller_freeze(caller);
    leave_seats(caller);
    callers_drop_dialog(&caller->hub->callers, caller);
    meter_move(&caller->hub->meters.callers, -1);
    if (may_have_session) {
        caller_move(caller, CALLER_LEAVING);
        leave(caller);
    } else {
        go(caller);
    }
}

void caller_ended(struct caller *caller, enum leave leave)
{
    set_session(caller, false);
    if (caller->state == CALLER_LEAVING && caller->is_leaving) {
        go(caller); /* There is nothing to close any more. */
    } else if (caller_is_served(caller)) {
        journal_info("session_ended", "session=%" PRIu64 " reason=\"%s\"",
                     caller->serial, leave_text(leave));
        caller_cut(caller, "session_ended");
    }
}

void caller_freeze(struct caller *caller)
{
    if (caller->told_index == 0) {
        caller->told_index = duties_delivered(caller);
    }
}

void caller_cut(struct caller *caller, const char *reason)
{
    if (!caller_is_served(caller)) {
        return;
    }
    caller_freeze(caller);
    leave_seats(caller);
    caller_move(caller, CALLER_CUT);
    journal_info("session_cut",
                 "session=%" PRIu64 " dialog=%016" PRIx64 " reason=%s",
                 caller->serial, caller->dialog, reason);
    meter_add(&caller->hub->meters.cut, 1);
    outbox_close(caller->hub->outbox, caller->dialog, reason);
}

void caller_give(struct caller *caller, struct body *body, uint64_t log_index)
{
    if (!caller_is_served(caller)) {
        return;
    }
    if (body == NULL) {
        caller_cut(caller, "no_body");
        return;
    }
    if (log_index > caller->given_index) {
        caller->given_index = log_index;
    }
    caller->replies_given += 1;
    outbox_body(caller->hub->outbox, body,
                (struct delivery_mark){log_index, caller->replies_given},
                &caller->dialog, 1);
}
