#include "proto/base/check.h"
#include "storage/sqlite/checked.h"
#include "storage/sqlite/parts.h"

/* From here to the close the log is part of the truth. */
static enum error say_open(struct catalog *catalog)
{
    if (!catalog->said_open) {
        TRY(files_write(catalog->open_path, 0, "open\n", 5));
        catalog->said_open = true;
    }
    return ERROR_NONE;
}

enum error catalog_begin(struct catalog *catalog)
{
    CHECK(!catalog->writing);
    TRY(say_open(catalog));
    TRY(catalog_do(catalog, STATEMENT_BEGIN));
    catalog->writing = true;
    checked_set_commit(catalog->db, catalog->commits + 1);
    checked_expect(catalog->db, catalog->commits + 1);
    return ERROR_NONE;
}

static uint8_t of_author(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint8_t)(c + 32);
    }
    return c <= ' ' ? '_' : c; /* What parts words is in none. */
}

void catalog_append_author(struct buffer *to, struct slice author)
{
    buffer_append_text(to, CATALOG_AUTHOR_MARK);
    for (size_t i = 0; i < author.len; i++) {
        uint8_t c = of_author(author.data[i]);

        buffer_append(to, &c, 1);
    }
}

void catalog_append_room(struct buffer *to, uint32_t room)
{
    buffer_printf(to, CATALOG_ROOM_MARK "%x", room);
}

/* All that FTS5 is given of a message. */
static enum error bind_words(struct catalog *catalog, int64_t id,
                             const struct catalog_message *message)
{
    sqlite3_stmt *statement = catalog->statements[STATEMENT_PUT_WORDS];
    struct buffer *text = &catalog->text;

    buffer_clear(text);
    catalog_append_room(text, message->room);
    buffer_append_text(text, " ");
    catalog_append_author(text, message->author);
    buffer_append_text(text, " ");
    buffer_append_slice(text, message->words);
    if (buffer_failed(text)) {
        return ERROR_NO_MEMORY;
    }
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_text(statement, 2, (const char *)text->data, (int)text->len,
                      SQLITE_STATIC);
    return ERROR_NONE;
}

int64_t catalog_first_id(int64_t at_us)
{
    if (at_us < 0) {
        at_us = 0;
    }
    return (at_us < CATALOG_MOMENT_MAX ? at_us : CATALOG_MOMENT_MAX) *
           CATALOG_MOMENT_IDS;
}

/* A message that is looked for, where it was said, and what is there. */
struct spot {
    uint32_t room;
    uint64_t message_id;
    int64_t id;   /* Its own, or the last that is taken. */
    bool is_in;   /* It is there. */
    bool is_full; /* It may be in the next moment. */
};

static bool is_it(const struct spot *spot, sqlite3_stmt *row)
{
    return sqlite3_column_int64(row, 1) == (sqlite3_int64)spot->room &&
           sqlite3_column_int64(row, 2) == (sqlite3_int64)spot->message_id;
}

/* Look at one moment, which hardly ever has more than one message. */
static enum error look_in(struct catalog *catalog, int64_t first,
                          struct spot *spot)
{
    sqlite3_stmt *moment = catalog->statements[STATEMENT_MOMENT];
    int64_t last = first + CATALOG_MOMENT_IDS - 1;
    enum error error;
    int rc;

    spot->id = first - 1;
    sqlite3_bind_int64(moment, 1, first);
    sqlite3_bind_int64(moment, 2, last);
    while ((rc = sqlite3_step(moment)) == SQLITE_ROW && !spot->is_in) {
        spot->id = sqlite3_column_int64(moment, 0);
        spot->is_in = is_it(spot, moment);
    }
    spot->is_full = spot->id == last;
    error = catalog_error(catalog, rc, "looking for a message");
    sqlite3_reset(moment);
    return error;
}

/* Find a message, or where to put it. */
static enum error find(struct catalog *catalog, int64_t at_us,
                       struct spot *spot)
{
    int64_t first = catalog_first_id(at_us);

