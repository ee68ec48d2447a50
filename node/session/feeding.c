#include <stdlib.h>

#include "node/session/cataloging_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/codec.h"
#include "storage/cursor.h"

enum { FEED_ARENA_BYTES = 64 * 1024, RANGES_FIRST = 64 };

void feed_add(struct feed *feed, uint32_t room, uint64_t first, uint64_t last)
{
    if (feed->n == feed->capacity) {
        feed->capacity =
            feed->capacity == 0 ? RANGES_FIRST : 2 * feed->capacity;
        feed->ranges =
            realloc(feed->ranges, feed->capacity * sizeof(*feed->ranges));
        CHECK(feed->ranges != NULL);
    }
    feed->ranges[feed->n++] = (struct feed_range){room, first, last, last};
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

struct loaded {
    uint32_t room;
    Perch__Stored__Message *message;
};

static enum error load_row(struct load *load, struct feed_range *range,
                           const struct row *row)
{
    struct slice bytes = arena_copy_slice(load->arena, row->value);
    struct loaded *item = &load->items[load->n];
    enum error error =
        bytes.len == 0 && row->value.len > 0
            ? ERROR_NO_MEMORY
            : codec_read(load->arena, &perch__stored__message__descriptor,
                         bytes, &item->message);

    if (error == ERROR_MALFORMED) {
        journal_error("catalog_source_rotten",
                      "table=%s reason=\"a row is none\"",
                      table_name(TABLE_MESSAGES));
        return ERROR_ROTTEN;
    }
    TRY(error);
    item->room = range->room;
    load->n += item->message->hidden ? 0 : 1; /* Never to be found. */
    load->bytes += bytes.len;
    load->feed->messages += 1;
    return ERROR_NONE;
}

static bool is_full(const struct load *load)
{
    return load->feed->messages >= CATALOGING_FEED_MESSAGES ||
           load->bytes >= CATALOGING_FEED_BYTES;
}

static enum error walk(struct load *load, struct cursor *cursor,
                       struct feed_range *range)
{
    uint64_t parts[KEY_PARTS_MAX];
    struct row row;

    while (!is_full(load)) {
        enum error error = cursor_next(cursor, &row);

        if (error == ERROR_NOT_FOUND) {
            return ERROR_NONE; /* The whole range. */
        }
        TRY(error);
        TRY(key_read(TABLE_MESSAGES, row.key, parts));
        TRY(load_row(load, range, &row));
        if (is_full(load)) {
            range->last = parts[1];
        }
    }
    return ERROR_NONE;
}

/* Read what a range has, as far as there is room for it. */
static enum error load_range(struct load *load, struct feed_range *range)
{
    const uint64_t first[] = {range->room, range->first};
    const uint64_t last[] = {range->room, range->last + 1};
    struct cursor *cursor = NULL;
    struct key lower, upper;
    enum error error;

    key_build(TABLE_MESSAGES, first, &lower);
    key_build(TABLE_MESSAGES, last, &upper);
    TRY(cursor_open(load->view, TABLE_MESSAGES,
                    (struct range){key_slice(&lower), key_slice(&upper), false},
                    &cursor));
    error = walk(load, cursor, range);
    cursor_close(cursor);
    return error;
}

static enum error load_all(struct load *load)
{
    struct feed *feed = load->feed;
    size_t i = 0;

    for (; i < feed->n && !is_full(load); i++) {
        TRY(load_range(load, &feed->ranges[i]));
    }
    feed->n_done = i; /* Those behind stay for the next. */
    return ERROR_NONE;
}

static int by_time(const void *a, const void *b)
{
    int64_t left = ((const struct loaded *)a)->message->sent_at_us;
    int64_t right = ((const struct loaded *)b)->message->sent_at_us;

    return (left > right) - (left < right);
}

static enum error put_all(struct load *load, struct catalog *catalog)
{
    struct buffer words = BUFFER_EMPTY;
    enum error error = ERROR_NONE;

    qsort(load->items, load->n, sizeof(*load->items), by_time);
    for (size_t i = 0; i < load->n && error == ERROR_NONE; i++) {
        const Perch__Stored__Message *message = load->items[i].message;

        spelling_catalog(codec_slice(message->text), &words);
        error = catalog_put(catalog, &(struct catalog_message){
                                         .at_us = message->sent_at_us,
                                         .room = load->items[i].room,
                                         .message_id = message->message_id,
                                         .author = codec_slice(message->author),
                                         .words = buffer_slice(&words),
                                     });
    }
    buffer_deinit(&words);
    return error;
}

static enum error mark_all(const struct feed *feed, struct catalog *catalog)
{
    for (size_t i = 0; i < feed->n_done; i++) {
        TRY(catalog_mark(catalog, feed->ranges[i].room, feed->ranges[i].last));
    }
    return ERROR_NONE;
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
    if (feed->open) {
        feed->error = open_catalog(feed);
    } else {
        feed_rows(feed);
    }
}
