/* A room's messages reach its owner once, in order, and a gap is told: with
 * every order of arrival, every loss of a copy, every kind of history. */
#include "ops/client/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/test.h"

enum { IDS_MAX = 4000 };

static struct xccos_message message_of(uint64_t id)
{
    return (struct xccos_message){
        .message_id = XCCOS_NUMBER(id),
        .author = SLICE_LITERAL("sip:tomas@fjord.example"),
        .text = SLICE_LITERAL("hello"),
    };
}

static enum error live(struct timeline *timeline, uint64_t id)
{
    struct xccos_message message = message_of(id);

    return timeline_live(timeline, &message);
}

/* Answers what is wanted with the ids from first to last. */
static void page(struct timeline *timeline, const struct timeline_want *want,
                 uint64_t first, uint64_t last, bool is_cut)
{
    static struct xccos_message messages[IDS_MAX];
    struct xccos_room room = {.over_limit =
                                  is_cut ? XCCOS_FLAG_TRUE : XCCOS_FLAG_UNSET};
    size_t n = 0;

    for (uint64_t id = first; id <= last && first > 0; id++) {
        messages[n] = message_of(id);
        if (n > 0) {
            messages[n - 1].next = &messages[n];
        }
        n++;
    }
    room.messages = n == 0 ? NULL : messages;
    timeline_asked(timeline);
    assert_int_equal(timeline_page(timeline, want, &room), ERROR_NONE);
}

/* What is told now: ids with blanks between, a-b for a gap. */
static const char *told(struct timeline *timeline)
{
    static char text[IDS_MAX];
    struct timeline_event event;
    enum timeline_next next;
    size_t len = 0;

    text[0] = '\0';
    while ((next = timeline_next(timeline, &event)) != TIMELINE_NOTHING) {
        if (next == TIMELINE_MESSAGE) {
            len += (size_t)snprintf(text + len, sizeof(text) - len,
                                    "%s%" PRIu64, len == 0 ? "" : " ",
                                    event.said->message.message_id.value);
            free(event.said);
        } else {
            len += (size_t)snprintf(
                text + len, sizeof(text) - len, "%s%" PRIu64 "-%" PRIu64,
                len == 0 ? "" : " ", event.first_id, event.last_id);
        }
    }
    return text;
}

/* Begins a room whose first history ends with this id. */
static void begin(struct timeline *timeline, uint64_t last)
{
    struct timeline_want want;

    timeline_init(timeline, 2);
    timeline_join(timeline, true);
    assert_true(timeline_wants(timeline, &want));
    assert_true(want.is_first);
    page(timeline, &want, last == 0 ? 0 : last > 1 ? last - 1 : 1, last, false);
    told(timeline);
    assert_false(timeline_wants(timeline, &want));
}

/* The first history is asked for once, and no more of it told than wanted;
 * live copies wait for it. */
static void test_timeline__first_history(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    timeline_init(&timeline, 3);
    timeline_join(&timeline, true);
    assert_int_equal(live(&timeline, 11), ERROR_NONE);
    assert_string_equal(told(&timeline), "");
    assert_true(timeline_wants(&timeline, &want));
    assert_true(want.is_first);
    assert_int_equal(want.most, 3);
    page(&timeline, &want, 1, 10, false);
    assert_string_equal(told(&timeline), "8 9 10 11");
    assert_false(timeline_wants(&timeline, &want));
    assert_true(timeline_is_current(&timeline));
    timeline_deinit(&timeline);
}

/* A first page that was made after live copies does not hide them: the room
 * begins with the first one, also when the connection was lost meanwhile. */
static void test_timeline__first_history_made_late(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    for (int is_lost = 0; is_lost < 2; is_lost++) {
        timeline_init(&timeline, 0);
        timeline_join(&timeline, true);
        assert_true(timeline_wants(&timeline, &want));
        live(&timeline, 11);
        live(&timeline, 13);
        if (is_lost) {
            timeline_asked(&timeline);
            timeline_leave(&timeline);
            timeline_join(&timeline, true);
            assert_true(timeline_wants(&timeline, &want));
        }
        page(&timeline, &want, 14, 14, false);
        assert_string_equal(told(&timeline), "11");
        assert_true(timeline_wants(&timeline, &want));
        assert_int_equal(want.after_id, 11);
        page(&timeline, &want, 12, 12, false);
        assert_string_equal(told(&timeline), "12 13 14");
        assert_false(timeline_wants(&timeline, &want));
        timeline_deinit(&timeline);
    }
}

