#include "node/session/lookup.h"

#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/codec.h"
#include "storage/cursor.h"

enum { CANDIDATE_ARENA_BYTES = 16 * 1024 };

struct lookup *lookup_new(void)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));

    if (lookup == NULL) {
        return NULL;
    }
    lookup->arena = arena_new(CANDIDATE_ARENA_BYTES);
    if (lookup->arena == NULL) {
        free(lookup);
        return NULL;
    }
    return lookup;
}

void lookup_free(struct lookup *lookup)
{
    if (lookup != NULL) {
        arena_free(lookup->arena);
        free(lookup);
    }
}

/* A search while it runs. */
struct search {
    struct lookup *lookup;
    struct view *view;
    struct arena *candidate; /* The message looked at. */
    struct buffer row;
    struct buffer scratch;
    struct lookup_found **tail;
    uint32_t looks, reads;
    size_t bytes;
    enum error error; /* Of the store. */
};

size_t lookup_room_at(const struct lookup *lookup, uint32_t number)
{
    size_t low = 0, high = lookup->n_rooms;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (lookup->rooms[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < lookup->n_rooms && lookup->rooms[low].number == number
               ? low
               : lookup->n_rooms;
}

static bool may_look_in(const struct lookup *lookup, uint32_t room)
{
    return lookup->rooms == NULL ||
           lookup_room_at(lookup, room) < lookup->n_rooms;
}

static bool is_by(const struct lookup *lookup, struct slice author)
{
    for (size_t i = 0; i < lookup->n_authors; i++) {
        if (slice_equal_nocase(lookup->authors[i], author)) {
            return true;
        }
    }
    return lookup->n_authors == 0;
}

/* Whether the message as it is has what is asked for: the catalog may propose
 * too much. */
static bool is_wanted(struct search *search,
                      const Perch__Stored__Message *message)
{
    const struct lookup *lookup = search->lookup;

    return !message->hidden && message->sent_at_us >= lookup->from_us &&
           message->sent_at_us <= lookup->to_us &&
           is_by(lookup, codec_slice(message->author)) &&
           spelling_matches(&lookup->spelling, codec_slice(message->text),
                            &search->scratch);
}

static enum error read_row(struct arena *arena, struct slice bytes,
                           Perch__Stored__Message **message_out)
{
    enum error error = codec_read(arena, &perch__stored__message__descriptor,
                                  bytes, message_out);

    if (error == ERROR_MALFORMED) {
        journal_error("search_rotten", "table=%s reason=\"a row is none\"",
                      table_name(TABLE_MESSAGES));
        return ERROR_ROTTEN;
    }
    return error;
}

static size_t weight_of(struct search *search,
                        const Perch__Stored__Message *message)
{
    return search->lookup->weigh == NULL
               ? search->row.len
               : search->lookup->weigh(search->lookup, message);
}

static struct lookup_found *copy_row(struct search *search)
{
    struct arena *arena = search->lookup->arena;
    struct lookup_found *found = arena_alloc(arena, sizeof(*found));
    struct slice bytes = arena_copy_slice(arena, buffer_slice(&search->row));

    search->error = found == NULL || bytes.len == 0
                        ? ERROR_NO_MEMORY
                        : read_row(arena, bytes, &found->message);
    return search->error == ERROR_NONE ? found : NULL;
}

/* Keep a message for the answer; or end the search, when it is too much. */
static bool keep(struct search *search, uint32_t room)
{
    struct lookup *lookup = search->lookup;
    struct lookup_found *found;

    if (lookup->n_found == lookup->wanted) {
        lookup->cut = true;
        return false;
    }
    found = copy_row(search);
    if (found == NULL) {
        return false;
    }
    search->bytes += weight_of(search, found->message);
    if (search->bytes > lookup->bytes_max) {
        lookup->cut = true;
        return false;
    }
    found->room = room;
    *search->tail = found;
    search->tail = &found->next;
    lookup->n_found += 1;
    return true;
}

/* Look at a message itself. */
static bool look_at(struct search *search, const struct catalog_hit *hit)
{
    const uint64_t parts[] = {hit->room, hit->message_id};
    Perch__Stored__Message *message = NULL;
    struct key key;
    enum error error;

    key_build(TABLE_MESSAGES, parts, &key);
    error =
        view_get(search->view, TABLE_MESSAGES, key_slice(&key), &search->row);
    if (error == ERROR_NOT_FOUND) {
        return true; /* It is gone, but for its words. */
    }
    arena_reset(search->candidate);
    if (error == ERROR_NONE) {
        error =
            read_row(search->candidate, buffer_slice(&search->row), &message);
    }
    search->error = error;
    if (error != ERROR_NONE) {
        return false;
    }
    return !is_wanted(search, message) || keep(search, hit->room);
}

static bool is_at_limit(const struct search *search)
{
    return search->looks >= LOOKUP_LOOKS_MAX ||
           search->reads >= LOOKUP_READS_MAX;
}

/* A catalog_found. */
static bool take(void *context, const struct catalog_hit *hit)
{
    struct search *search = context;

    if (is_at_limit(search)) {
        search->lookup->cut = true;
        return false;
    }
    search->looks += 1;
    if (!may_look_in(search->lookup, hit->room)) {
        return true;
    }
    search->reads += 1;
    return look_at(search, hit);
}

/* The first message of the room from an id on, or NOT_FOUND. */
static enum error find_from(struct search *search, uint32_t room, uint64_t id,
                            Perch__Stored__Message **message_out)
{
    const uint64_t first[] = {room, id};
    struct cursor *cursor = NULL;
    struct key lower, upper;
    struct row row;
    enum error error;

    key_build(TABLE_MESSAGES, first, &lower);
    key_prefix(TABLE_MESSAGES, 1, first, &upper);
    key_after(&upper);
    TRY(cursor_open(search->view, TABLE_MESSAGES,
                    (struct range){key_slice(&lower), key_slice(&upper), false},
                    &cursor));
    error = cursor_next(cursor, &row);
    if (error == ERROR_NONE) {
        error = read_row(search->candidate, row.value, message_out);
    }
    cursor_close(cursor);
    return error;
}

/* Where to begin is asked for by a message, and then dates do not count. */
static enum error apply_start(struct search *search, struct catalog_query *to)
{
    const struct lookup *lookup = search->lookup;
    Perch__Stored__Message *message = NULL;
    enum error error;

    CHECK(lookup->rooms != NULL && lookup->n_rooms == 1);
    error =
        find_from(search, lookup->rooms[0].number, lookup->start_id, &message);
    if (error == ERROR_NOT_FOUND) { /* All are before it. */
        to->from_us = to->newest_first ? INT64_MIN : INT64_MAX;
        to->to_us = INT64_MAX;
        return ERROR_NONE;
    }
    TRY(error);
    if (to->newest_first) {
        to->from_us = INT64_MIN;
        to->to_us = message->sent_at_us - 1;
    } else {
        to->from_us = message->sent_at_us +
                      (message->message_id == lookup->start_id ? 1 : 0);
        to->to_us = INT64_MAX;
    }
    return ERROR_NONE;
}

/* Rooms in which to look are the catalog's business when they are few. */
static enum error narrow(struct search *search, struct catalog_query *query)
{
    const struct lookup *lookup = search->lookup;
    uint32_t *numbers;

    if (lookup->rooms == NULL || lookup->n_rooms > CATALOG_ROOMS_MAX) {
        return ERROR_NONE;
    }
    numbers =
        arena_alloc(lookup->arena, (lookup->n_rooms + 1) * sizeof(*numbers));
    if (numbers == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (size_t i = 0; i < lookup->n_rooms; i++) {
        numbers[i] = lookup->rooms[i].number;
    }
    query->rooms = numbers;
    query->n_rooms = lookup->n_rooms;
    return ERROR_NONE;
}

static void reverse(struct lookup *lookup)
{
    struct lookup_found *found = lookup->found, *next;

    lookup->found = NULL;
    for (; found != NULL; found = next) {
        next = found->next;
        found->next = lookup->found;
        lookup->found = found;
    }
}

static enum error run_in_view(struct search *search, struct catalog *catalog)
{
    struct lookup *lookup = search->lookup;
    struct catalog_query query = {
        .phrases = lookup->spelling.phrases,
        .n_phrases = lookup->spelling.n,
        .authors = lookup->authors,
        .n_authors = lookup->n_authors,
        .from_us = lookup->from_us,
        .to_us = lookup->to_us,
        .newest_first = lookup->newest_first,
    };

    search->error = narrow(search, &query);
    if (search->error == ERROR_NONE && lookup->has_start) {
        search->error = apply_start(search, &query);
        lookup->from_us = query.from_us;
        lookup->to_us = query.to_us;
    }
    TRY(search->error);
    TRY(catalog_search(catalog, &query, take, search));
    return search->error;
}

static void begin_anew(struct lookup *lookup)
{
    lookup->found = NULL;
    lookup->n_found = 0;
    lookup->cut = false;
    lookup->store_failed = false;
}

enum error lookup_run(struct lookup *lookup, struct catalog *catalog)
{
    struct search search = {.lookup = lookup, .tail = &lookup->found};
    enum error error = ERROR_NONE;

    CHECK(lookup->wanted > 0 && lookup->arena != NULL);
    begin_anew(lookup);
    if (lookup->rooms != NULL && lookup->n_rooms == 0) {
        return ERROR_NONE;
    }
    search.candidate = arena_new(CANDIDATE_ARENA_BYTES);
    error = search.candidate == NULL ? ERROR_NO_MEMORY
                                     : view_open(lookup->store, &search.view);
    search.error = error;
    if (error == ERROR_NONE) {
        error = run_in_view(&search, catalog);
    }
    lookup->store_failed = search.error != ERROR_NONE;
    view_close(search.view);
    arena_free(search.candidate);
    buffer_deinit(&search.row);
    buffer_deinit(&search.scratch);
    if (lookup->newest_first != lookup->newest_shown_first) {
        reverse(lookup);
    }
    return error;
}
