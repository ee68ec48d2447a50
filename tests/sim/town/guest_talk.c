/* What guests say, and what they make of what they hear. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/buffer.h"
#include "proto/base/check.h"
#include "proto/xccos/read.h"
#include "tests/sim/town/guest.h"
#include "tests/sim/town/town.h"

enum {
    PAST_MAX = 500, /* Of messages in one history. */
    NEWEST = 20,    /* So many are asked for by who does not count. */
    INTAKE_BYTES = 512,
    SEQID_JOIN = 1,
    SEQID_FIRST = 100, /* First history of room r: SEQID_FIRST + r, */
    SEQID_AGAIN = 200, /* a later one. */
};

#define SPACES      " xmlns=\"urn:parlano:xml:ns:xccos\" xmlns:p=\"urn:perch:xccos\""
#define ROOM_SCHEME "ma-chan://" TOWN_DOMAIN "/"

/* --- To the host --- */

static struct intake *new_intake(const struct guest *guest,
                                 enum intake_kind kind)
{
    struct intake *intake = intake_new(kind, 0, guest->dialog);

    CHECK(intake != NULL);
    return intake;
}

static void hand_over(struct guest *guest, struct intake *intake)
{
    struct sessions *sessions = backend_sessions(guest->host->backend);

    intake->handed_us = loop_now_us(guest->host->state_loop);
    if (letters_send(sessions_intake(sessions), &intake->letter) !=
        ERROR_NONE) {
        intake_free(intake);
    }
}

static struct slice copy(struct intake *intake, const char *text)
{
    return arena_copy_slice(intake->arena, slice_of_text(text));
}

/* Send a body; a post's token is not 0. */
static void say(struct guest *guest, uint64_t token, struct buffer *body)
{
    struct intake *intake = new_intake(guest, INTAKE_REQUEST);

    CHECK(!buffer_failed(body));
    CHECK(xccos_read(buffer_slice(body), intake->arena,
                     &intake->request.envelope) == XCCOS_ERROR_NONE);
    intake->request.token = token;
    buffer_deinit(body);
    hand_over(guest, intake);
}

static void dial(struct guest *guest, bool resumes)
{
    struct intake *intake = new_intake(guest, INTAKE_DIALOG_OPENED);

    intake->dialog =
        (struct intake_dialog){.connection = guest->connection,
                               .user_uri = copy(intake, guest->uri),
                               .endpoint_id = copy(intake, guest->endpoint),
                               .pool_uri = copy(intake, TOWN_POOL_URI),
                               .resumes = resumes};
    hand_over(guest, intake);
}

static void join(struct guest *guest)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"1\"" SPACES
                  "><cmd id=\"cmd:bjoin\" seqid=\"%d\"><data>",
                  SEQID_JOIN);
    for (unsigned i = 0; i < LEDGER_ROOMS; i++) {
        buffer_printf(&body,
                      "<chanid key=\"%u\" domain=\"" TOWN_DOMAIN
                      "\" value=\"%s\"/>",
                      i, room_guid_text(i));
    }
    buffer_printf(&body, "</data></cmd></xccos>");
    say(guest, 0, &body);
}

static void ask(struct guest *guest, unsigned room, unsigned seqid,
                const char *query)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"1\"" SPACES
                  "><cmd id=\"cmd:bccontext\" seqid=\"%u\"><data>"
                  "<chanib uri=\"" ROOM_SCHEME "%s\"/><bcq>%s</bcq>"
                  "</data></cmd></xccos>",
                  seqid, room_guid_text(room), query);
    say(guest, 0, &body);
}

/* All that was missed, or what the pool believes he was not told. */
static void ask_first(struct guest *guest, unsigned room)
{
    char query[160];

    if (guest->counts_on_marks) {
        snprintf(query, sizeof(query), "<last cnt=\"1\"/>");
    } else if (guest->number % 2 == 0) {
        snprintf(query, sizeof(query),
                 "<msgid id=\"%" PRIu64 "\"/><limit cnt=\"%d\"/>"
                 "<search mode=\"forward\"/>",
                 guest->rooms[room].seen, PAST_MAX);
    } else {
        snprintf(query, sizeof(query), "<last cnt=\"%d\"/>", NEWEST);
    }
    ask(guest, room, SEQID_FIRST + room, query);
}

/* A name for a dialog, of which nothing is given yet. */
static void begin_dialog(struct guest *guest)
{
    guest->dialog = ++guest->dialogs * TOWN_GUESTS_MAX + guest->number;
    guest->given = (struct guest_mark){0, 0};
    guest->confirmed = guest->given;
}

void guest_resume(struct guest *guest)
{
    guest_leave(guest, DIALOG_DROPPED);
    begin_dialog(guest);
    guest->reading.waits = false;
    dial(guest, true);
}

