/* Clients that come and go at random, against what they were promised: in each
 * dialog a room's messages come in order, none twice, none left out; and who
 * comes back is shown all that it had not confirmed before.
 *
 *   test_sessions_model [SEED]    one seed; else MODEL_SEEDS of them
 *
 * Clients do as pidgin-sipe does: they join, ask for the history, answer what
 * they get in order, and vanish at any moment, with any part unanswered. The
 * node commits in batches of any size, is told entries twice, loses its
 * process, and is handed snapshots.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/query.h"
#include "node/chat/view.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

#ifndef MODEL_SEEDS
#define MODEL_SEEDS 50
#endif

enum { STEPS = 1500, ENDPOINTS = 6, ROOMS = 2, BODIES_MAX = 4096 };

static const char *const room_uris[ROOMS] = {LOBBY, DESK};
static const char *const room_ids[ROOMS] = {LOBBY_ID, DESK_ID};
static const char *const users[] = {ALICE, BOB};

/* What a client knows of a room in one dialog. */
struct place {
    bool is_in;        /* Its join was answered. */
    uint64_t last_id;  /* Of the room at the join. */
    uint64_t live_id;  /* The last copy; 0: none yet. */
    size_t history_at; /* Which body the history was, from 1; 0: none yet. */
    bool is_resumed;   /* From a dialog that broke. */
    unsigned asked;    /* The envid its history was asked for with. */
};

struct endpoint {
    const char *user;
    char id[16];
    edge_ref dialog; /* 0: away. */
    edge_ref connection;
    size_t at;                 /* In stage.given: looked at up to here. */
    size_t bodies[BODIES_MAX]; /* What this dialog was given. */
    size_t n, confirmed;
    bool is_joining; /* It waits for the answer. */
    struct place places[ROOMS];
    bool is_owed[ROOMS];      /* What it has not seen of the room. */
    uint64_t shown_id[ROOMS]; /* Up to here it has. */
};

struct play {
    struct stage *s;
    uint64_t random;
    struct endpoint endpoints[ENDPOINTS];
    uint64_t connections;
    unsigned envid; /* The last a client used for a history. */
};

static unsigned draw(struct play *play, unsigned below)
{
    play->random = play->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(play->random >> 33) % below;
}

static const struct room *room_of(struct play *play, unsigned r)
{
    struct guid guid;

    CHECK(guid_read(slice_of_text(room_ids[r]), &guid) == ERROR_NONE);
    return query_room(applier_machine(state_loop_applier(play->s->state)),
                      &guid);
}

/* When a message was committed, by its row. */
static uint64_t index_of(struct play *play, unsigned r, uint64_t id)
{
    struct buffer value = BUFFER_EMPTY;
    Perch__Stored__Message *stored;
    struct room_view view;
    struct key key;
    uint64_t index;

    view_room(room_of(play, r), &view);
    key_build(TABLE_MESSAGES, (uint64_t[]){view.place.number, id}, &key);
    assert_int_equal(
        store_get(applier_store(state_loop_applier(play->s->state)),
                  TABLE_MESSAGES, key_slice(&key), &value),
        ERROR_NONE);
    stored = perch__stored__message__unpack(NULL, value.len, value.data);
    assert_non_null(stored);
    index = stored->log_index;
    perch__stored__message__free_unpacked(stored, NULL);
    buffer_deinit(&value);
    return index;
}

/* The room's last message at a log index. */
static uint64_t last_id_at(struct play *play, unsigned r, uint64_t index)
{
    struct room_view view;
    uint64_t id;

    view_room(room_of(play, r), &view);
    for (id = view.message_id_last; id > 0; id--) {
        if (index_of(play, r, id) <= index) {
            break;
        }
    }
    return id;
}

static void ask_history(struct play *play, struct endpoint *who, unsigned r)
{
    char body[512];

    snprintf(body, sizeof(body),
             "<xccos ver=\"1\" envid=\"%u\" "
             "xmlns=\"urn:parlano:xml:ns:xccos\"><cmd id=\"cmd:bccontext\" "
             "seqid=\"1\"><data><chanib uri=\"%s\"/>"
             "<bcq><last cnt=\"0\"/></bcq></data></cmd></xccos>",
             ++play->envid, room_uris[r]);
    who->places[r].asked = play->envid;
    stage_send(play->s, who->dialog, body);
}

