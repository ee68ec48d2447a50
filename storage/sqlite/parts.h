/* The insides of the catalog over SQLite, for its own files.
 *
 *   words   full-text index, and the words it was made of, so that they can be
 *           taken out of it again; row id: when the message was said, and which
 *           of those that were said in that microsecond, so that order is by
 *           time
 *   places  the same id -> room, message id; room 0: nothing any more, but the
 *           next moment has some of this one's
 *   marks   room -> how far it is in
 *   facts   whose it is; how many commits there were; the level
 *
 * Room and author are words too, with a first byte that no token has: what a
 * search is narrowed to is looked up, not looked through.
 *
 * Thread: the catalog's.
 */
#ifndef STORAGE_SQLITE_PARTS_H
#define STORAGE_SQLITE_PARTS_H

#include <sqlite3.h>

#include "proto/base/buffer.h"
#include "storage/catalog.h"
#include "storage/files.h"

/* X(NAME, "SQL"): what is prepared once. */
#define STATEMENT_LIST(X)                                                      \
    X(BEGIN, "BEGIN IMMEDIATE")                                                \
    X(COMMIT, "COMMIT")                                                        \
    X(ROLLBACK, "ROLLBACK")                                                    \
    X(PUT_WORDS, "INSERT INTO words(rowid, text) VALUES(?1, ?2)")              \
    X(REMOVE_WORDS, "DELETE FROM words WHERE rowid = ?1")                      \
    X(PUT_PLACE, "INSERT OR REPLACE INTO places(id, room, message) "           \
                 "VALUES(?1, ?2, ?3)")                                         \
    X(REMOVE_PLACE, "DELETE FROM places WHERE id = ?1")                        \
    X(PLACE, "SELECT room, message FROM places WHERE id = ?1")                 \
    X(MOMENT, "SELECT id, room, message FROM places "                          \
              "WHERE id BETWEEN ?1 AND ?2 ORDER BY id")                        \
    X(MARK, "INSERT OR REPLACE INTO marks(room, message) VALUES(?1, ?2)")      \
    X(MARKS, "SELECT room, message FROM marks")                                \
    X(COUNT, "INSERT OR REPLACE INTO facts(name, value) "                      \
             "VALUES('commits', ?1)")                                          \
    X(LEVEL, "INSERT OR REPLACE INTO facts(name, value) "                      \
             "VALUES('level', ?1)")                                            \
    X(OLDEST, "SELECT rowid FROM words WHERE words MATCH ?1 AND "              \
              "rowid BETWEEN ?2 AND ?3 ORDER BY rowid")                        \
    X(NEWEST, "SELECT rowid FROM words WHERE words MATCH ?1 AND "              \
              "rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC")                   \
    X(ALL_OLDEST, "SELECT id FROM places WHERE room > 0 AND "                  \
                  "id BETWEEN ?2 AND ?3 ORDER BY id")                          \
    X(ALL_NEWEST, "SELECT id FROM places WHERE room > 0 AND "                  \
                  "id BETWEEN ?2 AND ?3 ORDER BY id DESC")

#define STATEMENT_ENUM(name, sql) STATEMENT_##name,
enum statement { STATEMENT_LIST(STATEMENT_ENUM) STATEMENTS };
#undef STATEMENT_ENUM

enum {
    CATALOG_MOMENT_IDS = 1024, /* Of one microsecond; then the next one's. */
};

/* Later is as late as can be: the year 2255. */
#define CATALOG_MOMENT_MAX (INT64_MAX / CATALOG_MOMENT_IDS - 1)

/* First bytes of the words that are no tokens. */
#define CATALOG_ROOM_MARK   "\001r"
#define CATALOG_AUTHOR_MARK "\001a"

struct catalog {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    uint32_t commits; /* Made, in the file. */
    uint64_t level;   /* As it will be, while writing. */
    bool writing;
    struct buffer text; /* Being put together. */
    char open_path[FILES_PATH_BYTES_MAX];
    bool said_open; /* The file at open_path is there. */
};

/** Translate what SQLite says; a journal line for what is an error. */
enum error catalog_error(const struct catalog *catalog, int rc,
                         const char *doing);

/** Step a statement that gives no row, and reset it. */
enum error catalog_do(struct catalog *catalog, enum statement which);

/** Say the first id of a moment, which is clamped to those that have ids. */
int64_t catalog_first_id(int64_t at_us);

/** Append the word of a room. */
void catalog_append_room(struct buffer *to, uint32_t room);

/** Append the word of an author. */
void catalog_append_author(struct buffer *to, struct slice author);

/** Teach a connection to take texts of words as they are. */
int catalog_add_tokenizer(sqlite3 *db);

#endif
