#include "node/session/cataloging.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/session/cataloging_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

#define TO(state) (1u << CATALOGING_##state)

static const struct {
    const char *name;
    unsigned may_follow;
} states[CATALOGING_STATES] = {
    [CATALOGING_OPENING] = {"opening", TO(FEEDING) | TO(STALLED) | TO(OPENING)},
    [CATALOGING_FEEDING] = {"feeding", TO(LEVEL) | TO(STALLED) | TO(OPENING)},
    [CATALOGING_LEVEL] = {"level", TO(FEEDING) | TO(OPENING)},
    [CATALOGING_STALLED] = {"stalled", TO(OPENING)},
};

static void done(struct job *job);

/* The one place where the catalog's state changes. What comes and goes with
 * every message is not worth a line. */
static void move(struct cataloging *cataloging, enum cataloging_state next)
{
    CHECK(states[cataloging->state].may_follow & (1u << next));
    cataloging->state = next;
}

/* Feeding. */

static bool is_behind(const struct cataloging *cataloging)
{
    return cataloging->n_behind > 0 || cataloging->again.n > 0 ||
           cataloging->is_unscanned;
}

static bool may_feed(const struct cataloging *cataloging)
{
    return !cataloging->is_feeding && cataloging->store != NULL &&
           is_behind(cataloging) &&
           (cataloging->state == CATALOGING_FEEDING ||
            cataloging->state == CATALOGING_LEVEL);
}

static void submit(struct cataloging *cataloging)
{
    struct feed *feed = &cataloging->feed;

    feed->cataloging = cataloging;
    feed->store = cataloging->store;
    feed->began_us = loop_now_us(cataloging->settings.loop);
    feed->job = (struct job){.run = feeding_run, .done = done};
    cataloging->is_feeding = true;
    worker_submit(cataloging->worker, &feed->job);
}

/* As many rooms as one write takes; they leave the list of those behind, and
 * come back to it when there is more of them. */
static void take_rooms(struct cataloging *cataloging, struct feed *next)
{
    uint64_t messages = next->n;

    while (cataloging->n_behind > 0 && messages < CATALOGING_FEED_MESSAGES) {
        uint32_t room = cataloging->behind[--cataloging->n_behind];
        struct catalog_place *place = &cataloging->places[room];

        place->is_behind = false;
        feed_add(next, room, place->marked + 1, place->said);
        messages += place->said - place->marked;
    }
}

static void put_again(struct feed *feed, const struct feed_range *range)
{
    feed_add_again(
        feed, &(struct catalog_hit){range->at_us, range->room, range->first});
}

static void take_again(struct cataloging *cataloging, struct feed *next)
{
    struct feed *again = &cataloging->again;

    while (again->n > 0 && next->n < CATALOGING_FEED_MESSAGES) {
        put_again(next, &again->ranges[--again->n]);
    }
}

static void feed(struct cataloging *cataloging)
{
    struct feed *next = &cataloging->feed;

    timer_stop(cataloging->timer);
    cataloging->timer_runs = false;
    next->n = 0;
    next->kind = cataloging->is_unscanned ? FEED_SCAN : FEED_ROWS;
    if (next->kind == FEED_SCAN) {
        cataloging_add_purged(cataloging, next);
    } else {
        take_again(cataloging, next);
        take_rooms(cataloging, next);
    }
    next->index = is_behind(cataloging) ? 0 : cataloging->applied_index;
    if (cataloging->state == CATALOGING_LEVEL) {
        move(cataloging, CATALOGING_FEEDING);
    }
    submit(cataloging);
}

static void open_with(struct cataloging *cataloging, bool discard)
{
    struct feed *next = &cataloging->feed;

    CHECK(!cataloging->is_feeding);
    move(cataloging, CATALOGING_OPENING);
    next->n = 0;
    next->kind = FEED_OPEN;
    next->discard = discard;
    submit(cataloging);
}

static void start_timer(struct cataloging *cataloging, uint64_t delay_ms)
{
    if (!cataloging->timer_runs) {
        cataloging->timer_runs = true;
        timer_start(cataloging->timer, delay_ms, 0);
    }
}

static void on_timer(void *context)
{
    struct cataloging *cataloging = context;

    cataloging->timer_runs = false;
    if (cataloging->state == CATALOGING_STALLED) {
        open_with(cataloging, cataloging->is_damaged);
        cataloging->is_damaged = false;
    } else if (may_feed(cataloging)) {
        feed(cataloging);
    }
}

/* What comes of feeds. */

static void stall(struct cataloging *cataloging, enum error error)
{
    if (error != cataloging->stall) {
        journal_error("catalog_stalled", "directory=%s error=%s retry_in_ms=%d",
                      cataloging->settings.directory, error_name(error),
                      CATALOGING_RETRY_MS);
    }
    move(cataloging, CATALOGING_STALLED);
    cataloging->stall = error;
    cataloging->level_index = 0;
    start_timer(cataloging, CATALOGING_RETRY_MS);
    cataloging_refuse_waiting(cataloging, error);
}