/* With none wanted the past only tells where the room begins. */
static void test_timeline__no_history_wanted(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    timeline_init(&timeline, 0);
    timeline_join(&timeline, true);
    assert_true(timeline_wants(&timeline, &want));
    assert_int_equal(want.most, 1);
    page(&timeline, &want, 10, 10, false);
    assert_string_equal(told(&timeline), "");
    live(&timeline, 11);
    assert_string_equal(told(&timeline), "11");
    timeline_deinit(&timeline);
}

/* A repeat is not told again, from wherever it comes. */
static void test_timeline__repeats(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    begin(&timeline, 5);
    assert_int_equal(live(&timeline, 5), ERROR_EXISTS);
    assert_int_equal(live(&timeline, 6), ERROR_NONE);
    assert_string_equal(told(&timeline), "6");
    assert_int_equal(live(&timeline, 6), ERROR_EXISTS);
    assert_int_equal(live(&timeline, 8), ERROR_NONE);
    assert_int_equal(live(&timeline, 8), ERROR_EXISTS);
    assert_true(timeline_wants(&timeline, &want));
    page(&timeline, &want, 4, 8, false);
    assert_string_equal(told(&timeline), "7 8");
    timeline_deinit(&timeline);
}

/* What is missing before a live copy is fetched, and no more than that. */
static void test_timeline__fills_a_gap(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    begin(&timeline, 5);
    live(&timeline, 9);
    live(&timeline, 10);
    assert_string_equal(told(&timeline), "");
    assert_false(timeline_is_current(&timeline));
    assert_true(timeline_wants(&timeline, &want));
    assert_false(want.is_first);
    assert_int_equal(want.after_id, 5);
    assert_int_equal(want.most, 3);
    page(&timeline, &want, 6, 8, false);
    assert_string_equal(told(&timeline), "6 7 8 9 10");
    assert_true(timeline_is_current(&timeline));
    timeline_deinit(&timeline);
}

/* One request at a time; the answer may be a part. */
static void test_timeline__fills_in_parts(void **state)
{
    struct timeline timeline;
    struct timeline_want want, again;

    (void)state;
    begin(&timeline, 5);
    live(&timeline, 10);
    assert_true(timeline_wants(&timeline, &want));
    timeline_asked(&timeline);
    assert_false(timeline_wants(&timeline, &again));
    timeline_leave(&timeline); /* So that page may ask. */
    page(&timeline, &want, 6, 7, true);
    assert_string_equal(told(&timeline), "6 7");
    assert_true(timeline_wants(&timeline, &want));
    assert_int_equal(want.after_id, 7);
    page(&timeline, &want, 8, 9, false);
    assert_string_equal(told(&timeline), "8 9 10");
    timeline_deinit(&timeline);
}

/* What history does not have is told as a gap, and the room goes on. */
static void test_timeline__gap_cannot_be_filled(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    begin(&timeline, 5);
    live(&timeline, 9);
    assert_true(timeline_wants(&timeline, &want));
    page(&timeline, &want, 7, 7, false); /* 6 is purged, 8 is not there. */
    assert_string_equal(told(&timeline), "6-6 7");
    assert_true(timeline_wants(&timeline, &want));
    page(&timeline, &want, 0, 0, false);
    assert_string_equal(told(&timeline), "8-8 9");
    assert_false(timeline_wants(&timeline, &want));
    timeline_deinit(&timeline);
}

/* A refused history is not asked for again; gaps are told at once. */
static void test_timeline__history_refused(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    timeline_init(&timeline, 5);
    timeline_join(&timeline, true);
    live(&timeline, 3);
    assert_true(timeline_wants(&timeline, &want));
    timeline_asked(&timeline);
    timeline_refuse(&timeline);
    assert_string_equal(told(&timeline), "3");
    live(&timeline, 6);
    assert_string_equal(told(&timeline), "4-5 6");
    assert_false(timeline_wants(&timeline, &want));
    timeline_deinit(&timeline);
}