void guest_enter(struct guest *guest, struct host *host)
{
    guest->at = GUEST_ENTERING;
    guest->host = host;
    guest->life = host->life;
    begin_dialog(guest);
    guest->connection = guest->dialog;
    guest->pasts = LEDGER_ROOMS;
    dial(guest, false);
    join(guest);
    for (unsigned i = 0; i < LEDGER_ROOMS; i++) {
        guest->rooms[i] = (struct guest_room){.seen = guest->rooms[i].seen};
        ask_first(guest, i);
    }
}

void guest_leave(struct guest *guest, enum dialog_end end)
{
    struct intake *intake = new_intake(guest, INTAKE_DIALOG_CLOSED);

    if (end == DIALOG_LEFT) {
        guest_confirm(guest);
    }
    intake->dialog.end = end;
    intake->dialog.delivered_index = guest->confirmed.log_index;
    intake->dialog.replies = guest->confirmed.replies;
    hand_over(guest, intake);
}

void guest_confirm(struct guest *guest)
{
    struct intake *intake;

    if (guest->host == NULL || !host_is_up(guest->host) ||
        (guest->confirmed.log_index == guest->given.log_index &&
         guest->confirmed.replies == guest->given.replies)) {
        return;
    }
    guest->confirmed = guest->given;
    intake = new_intake(guest, INTAKE_DELIVERED);
    intake->delivered.n = 1;
    intake->delivered.marks =
        arena_alloc(intake->arena, sizeof(*intake->delivered.marks));
    CHECK(intake->delivered.marks != NULL);
    intake->delivered.marks[0].dialog = guest->dialog;
    intake->delivered.marks[0].log_index = guest->confirmed.log_index;
    intake->delivered.marks[0].replies = guest->confirmed.replies;
    hand_over(guest, intake);
}

void guest_post(struct guest *guest)
{
    const struct ledger *ledger = &guest->town->ledger;
    struct guest_post *post = &guest->post;
    struct buffer body = BUFFER_EMPTY;
    char retry[64] = "";

    if (post->retries) {
        snprintf(retry, sizeof(retry), " p:retry=\"r%" PRIu64 "\"",
                 post->number);
    }
    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"7\"" SPACES
                  "><grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" ROOM_SCHEME
                  "%s\" author=\"%s\" ts=\"2031-02-03T07:40:00Z\"%s>"
                  "<chat>%" PRIu64 "</chat></grpchat></xccos>",
                  room_guid_text(ledger->posts[post->number].room), guest->uri,
                  retry, post->number);
    post->token = ++guest->tokens;
    post->asked_us = schedule_now_us(guest->town->schedule);
    say(guest, post->token, &body);
}

void guest_read(struct guest *guest, unsigned room)
{
    guest->reading =
        (struct guest_reading){.waits = true,
                               .room = room,
                               .told = guest->town->ledger.rooms[room].told};
    ask(guest, room, SEQID_AGAIN, "<last cnt=\"1\"/>");
}

/* --- From the host --- */

/* What was said before he joined and what came after it must meet. */
static void check_seam(struct guest *guest, unsigned number)
{
    const struct guest_room *room = &guest->rooms[number];

    if (room->past_known && room->live_first != 0 &&
        room->live_first != room->past_last + 1) {
        ledger_break(&guest->town->ledger, "seam",
                     "guest %u, room %u: history ends at %" PRIu64
                     ", copies begin at %" PRIu64,
                     guest->number, number, room->past_last, room->live_first);
    }
}

static void advance(struct guest_room *room, uint64_t message_id)
{
    if (room->past_known && message_id > room->seen) {
        room->seen = message_id;
    }
}

static bool find_room(struct slice uri, unsigned *room_out)
{
    size_t scheme = strlen(ROOM_SCHEME);

    for (unsigned i = 0; i < LEDGER_ROOMS; i++) {
        if (uri.len > scheme && slice_equal(slice_after(uri, scheme),
                                            slice_of_text(room_guid_text(i)))) {
            *room_out = i;
            return true;
        }
    }
    return false;
}

static void hear_copy(struct guest *guest, const struct xccos_message *message)
{
    struct ledger *ledger = &guest->town->ledger;
    uint64_t id = message->message_id.value;
    struct guest_room *room;
    unsigned number;

    if (!find_room(message->room_uri, &number)) {
        return;
    }
    room = &guest->rooms[number];
    ledger->sums.copies++;
    ledger_message(ledger, number, id, message->text);
    if (room->live_last != 0 && id != room->live_last + 1) {
        ledger_break(ledger, "copies",
                     "guest %u, room %u: %" PRIu64 " comes after %" PRIu64,
                     guest->number, number, id, room->live_last);
    }
    if (room->live_last == 0) {
        room->live_first = id;
    }
    room->live_last = id;
    advance(room, id);
    check_seam(guest, number);
}

