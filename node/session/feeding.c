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

void feed_add_again(struct feed *feed, uint32_t room, uint64_t message_id)
{
    feed_add(feed, room, message_id, message_id);
    feed->ranges[feed->n - 1].is_again = true;
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
    feed->level = catalog_level(feed->cataloging->catalog);
    return catalog_marks(feed->cataloging->catalog, take_mark, feed);
}

struct loaded {
    uint32_t room;
    struct said said;
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
    struct loaded *loaded = &load->items[load->n];

    loaded->room = range->room;
    reading_said(item, &loaded->said);
    load->n += loaded->said.hidden ? 0 : 1; /* Never to be found. */
    load->bytes += loaded->said.text.len + sizeof(*item->message);
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
    enum error error;

    TRY(reading_open(load->view, &wanted, &reading));
    error = walk(load, reading, range);
    reading_close(reading);
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

static enum error put_all(struct load *load, struct catalog *catalog)
{
    struct buffer words = BUFFER_EMPTY;
    enum error error = ERROR_NONE;

    qsort(load->items, load->n, sizeof(*load->items), by_time);
    for (size_t i = 0; i < load->n && error == ERROR_NONE; i++) {
        const struct said *said = &load->items[i].said;

        spelling_catalog(said->text, &words);
        error = catalog_put(catalog, &(struct catalog_message){
                                         .at_us = said->sent_at_us,
                                         .room = load->items[i].room,
                                         .message_id = said->message_id,
                                         .author = said->author_uri,
                                         .words = buffer_slice(&words),
                                     });
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

/* Whether a revision gives its message other words to be found by. */
static bool has_words(const Perch__Stored__Revision *revision)
{
    return revision->kind == REVISION_CORRECTED ||
           revision->kind == REVISION_REPLACED;
}

static enum error scan_row(struct feed *feed, struct arena *arena,
                           const struct row *row)
{
    uint64_t parts[KEY_PARTS_MAX];
    Perch__Stored__Revision *revision = NULL;

    TRY(key_read(TABLE_REVISIONS, row->key, parts));
    if (parts[2] <= feed->level) {
        return ERROR_NONE;
    }
    arena_reset(arena);
    TRY(codec_read(arena, &perch__stored__revision__descriptor, row->value,
                   &revision));
    if (has_words(revision)) {
        feed_add_again(feed, (uint32_t)parts[0], parts[1]);
    }
    return ERROR_NONE;
}

static enum error scan_rows(struct feed *feed, struct view *view,
                            struct arena *arena)
{
    const struct range all = {SLICE_NONE, SLICE_NONE, false};
    struct cursor *cursor = NULL;
    struct row row;
    enum error error;

    TRY(cursor_open(view, TABLE_REVISIONS, all, &cursor));
    while ((error = cursor_next(cursor, &row)) == ERROR_NONE) {
        error = scan_row(feed, arena, &row);
        if (error != ERROR_NONE) {
            break;
        }
    }
    cursor_close(cursor);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Find the messages that were revised since the catalog was level. */
static void scan(struct feed *feed)
{
    struct arena *arena = arena_new(FEED_ARENA_BYTES);
    struct view *view = NULL;

    CHECK(arena != NULL);
    feed->store_error = view_open(feed->store, &view);
    if (feed->store_error == ERROR_NONE) {
        feed->store_error = scan_rows(feed, view, arena);
    }
    view_close(view);
    arena_free(arena);
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