/* A room without history begins with its first live copy. */
static void test_timeline__room_keeps_none(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    timeline_init(&timeline, 5);
    timeline_join(&timeline, false);
    assert_false(timeline_wants(&timeline, &want));
    assert_true(timeline_is_current(&timeline));
    live(&timeline, 40);
    live(&timeline, 41);
    assert_string_equal(told(&timeline), "40 41");
    timeline_deinit(&timeline);
}

/* An empty first history does not make a gap of messages that nobody here
 * could have seen: purged ones, or those of a time without history. */
static void test_timeline__empty_first_history(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    begin(&timeline, 0);
    live(&timeline, 7);
    assert_true(timeline_wants(&timeline, &want));
    page(&timeline, &want, 0, 0, false);
    assert_string_equal(told(&timeline), "7");
    live(&timeline, 9);
    assert_true(timeline_wants(&timeline, &want));
    page(&timeline, &want, 0, 0, false);
    assert_string_equal(told(&timeline), "8-8 9");
    timeline_deinit(&timeline);
}

/* After a reconnect history is asked from the last told id on, page after page
 * until there is no more, before anything is missed. */
static void test_timeline__rejoin(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    begin(&timeline, 5);
    timeline_leave(&timeline);
    assert_false(timeline_wants(&timeline, &want));
    timeline_join(&timeline, true);
    assert_true(timeline_wants(&timeline, &want));
    assert_false(want.is_first);
    assert_int_equal(want.after_id, 5);
    assert_int_equal(want.most, CLIENT_HISTORY_MAX);
    page(&timeline, &want, 6, 5 + CLIENT_HISTORY_MAX, false);
    told(&timeline);
    assert_int_equal(timeline.told, 5 + CLIENT_HISTORY_MAX);
    assert_true(timeline_wants(&timeline, &want));
    assert_int_equal(want.after_id, 5 + CLIENT_HISTORY_MAX);
    page(&timeline, &want, 0, 0, false);
    assert_string_equal(told(&timeline), "");
    assert_false(timeline_wants(&timeline, &want));
    timeline_deinit(&timeline);
}

/* A history that brings again what was told, as pools do for devices they
 * remember, changes nothing. */
static void test_timeline__rejoin_brings_more_than_asked(void **state)
{
    struct timeline timeline;
    struct timeline_want want;

    (void)state;
    begin(&timeline, 5);
    timeline_leave(&timeline);
    timeline_join(&timeline, true);
    assert_true(timeline_wants(&timeline, &want));
    page(&timeline, &want, 1, 7, false);
    assert_string_equal(told(&timeline), "6 7");
    timeline_deinit(&timeline);
}

/* More live copies than can be held are fetched instead: memory is bounded and
 * nothing is lost. */
static void test_timeline__holds_so_many(void **state)
{
    struct timeline timeline;
    struct timeline_want want;
    uint64_t last = 7 + TIMELINE_HELD_MAX + 50;

    (void)state;
    begin(&timeline, 5);
    for (uint64_t id = 7; id <= last; id++) {
        assert_int_equal(live(&timeline, id), ERROR_NONE);
    }
    assert_int_equal(timeline.held_n, TIMELINE_HELD_MAX);
    assert_true(timeline_wants(&timeline, &want));
    page(&timeline, &want, 6, 6, false);
    told(&timeline);
    assert_int_equal(timeline.told, 6 + TIMELINE_HELD_MAX);
    assert_false(timeline_is_current(&timeline));
    assert_true(timeline_wants(&timeline, &want));
    assert_int_equal(want.after_id, 6 + TIMELINE_HELD_MAX);
    page(&timeline, &want, want.after_id + 1, last, false);
    told(&timeline);
    assert_int_equal(timeline.told, last);
    assert_true(timeline_is_current(&timeline));
    timeline_deinit(&timeline);
}

/* A message without a number cannot be placed. */
static void test_timeline_live__no_number(void **state)
{
    struct timeline timeline;
    struct xccos_message message = message_of(0);

    (void)state;
    begin(&timeline, 5);
    assert_int_equal(timeline_live(&timeline, &message), ERROR_MALFORMED);
    message.message_id.set = false;
    assert_int_equal(timeline_live(&timeline, &message), ERROR_MALFORMED);
    assert_string_equal(told(&timeline), "");
    timeline_deinit(&timeline);
}

static uint32_t dice(uint64_t *seed, uint32_t n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % n;
}