/* Check that a history has no holes. Returns how many messages it has. */
static uint64_t hear_messages(struct guest *guest, unsigned number,
                              const struct xccos_message *message,
                              uint64_t *first_out, uint64_t *last_out)
{
    uint64_t n = 0;

    for (*last_out = 0; message != NULL; message = message->next, n++) {
        uint64_t id = message->message_id.value;

        ledger_message(&guest->town->ledger, number, id, message->text);
        if (n > 0 && id != *last_out + 1) {
            ledger_break(&guest->town->ledger, "history",
                         "guest %u, room %u: %" PRIu64 " comes after %" PRIu64,
                         guest->number, number, id, *last_out);
        }
        if (n == 0) {
            *first_out = id;
        }
        *last_out = id;
    }
    return n;
}

/* Whether this history must begin where he had stopped. */
static bool must_go_on(const struct guest *guest)
{
    return guest->counts_on_marks || guest->number % 2 == 0;
}

static void hear_first(struct guest *guest, unsigned number,
                       const struct xccos_room *block)
{
    struct guest_room *room = &guest->rooms[number];
    uint64_t first = 0, last = 0;
    uint64_t n = hear_messages(guest, number, block->messages, &first, &last);
    bool is_cut = block->over_limit == XCCOS_FLAG_TRUE || n >= PAST_MAX;

    if (n > 0 && !is_cut && must_go_on(guest) && first > room->seen + 1) {
        ledger_break(&guest->town->ledger, "forgotten",
                     "guest %u, room %u: has seen %" PRIu64
                     ", history begins at %" PRIu64 " (marks: %d)",
                     guest->number, number, room->seen, first,
                     guest->counts_on_marks);
    }
    guest->town->ledger.sums.histories++;
    if (n == 0) {
        last = room->seen; /* Nothing new. */
    }
    if (!is_cut) {
        room->past_known = true;
        room->past_last = last;
        room->seen = last > room->seen ? last : room->seen;
        advance(room, room->live_last);
        check_seam(guest, number);
    }
    guest->pasts -= guest->pasts > 0;
    if (guest->pasts == 0 && guest->at == GUEST_ENTERING) {
        guest->at = GUEST_IN;
    }
}

/* A history at a read index has all that anyone was told before it was asked.
 */
static void hear_again(struct guest *guest, const struct xccos_room *block)
{
    struct guest_reading *reading = &guest->reading;
    struct ledger *ledger = &guest->town->ledger;
    uint64_t first = 0, last = 0;

    if (!reading->waits) {
        return;
    }
    reading->waits = false;
    ledger->sums.reads++;
    hear_messages(guest, reading->room, block->messages, &first, &last);
    if (last < reading->told) {
        ledger_break(ledger, "stale",
                     "guest %u, room %u: reads up to %" PRIu64 " when %" PRIu64
                     " was known",
                     guest->number, reading->room, last, reading->told);
    }
}

static bool is_good(const struct xccos_primitive *reply)
{
    return reply->code.value == 200;
}

/* Refused while the pool has no leader, say: he comes again. */
static void refuse_first(struct guest *guest)
{
    guest_leave(guest, DIALOG_DROPPED);
    guest->at = GUEST_AWAY;
    guest->host = NULL;
    guest->left_us = 0;
}

static void hear_history(struct guest *guest,
                         const struct xccos_primitive *reply)
{
    uint64_t seqid = reply->command_seqid.value;

    if (seqid == SEQID_AGAIN) {
        if (is_good(reply) && reply->data.rooms != NULL) {
            hear_again(guest, reply->data.rooms);
        } else {
            guest->reading.waits = false;
            guest->town->ledger.sums.reads_failed++;
        }
        return;
    }
    if (seqid < SEQID_FIRST || seqid >= SEQID_FIRST + LEDGER_ROOMS) {
        return;
    }
    if (is_good(reply) && reply->data.rooms != NULL) {
        hear_first(guest, (unsigned)(seqid - SEQID_FIRST), reply->data.rooms);
    } else {
        refuse_first(guest);
    }
}

static void hear_joined(struct guest *guest,
                        const struct xccos_primitive *reply)
{
    if (!is_good(reply)) {
        refuse_first(guest);
    } else if (reply->data.failures != NULL) { /* Rooms are open to all. */
        ledger_break(&guest->town->ledger, "answer",
                     "guest %u may not join a room", guest->number);
    }
}

void guest_hear(struct guest *guest, const struct xccos_envelope *envelope)
{
    const struct xccos_primitive *primitive = envelope->primitives;

    for (; primitive != NULL && guest->host != NULL;
         primitive = primitive->next) {
        if (primitive->kind == XCCOS_KIND_MESSAGE) {
            hear_copy(guest, &primitive->message);
        } else if (primitive->kind == XCCOS_KIND_REPLY &&
                   primitive->verb == XCCOS_VERB_BCCONTEXT) {
            hear_history(guest, primitive);
        } else if (primitive->kind == XCCOS_KIND_REPLY &&
                   primitive->verb == XCCOS_VERB_BJOIN) {
            hear_joined(guest, primitive);
        }
    }
}
