#include "node/session/scanning.h"

#include <string.h>

#include "node/session/folding.h"
#include "node/session/reading.h"
#include "node/session/words.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"
#include "storage/cursor.h"

enum { SCAN_ARENA_BYTES = 16 * 1024 };

/* Copy a text folded. Empty when memory is out. */
static struct slice fold(struct arena *arena, struct slice text)
{
    struct buffer folded = BUFFER_EMPTY;
    struct slice copy;

    folding_text(text, &folded);
    copy = arena_copy_slice(arena, buffer_slice(&folded));
    buffer_deinit(&folded);
    return copy;
}

static bool add_name(struct scan_reader *reader, struct arena *arena,
                     struct slice name)
{
    if (name.len == 0) {
        return true;
    }
    reader->names[reader->n_names] = fold(arena, name);
    return reader->names[reader->n_names++].len > 0;
}

/* "sip:alice@example.com": alice@example.com, and alice. */
static bool add_names(struct scan_reader *reader, struct arena *arena,
                      struct slice uri, struct slice display_name)
{
    struct slice whole = slice_after(uri, sizeof("sip:") - 1), user = whole;
    const uint8_t *at = memchr(whole.data, '@', whole.len);

    if (at != NULL) {
        user.len = (size_t)(at - whole.data);
    }
    return add_name(reader, arena, whole) && add_name(reader, arena, user) &&
           add_name(reader, arena, display_name);
}

static struct slice *copy_list(struct arena *arena, size_t n,
                               const ProtobufCBinaryData *texts, bool folds)
{
    struct slice *list = arena_alloc(arena, (n + 1) * sizeof(*list));

    for (size_t i = 0; list != NULL && i < n; i++) {
        struct slice text = codec_slice(texts[i]);

        list[i] = folds ? fold(arena, text) : arena_copy_slice(arena, text);
        if (list[i].len == 0) {
            return NULL;
        }
    }
    return list;
}

static bool add_feeds(struct scan_reader *reader, struct arena *arena,
                      const Perch__Stored__Feeds *row)
{
    reader->feeds =
        arena_alloc(arena, (row->n_feeds + 1) * sizeof(*reader->feeds));
    if (reader->feeds == NULL) {
        return false;
    }
    for (size_t i = 0; i < row->n_feeds; i++) {
        const Perch__Stored__Feeds__Feed *from = row->feeds[i];
        struct scan_feed *feed = &reader->feeds[i];

        feed->name = codec_slice(from->name);
        feed->n_words = from->n_words;
        feed->words = copy_list(arena, from->n_words, from->words, true);
        feed->n_authors = from->n_authors;
        feed->authors = copy_list(arena, from->n_authors, from->authors, false);
        if (feed->words == NULL || feed->authors == NULL) {
            return false;
        }
    }
    reader->n_feeds = row->n_feeds;
    return true;
}

bool scan_prepare(struct scan_reader *reader, struct arena *arena,
                  struct slice uri, struct slice display_name,
                  struct slice feeds)
{
    Perch__Stored__Feeds *row = NULL;

    *reader = (struct scan_reader){.uri = arena_copy_slice(arena, uri)};
    return reader->uri.len == uri.len &&
           codec_read(arena, &perch__stored__feeds__descriptor,
                      arena_copy_slice(arena, feeds), &row) == ERROR_NONE &&
           add_names(reader, arena, uri, display_name) &&
           add_feeds(reader, arena, row);
}

/* A walk through one room. */
struct scanning {
    const struct scan_reader *reader;
    struct scan_room *room;
    struct arena *arena; /* For one message. */
    struct words words;
    uint32_t n;   /* Looked at in this room, */
    uint32_t all; /* and in all. */
};

static void hit(struct scan_hits *hits, uint64_t message_id)
{
    hits->n += 1;
    if (message_id > hits->message_id) {
        hits->message_id = message_id;
    }
}

static bool has_any(struct words *words, const struct slice *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (words_has(words, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_any(struct slice author, const struct slice *authors, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_equal(author, authors[i])) {
            return true;
        }
    }
    return false;
}

static bool picks(const struct scan_feed *feed, struct words *words,
                  struct slice author)
{
    return (feed->n_authors == 0 ||
            is_any(author, feed->authors, feed->n_authors)) &&
           (feed->n_words == 0 || has_any(words, feed->words, feed->n_words));
}

/* As a message is now: what was taken back mentions nobody. */
static void look(struct scanning *scanning, const struct reading_item *item)
{
    const struct scan_reader *reader = scanning->reader;
    struct said said;

    reading_said(item, &said);
    if (said.hidden || said.text.len == 0 ||
        slice_equal(said.author_uri, reader->uri)) {
        return;
    }
    words_take(&scanning->words, said.text);
    if (has_any(&scanning->words, reader->names, reader->n_names)) {
        hit(&scanning->room->mentions, said.message_id);
    }
    for (size_t i = 0; i < reader->n_feeds; i++) {
        if (picks(&reader->feeds[i], &scanning->words, said.author_uri)) {
            hit(&scanning->room->feeds[i], said.message_id);
        }
    }
}

static enum error walk(struct scanning *scanning, struct reading *reading)
{
    enum error error = ERROR_NONE;
    struct reading_item item;

    while (error == ERROR_NONE) {
        arena_reset(scanning->arena);
        error = reading_next(reading, scanning->arena, &item);
        if (error != ERROR_NONE) {
            break;
        }
        if (scanning->n == SCAN_ROOM_MESSAGES_MAX ||
            scanning->all == SCAN_MESSAGES_MAX) {
            scanning->room->is_cut = true;
            return ERROR_NONE;
        }
        scanning->n += 1;
        scanning->all += 1;
        look(scanning, &item);
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* The newest first: they count more when not all can be looked at. */
static enum error scan_room(struct scanning *scanning, struct view *view)
{
    struct reading_range range = {scanning->room->room, scanning->room->first,
                                  scanning->room->last, true};
    struct reading *reading;
    enum error error;

    if (range.first > range.last) {
        return ERROR_NONE;
    }
    TRY(reading_open(view, &range, &reading));
    error = walk(scanning, reading);
    reading_close(reading);
    return error;
}

enum error scan_rooms(struct store *store, const struct scan_reader *reader,
                      struct scan_room *rooms, size_t n)
{
    struct scanning scanning = {.reader = reader,
                                .arena = arena_new(SCAN_ARENA_BYTES)};
    struct view *view = NULL;
    enum error error = ERROR_NO_MEMORY;

    words_init(&scanning.words);
    if (scanning.arena == NULL) {
        goto out;
    }
    error = view_open(store, &view);
    for (size_t i = 0; i < n && error == ERROR_NONE; i++) {
        scanning.room = &rooms[i];
        scanning.n = 0;
        error = scan_room(&scanning, view);
    }
out:
    view_close(view);
    words_deinit(&scanning.words);
    arena_free(scanning.arena);
    return error;
}