static void hear_joined(struct play *play, struct endpoint *who,
                        const struct given *given)
{
    for (unsigned r = 0; r < ROOMS; r++) {
        char room[128];

        snprintf(room, sizeof(room), "<chanib uri=\"%s\" name=", room_uris[r]);
        if (strstr(given->text, room) != NULL) {
            who->places[r] = (struct place){
                .is_in = true,
                .last_id = last_id_at(play, r, given->log_index)};
            ask_history(play, who, r);
        }
    }
    who->is_joining = false;
}

static uint64_t id_after(const char *text)
{
    const char *at = strstr(text, " chatId=\"");

    assert_non_null(at);
    return strtoull(at + strlen(" chatId=\""), NULL, 10);
}

/* Copies come one after the other, from the join on. */
static void hear_copy(struct place *place, const char *text)
{
    uint64_t id = id_after(text);

    assert_true(place->is_in);
    assert_int_equal(
        id, (place->live_id > 0 ? place->live_id : place->last_id) + 1);
    place->live_id = id;
}

/* A history is whole, ends at the join, and goes back to what was shown. */
static void hear_history(struct endpoint *who, unsigned r, const char *text)
{
    struct place *place = &who->places[r];
    uint64_t first = 0, last = 0;
    char answered[32];

    snprintf(answered, sizeof(answered), " envid=\"%u\"/>", place->asked);
    if (!place->is_in || strstr(text, answered) == NULL) {
        return; /* It has left since, and perhaps come again. */
    }
    for (const char *at = text; (at = strstr(at, "<msg ")) != NULL; at++) {
        uint64_t id = id_after(at);

        assert_true(last == 0 || id == last + 1);
        first = first == 0 ? id : first;
        last = id;
    }
    assert_true(last == 0 || last == place->last_id);
    if (who->is_owed[r] && who->shown_id[r] < place->last_id) {
        assert_in_range(first, 1, who->shown_id[r] + 1);
    }
    place->history_at = who->n;
}

static void hear_body(struct play *play, struct endpoint *who,
                      const struct given *given)
{
    if (strstr(given->text, "rpl:bjoin") != NULL) {
        hear_joined(play, who, given);
    }
    for (unsigned r = 0; r < ROOMS; r++) {
        if (strstr(given->text, room_uris[r]) == NULL) {
            continue;
        }
        if (strstr(given->text, "<grpchat ") != NULL) {
            hear_copy(&who->places[r], given->text);
        } else if (strstr(given->text, "rpl:bccontext") != NULL) {
            hear_history(who, r, given->text);
        } else if (strstr(given->text, "rpl:part") != NULL) {
            who->places[r].is_in = false;
            who->is_owed[r] = false; /* It wanted no more of it. */
        }
    }
}

/* How far an edge would say that this many bodies were answered. */
static uint64_t index_confirmed(struct play *play, const struct endpoint *who)
{
    uint64_t index = 0, next = 0;

    for (size_t i = who->n; i > who->confirmed; i--) {
        uint64_t this = play->s->given[who->bodies[i - 1]].log_index;

        next = this > 0 ? this : next;
    }
    for (size_t i = 0; i < who->confirmed; i++) {
        uint64_t this = play->s->given[who->bodies[i]].log_index;

        index = this > index && this != next ? this : index;
    }
    return index;
}

static uint32_t replies_confirmed(struct play *play, const struct endpoint *who)
{
    uint32_t replies = 0;

    for (size_t i = 0; i < who->confirmed; i++) {
        uint32_t reply = play->s->given[who->bodies[i]].reply;

        replies = reply > 0 ? reply : replies;
    }
    return replies;
}

/* Whether it has answered all that came before its copies. */
static bool has_past(const struct endpoint *who, const struct place *place)
{
    return place->is_in &&
           (place->is_resumed ||
            (place->history_at > 0 && place->history_at <= who->confirmed));
}

/* What it has answered it has seen: once the history is among that, all from
 * there on. */
static void note_shown(struct play *play, struct endpoint *who)
{
    for (unsigned r = 0; r < ROOMS; r++) {
        const struct place *place = &who->places[r];
        uint64_t shown = place->last_id;

        if (!has_past(who, place)) {
            continue;
        }
        for (size_t i = 0; i < who->confirmed; i++) {
            const char *text = play->s->given[who->bodies[i]].text;

            if (strstr(text, "<grpchat ") != NULL &&
                strstr(text, room_uris[r]) != NULL && id_after(text) > shown) {
                shown = id_after(text);
            }
        }
        who->is_owed[r] = true;
        who->shown_id[r] = shown;
    }
}

/* Whether the endpoint's mark is to be trusted for a room when its dialog ends.
 * One mark stands for all of them, also for a room the dialog was not in. */
