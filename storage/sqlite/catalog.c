#include "storage/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "storage/sqlite/checked.h"
#include "storage/sqlite/parts.h"

#define PAGES_NAME "words.db"
#define LOG_NAME   "words.db-wal"
#define OPEN_NAME  "open" /* There from the first commit to the close. */

/* Of the tables below: raised with them. */
#define CATALOG_FORMAT "2"

/* Alone with the file, SQLite needs no shared memory for its log. */
static const char settings_sql[] = "PRAGMA locking_mode=EXCLUSIVE;"
                                   "PRAGMA journal_mode=WAL;"
                                   "PRAGMA synchronous=NORMAL;"
                                   "PRAGMA wal_autocheckpoint=2000;"
                                   "PRAGMA journal_size_limit=16777216;"
                                   "PRAGMA cache_size=-32768;"
                                   "PRAGMA temp_store=MEMORY;"
                                   "PRAGMA secure_delete=FAST;";

static const char schema_sql[] =
    "BEGIN;"
    "CREATE VIRTUAL TABLE words USING fts5(text, columnsize=0,"
    " tokenize='perch');"
    "CREATE TABLE places(id INTEGER PRIMARY KEY, room INTEGER,"
    " message INTEGER);"
    "CREATE TABLE marks(room INTEGER PRIMARY KEY,"
    " message INTEGER);"
    "CREATE TABLE facts(name TEXT PRIMARY KEY, value);"
    "PRAGMA user_version=" CATALOG_FORMAT ";"
    "COMMIT;";

#define STATEMENT_TEXT(name, sql) [STATEMENT_##name] = sql,
static const char *const statement_texts[STATEMENTS] = {
    STATEMENT_LIST(STATEMENT_TEXT)};
#undef STATEMENT_TEXT

static enum error error_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return ERROR_NONE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERROR_ROTTEN;
    case SQLITE_FULL:
        return ERROR_NO_SPACE;
    case SQLITE_NOMEM:
        return ERROR_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERROR_BUSY;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        return ERROR_IO;
    default:
        return ERROR_STORE_IO;
    }
}

enum error catalog_error(const struct catalog *catalog, int rc,
                         const char *doing)
{
    enum error error = error_of(rc);

    if (error != ERROR_NONE) {
        journal_warning("catalog_failed",
                        "doing=%s error=%s code=%d reason=\"%s\"", doing,
                        error_name(error), rc, sqlite3_errmsg(catalog->db));
    }
    return error;
}

enum error catalog_do(struct catalog *catalog, enum statement which)
{
    sqlite3_stmt *statement = catalog->statements[which];
    int rc = sqlite3_step(statement);
    enum error error = catalog_error(catalog, rc, statement_texts[which]);

    sqlite3_reset(statement);
    return error;
}

static enum error run(struct catalog *catalog, const char *sql)
{
    return catalog_error(
        catalog, sqlite3_exec(catalog->db, sql, NULL, NULL, NULL), "opening");
}

static enum error prepare(struct catalog *catalog)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        int rc = sqlite3_prepare_v3(catalog->db, statement_texts[i], -1,
                                    SQLITE_PREPARE_PERSISTENT,
                                    &catalog->statements[i], NULL);

        TRY(catalog_error(catalog, rc, statement_texts[i]));
    }
    return ERROR_NONE;
}

static enum error read_count(struct catalog *catalog, const char *sql,
                             int *number_out)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(catalog->db, sql, -1, &statement, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
    }
    *number_out = rc == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    sqlite3_finalize(statement);
    return catalog_error(catalog, rc, "opening");
}

/* Tables are made once: whoever opens a file writes nothing to it, so that a
 * log that is gone is missed. Those of another program are not for this one. */
static enum error make_tables(struct catalog *catalog)
{
    int tables, format;

    TRY(read_count(catalog, "SELECT count(*) FROM sqlite_master", &tables));
    if (tables == 0) {
        return run(catalog, schema_sql);
    }
    TRY(read_count(catalog, "PRAGMA user_version", &format));
    if (format != atoi(CATALOG_FORMAT)) {
        journal_notice("catalog_of_another", "format=%d wanted=%s", format,
                       CATALOG_FORMAT);
        return ERROR_WRONG_POOL;
    }
    return ERROR_NONE;
}

static enum error open_database(struct catalog *catalog, const char *path)
{
    int reserved = CHECKED_RESERVED_BYTES;
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    TRY(checked_register());
    TRY(catalog_error(catalog,
                      sqlite3_open_v2(path, &catalog->db, flags, CHECKED_VFS),
                      "opening"));
    (void)sqlite3_file_control(catalog->db, "main", SQLITE_FCNTL_RESERVE_BYTES,
                               &reserved);
    TRY(catalog_error(catalog, catalog_add_tokenizer(catalog->db), "opening"));
    TRY(run(catalog, "PRAGMA page_size=4096;"));
    TRY(run(catalog, settings_sql));
    TRY(make_tables(catalog));
    return prepare(catalog);
}

/* One fact, as a number and as a text. */
struct fact {
    sqlite3_int64 number;
    char text[128];
};

