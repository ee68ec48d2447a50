#include "node/session/posting.h"

#include "node/chat/access.h"
#include "node/chat/view.h"
#include "node/session/posting_parts.h"

/* A post that is looked at before it is proposed. */
struct screened {
    struct screen screen; /* First. */
    struct posting *posting;
};

static struct posting *posting_of(struct proposal *proposal)
{
    return (struct posting *)((char *)proposal -
                              offsetof(struct posting, proposal));
}

static enum session_answer class_of(int status)
{
    switch (status) {
    case 200:
        return SESSION_ANSWER_DONE;
    case 403:
        return SESSION_ANSWER_FORBIDDEN;
    case 404:
    case 405:
    case 412:
        return SESSION_ANSWER_UNKNOWN;
    case 413:
        return SESSION_ANSWER_TOO_LONG;
    case 423:
        return SESSION_ANSWER_DISABLED;
    case 503:
        return SESSION_ANSWER_BUSY;
    default:
        return SESSION_ANSWER_MALFORMED;
    }
}

static void answer(struct visit *visit, int status, struct slice reason)
{
    struct sessions *hub = visit->hub;
    uint64_t took_us =
        loop_now_us(hub->settings.loop) - visit->intake->handed_us;

    meter_add(&hub->meters.posts[class_of(status)], 1);
    meter_observe(&hub->meters.post_us, took_us);
    outbox_answer(hub->outbox, visit->intake->ref, visit->intake->request.token,
                  status, status == 503 ? POST_RETRY_AFTER_S : 0, reason);
}

void posting_refuse(struct visit *visit, int status, struct slice reason)
{
    answer(visit, status, reason);
}

void posting_end(struct posting *posting, int status, struct slice reason)
{
    answer(posting->errand.visit, status, reason);
    errand_end(&posting->errand);
}

void posting_end_busy(struct posting *posting)
{
    posting_end(posting, 503, SLICE_LITERAL("Chat service busy"));
}

/* A session that is gone is the pool's doing: the connection is being closed,
 * and the client may try again where it comes back. One that was never opened
 * says why. */
static void end_refused(struct posting *posting, enum outcome outcome)
{
    enum outcome open_refusal = posting->errand.visit->caller->open_refusal;

    if (outcome == OUTCOME_SESSION_UNKNOWN && open_refusal != OUTCOME_DONE) {
        outcome = open_refusal;
    }
    if (outcome == OUTCOME_SESSION_UNKNOWN) {
        posting_end_busy(posting);
    } else {
        posting_end(posting, outcome_code(outcome),
                    slice_of_text(outcome_text(outcome)));
    }
}

/* Name the message that a retry id stands for: its copy is long gone. Only who
 * gave a retry id gets this reply; other clients know none to a post. */
static void name_first(struct posting *posting)
{
    struct visit *visit = posting->errand.visit;
    struct sessions *hub = visit->hub;
    struct xccos_message message = {.author = visit->caller->user_uri};
    struct xccos_room room = {.messages = &message};
    struct xccos_primitive reply;
    struct retry_view first;
    struct body *body;

    if (!caller_is_served(visit->caller) ||
        !query_retry(hub->machine, visit->caller->user_uri,
                     posting->post.retry_id, &first)) {
        return;
    }
    room.uri =
        hub_room_uri(hub, visit->intake->arena, &posting->post.room.guid);
    message.room_uri = room.uri;
    message.message_id = XCCOS_NUMBER(first.message_id);
    message.sent_at = XCCOS_MOMENT(first.sent_at_us);
    errand_reply_init(&posting->errand, &reply);
    reply.verb_text = SLICE_LITERAL("grpchat");
    reply.data.rooms = &room;
    body = hub_write(hub, &reply);
    caller_give(visit->caller, body, 0);
    body_release(body);
}

/* What the author's client is told beside 200, where it shows that; the
 * author's own copy of the message says the same. */
static struct slice warning_of(const struct posting *posting)
{
    struct slice note = SLICE_NONE;
    size_t len = 0;

    if (posting->screen != NULL) {
        note = posting->screen->annotation;
    }
    while (len < note.len && note.data[len] != '\n') {
        len += 1; /* A header is one line: the first. */
    }
    return slice_of(note.data, len);
}