struct run {
    uint64_t seed;
    struct timeline timeline;
    uint64_t said;        /* Messages of the room so far. */
    uint64_t joined_at;   /* What the first history goes up to. */
    bool is_fresh, is_in; /* The first history is due; in the room. */
    uint64_t last_told;
    bool purged[IDS_MAX];
};

static void hear_all(struct run *run)
{
    struct timeline_event event;
    enum timeline_next next;

    while ((next = timeline_next(&run->timeline, &event)) != TIMELINE_NOTHING) {
        if (next == TIMELINE_MESSAGE) {
            uint64_t id = event.said->message.message_id.value;

            assert_true(run->last_told == 0 || id == run->last_told + 1);
            run->last_told = id;
            free(event.said);
        } else {
            assert_int_equal(event.first_id, run->last_told + 1);
            for (uint64_t id = event.first_id; id <= event.last_id; id++) {
                assert_true(run->purged[id]);
            }
            run->last_told = event.last_id;
        }
    }
}

/* Answers as a pool does: only up to the join the first time, in pages. */
static void serve(struct run *run)
{
    static struct xccos_message messages[IDS_MAX];
    uint64_t upto = run->is_fresh ? run->joined_at : run->said;
    struct xccos_room room = {0};
    struct timeline_want want;
    size_t n = 0;

    if (!run->is_in || !timeline_wants(&run->timeline, &want)) {
        return;
    }
    timeline_asked(&run->timeline);
    run->is_fresh = false;
    for (uint64_t id = 1; id <= upto; id++) {
        bool wanted = want.is_first ? id + want.most > upto
                                    : id > want.after_id && n < want.most;

        if (wanted && !run->purged[id]) {
            messages[n] = message_of(id);
            if (n > 0) {
                messages[n - 1].next = &messages[n];
            }
            n++;
        }
    }
    room.messages = n == 0 ? NULL : messages;
    assert_int_equal(timeline_page(&run->timeline, &want, &room), ERROR_NONE);
}

static void step(struct run *run)
{
    switch (dice(&run->seed, 10)) {
    case 0: /* The connection breaks, or is there again. */
        run->is_in = !run->is_in;
        if (run->is_in) {
            run->joined_at = run->said;
            run->is_fresh = true;
            timeline_join(&run->timeline, true);
        } else {
            timeline_leave(&run->timeline);
        }
        break;
    case 1: /* Something that was told can be purged. */
        if (run->last_told > 0) {
            run->purged[1 + dice(&run->seed, (uint32_t)run->said)] = true;
        }
        break;
    case 2:
    case 3:
        serve(run);
        break;
    default:
        run->said++;
        if (run->is_in && dice(&run->seed, 8) != 0) { /* Some are lost. */
            live(&run->timeline, run->said);
            if (dice(&run->seed, 8) == 0) {
                live(&run->timeline, run->said);
            }
        }
        break;
    }
    hear_all(run);
}

/* Whatever happens: once, in order, gaps only where something was purged, and
 * in the end all is told. */
static void test_timeline__anything(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct run run = {.seed = seed};

        timeline_init(&run.timeline, (uint32_t)(seed % 5));
        for (int i = 0; i < 600; i++) {
            step(&run);
        }
        if (!run.is_in) {
            run.is_in = run.is_fresh = true;
            run.joined_at = run.said;
            timeline_join(&run.timeline, true);
        }
        for (int i = 0; i < 50; i++) {
            serve(&run);
            hear_all(&run);
        }
        assert_true(timeline_is_current(&run.timeline));
        assert_true(run.timeline.told == run.said ||
                    run.purged[run.timeline.told + 1] ||
                    run.timeline.told >= run.timeline.seen);
        timeline_deinit(&run.timeline);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_timeline__first_history),
        RUN(test_timeline__first_history_made_late),
        RUN(test_timeline__no_history_wanted),
        RUN(test_timeline__repeats),
        RUN(test_timeline__fills_a_gap),
        RUN(test_timeline__fills_in_parts),
        RUN(test_timeline__gap_cannot_be_filled),
        RUN(test_timeline__history_refused),
        RUN(test_timeline__room_keeps_none),
        RUN(test_timeline__empty_first_history),
        RUN(test_timeline__rejoin),
        RUN(test_timeline__rejoin_brings_more_than_asked),
        RUN(test_timeline__holds_so_many),
        RUN(test_timeline_live__no_number),
        RUN(test_timeline__anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
