#include "node/session/lookup.h"

#include <stdlib.h>

#include "proto/base/check.h"
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
    struct buffer scratch;
    struct lookup_found **tail;
    uint32_t looks, reads;
    size_t bytes;
    int64_t start_us; /* When the message was said where it begins. */
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

static bool is_by(const struct lookup *lookup, struct slice author)
{
    for (size_t i = 0; i < lookup->n_authors; i++) {
        if (slice_equal_nocase(lookup->authors[i], author)) {
            return true;
        }
    }
    return lookup->n_authors == 0;
}

/* Of those that were said at once with where it begins, whether it is behind
 * it, as the search goes. */
static bool is_behind_start(const struct search *search,
                            const struct said *said)
{
    const struct lookup *lookup = search->lookup;

    if (!lookup->has_start || said->sent_at_us != search->start_us) {
        return true;
    }
    return lookup->newest_first ? said->message_id < lookup->start_id
                                : said->message_id > lookup->start_id;
}

/* Whether the message as it is now has what is asked for: the catalog may
 * propose too much. */
static bool is_wanted(struct search *search, const struct said *said)
{
    const struct lookup *lookup = search->lookup;

    return reading_is_shown(said) && said->sent_at_us >= lookup->from_us &&
           said->sent_at_us <= lookup->to_us && is_behind_start(search, said) &&
           is_by(lookup, said->author_uri) &&
           spelling_matches(&lookup->spelling, said->text, &search->scratch);
}

/* What the store cannot say ends the search. */
static bool fail(struct search *search, enum error error)
{
    search->error = error;
    return false;
}

/* Keep a message for the answer; or end the search, when it is too much. */
static bool keep(struct search *search, const struct catalog_hit *hit)
{
    struct lookup *lookup = search->lookup;
    struct lookup_found *found = arena_alloc(lookup->arena, sizeof(*found));
    enum error error;

    if (lookup->n_found == lookup->wanted) {
        lookup->cut = true;
        return false;
    }
    error = found == NULL
                ? ERROR_NO_MEMORY
                : reading_one(search->view, hit->room, hit->message_id,
                              lookup->arena, &found->item);
    if (error != ERROR_NONE) {
        return fail(search, error);
    }
    found->room = hit->room;
    reading_said(&found->item, &found->said);
    search->bytes += lookup->weigh(lookup, found);
    if (search->bytes > lookup->bytes_max) {
        lookup->cut = true;
        return false;
    }
    *search->tail = found;
    search->tail = &found->next;
    lookup->n_found += 1;
    return true;
}

/* Look at a message itself. */
static bool look_at(struct search *search, const struct catalog_hit *hit)
{
    struct reading_item item;
    struct said said;
    enum error error;

    arena_reset(search->candidate);
    error = reading_one(search->view, hit->room, hit->message_id,
                        search->candidate, &item);
    if (error == ERROR_NOT_FOUND) {
        return true; /* It is gone; the catalog will be told. */
    }
    if (error != ERROR_NONE) {
        return fail(search, error);
    }
    reading_said(&item, &said);
    return !is_wanted(search, &said) || keep(search, hit);
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
    const struct lookup *lookup = search->lookup;
    size_t at = lookup_room_at(lookup, hit->room);

    if (is_at_limit(search)) {
        search->lookup->cut = true;
        return false;
    }
    search->looks += 1;
    if (at == lookup->n_rooms ||
        hit->message_id <= lookup->rooms[at].cleared_upto) {
        return true;
    }
    search->reads += 1;
    return look_at(search, hit);
}

/* The first message of the room from an id on, or NOT_FOUND. */
static enum error find_from(struct search *search, uint32_t room, uint64_t id,
                            struct said *said_out)
{
    const struct reading_range range = {room, id, UINT64_MAX - 1, false};
    struct reading *reading = NULL;
    struct reading_item item;
    enum error error;

    TRY(reading_open(search->view, &range, &reading));
    error = reading_next(reading, search->candidate, &item);
    reading_close(reading);
    if (error == ERROR_NONE) {
        reading_said(&item, said_out);
    }
    return error;
}

/* Where to begin is asked for by a message, and then dates do not count. */
static enum error apply_start(struct search *search, struct catalog_query *to)
{
    const struct lookup *lookup = search->lookup;
    struct said said;
    enum error error;

    CHECK(lookup->n_rooms == 1);
    error = find_from(search, lookup->rooms[0].number, lookup->start_id, &said);
    if (error == ERROR_NOT_FOUND) { /* All are before it. */
        to->from_us = to->newest_first ? INT64_MIN : INT64_MAX;
        to->to_us = INT64_MAX;
        return ERROR_NONE;
    }
    TRY(error);
    search->start_us = said.sent_at_us;
    to->from_us = to->newest_first ? INT64_MIN : said.sent_at_us;
    to->to_us = to->newest_first ? said.sent_at_us : INT64_MAX;
    return ERROR_NONE;
}

/* Whether it costs less to look at what is proposed from everywhere than to
 * look each room up: of n rooms with 1 in n of all messages, as much. */
static bool is_cheaper_everywhere(const struct lookup *lookup)
{
    uint64_t messages = 0;

    for (size_t i = 0; i < lookup->n_rooms; i++) {
        messages += lookup->rooms[i].messages;
    }
    return messages * lookup->n_rooms >= lookup->messages;
}

/* Rooms in which to look are the catalog's business when they are few. */
static enum error narrow(struct search *search, struct catalog_query *query)
{
    const struct lookup *lookup = search->lookup;
    uint32_t *numbers;

    if (lookup->n_rooms > CATALOG_ROOMS_MAX || is_cheaper_everywhere(lookup)) {
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

    CHECK(lookup->wanted > 0 && lookup->arena != NULL && lookup->weigh != NULL);
    begin_anew(lookup);
    if (lookup->n_rooms == 0) {
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
    buffer_deinit(&search.scratch);
    if (lookup->newest_first != lookup->newest_shown_first) {
        reverse(lookup);
    }
    return error;
}
