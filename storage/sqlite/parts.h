/* The insides of the catalog over SQLite, for its own files.
 *
 *   words   full-text index without texts; row id: when the message was
 *           committed, in microseconds, so that order is by time
 *   places  the same id -> room, message id
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
    X(REMOVE_WORDS,                                                            \
      "INSERT INTO words(words, rowid, text) VALUES('delete', ?1, ?2)")        \
    X(PUT_PLACE, "INSERT OR REPLACE INTO places(at, room, message) "           \
                 "VALUES(?1, ?2, ?3)")                                         \
    X(REMOVE_PLACE, "DELETE FROM places WHERE at = ?1")                        \
    X(PLACE, "SELECT room, message FROM places WHERE at = ?1")                 \
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
    X(ALL_OLDEST, "SELECT at FROM places WHERE at BETWEEN ?2 AND ?3 "          \
                  "ORDER BY at")                                               \
    X(ALL_NEWEST, "SELECT at FROM places WHERE at BETWEEN ?2 AND ?3 "          \
                  "ORDER BY at DESC")

#define STATEMENT_ENUM(name, sql) STATEMENT_##name,
enum statement { STATEMENT_LIST(STATEMENT_ENUM) STATEMENTS };
#undef STATEMENT_ENUM

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

/** Append the word of a room. */
void catalog_append_room(struct buffer *to, uint32_t room);

/** Append the word of an author. */
void catalog_append_author(struct buffer *to, struct slice author);

/** Teach a connection to take texts of words as they are. */
int catalog_add_tokenizer(sqlite3 *db);

#endif