/* A client that shows no notes is given a line for its author alone. It is no
 * message of the room. */
static void tell_author(const struct posting *posting, uint64_t message_id,
                        const struct effects *effects)
{
    struct visit *visit = posting->errand.visit;
    struct sessions *hub = visit->hub;
    struct buffer text = BUFFER_EMPTY;
    struct xccos_message line = {.alert = XCCOS_FLAG_FALSE};
    struct pool_view pool;
    struct body *body;

    query_pool(hub->machine, &pool);
    buffer_printf(&text, "[your message was noted: %.*s]",
                  SLICE_PRINT(posting->screen->annotation));
    line.room_uri =
        hub_room_uri(hub, visit->intake->arena, &posting->post.room.guid);
    line.author = pool.pool_uri;
    line.sent_at = XCCOS_MOMENT(effects->sent_at_us);
    line.about = XCCOS_NUMBER(message_id);
    line.text = buffer_slice(&text);
    body = buffer_failed(&text) ? NULL : hub_write_message(hub, &line);
    if (body != NULL) {
        caller_give(visit->caller, body, 0);
        body_release(body);
    }
    buffer_deinit(&text);
}

static void post_told(struct proposal *proposal, enum proposal_fate fate,
                      const struct applied *applied,
                      const struct effects *effects)
{
    struct posting *posting = posting_of(proposal);
    struct visit *visit = posting->errand.visit;

    if (fate == PROPOSAL_UNKNOWN) {
        meter_add(&visit->hub->meters.posts[SESSION_ANSWER_UNANSWERED], 1);
        caller_cut(visit->caller, "post_unknown");
        errand_end(&posting->errand);
    } else if (fate == PROPOSAL_WITHDRAWN) {
        posting_end_busy(posting);
    } else if (outcome_is_success(applied->outcome)) {
        pressure_commit(&visit->hub->pressure, proposal->asked_us,
                        loop_now_us(visit->hub->settings.loop));
        answer(visit, 200, warning_of(posting));
        if (applied->outcome == OUTCOME_REPEATED) {
            name_first(posting);
        } else if (warning_of(posting).len > 0 && effects != NULL &&
                   !visit->caller->knows_revisions) {
            tell_author(posting, applied->value, effects);
        }
        errand_end(&posting->errand);
    } else {
        end_refused(posting, applied->outcome);
    }
}

static enum error propose(struct posting *posting)
{
    const struct caller *caller = posting->errand.visit->caller;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Post post = PERCH__POST__INIT;

    posting_fill(posting, &post);
    CODEC_SET_BYTES(&command, user, caller->user_uri);
    CODEC_SET(&command, session, caller->serial);
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    posting->proposal.tell = post_told;
    posting->proposal.patience_ms = POST_PATIENCE_MS;
    return proposer_propose(caller->hub->proposer, &posting->proposal,
                            &command);
}

/* The room, as far as this node knows it. */
static const struct room *find_room(const struct posting *posting)
{
    const struct sessions *hub = posting->errand.visit->hub;
    const struct xccos_name *name = &posting->post.room;

    return hub_is_ours(hub, name) ? query_room(hub->machine, &name->guid)
                                  : NULL;
}

/* Whether the session is in the room, or may be by the time the post is
 * applied: only its own joins could bring it there. */
static bool may_be_in(const struct caller *caller, const struct room *room)
{
    struct room_view view;

    if (caller->joins > 0) {
        return true;
    }
    if (room == NULL) {
        return false;
    }
    view_room(room, &view);
    return seat_find(caller, view.place.number) != NULL;
}

/* Why one who is not in the room cannot post there: the best of reasons as far
 * as this node knows. */
static enum outcome reason_outside(const struct posting *posting,
                                   const struct room *room)
{
    const struct visit *visit = posting->errand.visit;
    const struct user *user =
        query_user(visit->hub->machine, visit->caller->user_uri);
    enum outcome outcome;

    if (user == NULL || room == NULL) {
        return user == NULL ? OUTCOME_USER_UNKNOWN : OUTCOME_ROOM_UNKNOWN;
    }
    outcome = access_post(user, room);
    return outcome == OUTCOME_DONE ? OUTCOME_NOT_JOINED : outcome;
}

