/* What guests make of what they hear. */
#include <inttypes.h>
#include <string.h>

#include "tests/sim/town/guest_inner.h"
#include "tests/sim/town/town.h"

enum { CLUBS_CALLED = 4 }; /* By whoever comes. */

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

bool guest_finds_room(struct slice uri, unsigned *room_out)
{
    size_t scheme = strlen(TOWN_ROOM_SCHEME);

    for (unsigned i = 0; i < LEDGER_ROOMS; i++) {
        if (uri.len > scheme && slice_equal(slice_after(uri, scheme),
                                            slice_of_text(room_guid_text(i)))) {
            *room_out = i;
            return true;
        }
    }
    return false;
}

/* What was said while he was not in is missing; nothing comes late or twice. */
static void hear_club(struct guest *guest, unsigned number, uint64_t id)
{
    struct guest_club *club = &guest->clubs[number - LEDGER_SQUARES];
    struct ledger *ledger = &guest->town->ledger;

    ledger->sums.club_copies++;
    if (id <= club->live_last) {
        ledger_break(ledger, "copies",
                     "guest %u, club %u: %" PRIu64 " comes after %" PRIu64,
                     guest->number, number, id, club->live_last);
    }
    club->live_last = id;
}

static void hear_copy(struct guest *guest, const struct xccos_message *message)
{
    struct ledger *ledger = &guest->town->ledger;
    uint64_t id = message->message_id.value;
    struct guest_room *room;
    unsigned number;

    if (message->about.set || !guest_finds_room(message->room_uri, &number)) {
        return; /* A line about another is none of the room's. */
    }
    ledger_message(ledger, number, id, message->text);
    if (guest->town->witness != NULL) {
        witness_copy(guest->town->witness, guest->uri, number, id);
    }
    if (number >= LEDGER_SQUARES) {
        hear_club(guest, number, id);
        return;
    }
    room = &guest->rooms[number];
    ledger->sums.copies++;
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

void guest_hear_text(struct guest *guest, unsigned number, uint64_t asked,
                     const struct xccos_message *message)
{
    if (message->state == XCCOS_MESSAGE_POSTED ||
        message->state == XCCOS_MESSAGE_CORRECTED) {
        ledger_message(&guest->town->ledger, number, message->message_id.value,
                       message->text);
    }
    if (guest->town->witness != NULL) {
        witness_text(guest->town->witness, number, asked, message);
    }
}

/* Check that a history has no holes. Returns how many messages it has. */
static uint64_t hear_messages(struct guest *guest, unsigned number,
                              uint64_t asked,
                              const struct xccos_message *message,
                              uint64_t *first_out, uint64_t *last_out)
{
    uint64_t n = 0;

    for (*last_out = 0; message != NULL; message = message->next, n++) {
        uint64_t id = message->message_id.value;

        guest_hear_text(guest, number, asked, message);
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

/* Whichever let him in. */
static void call_clubs(struct guest *guest)
{
    if (guest->town->mishaps >> MISHAP_PEOPLE & 1) {
        for (unsigned i = 0; i < CLUBS_CALLED; i++) {
            guest_call(guest, town_club(guest->town, &guest->random));
        }
    }
}

static void hear_first(struct guest *guest, unsigned number,
                       const struct xccos_room *block)
{
    struct guest_room *room = &guest->rooms[number];
    uint64_t first = 0, last = 0;
    uint64_t n =
        hear_messages(guest, number, 0, block->messages, &first, &last);
    bool is_cut = block->over_limit == XCCOS_FLAG_TRUE || n >= GUEST_PAST_MAX;

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
        call_clubs(guest);
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
    hear_messages(guest, reading->room, reading->asked, block->messages, &first,
                  &last);
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

/* What was said in a club, if he may know. */
static void hear_peek(struct guest *guest, unsigned number,
                      const struct xccos_primitive *reply)
{
    struct guest_club *club = &guest->clubs[number - LEDGER_SQUARES];
    struct ledger *ledger = &guest->town->ledger;
    /* What comes with a join is told at once, as the host has it. */
    uint64_t asked = club->joins ? 0 : club->asked;
    const struct xccos_message *message;

    if (!club->peeks) {
        return;
    }
    club->peeks = false;
    if (!is_good(reply) || reply->data.rooms == NULL) {
        ledger->sums.not_shown++;
        return;
    }
    ledger->sums.shown++;
    if (!club->joins) { /* That is told at once, up to where he joined. */
        witness_history(guest->town->witness, guest->uri, number, club->asked);
    }
    for (message = reply->data.rooms->messages; message != NULL;
         message = message->next) {
        uint64_t id = message->message_id.value;

        guest_hear_text(guest, number, asked, message);
        witness_shown(guest->town->witness, guest->uri, number, id);
        if (asked > 0 && id <= club->cleared) {
            ledger_break(ledger, "shown",
                         "guest %u is shown %u/%" PRIu64
                         ", cleared up to %" PRIu64,
                         guest->number, number, id, club->cleared);
        }
    }
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

    if (seqid == GUEST_AGAIN) {
        if (is_good(reply) && reply->data.rooms != NULL) {
            hear_again(guest, reply->data.rooms);
        } else {
            guest->reading.waits = false;
            guest->town->ledger.sums.reads_failed++;
        }
        return;
    }
    if (seqid >= GUEST_PEEK + LEDGER_SQUARES &&
        seqid < GUEST_PEEK + LEDGER_ROOMS) {
        hear_peek(guest, (unsigned)(seqid - GUEST_PEEK), reply);
        return;
    }
    if (seqid < GUEST_FIRST || seqid >= GUEST_FIRST + LEDGER_SQUARES) {
        return;
    }
    if (is_good(reply) && reply->data.rooms != NULL) {
        hear_first(guest, (unsigned)(seqid - GUEST_FIRST), reply->data.rooms);
    } else {
        refuse_first(guest);
    }
}

static void hear_joined(struct guest *guest,
                        const struct xccos_primitive *reply)
{
    if (reply->command_seqid.value != GUEST_JOIN) {
        return; /* A club has let him in, or not. */
    }
    if (!is_good(reply)) {
        refuse_first(guest);
    } else if (reply->data.failures != NULL) { /* Rooms are open to all. */
        ledger_break(&guest->town->ledger, "answer",
                     "guest %u may not join a room", guest->number);
    }
}

/* What a message was made, while he is in. */
static void hear_revised(struct guest *guest,
                         const struct xccos_primitive *notice)
{
    const struct xccos_room *block = notice->data.rooms;
    const struct xccos_message *message;
    unsigned number;

    if (guest->town->witness == NULL || block == NULL ||
        !guest_finds_room(block->uri, &number)) {
        return;
    }
    for (message = block->messages; message != NULL; message = message->next) {
        witness_notice(guest->town->witness, guest->uri, number, message);
    }
}

void guest_hear(struct guest *guest, const struct xccos_envelope *envelope)
{
    const struct xccos_primitive *primitive = envelope->primitives;

    for (; primitive != NULL && guest->host != NULL;
         primitive = primitive->next) {
        guest_audit(guest, primitive);
        if (primitive->kind == XCCOS_KIND_MESSAGE) {
            hear_copy(guest, &primitive->message);
        } else if (primitive->kind == XCCOS_KIND_REPLY &&
                   primitive->verb == XCCOS_VERB_BCCONTEXT) {
            hear_history(guest, primitive);
        } else if (primitive->kind == XCCOS_KIND_REPLY &&
                   primitive->verb == XCCOS_VERB_BCSEARCH) {
            guest_hear_search(guest, primitive);
        } else if (primitive->kind == XCCOS_KIND_REPLY &&
                   primitive->verb == XCCOS_VERB_BJOIN) {
            hear_joined(guest, primitive);
        } else if (primitive->kind == XCCOS_KIND_NOTICE &&
                   primitive->verb == XCCOS_VERB_MODMSG) {
            hear_revised(guest, primitive);
        }
    }
}