static bool is_owed_still(const struct endpoint *who, unsigned r)
{
    return who->is_owed[r] && (who->dialog == 0 || who->places[r].is_in);
}

static void go_away(struct play *play, struct endpoint *who)
{
    uint64_t index = index_confirmed(play, who);
    uint32_t replies = replies_confirmed(play, who);

    note_shown(play, who);
    for (unsigned r = 0; r < ROOMS; r++) {
        who->is_owed[r] = is_owed_still(who, r);
    }
    stage_hang_up(play->s, who->dialog, DIALOG_DROPPED, index, replies);
    who->dialog = 0;
}

static void hear(struct play *play, struct endpoint *who)
{
    bool is_closed = false;

    while (who->dialog != 0 && who->at < play->s->n_given) {
        const struct given *given = &play->s->given[who->at];

        who->at += 1;
        if (given->dialog != who->dialog) {
            continue;
        }
        if (given->kind == DELIVERY_BODY) {
            assert_false(is_closed);
            CHECK(who->n < BODIES_MAX);
            who->bodies[who->n++] = who->at - 1;
            hear_body(play, who, given);
        }
        is_closed = is_closed || given->kind == DELIVERY_CLOSE;
    }
    if (is_closed) {
        go_away(play, who);
    }
}

static void hear_all(struct play *play)
{
    fake_loop_settle(play->s->loop);
    for (unsigned i = 0; i < ENDPOINTS; i++) {
        hear(play, &play->endpoints[i]);
    }
}

/* A new dialog, on the client's own connection. */
static void dial(struct play *play, struct endpoint *who, bool resumes)
{
    who->at = play->s->n_given;
    who->n = 0;
    who->confirmed = 0;
    who->is_joining = false;
    who->dialog = stage_dial_on(play->s, (uint8_t)draw(play, STAGE_EDGES),
                                who->connection, who->user, who->id, resumes);
}

static void come(struct play *play, struct endpoint *who)
{
    memset(who->places, 0, sizeof(who->places));
    who->connection = ++play->connections;
    dial(play, who, false);
}

/* Its dialog broke: it invites anew, and takes itself to be where it was and to
 * have missed nothing. */
static void resume(struct play *play, struct endpoint *who)
{
    if (who->is_joining) {
        return; /* It would ask again. */
    }
    go_away(play, who);
    for (unsigned r = 0; r < ROOMS; r++) {
        struct place *place = &who->places[r];

        place->is_resumed = place->is_in;
        place->last_id = place->live_id > 0 ? place->live_id : place->last_id;
        place->live_id = 0;
    }
    dial(play, who, true);
}

static void join(struct play *play, struct endpoint *who)
{
    char body[1024];
    unsigned which = 1 + draw(play, 3);
    size_t len = (size_t)snprintf(
        body, sizeof(body),
        "<xccos ver=\"1\" envid=\"5\" xmlns=\"urn:parlano:xml:ns:xccos\">"
        "<cmd id=\"cmd:bjoin\" seqid=\"1\"><data>");

    for (unsigned r = 0; r < ROOMS; r++) {
        if ((which >> r & 1) != 0 && !who->places[r].is_in) {
            len += (size_t)snprintf(body + len, sizeof(body) - len,
                                    "<chanid key=\"0\" domain=\"example.com\" "
                                    "value=\"%s\"/>",
                                    room_ids[r]);
        }
    }
    snprintf(body + len, sizeof(body) - len, "</data></cmd></xccos>");
    if (strstr(body, "chanid") != NULL && !who->is_joining) {
        who->is_joining = true;
        stage_send(play->s, who->dialog, body);
    }
}

static void part(struct play *play, struct endpoint *who)
{
    unsigned r = draw(play, ROOMS);
    char body[512];

    if (who->places[r].is_in) {
        snprintf(body, sizeof(body),
                 "<xccos ver=\"1\" envid=\"5\" "
                 "xmlns=\"urn:parlano:xml:ns:xccos\"><cmd id=\"cmd:part\" "
                 "seqid=\"1\"><data><chanib uri=\"%s\"/></data></cmd></xccos>",
                 room_uris[r]);
        stage_send(play->s, who->dialog, body);
    }
}

static void confirm(struct play *play, struct endpoint *who)
{
    who->confirmed += draw(play, (unsigned)(who->n - who->confirmed) + 1);
    note_shown(play, who);
    stage_confirm(play->s, who->dialog, index_confirmed(play, who),
                  replies_confirmed(play, who));
}

