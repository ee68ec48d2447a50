/* The catalog as a list that is looked through: for perch-sim, and what the
 * real one is compared with. What is closed is kept under its directory's name
 * until it is discarded, as long as the program runs. */
#include "tests/sim/catalog_sim.h"

#include <bsd/sys/queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "storage/catalog.h"

enum { DIRECTORY_BYTES = 1024 };

struct kept {
    struct catalog_message message; /* Its slices are the item's own. */
};

struct mark {
    uint32_t room;
    uint64_t message_id;
};

struct catalog {
    LIST_ENTRY(catalog) link; /* Of those closed. */
    char directory[DIRECTORY_BYTES];
    struct kept *items; /* By time. */
    size_t n, capacity;
    struct mark *marks;
    size_t n_marks;
    uint64_t level;
    bool writing;
};

static struct {
    enum error error;
    unsigned n;
} failures[CATALOG_SIM_POINTS];
static size_t discarded, messages;
static LIST_HEAD(, catalog) closed = LIST_HEAD_INITIALIZER(closed);

void catalog_sim_fail(enum catalog_sim_point point, enum error error,
                      unsigned n)
{
    failures[point].error = error;
    failures[point].n = n;
}

size_t catalog_sim_discarded(void)
{
    return discarded;
}

size_t catalog_sim_messages(void)
{
    return messages;
}

static enum error fail_at(enum catalog_sim_point point)
{
    if (failures[point].n == 0) {
        return ERROR_NONE;
    }
    failures[point].n -= 1;
    return failures[point].error;
}

static struct catalog *find_closed(const char *directory)
{
    struct catalog *catalog;

    LIST_FOREACH (catalog, &closed, link) {
        if (strcmp(catalog->directory, directory) == 0) {
            return catalog;
        }
    }
    return NULL;
}

enum error catalog_open(const char *directory, const char *made_for,
                        struct catalog **catalog_out)
{
    struct catalog *catalog = find_closed(directory);

    (void)made_for;
    TRY(fail_at(CATALOG_SIM_OPEN));
    if (catalog != NULL) {
        LIST_REMOVE(catalog, link);
    } else {
        catalog = calloc(1, sizeof(*catalog));
        CHECK(catalog != NULL);
        snprintf(catalog->directory, DIRECTORY_BYTES, "%s", directory);
    }
    *catalog_out = catalog;
    return ERROR_NONE;
}

static void free_texts(struct kept *item)
{
    free((void *)(uintptr_t)item->message.author.data);
    free((void *)(uintptr_t)item->message.words.data);
}

void catalog_close(struct catalog *catalog)
{
    if (catalog != NULL) {
        catalog->writing = false;
        LIST_INSERT_HEAD(&closed, catalog, link);
    }
}

static void free_catalog(struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->n; i++) {
        free_texts(&catalog->items[i]);
    }
    messages -= catalog->n;
    free(catalog->items);
    free(catalog->marks);
    free(catalog);
}

enum error catalog_discard(const char *directory)
{
    struct catalog *catalog = find_closed(directory);

    discarded += 1;
    if (catalog != NULL) {
        LIST_REMOVE(catalog, link);
        free_catalog(catalog);
    }
    return ERROR_NONE;
}

enum error catalog_marks(struct catalog *catalog, catalog_marked *each,
                         void *context)
{
    for (size_t i = 0; i < catalog->n_marks; i++) {
        if (!each(context, catalog->marks[i].room,
                  catalog->marks[i].message_id)) {
            break;
        }
    }
    return ERROR_NONE;
}

enum error catalog_begin(struct catalog *catalog)
{
    CHECK(!catalog->writing);
    catalog->writing = true;
    return ERROR_NONE;
}

static struct slice copy(struct slice text)
{
    uint8_t *bytes = malloc(text.len + 1);

    CHECK(bytes != NULL);
    memcpy(bytes, text.len > 0 ? text.data : (const uint8_t *)"", text.len);
    return slice_of(bytes, text.len);
}

/* Where a message is; n when it is not in. */
static size_t find(const struct catalog *catalog, uint32_t room,
                   uint64_t message_id)
{
    size_t at = 0;

    while (at < catalog->n &&
           (catalog->items[at].message.room != room ||
            catalog->items[at].message.message_id != message_id)) {
        at += 1;
    }
    return at;
}

/* Behind all that are as old. */
static size_t place_of(const struct catalog *catalog, int64_t at_us)
{
    size_t at = catalog->n;

    while (at > 0 && catalog->items[at - 1].message.at_us > at_us) {
        at -= 1;
    }
    return at;
}

static struct kept *make_room(struct catalog *catalog, size_t at)
{
    if (catalog->n == catalog->capacity) {
        catalog->capacity = catalog->capacity * 2 + 16;
        catalog->items = realloc(catalog->items,
                                 catalog->capacity * sizeof(*catalog->items));
        CHECK(catalog->items != NULL);
    }
    memmove(catalog->items + at + 1, catalog->items + at,
            (catalog->n - at) * sizeof(*catalog->items));
    catalog->n += 1;
    messages += 1;
    return &catalog->items[at];
}

