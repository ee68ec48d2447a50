#include <stdlib.h>

#include "node/session/cataloging_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/codec.h"
#include "storage/cursor.h"

enum { FEED_ARENA_BYTES = 64 * 1024, RANGES_FIRST = 64 };

static struct feed_range *add_range(struct feed *feed)
{
    if (feed->n == feed->capacity) {
        feed->capacity =
            feed->capacity == 0 ? RANGES_FIRST : 2 * feed->capacity;
        feed->ranges =
            realloc(feed->ranges, feed->capacity * sizeof(*feed->ranges));
        CHECK(feed->ranges != NULL);
    }
    return &feed->ranges[feed->n++];
}

void feed_add(struct feed *feed, uint32_t room, uint64_t first, uint64_t last)
{
    *add_range(feed) = (struct feed_range){
        .room = room, .first = first, .wanted = last, .last = last};
}

void feed_add_again(struct feed *feed, const struct catalog_hit *message)
{
    feed_add(feed, message->room, message->message_id, message->message_id);
    feed->ranges[feed->n - 1].is_again = true;
    feed->ranges[feed->n - 1].at_us = message->at_us;
}

static enum error open_or_make(struct feed *feed)
{
    const struct cataloging_settings *settings = &feed->cataloging->settings;
    const char *made_for = feed->cataloging->made_for;
    struct catalog **catalog = &feed->cataloging->catalog;
    enum error error;

    catalog_close(*catalog);
    *catalog = NULL;
    if (feed->discard) {
        TRY(catalog_discard(settings->directory));
    }
    error = catalog_open(settings->directory, made_for, catalog);
    if (error != ERROR_ROTTEN && error != ERROR_WRONG_POOL) {
        return error;
    }
    journal_warning("catalog_made_anew", "directory=%s error=%s",
                    settings->directory, error_name(error));
    feed->made_anew = true;
    TRY(catalog_discard(settings->directory));
    return catalog_open(settings->directory, made_for, catalog);
}

/* A catalog_marked. */
static bool take_mark(void *context, uint32_t room, uint64_t message_id)
{
    feed_add(context, room, 1, message_id);
    return true;
}

static enum error open_catalog(struct feed *feed)
{
    TRY(open_or_make(feed));
    return catalog_marks(feed->cataloging->catalog, take_mark, feed);
}

struct loaded {
    uint32_t room;
    struct said said;
    bool is_out; /* Not to be found: taken out, if it was in. */
};

/* Messages of several rooms, to be put in by time: out of it, the catalog
 * would write each room's past out by itself. */
struct load {
    struct feed *feed;
    struct view *view;
    struct arena *arena;
    struct loaded *items;
    size_t n;
    size_t bytes;
};

static bool is_full(const struct load *load)
{
    return load->feed->messages >= CATALOGING_FEED_MESSAGES ||
           load->bytes >= CATALOGING_FEED_BYTES;
}

static void take_item(struct load *load, const struct feed_range *range,
                      const struct reading_item *item)
{
    struct loaded *loaded = &load->items[load->n++];

    loaded->room = range->room;
    reading_said(item, &loaded->said);
    loaded->is_out = !reading_is_shown(&loaded->said);
    load->bytes += loaded->said.text.len + sizeof(*item->message);
    load->feed->messages += 1;
}

/* A message that was in and has no row any more. */
static void take_purged(struct load *load, const struct feed_range *range)
{
    struct loaded *loaded = &load->items[load->n++];

    *loaded = (struct loaded){.room = range->room, .is_out = true};
    loaded->said.message_id = range->first;
    loaded->said.sent_at_us = range->at_us;
    load->feed->messages += 1;
}

static enum error walk(struct load *load, struct reading *reading,
                       struct feed_range *range)
{
    struct reading_item item;

    while (!is_full(load)) {
        enum error error = reading_next(reading, load->arena, &item);

        if (error == ERROR_NOT_FOUND) {
            return ERROR_NONE; /* The whole range. */
        }
        TRY(error);
        take_item(load, range, &item);
        if (is_full(load)) {
            range->last = item.message->message_id;
        }
    }
    return ERROR_NONE;
}

/* Read what a range has, as far as there is room for it. */
static enum error load_range(struct load *load, struct feed_range *range)
{
    const struct reading_range wanted = {range->room, range->first, range->last,
                                         false};
    struct reading *reading = NULL;
    size_t before = load->n;
    enum error error;

    TRY(reading_open(load->view, &wanted, &reading));
    error = walk(load, reading, range);
    reading_close(reading);
    if (error == ERROR_NONE && range->is_again && load->n == before) {
        take_purged(load, range);
    }
    return error;
}

static enum error load_all(struct load *load)
{
    struct feed *feed = load->feed;
    bool whole = true;
    size_t i = 0;

    for (; i < feed->n && !is_full(load); i++) {
        TRY(load_range(load, &feed->ranges[i]));
        whole = whole && feed->ranges[i].last == feed->ranges[i].wanted;
    }
    feed->n_done = i; /* Those behind stay for the next. */
    if (i < feed->n || !whole) {
        feed->index = 0;
    }
    return ERROR_NONE;
}

static int by_time(const void *a, const void *b)
{
    int64_t left = ((const struct loaded *)a)->said.sent_at_us;
    int64_t right = ((const struct loaded *)b)->said.sent_at_us;

    return (left > right) - (left < right);
}

static enum error put_one(struct catalog *catalog, const struct loaded *loaded,
                          struct buffer *words)
{
    const struct said *said = &loaded->said;

