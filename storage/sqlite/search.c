#include "proto/base/check.h"
#include "storage/sqlite/parts.h"

/* A string of FTS5's language: what is within has no meaning there. */
static void append_string(struct buffer *to, struct slice text)
{
    buffer_append_text(to, "\"");
    for (size_t i = 0; i < text.len; i++) {
        buffer_append_text(to, text.data[i] == '"' ? "\"" : "");
        buffer_append(to, text.data + i, 1);
    }
    buffer_append_text(to, "\"");
}

static void append_and(struct buffer *to)
{
    if (to->len > 0) {
        buffer_append_text(to, " AND ");
    }
}

static void append_rooms(struct buffer *to, const struct catalog_query *query)
{
    for (size_t i = 0; i < query->n_rooms; i++) {
        buffer_append_text(to, i == 0 ? "(\"" : " OR \"");
        catalog_append_room(to, query->rooms[i]);
        buffer_append_text(to, "\"");
    }
    buffer_append_text(to, query->n_rooms > 0 ? ")" : "");
}

static void append_authors(struct buffer *to, const struct catalog_query *query)
{
    struct buffer word = BUFFER_EMPTY;

    for (size_t i = 0; i < query->n_authors; i++) {
        buffer_clear(&word);
        catalog_append_author(&word, query->authors[i]);
        buffer_append_text(to, i == 0 ? "(" : " OR ");
        append_string(to, buffer_slice(&word));
    }
    buffer_append_text(to, query->n_authors > 0 ? ")" : "");
    buffer_deinit(&word);
}

/* The whole query in FTS5's language; empty: all messages. */
static void write_match(struct buffer *to, const struct catalog_query *query)
{
    buffer_clear(to);
    append_rooms(to, query);
    if (query->n_authors > 0) {
        append_and(to);
        append_authors(to, query);
    }
    for (size_t i = 0; i < query->n_phrases; i++) {
        append_and(to);
        append_string(to, query->phrases[i]);
    }
}

static enum statement statement_for(const struct buffer *match,
                                    const struct catalog_query *query)
{
    if (match->len == 0) {
        return query->newest_first ? STATEMENT_ALL_NEWEST
                                   : STATEMENT_ALL_OLDEST;
    }
    return query->newest_first ? STATEMENT_NEWEST : STATEMENT_OLDEST;
}

/* Says where the message of an id is. NOT_FOUND: nowhere. */
static enum error look_up(struct catalog *catalog, int64_t id,
                          struct catalog_hit *hit)
{
    sqlite3_stmt *place = catalog->statements[STATEMENT_PLACE];
    enum error error;
    int rc;

    sqlite3_bind_int64(place, 1, id);
    rc = sqlite3_step(place);
    error = catalog_error(catalog, rc, "search");
    if (rc == SQLITE_ROW) {
        hit->at_us = id / CATALOG_MOMENT_IDS;
        hit->room = (uint32_t)sqlite3_column_int64(place, 0);
        hit->message_id = (uint64_t)sqlite3_column_int64(place, 1);
    } else if (error == ERROR_NONE) {
        error = ERROR_NOT_FOUND;
    }
    sqlite3_reset(place);
    return error;
}

static enum error walk(struct catalog *catalog, sqlite3_stmt *search,
                       catalog_found *each, void *context)
{
    bool goes_on = true;
    int rc = SQLITE_DONE;

    while (goes_on && (rc = sqlite3_step(search)) == SQLITE_ROW) {
        struct catalog_hit hit = {.at_us = 0};
        enum error error =
            look_up(catalog, sqlite3_column_int64(search, 0), &hit);

        if (error == ERROR_NONE) {
            goes_on = each(context, &hit);
        } else if (error != ERROR_NOT_FOUND) {
            return error;
        }
    }
    return goes_on ? catalog_error(catalog, rc, "search") : ERROR_NONE;
}

/* Of what was said up to a moment; before the first: none. */
static int64_t last_id(int64_t to_us)
{
    return to_us < 0 ? -1 : catalog_first_id(to_us) + CATALOG_MOMENT_IDS - 1;
}

static bool is_within_limits(const struct catalog_query *query)
{
    return query->n_rooms <= CATALOG_ROOMS_MAX &&
           query->n_authors <= CATALOG_AUTHORS_MAX &&
           query->n_phrases <= CATALOG_PHRASES_MAX;
}

enum error catalog_search(struct catalog *catalog,
                          const struct catalog_query *query,
                          catalog_found *each, void *context)
{
    sqlite3_stmt *search;
    enum error error;

    CHECK(!catalog->writing);
    if (!is_within_limits(query)) {
        return ERROR_INVALID;
    }
    write_match(&catalog->text, query);
    if (buffer_failed(&catalog->text)) {
        return ERROR_NO_MEMORY;
    }
    search = catalog->statements[statement_for(&catalog->text, query)];
    if (catalog->text.len > 0) {
        sqlite3_bind_text(search, 1, (const char *)catalog->text.data,
                          (int)catalog->text.len, SQLITE_STATIC);
    }
    sqlite3_bind_int64(search, 2, catalog_first_id(query->from_us));
    sqlite3_bind_int64(search, 3, last_id(query->to_us));
    error = walk(catalog, search, each, context);
    sqlite3_reset(search);
    return error;
}