/* Why no commit could allow the post; DONE: one could. */
static enum outcome judge(const struct posting *posting,
                          const struct room *room)
{
    const struct caller *caller = posting->errand.visit->caller;

    if (posting->post.text.len == 0) {
        return OUTCOME_TEXT_EMPTY;
    }
    return may_be_in(caller, room) ? OUTCOME_DONE
                                   : reason_outside(posting, room);
}

/* To the log with it. */
static void pass_on(struct posting *posting)
{
    struct visit *visit = posting->errand.visit;

    if (!caller_is_served(visit->caller) || propose(posting) != ERROR_NONE) {
        posting_end_busy(posting);
    } else {
        errand_waits(&posting->errand);
    }
}

static void decided(struct screen *screen)
{
    struct posting *posting = ((struct screened *)screen)->posting;

    if (screen->is_refused) {
        posting_deny(posting, 403, screen->reason);
    } else {
        pass_on(posting);
    }
}

/* Have the post looked at; what comes of it is for decided. */
static void screen(struct posting *posting, const struct room *room)
{
    struct visit *visit = posting->errand.visit;
    struct arena *arena = visit->intake->arena;
    struct screened *screened = arena_alloc(arena, sizeof(*screened));

    if (screened == NULL) {
        posting_end_busy(posting);
        return;
    }
    screened->posting = posting;
    screened->screen = (struct screen){
        .caller = visit->caller,
        .room = room,
        .arena = arena,
        .room_uri = hub_room_uri(visit->hub, arena, &posting->post.room.guid),
        .author = visit->caller->user_uri,
        .text = posting->post.text,
        .is_alert = posting->post.is_alert,
        .decided = decided,
    };
    posting->screen = &screened->screen;
    if (!screening_begin(posting->screen)) {
        posting_end_busy(posting);
    }
}

/* While there is an archive the rules themselves refuse, and the refusal is on
 * record: they need a session for it. */
static void refuse_outcome(struct posting *posting, enum outcome outcome)
{
    struct caller *caller = posting->errand.visit->caller;

    if (!hub_keeps_archive(caller->hub)) {
        end_refused(posting, outcome);
    } else if (!denying_may(caller)) {
        posting_end(posting, 503, SLICE_LITERAL(DENYING_TOO_MANY));
    } else if (caller_open(caller) == ERROR_NONE) {
        pass_on(posting);
    } else {
        posting_end_busy(posting);
    }
}

/* Refuse what no commit could allow. Returns whether it did. */
static bool refuse_early(struct posting *posting, const struct room *room)
{
    const struct caller *caller = posting->errand.visit->caller;
    const struct xccos_post *post = &posting->post;
    enum outcome outcome = judge(posting, room);

    if (post->author.len > 0 &&
        !slice_equal_nocase(post->author, caller->user_uri)) {
        posting_deny(posting, 403,
                     SLICE_LITERAL("The author is not the sender"));
    } else if (!hub_is_ours(caller->hub, &post->room)) {
        posting_deny(posting, outcome_code(OUTCOME_ROOM_UNKNOWN),
                     slice_of_text(outcome_text(OUTCOME_ROOM_UNKNOWN)));
    } else if (outcome != OUTCOME_DONE) {
        refuse_outcome(posting, outcome);
    } else {
        return false;
    }
    return true;
}

static void serve(struct posting *posting)
{
    struct sessions *hub = posting->errand.visit->hub;
    const struct room *room = find_room(posting);
    enum outcome gate = hub_archive_gate(hub);

    if (gate != OUTCOME_DONE) {
        end_refused(posting, gate);
        return;
    }
    if (refuse_early(posting, room)) {
        return;
    }
    if (outbox_backlog(hub->outbox) > PRESSURE_BACKLOG_MAX) {
        posting_end_busy(posting);
    } else if (screening_is_needed(posting->errand.visit->caller, room)) {
        screen(posting, room);
    } else {
        pass_on(posting);
    }
}

void posting_serve(struct visit *visit, const struct xccos_primitive *message)
{
    struct posting *posting = errand_begin(visit, sizeof(*posting), message);
    struct slice why = SLICE_NONE;

    if (posting == NULL) {
        return;
    }
    if (xccos_post_read(message, visit->intake->arena, &posting->post, &why) !=
        XCCOS_CODE_OK) {
        posting_end(posting, 400, why);
        return;
    }
    serve(posting);
}