/* What is on the disk is not to be believed. */
static void make_anew(struct cataloging *cataloging)
{
    journal_error("catalog_damaged",
                  "directory=%s reason=\"it is made anew from the store\"",
                  cataloging->settings.directory);
    meter_add(&cataloging->meters.rebuilds, 1);
    cataloging->is_damaged = false;
    cataloging->level_index = 0;
    open_with(cataloging, true);
    cataloging_refuse_waiting(cataloging, ERROR_FORGOTTEN);
}

static void opened(struct cataloging *cataloging)
{
    const struct feed *done_feed = &cataloging->feed;

    for (uint32_t i = 0; i < cataloging->n_places; i++) {
        cataloging->places[i].marked = 0;
    }
    for (size_t i = 0; i < done_feed->n; i++) {
        cataloging_place(cataloging, done_feed->ranges[i].room)->marked =
            done_feed->ranges[i].last;
    }
    meter_add(&cataloging->meters.rebuilds, done_feed->made_anew ? 1 : 0);
    cataloging->again.n = 0;
    cataloging->is_unscanned = true;
    cataloging->is_wanted = true;
    move(cataloging, CATALOGING_FEEDING);
    if (cataloging->machine != NULL) {
        cataloging_compare(cataloging);
    }
    journal_notice("catalog_opened",
                   "directory=%s rooms=%zu messages_behind=%" PRIu64,
                   cataloging->settings.directory, done_feed->n,
                   cataloging->messages_behind);
    cataloging->stall = ERROR_NONE;
    if (cataloging->messages_behind > CATALOGING_BEHIND_MAX) {
        cataloging_refuse_waiting(cataloging, ERROR_FORGOTTEN);
    }
}

/* What was revised since the catalog was level is to be put in again, and what
 * was purged is to be taken out. */
static void scanned(struct cataloging *cataloging)
{
    const struct feed *found = &cataloging->feed;

    for (size_t i = 0; i < found->n; i++) {
        if (found->ranges[i].is_again) {
            put_again(&cataloging->again, &found->ranges[i]);
        }
    }
    cataloging->is_unscanned = false;
}

static void fed_again(struct cataloging *cataloging,
                      const struct feed_range *range, bool is_in)
{
    if (!is_in) {
        put_again(&cataloging->again, range);
    }
}

static void fed_room(struct cataloging *cataloging,
                     const struct feed_range *range, bool is_in)
{
    struct catalog_place *place = &cataloging->places[range->room];

    if (is_in) {
        CHECK(range->last >= place->marked);
        cataloging->messages_behind -= range->last - place->marked;
        place->marked = range->last;
    }
    if (place->marked < place->said && !place->is_behind) {
        place->is_behind = true;
        cataloging_put_behind(cataloging, range->room);
    }
}

/* The ranges are in, as far as they were read; what is left of them is behind
 * again. */
static void fed(struct cataloging *cataloging)
{
    const struct feed *done_feed = &cataloging->feed;

    for (size_t i = 0; i < done_feed->n; i++) {
        const struct feed_range *range = &done_feed->ranges[i];
        bool is_in = i < done_feed->n_done;

        if (range->is_again) {
            fed_again(cataloging, range, is_in);
        } else {
            fed_room(cataloging, range, is_in);
        }
    }
    if (done_feed->index > cataloging->level_index) {
        cataloging->level_index = done_feed->index;
    }
    meter_add(&cataloging->meters.fed, done_feed->messages);
    cataloging_tell_behind(cataloging);
}

static void succeeded(struct cataloging *cataloging)
{
    switch (cataloging->feed.kind) {
    case FEED_OPEN:
        opened(cataloging);
        break;
    case FEED_SCAN:
        scanned(cataloging);
        break;
    case FEED_ROWS:
        fed(cataloging);
        break;
    }
}

static void done(struct job *job)
{
    struct feed *feed_done =
        (struct feed *)((char *)job - offsetof(struct feed, job));
    struct cataloging *cataloging = feed_done->cataloging;
    enum error store_error = feed_done->store_error;

    cataloging->is_feeding = false;
    cataloging->fed_us =
        loop_now_us(cataloging->settings.loop) - feed_done->began_us;
    meter_observe(&cataloging->meters.feed_us, cataloging->fed_us);
    if (store_error != ERROR_NONE) {
        stall(cataloging, store_error);
    } else if (feed_done->error == ERROR_NONE) {
        succeeded(cataloging);
    } else if (feed_done->error == ERROR_ROTTEN &&
               feed_done->kind != FEED_OPEN) {
        cataloging->is_damaged = true;
    } else {
        stall(cataloging, feed_done->error);
    }
    cataloging_go_on(cataloging); /* The next feed may be on the worker. */
    cataloging_tell_released(cataloging);
    cataloging_tell_unsound(cataloging, store_error);
}

