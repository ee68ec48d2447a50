#include "tests/sim/town/guest.h"

#include <inttypes.h>
#include <stdio.h>

#include "node/session/posting.h"
#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "proto/xccos/read.h"
#include "tests/sim/town/guest_inner.h"
#include "tests/sim/town/town.h"

enum {
    STREAM_GUESTS = 400,
    ENTER_PATIENCE_US = 20 * TOWN_SECOND,
    CONFIRM_US_MAX = 60 * TOWN_MS,
    AWAY_US_MAX = 1500 * TOWN_MS,
    READ_ARENA_BYTES = 16 * 1024,
    /* From a farewell, or the end of mishaps, until the pool knows. */
    MARK_SETTLES_US = 4 * TOWN_SECOND,
};

static uint64_t now_us(const struct guest *guest)
{
    return schedule_now_us(guest->town->schedule);
}

void guest_init(struct guest *guest, struct town *town, unsigned number)
{
    guest->town = town;
    guest->number = number;
    guest->random = random_stream(town->settings.seed, STREAM_GUESTS + number);
    /* Two guests are one user on two devices. */
    snprintf(guest->uri, sizeof(guest->uri), "sip:g%u@" TOWN_DOMAIN,
             number / 2);
    snprintf(guest->endpoint, sizeof(guest->endpoint), "device-%u", number);
}

/* What he wanted to say is not tried again: it was refused, or was not answered
 * and has no retry id. */
static void give_up(struct guest *guest)
{
    ledger_given_up(&guest->town->ledger, guest->post.number,
                    !guest->post.unknown);
    guest->post.number = 0;
}

/* --- What he is told --- */

static void take_answer(struct guest *guest, const struct delivery *delivery)
{
    struct ledger *ledger = &guest->town->ledger;
    struct guest_post *post = &guest->post;

    if (post->token != delivery->answer.token) {
        return; /* He has given that try up. */
    }
    post->token = 0;
    if (delivery->answer.status == 200) {
        ledger_acknowledged(ledger, post->number);
        post->number = 0;
    } else if (delivery->answer.status != 503 &&
               ledger->posts[post->number].room >= LEDGER_SQUARES) {
        ledger->sums.barred++;
        give_up(guest);
    } else if (delivery->answer.status != 503) {
        ledger_break(ledger, "answer", "guest %u: post %" PRIu64 " got %d %.*s",
                     guest->number, post->number, delivery->answer.status,
                     (int)delivery->answer.reason.len,
                     (const char *)delivery->answer.reason.data);
    }
}

/* The present dialog's guest; NULL: he has gone. */
static struct guest *guest_of(struct host *host, edge_ref dialog)
{
    struct guest *guest = &host->town->guests[dialog % TOWN_GUESTS_MAX];

    return guest->host == host && guest->dialog == dialog ? guest : NULL;
}

static void on_confirm_due(void *context)
{
    guest_confirm(context);
}

static void take_body(struct host *host, const struct delivery *delivery)
{
    const struct delivery_body *body = &delivery->body;
    struct arena *arena = arena_new(READ_ARENA_BYTES);
    struct xccos_envelope *envelope = NULL;

    CHECK(arena != NULL);
    CHECK(xccos_read(slice_of(body->body->bytes, body->body->len), arena,
                     &envelope) == XCCOS_ERROR_NONE);
    for (size_t i = 0; i < body->n; i++) {
        struct guest *guest = guest_of(host, body->dialogs[i]);

        if (guest == NULL) {
            continue;
        }
        if (body->mark.log_index > guest->given.log_index) {
            guest->given.log_index = body->mark.log_index;
        }
        if (body->mark.reply > 0) {
            guest->given.replies = body->mark.reply;
        }
        guest_hear(guest, envelope);
        town_later(guest->town, random_below(&guest->random, CONFIRM_US_MAX),
                   on_confirm_due, guest);
    }
    arena_free(arena);
}

/* His host is not his any more: he knows no dialog there. */
static void lose(struct guest *guest)
{
    guest->at = GUEST_AWAY;
    guest->host = NULL;
    guest->left_us = 0;
    guest->reading.waits = false;
    guest->post.unknown |= guest->post.token != 0;
    guest->post.token = 0;
}

static void take_close(struct host *host, const struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->close.n; i++) {
        struct guest *guest = guest_of(host, delivery->close.dialogs[i]);

        if (guest != NULL) {
            town_trace(guest->town, "guest %u cut: %.*s", guest->number,
                       (int)delivery->close.reason.len,
                       (const char *)delivery->close.reason.data);
            guest_leave(guest, DIALOG_DROPPED);
            lose(guest);
        }
    }
}

static void take(struct host *host, const struct delivery *delivery)
{
    struct guest *guest = guest_of(host, delivery->ref);

    switch ((enum delivery_kind)delivery->letter.kind) {
    case DELIVERY_BODY:
        take_body(host, delivery);
        break;
    case DELIVERY_ANSWER:
        if (guest != NULL) {
            take_answer(guest, delivery);
        }
        break;
    case DELIVERY_CLOSE:
        take_close(host, delivery);
        break;
    case DELIVERY_SIGN_IN:
    case DELIVERY_PRESENCE:
        break; /* Nobody asked. */
    case DELIVERY_DISMISS:
        break; /* Guests are connected by their dialogs alone. */
    }
}

