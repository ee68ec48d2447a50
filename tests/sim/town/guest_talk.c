/* What guests say. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/buffer.h"
#include "proto/base/check.h"
#include "proto/xccos/read.h"
#include "tests/sim/town/guest_inner.h"
#include "tests/sim/town/town.h"

enum { NEWEST = 20 }; /* So many are asked for by who does not count. */

#define SPACES " xmlns=\"urn:parlano:xml:ns:xccos\" xmlns:p=\"urn:perch:xccos\""

/* --- To the host --- */

static struct intake *new_intake(const struct guest *guest,
                                 enum intake_kind kind)
{
    struct intake *intake = intake_new(kind, 0, guest->dialog);

    CHECK(intake != NULL);
    return intake;
}

void guest_hand_over(struct guest *guest, struct intake *intake)
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

void guest_say(struct guest *guest, uint64_t token, struct buffer *body)
{
    struct intake *intake = new_intake(guest, INTAKE_REQUEST);

    CHECK(!buffer_failed(body));
    CHECK(xccos_read(buffer_slice(body), intake->arena,
                     &intake->request.envelope) == XCCOS_ERROR_NONE);
    intake->request.token = token;
    buffer_deinit(body);
    guest_hand_over(guest, intake);
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
    guest_hand_over(guest, intake);
}

/* Every other client is told what messages were made as such, and not by a
 * line. */
static const char *knows_revisions(const struct guest *guest)
{
    return guest->number % 3 == 0 ? "" : " p:revisions=\"true\"";
}

static void join(struct guest *guest)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"1\"" SPACES
                  "><cmd id=\"cmd:bjoin\" seqid=\"%d\"><data>",
                  GUEST_JOIN);
    for (unsigned i = 0; i < LEDGER_SQUARES; i++) {
        buffer_printf(&body,
                      "<chanid key=\"%u\" domain=\"" TOWN_DOMAIN
                      "\" value=\"%s\"%s/>",
                      i, room_guid_text(i), knows_revisions(guest));
    }
    buffer_printf(&body, "</data></cmd></xccos>");
    guest_say(guest, 0, &body);
}

static void ask(struct guest *guest, unsigned room, unsigned seqid,
                const char *query)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"1\"" SPACES
                  "><cmd id=\"cmd:bccontext\" seqid=\"%u\"><data>"
                  "<chanib uri=\"" TOWN_ROOM_SCHEME "%s\"/><bcq>%s</bcq>"
                  "</data></cmd></xccos>",
                  seqid, room_guid_text(room), query);
    guest_say(guest, 0, &body);
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
                 guest->rooms[room].seen, GUEST_PAST_MAX);
    } else {
        snprintf(query, sizeof(query), "<last cnt=\"%d\"/>", NEWEST);
    }
    ask(guest, room, GUEST_FIRST + room, query);
}

/* A name for a dialog, of which nothing is given yet. */
static void begin_dialog(struct guest *guest)
{
    guest->dialog = ++guest->dialogs * TOWN_GUESTS_MAX + guest->number;
    guest->given = (struct guest_mark){0, 0};
    guest->confirmed = guest->given;
    memset(guest->clubs, 0, sizeof(guest->clubs));
    guest->search.waits = false;
    guest->is_recorded =
        guest->town->auditor != NULL && auditor_is_on(guest->town->auditor);
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
    guest->pasts = LEDGER_SQUARES;
    dial(guest, false);
    join(guest);
    for (unsigned i = 0; i < LEDGER_SQUARES; i++) {
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
    guest_hand_over(guest, intake);
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
    guest_hand_over(guest, intake);
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
    buffer_printf(
        &body,
        "<xccos ver=\"1\" envid=\"7\"" SPACES
        "><grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" TOWN_ROOM_SCHEME
        "%s\" author=\"%s\" ts=\"2031-02-03T07:40:00Z\"%s>"
        "<chat>%" PRIu64 "</chat></grpchat></xccos>",
        room_guid_text(ledger->posts[post->number].room), guest->uri, retry,
        post->number);
    ledger_tried(&guest->town->ledger, post->number);
    post->token = ++guest->tokens;
    post->asked_us = schedule_now_us(guest->town->schedule);
    guest_say(guest, post->token, &body);
}

static uint64_t newest(const struct guest *guest)
{
    const struct witness *witness = guest->town->witness;

    return witness == NULL ? 0 : witness_index(witness);
}

void guest_read(struct guest *guest, unsigned room)
{
    guest->reading =
        (struct guest_reading){.waits = true,
                               .room = room,
                               .told = guest->town->ledger.rooms[room].told,
                               .asked = newest(guest)};
    ask(guest, room, GUEST_AGAIN, "<last cnt=\"1\"/>");
}

void guest_call(struct guest *guest, unsigned room)
{
    struct buffer body = BUFFER_EMPTY;

    guest->clubs[room - LEDGER_SQUARES].called = true;
    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"1\"" SPACES
                  "><cmd id=\"cmd:bjoin\" seqid=\"%u\"><data>"
                  "<chanid key=\"0\" domain=\"" TOWN_DOMAIN
                  "\" value=\"%s\"%s/></data></cmd></xccos>",
                  GUEST_CALL + room, room_guid_text(room),
                  knows_revisions(guest));
    guest_say(guest, 0, &body);
}

void guest_peek(struct guest *guest, unsigned room)
{
    struct guest_club *club = &guest->clubs[room - LEDGER_SQUARES];

    if (guest->town->witness == NULL || club->peeks) {
        return;
    }
    club->peeks = true;
    club->joins = club->called;
    club->called = false;
    club->asked = newest(guest);
    club->cleared = witness_room(guest->town->witness, room).cleared;
    ask(guest, room, GUEST_PEEK + room, "<last cnt=\"3\"/>");
}