/* Whether what was said is wanted in the catalog at once. */
static bool is_urgent(const struct cataloging *cataloging)
{
    return !TAILQ_EMPTY(&cataloging->waiting) || cataloging->is_unscanned ||
           cataloging->is_wanted;
}

/* Words are for searches alone: posts that are taken go first. */
static uint64_t rest_ms(const struct cataloging *cataloging)
{
    uint64_t rest = cataloging->fed_us * CATALOGING_REST / 1000;

    return rest > CATALOGING_DELAY_MS ? rest : CATALOGING_DELAY_MS;
}

/* Do what is due, after anything has changed. */
void cataloging_go_on(struct cataloging *cataloging)
{
    bool is_open = cataloging->state == CATALOGING_FEEDING ||
                   cataloging->state == CATALOGING_LEVEL;

    if (is_open && cataloging->is_damaged && !cataloging->is_feeding) {
        make_anew(cataloging);
        return;
    }
    if (is_open && !cataloging->is_feeding && !is_behind(cataloging) &&
        cataloging->store != NULL) {
        if (cataloging->state != CATALOGING_LEVEL) {
            move(cataloging, CATALOGING_LEVEL);
        }
        cataloging->is_wanted = false;
        cataloging->level_index = cataloging->applied_index;
    }
    if (may_feed(cataloging)) {
        if (is_urgent(cataloging)) {
            feed(cataloging);
        } else {
            start_timer(cataloging, rest_ms(cataloging));
        }
    }
    if (is_open) {
        cataloging_run_waiting(cataloging);
    }
}

/* What the owner tells. */

struct cataloging *cataloging_new(const struct cataloging_settings *settings)
{
    struct cataloging *cataloging = calloc(1, sizeof(*cataloging));

    CHECK(cataloging != NULL);
    cataloging->settings = *settings;
    snprintf(cataloging->made_for, sizeof(cataloging->made_for),
             "%016" PRIx64 " %s %x", settings->directory_id, SPELLING_NAME,
             spelling_library());
    TAILQ_INIT(&cataloging->waiting);
    meter_histogram_init(&cataloging->meters.feed_us, &meter_seconds);
    meter_histogram_init(&cataloging->meters.search_us, &meter_seconds);
    cataloging->worker = worker_new(settings->loop, "catalog");
    cataloging->timer = timer_new(settings->loop, on_timer, cataloging);
    cataloging->tick =
        timer_new(settings->loop, cataloging_on_tick, cataloging);
    CHECK(cataloging->worker != NULL && cataloging->timer != NULL);
    CHECK(cataloging->tick != NULL);
    open_with(cataloging, false);
    return cataloging;
}

void cataloging_free(struct cataloging *cataloging)
{
    if (cataloging == NULL) {
        return;
    }
    cataloging->is_closing = true;
    cataloging->store = NULL; /* What ends begins no other. */
    cataloging_refuse_waiting(cataloging, ERROR_CLOSED);
    cataloging->settings.unsound = NULL;
    worker_free(cataloging->worker);
    timer_free(cataloging->timer);
    timer_free(cataloging->tick);
    catalog_close(cataloging->catalog);
    free(cataloging->feed.ranges);
    free(cataloging->again.ranges);
    free(cataloging->places);
    free(cataloging->behind);
    free(cataloging);
}

void cataloging_use(struct cataloging *cataloging,
                    const struct machine *machine, struct store *store,
                    uint64_t applied_index)
{
    cataloging->machine = machine;
    cataloging->store = store;
    cataloging->applied_index = applied_index;
    cataloging->is_unscanned = true;
    if (cataloging->state != CATALOGING_OPENING) {
        cataloging_compare(cataloging);
    }
    cataloging_go_on(cataloging);
}

void cataloging_release(struct cataloging *cataloging,
                        void (*released)(void *context), void *context)
{
    CHECK(cataloging->released == NULL);
    cataloging->machine = NULL;
    cataloging->store = NULL;
    cataloging->released = released;
    cataloging->released_context = context;
    cataloging_tell_released(cataloging);
}

void cataloging_said(struct cataloging *cataloging, uint32_t room,
                     uint64_t message_id)
{
    cataloging_raise(cataloging, room, message_id);
}

void cataloging_revised(struct cataloging *cataloging,
                        const struct catalog_hit *message)
{
    bool is_open = cataloging->state == CATALOGING_FEEDING ||
                   cataloging->state == CATALOGING_LEVEL;

    if (is_open) { /* Else what it has missed is looked for when it opens. */
        feed_add_again(&cataloging->again, message);
    }
}

void cataloging_committed(struct cataloging *cataloging, uint64_t applied_index)
{
    cataloging->applied_index = applied_index;
    cataloging_go_on(cataloging);
}

const struct cataloging_meters *cataloging_meters(
    const struct cataloging *cataloging)
{
    return &cataloging->meters;
}