enum error catalog_put(struct catalog *catalog,
                       const struct catalog_message *message)
{
    size_t at = find(catalog, message->room, message->message_id);
    struct kept *item;

    CHECK(catalog->writing);
    if (at < catalog->n) {
        item = &catalog->items[at];
        free_texts(item);
    } else {
        item = make_room(catalog, place_of(catalog, message->at_us));
    }
    item->message = *message;
    item->message.author = copy(message->author);
    item->message.words = copy(message->words);
    return ERROR_NONE;
}

enum error catalog_remove(struct catalog *catalog,
                          const struct catalog_hit *hit)
{
    size_t at = find(catalog, hit->room, hit->message_id);

    CHECK(catalog->writing);
    if (at < catalog->n) {
        free_texts(&catalog->items[at]);
        catalog->n -= 1;
        messages -= 1;
        memmove(catalog->items + at, catalog->items + at + 1,
                (catalog->n - at) * sizeof(*catalog->items));
    }
    return ERROR_NONE;
}

enum error catalog_mark(struct catalog *catalog, uint32_t room,
                        uint64_t message_id)
{
    size_t i = 0;

    CHECK(catalog->writing);
    while (i < catalog->n_marks && catalog->marks[i].room != room) {
        i += 1;
    }
    if (i == catalog->n_marks) {
        catalog->n_marks += 1;
        catalog->marks =
            realloc(catalog->marks, catalog->n_marks * sizeof(*catalog->marks));
        CHECK(catalog->marks != NULL);
    }
    catalog->marks[i] = (struct mark){room, message_id};
    return ERROR_NONE;
}

enum error catalog_set_level(struct catalog *catalog, uint64_t log_index)
{
    CHECK(catalog->writing);
    catalog->level = log_index;
    return ERROR_NONE;
}

uint64_t catalog_level(const struct catalog *catalog)
{
    return catalog->level;
}

enum error catalog_commit(struct catalog *catalog)
{
    catalog->writing = false;
    return fail_at(CATALOG_SIM_COMMIT);
}

void catalog_drop(struct catalog *catalog)
{
    catalog->writing = false;
}

/* Take the next token off a text; tells whether it stands at the place of the
 * one before. */
static bool next_token(struct slice *rest, struct slice *token_out,
                       bool *same_place_out)
{
    size_t n = 0;

    *same_place_out = false;
    while (rest->len > 0 && rest->data[0] <= ' ') {
        *same_place_out = rest->data[0] == '\t';
        *rest = slice_after(*rest, 1);
    }
    while (n < rest->len && rest->data[n] > ' ') {
        n += 1;
    }
    *token_out = slice_of(rest->data, n);
    *rest = slice_after(*rest, n);
    return n > 0;
}

/* Whether one of the tokens at the text's first place is the wanted one; takes
 * them all off. */
static bool has_here(struct slice *text, struct slice wanted)
{
    struct slice token;
    bool same, has = false;

    if (!next_token(text, &token, &same)) {
        return false;
    }
    has = slice_equal(token, wanted);
    while (text->len > 0 && text->data[0] == '\t') {
        next_token(text, &token, &same);
        has = has || slice_equal(token, wanted);
    }
    return has;
}

/* Whether the text, from the place it begins at, goes on as the phrase does. */
static bool begins_with(struct slice text, struct slice phrase)
{
    struct slice wanted;
    bool same;

    while (next_token(&phrase, &wanted, &same)) {
        if (!has_here(&text, wanted)) {
            return false;
        }
    }
    return true;
}

static bool has_phrase(struct slice text, struct slice phrase)
{
    while (text.len > 0) {
        if (begins_with(text, phrase)) {
            return true;
        }
        (void)has_here(&text, SLICE_NONE); /* On to the next place. */
    }
    return false;
}

static bool has_room(const struct catalog_query *query, uint32_t room)
{
    for (size_t i = 0; i < query->n_rooms; i++) {
        if (query->rooms[i] == room) {
            return true;
        }
    }
    return query->n_rooms == 0;
}

static bool has_author(const struct catalog_query *query, struct slice author)
{
    for (size_t i = 0; i < query->n_authors; i++) {
        if (slice_equal_nocase(query->authors[i], author)) {
            return true;
        }
    }
    return query->n_authors == 0;
}

static bool is_found(const struct catalog_query *query, const struct kept *item)
{
    const struct catalog_message *message = &item->message;

    if (message->at_us < query->from_us || message->at_us > query->to_us ||
        !has_room(query, message->room) ||
        !has_author(query, message->author)) {
        return false;
    }
    for (size_t i = 0; i < query->n_phrases; i++) {
        if (!has_phrase(message->words, query->phrases[i])) {
            return false;
        }
    }
    return true;
}

enum error catalog_search(struct catalog *catalog,
                          const struct catalog_query *query,
                          catalog_found *each, void *context)
{
    bool goes_on = true;

    CHECK(!catalog->writing);
    if (query->n_rooms > CATALOG_ROOMS_MAX ||
        query->n_authors > CATALOG_AUTHORS_MAX ||
        query->n_phrases > CATALOG_PHRASES_MAX) {
        return ERROR_INVALID;
    }
    TRY(fail_at(CATALOG_SIM_SEARCH));
    for (size_t i = 0; i < catalog->n && goes_on; i++) {
        const struct kept *item =
            &catalog->items[query->newest_first ? catalog->n - 1 - i : i];

        if (is_found(query, item)) {
            goes_on = each(context, &(struct catalog_hit){
                                        item->message.at_us, item->message.room,
                                        item->message.message_id});
        }
    }
    return ERROR_NONE;
}