    do {
        TRY(look_in(catalog, first, spot));
        first += CATALOG_MOMENT_IDS;
    } while (!spot->is_in && spot->is_full);
    return ERROR_NONE;
}

static enum error put_place(struct catalog *catalog, int64_t id, uint32_t room,
                            uint64_t message_id)
{
    sqlite3_stmt *place = catalog->statements[STATEMENT_PUT_PLACE];

    sqlite3_bind_int64(place, 1, id);
    sqlite3_bind_int64(place, 2, room);
    sqlite3_bind_int64(place, 3, (sqlite3_int64)message_id);
    return catalog_do(catalog, STATEMENT_PUT_PLACE);
}

static enum error remove_row(struct catalog *catalog, enum statement which,
                             int64_t id)
{
    sqlite3_bind_int64(catalog->statements[which], 1, id);
    return catalog_do(catalog, which);
}

enum error catalog_put(struct catalog *catalog,
                       const struct catalog_message *message)
{
    struct spot spot = {message->room, message->message_id, 0, false, false};

    CHECK(catalog->writing && message->room > 0);
    TRY(find(catalog, message->at_us, &spot));
    if (spot.is_in) {
        TRY(remove_row(catalog, STATEMENT_REMOVE_WORDS, spot.id));
    } else {
        spot.id += 1;
        TRY(put_place(catalog, spot.id, spot.room, spot.message_id));
    }
    TRY(bind_words(catalog, spot.id, message));
    return catalog_do(catalog, STATEMENT_PUT_WORDS);
}

enum error catalog_remove(struct catalog *catalog,
                          const struct catalog_hit *hit)
{
    struct spot spot = {hit->room, hit->message_id, 0, false, false};

    CHECK(catalog->writing);
    TRY(find(catalog, hit->at_us, &spot));
    if (!spot.is_in) {
        return ERROR_NONE;
    }
    TRY(remove_row(catalog, STATEMENT_REMOVE_WORDS, spot.id));
    return spot.is_full ? put_place(catalog, spot.id, 0, 0)
                        : remove_row(catalog, STATEMENT_REMOVE_PLACE, spot.id);
}

enum error catalog_mark(struct catalog *catalog, uint32_t room,
                        uint64_t message_id)
{
    sqlite3_stmt *mark = catalog->statements[STATEMENT_MARK];

    CHECK(catalog->writing);
    sqlite3_bind_int64(mark, 1, room);
    sqlite3_bind_int64(mark, 2, (sqlite3_int64)message_id);
    return catalog_do(catalog, STATEMENT_MARK);
}

enum error catalog_set_level(struct catalog *catalog, uint64_t log_index)
{
    sqlite3_stmt *level = catalog->statements[STATEMENT_LEVEL];

    CHECK(catalog->writing);
    sqlite3_bind_int64(level, 1, (sqlite3_int64)log_index);
    TRY(catalog_do(catalog, STATEMENT_LEVEL));
    catalog->level = log_index;
    return ERROR_NONE;
}

uint64_t catalog_level(const struct catalog *catalog)
{
    return catalog->level;
}

static enum error count_and_commit(struct catalog *catalog)
{
    sqlite3_bind_int64(catalog->statements[STATEMENT_COUNT], 1,
                       (sqlite3_int64)catalog->commits + 1);
    TRY(catalog_do(catalog, STATEMENT_COUNT));
    return catalog_do(catalog, STATEMENT_COMMIT);
}

enum error catalog_commit(struct catalog *catalog)
{
    enum error error;

    CHECK(catalog->writing);
    error = count_and_commit(catalog);
    if (error != ERROR_NONE) {
        catalog_drop(catalog);
        return error;
    }
    catalog->writing = false;
    catalog->commits += 1;
    return ERROR_NONE;
}

void catalog_drop(struct catalog *catalog)
{
    if (catalog->writing && sqlite3_get_autocommit(catalog->db) == 0) {
        (void)catalog_do(catalog, STATEMENT_ROLLBACK);
    }
    catalog->writing = false;
}