void guests_take(struct host *host, struct letter_list *list)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        take(host, (struct delivery *)letter);
        delivery_free((struct delivery *)letter);
    }
}

void guests_lose(struct host *host)
{
    for (unsigned i = 0; i < host->town->n_guests; i++) {
        if (host->town->guests[i].host == host) {
            lose(&host->town->guests[i]);
        }
    }
}

/* --- What he does --- */

static void go_away(struct guest *guest, enum dialog_end end)
{
    bool in_order = end == DIALOG_LEFT && guest->at == GUEST_IN;
    uint64_t left_us = in_order ? now_us(guest) : 0;

    guest_leave(guest, end);
    lose(guest);
    guest->left_us = left_us;
}

static void come(struct guest *guest)
{
    struct town *town = guest->town;
    struct host *host =
        &town->hosts[random_below(&guest->random, town->settings.hosts)];
    uint64_t now = now_us(guest);

    if (!host_is_up(host) || !host->serves || !founder_is_done(town)) {
        return;
    }
    guest->counts_on_marks =
        guest->left_us > 0 && town->calmed_us > 0 &&
        guest->left_us > town->calmed_us + MARK_SETTLES_US &&
        now > guest->left_us + MARK_SETTLES_US;
    if (guest->left_us > 0 && town->calmed_us > 0 &&
        now <= guest->left_us + MARK_SETTLES_US) {
        return; /* So that it counts. */
    }
    guest->entered_us = now;
    guest_enter(guest, host);
}

static unsigned any_of(struct guest *guest, unsigned n)
{
    return (unsigned)random_below(&guest->random, n);
}

static void begin_post(struct guest *guest, unsigned room)
{
    guest->post = (struct guest_post){
        .number = ledger_post(&guest->town->ledger, room, guest->number),
        .retries = random_below(&guest->random, 2) == 0};
    guest_post(guest);
}

/* A post is under way, or was. */
static void pursue(struct guest *guest)
{
    uint64_t patience_us = random_between(&guest->random, 2, 40) * TOWN_SECOND;

    if (guest->post.token != 0) {
        if (now_us(guest) - guest->post.asked_us > patience_us) {
            go_away(guest, DIALOG_DROPPED);
        }
    } else if ((guest->post.unknown && !guest->post.retries) ||
               random_below(&guest->random, 8) == 0) {
        give_up(guest);
    } else {
        guest_post(guest);
    }
}

/* He tries whether he may. */
static void visit_club(struct guest *guest)
{
    unsigned room = town_club(guest->town, &guest->random);

    switch (random_below(&guest->random, 3)) {
    case 0:
        guest_call(guest, room);
        break;
    case 1:
        guest_peek(guest, room);
        break;
    default:
        begin_post(guest, room);
        break;
    }
}

static void act(struct guest *guest)
{
    bool clubs = guest->town->mishaps >> MISHAP_PEOPLE & 1;
    uint64_t what = random_below(&guest->random, 100);

    if (clubs && !guest->town->closing &&
        random_below(&guest->random, 6) == 0) {
        guest_tend(guest);
    } else if (guest->post.number == 0 && clubs && !guest->town->closing &&
               random_below(&guest->random, 2) == 0) {
        visit_club(guest);
    } else if (guest->post.number != 0) {
        pursue(guest);
    } else if (guest->town->closing) {
        return;
    } else if (what < 60) {
        begin_post(guest, any_of(guest, LEDGER_SQUARES));
    } else if (what < 80 && !guest->reading.waits) {
        guest_read(guest, (unsigned)what % LEDGER_SQUARES);
    } else if (what < 86) {
        go_away(guest, what < 84 ? DIALOG_LEFT : DIALOG_DROPPED);
    } else if (what < 90) {
        guest_resume(guest);
    }
}

static void on_turn(void *context)
{
    struct guest *guest = context;
    uint64_t us =
        random_between(&guest->random, TOWN_MS, 2 * guest->town->guest_us);

    switch (guest->at) {
    case GUEST_AWAY:
        come(guest);
        us += random_below(&guest->random, AWAY_US_MAX);
        break;
    case GUEST_ENTERING:
        if (now_us(guest) - guest->entered_us > ENTER_PATIENCE_US) {
            go_away(guest, DIALOG_DROPPED);
        }
        break;
    case GUEST_IN:
        act(guest);
        break;
    }
    town_later(guest->town, us, on_turn, guest);
}

void guest_begin(struct guest *guest)
{
    town_later(guest->town,
               TOWN_SECOND + random_below(&guest->random, TOWN_SECOND), on_turn,
               guest);
}

bool guest_is_calm(const struct guest *guest)
{
    return guest->at == GUEST_IN && guest->post.number == 0 &&
           !guest->reading.waits;
}