static void act(struct play *play, struct endpoint *who)
{
    if (who->dialog == 0) {
        come(play, who);
        return;
    }
    switch (draw(play, 12)) {
    case 0:
        who->confirmed = draw(play, 2) == 0 ? who->n : who->confirmed;
        if (draw(play, 3) == 0) {
            resume(play, who);
        } else {
            go_away(play, who);
        }
        break;
    case 1:
        part(play, who);
        break;
    case 2:
    case 3:
    case 4:
        join(play, who);
        break;
    case 5:
    case 6:
    case 7:
        confirm(play, who);
        break;
    default:
        stage_post(play->s, who->dialog, who->user,
                   room_uris[draw(play, ROOMS)], "words");
    }
}

/* Nobody could tell the state loop that they were gone. */
static void lose_process(struct play *play)
{
    for (unsigned i = 0; i < ENDPOINTS; i++) {
        struct endpoint *who = &play->endpoints[i];

        for (unsigned r = 0; r < ROOMS; r++) {
            who->is_owed[r] = is_owed_still(who, r);
        }
        who->dialog = 0;
    }
    fake_loop_hold(play->s->loop, false);
    fake_replica_busy(play->s->replica, false);
    stage_end(play->s, draw(play, 2) == 0 ? STAGE_KILLED : STAGE_POWER_CUT);
    stage_start(play->s);
    fake_replica_replay(play->s->replica, 1, 1 + draw(play, 200));
    stage_commit(play->s);
}

/* Miss some entries, and get them as another node's state. */
static void fall_behind(struct play *play)
{
    fake_loop_hold(play->s->loop, false);
    fake_replica_blind(play->s->replica, true);
    for (unsigned n = draw(play, 4) + 1; n > 0; n--) {
        stage_other_post(play->s, CAROL, 5, room_ids[0], "unseen");
    }
    fake_replica_commit(play->s->replica, draw(play, 3));
    fake_replica_blind(play->s->replica, false);
    stage_snapshot(play->s);
}

static void fate(struct play *play)
{
    switch (draw(play, 100)) {
    case 0:
        lose_process(play);
        break;
    case 1:
        fall_behind(play);
        break;
    case 2:
    case 3:
        fake_replica_repeat(play->s->replica);
        break;
    case 4:
    case 5:
        fake_replica_busy(play->s->replica, true);
        break;
    default:
        fake_replica_busy(play->s->replica, false);
        fake_loop_hold(play->s->loop, draw(play, 3) == 0);
        stage_pass(play->s, draw(play, 400));
    }
}

static void step(struct play *play)
{
    unsigned what = draw(play, 10);

    if (what < 5) {
        act(play, &play->endpoints[draw(play, ENDPOINTS)]);
    } else if (what < 7) {
        fake_replica_commit(play->s->replica, 1 + draw(play, 8));
    } else if (what < 8) {
        stage_other_post(play->s, CAROL, 5, room_ids[0], "words");
    } else if (what < 9) {
        stage_reads(play->s,
                    draw(play, 10) == 0 ? ERROR_NO_LEADER : ERROR_NONE);
    } else {
        fate(play);
    }
    hear_all(play);
}

static void play_seed(uint64_t seed)
{
    struct play *play = calloc(1, sizeof(*play));
    void *state = NULL;

    assert_non_null(play);
    stage_setup(&state);
    play->s = state;
    play->s->emit_nothing = true;
    play->random = seed * 2 + 1;
    for (unsigned i = 0; i < ENDPOINTS; i++) {
        play->endpoints[i].user = users[i % 2];
        snprintf(play->endpoints[i].id, sizeof(play->endpoints[i].id), "e%u",
                 i);
    }
    stage_raise(play->s);
    stage_other_join(play->s, CAROL, 5, room_ids[0]);
    for (unsigned i = 0; i < STEPS; i++) {
        step(play);
    }
    fake_loop_hold(play->s->loop, false);
    assert_int_equal(play->s->fatals, 0);
    stage_teardown(&state);
    free(play);
}

static uint64_t only_seed;

static void test_sessions__keep_their_promises(void **state)
{
    (void)state;
    if (only_seed > 0) {
        play_seed(only_seed);
        return;
    }
    for (uint64_t seed = 1; seed <= MODEL_SEEDS; seed++) {
        print_message("seed %" PRIu64 "\n", seed);
        play_seed(seed);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RUN(test_sessions__keep_their_promises),
    };

    journal_configure(JOURNAL_ERROR, false, false);
    only_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