    if (loaded->is_out) {
        return catalog_remove(catalog, &(struct catalog_hit){said->sent_at_us,
                                                             loaded->room,
                                                             said->message_id});
    }
    spelling_catalog(said->text, words);
    return catalog_put(catalog, &(struct catalog_message){
                                    .at_us = said->sent_at_us,
                                    .room = loaded->room,
                                    .message_id = said->message_id,
                                    .author = said->author_uri,
                                    .words = buffer_slice(words),
                                });
}

static enum error put_all(struct load *load, struct catalog *catalog)
{
    struct buffer words = BUFFER_EMPTY;
    enum error error = ERROR_NONE;

    qsort(load->items, load->n, sizeof(*load->items), by_time);
    for (size_t i = 0; i < load->n && error == ERROR_NONE; i++) {
        error = put_one(catalog, &load->items[i], &words);
    }
    buffer_deinit(&words);
    return error;
}

static enum error mark_all(const struct feed *feed, struct catalog *catalog)
{
    for (size_t i = 0; i < feed->n_done; i++) {
        const struct feed_range *range = &feed->ranges[i];

        if (!range->is_again) {
            TRY(catalog_mark(catalog, range->room, range->last));
        }
    }
    return feed->index == 0 ? ERROR_NONE
                            : catalog_set_level(catalog, feed->index);
}

static enum error write(struct load *load, struct catalog *catalog)
{
    enum error error;

    TRY(catalog_begin(catalog));
    error = put_all(load, catalog);
    if (error == ERROR_NONE) {
        error = mark_all(load->feed, catalog);
    }
    if (error != ERROR_NONE) {
        catalog_drop(catalog);
        return error;
    }
    return catalog_commit(catalog);
}

/* A row is of a room, a message, and the entry that made it what it is. */
static enum error scan_row(struct feed *feed, uint64_t level,
                           const struct row *row)
{
    uint64_t parts[KEY_PARTS_MAX];

    TRY(key_read(TABLE_REVISIONS, row->key, parts));
    if (parts[2] > level) {
        feed_add_again(feed, &(struct catalog_hit){.room = (uint32_t)parts[0],
                                                   .message_id = parts[1]});
    }
    return ERROR_NONE;
}

static enum error scan_rows(struct feed *feed, struct view *view)
{
    uint64_t level = catalog_level(feed->cataloging->catalog);
    const struct range all = {SLICE_NONE, SLICE_NONE, false};
    struct cursor *cursor = NULL;
    struct row row;
    enum error error;

    TRY(cursor_open(view, TABLE_REVISIONS, all, &cursor));
    while ((error = cursor_next(cursor, &row)) == ERROR_NONE) {
        error = scan_row(feed, level, &row);
        if (error != ERROR_NONE) {
            break;
        }
    }
    cursor_close(cursor);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* What is in, and the rooms that were purged, by number. */
struct purge_scan {
    struct feed *feed;
    size_t n;
};

static int by_room(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = ((const struct feed_range *)b)->room;

    return (left > right) - (left < right);
}

/* A catalog_found: takes what may be gone, which is little, for what was found
 * gone was taken out. */
static bool take_purged_one(void *context, const struct catalog_hit *hit)
{
    const struct purge_scan *scan = context;
    const struct feed_range *purged =
        bsearch(&hit->room, scan->feed->ranges, scan->n,
                sizeof(*scan->feed->ranges), by_room);

    if (purged != NULL && hit->message_id <= purged->last) {
        feed_add_again(scan->feed, hit);
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    return by_room(&((const struct feed_range *)a)->room, b);
}

static enum error scan_purged(struct feed *feed)
{
    const struct catalog_query all = {.from_us = INT64_MIN, .to_us = INT64_MAX};
    struct purge_scan scan = {feed, feed->n};

    if (scan.n == 0) {
        return ERROR_NONE;
    }
    qsort(feed->ranges, feed->n, sizeof(*feed->ranges), by_number);
    return catalog_search(feed->cataloging->catalog, &all, take_purged_one,
                          &scan);
}

/* Find the messages that were revised or purged since the catalog was level. */
static void scan(struct feed *feed)
{
    struct view *view = NULL;

    feed->error = scan_purged(feed);
    if (feed->error == ERROR_NONE) {
        feed->store_error = view_open(feed->store, &view);
    }
    if (view != NULL) {
        feed->store_error = scan_rows(feed, view);
    }
    view_close(view);
}

static void feed_rows(struct feed *feed)
{
    struct load load = {.feed = feed};

    load.arena = arena_new(FEED_ARENA_BYTES);
    load.items = calloc(CATALOGING_FEED_MESSAGES, sizeof(*load.items));
    CHECK(load.arena != NULL && load.items != NULL);
    feed->store_error = view_open(feed->store, &load.view);
    if (feed->store_error == ERROR_NONE) {
        feed->store_error = load_all(&load);
    }
    view_close(load.view);
    if (feed->store_error == ERROR_NONE) {
        feed->error = write(&load, feed->cataloging->catalog);
    }
    free(load.items);
    arena_free(load.arena);
}

void feeding_run(struct job *job)
{
    struct feed *feed =
        (struct feed *)((char *)job - offsetof(struct feed, job));

    feed->n_done = 0;
    feed->messages = 0;
    feed->made_anew = false;
    feed->error = ERROR_NONE;
    feed->store_error = ERROR_NONE;
    switch (feed->kind) {
    case FEED_OPEN:
        feed->error = open_catalog(feed);
        break;
    case FEED_SCAN:
        scan(feed);
        break;
    case FEED_ROWS:
        feed_rows(feed);
        break;
    }
}