/* NOT_FOUND in a new file. */
static enum error read_fact(struct catalog *catalog, const char *name,
                            struct fact *fact_out)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(catalog->db,
                                "SELECT value FROM facts WHERE name = ?1", -1,
                                &statement, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        rc = sqlite3_step(statement);
    }
    if (rc == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(statement, 0);

        fact_out->number = sqlite3_column_int64(statement, 0);
        snprintf(fact_out->text, sizeof(fact_out->text), "%s",
                 text == NULL ? "" : (const char *)text);
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? ERROR_NOT_FOUND
                             : catalog_error(catalog, rc, "opening");
}

static enum error write_owner(struct catalog *catalog, const char *made_for)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(
        catalog->db, "INSERT INTO facts(name, value) VALUES('made_for', ?1)",
        -1, &statement, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, made_for, -1, SQLITE_STATIC);
        rc = sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return catalog_error(catalog, rc, "opening");
}

static enum error check_owner(struct catalog *catalog, const char *made_for)
{
    struct fact fact = {0};
    enum error error = read_fact(catalog, "made_for", &fact);

    if (error == ERROR_NOT_FOUND) {
        return write_owner(catalog, made_for);
    }
    if (error == ERROR_NONE && strcmp(fact.text, made_for) != 0) {
        journal_notice("catalog_of_another", "made_for=\"%s\" wanted=\"%s\"",
                       fact.text, made_for);
        return ERROR_WRONG_POOL;
    }
    return error;
}

/* A fact that a new file does not have yet is 0. */
static enum error read_number(struct catalog *catalog, const char *name,
                              uint64_t *number_out)
{
    struct fact fact = {0};
    enum error error = read_fact(catalog, name, &fact);

    *number_out = (uint64_t)fact.number;
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error read_counts(struct catalog *catalog)
{
    uint64_t commits = 0;

    TRY(read_number(catalog, "commits", &commits));
    TRY(read_number(catalog, "level", &catalog->level));
    catalog->commits = (uint32_t)commits;
    checked_expect(catalog->db, catalog->commits);
    return ERROR_NONE;
}

static bool exists(const char *path)
{
    char byte;
    size_t got;

    return files_read(path, 0, &byte, 1, &got) == ERROR_NONE;
}

/* A process that ended in the middle leaves a log with at least its last
 * commits: without one, pages of several commits may stand side by side. */
static enum error check_log(struct catalog *catalog, bool was_open)
{
    int frames = 0, copied = 0;
    int rc = sqlite3_wal_checkpoint_v2(
        catalog->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);

    TRY(catalog_error(catalog, rc, "opening"));
    if (was_open && frames == 0) {
        journal_error("catalog_rotten",
                      "file=%s reason=\"its log is gone, and it was not "
                      "closed\"",
                      LOG_NAME);
        return ERROR_ROTTEN;
    }
    return ERROR_NONE;
}

static enum error open_parts(struct catalog *catalog, const char *directory,
                             const char *made_for)
{
    char path[FILES_PATH_BYTES_MAX];

    TRY(files_make_directory(directory));
    TRY(files_path(path, directory, PAGES_NAME));
    TRY(files_path(catalog->open_path, directory, OPEN_NAME));
    catalog->said_open = exists(catalog->open_path);
    TRY(open_database(catalog, path));
    TRY(check_log(catalog, catalog->said_open));
    TRY(read_counts(catalog));
    return check_owner(catalog, made_for);
}

/* @clean  Nothing is left in the log. */
static void free_parts(struct catalog *catalog, bool clean)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(catalog->statements[i]);
    }
    if (sqlite3_close(catalog->db) == SQLITE_OK && clean &&
        catalog->said_open) {
        (void)files_remove(catalog->open_path);
    }
    buffer_deinit(&catalog->text);
    free(catalog);
}

enum error catalog_open(const char *directory, const char *made_for,
                        struct catalog **catalog_out)
{
    struct catalog *catalog = calloc(1, sizeof(*catalog));
    enum error error;

    if (catalog == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = open_parts(catalog, directory, made_for);
    if (error != ERROR_NONE) {
        free_parts(catalog, false);
        return error;
    }
    *catalog_out = catalog; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

void catalog_close(struct catalog *catalog)
{
    int rc;

    if (catalog == NULL) {
        return;
    }
    catalog_drop(catalog);
    rc = sqlite3_wal_checkpoint_v2(catalog->db, NULL,
                                   SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    free_parts(catalog, rc == SQLITE_OK);
}

static enum error remove_one(const char *directory, const char *name)
{
    char path[FILES_PATH_BYTES_MAX];
    enum error error;

    TRY(files_path(path, directory, name));
    error = files_remove(path);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error catalog_discard(const char *directory)
{
    TRY(remove_one(directory, PAGES_NAME));
    TRY(remove_one(directory, LOG_NAME));
    return remove_one(directory, OPEN_NAME);
}

enum error catalog_marks(struct catalog *catalog, catalog_marked *each,
                         void *context)
{
    sqlite3_stmt *statement = catalog->statements[STATEMENT_MARKS];
    bool goes_on = true;
    enum error error;
    int rc;

    while ((rc = sqlite3_step(statement)) == SQLITE_ROW && goes_on) {
        goes_on = each(context, (uint32_t)sqlite3_column_int64(statement, 0),
                       (uint64_t)sqlite3_column_int64(statement, 1));
    }
    error = catalog_error(catalog, rc, "marks");
    sqlite3_reset(statement);
    return error;
}
