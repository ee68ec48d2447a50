#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/adapter/postgresql_row.h"
#include "ops/adapter/sheet.h"
#include "ops/adapter/sinks.h"

/* A cut is one transaction. The lock, whose number is ours, keeps two that make
 * the tables or take the same cut at once apart; a server that is told not to
 * sync at a commit does it for us. */
static const char begin[] = "BEGIN; SET LOCAL synchronous_commit = on;"
                            " SET LOCAL lock_timeout = '60s';"
                            " SELECT pg_advisory_xact_lock(7809628)";

/* What is made where it is missing; README.md explains the columns. */
static const char schema[] =
    "CREATE SCHEMA IF NOT EXISTS perch;"
    "CREATE TABLE IF NOT EXISTS perch.sink ("
    " pool text NOT NULL, origin text NOT NULL, adapter text NOT NULL,"
    " next_csn bigint NOT NULL, sheet text NOT NULL,"
    " PRIMARY KEY (pool, origin, adapter));"
    "CREATE TABLE IF NOT EXISTS perch.cut ("
    " pool text NOT NULL, origin text NOT NULL, adapter text NOT NULL,"
    " first_csn bigint NOT NULL, last_csn bigint NOT NULL,"
    " sheet_sha256 text NOT NULL, sheet text NOT NULL,"
    " PRIMARY KEY (pool, origin, adapter, first_csn));"
    "CREATE TABLE IF NOT EXISTS perch.record ("
    " pool text NOT NULL, origin text NOT NULL, adapter text NOT NULL,"
    " csn bigint NOT NULL, kind text NOT NULL, type text NOT NULL,"
    " time timestamptz NOT NULL, room uuid, room_name text, user_uri text,"
    " display_name text, message_id numeric(20), content text,"
    " record json NOT NULL, leaf bytea,"
    " PRIMARY KEY (pool, origin, adapter, csn));";

enum {
    POSTGRESQL_CONNECT_S = 30,
    CSN_TEXT_BYTES = 24,
};

struct database {
    const struct batch *batch;
    PGconn *connection;
    struct buffer row; /* Of COPY's text form. */
    char sheet_sha256[FOLDER_SHA256_TEXT_BYTES + 1];
    struct buffer sheet;
};

/* libpq's text may have several lines; the first says it. */
static enum fault broken(const struct database *database, const char *what)
{
    const char *reason = PQerrorMessage(database->connection);

    return fault_say(PQstatus(database->connection) == CONNECTION_OK
                         ? FAULT_FAILED
                         : FAULT_UNREACHED,
                     "postgresql: %s: %s", what, reason);
}

static enum fault run(const struct database *database, const char *statement,
                      const char *what)
{
    PGresult *result = PQexec(database->connection, statement);
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
               ? FAULT_NONE
               : broken(database, what);
}

/* Run a statement about our sink: $1 pool, $2 origin, $3 adapter, and more. */
static enum fault run_ours(const struct database *database,
                           const char *statement, const char *const *more,
                           int n_more, const char *what, PGresult **result_out)
{
    const struct cut *cut = &database->batch->cut;
    const char *values[8] = {cut->pool, cut->origin, cut->adapter};
    ExecStatusType status;

    for (int i = 0; i < n_more; i++) {
        values[3 + i] = more[i];
    }
    *result_out = PQexecParams(database->connection, statement, 3 + n_more,
                               NULL, values, NULL, NULL, 0);
    status = PQresultStatus(*result_out);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        enum fault fault = broken(database, what);
        PQclear(*result_out);
        *result_out = NULL;
        return fault;
    }
    return FAULT_NONE;
}

/* CREATE IF NOT EXISTS wants the right to create, also where all is there. */
static enum fault make_tables(struct database *database)
{
    PGresult *result =
        PQexec(database->connection,
               "SELECT 1 WHERE to_regclass('perch.record') IS NOT NULL AND"
               " to_regclass('perch.cut') IS NOT NULL AND"
               " to_regclass('perch.sink') IS NOT NULL");
    bool is_there = PQntuples(result) == 1;
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    if (status != PGRES_TUPLES_OK) {
        return broken(database, "schema");
    }
    return is_there ? FAULT_NONE : run(database, schema, "schema");
}

static enum fault connect_to(struct database *database)
{
    char timeout[16];
    const char *const names[] = {"connect_timeout", "application_name",
                                 "dbname", "client_encoding", NULL};
    const char *const values[] = {timeout, "perch-adapter",
                                  database->batch->cut.output, "UTF8", NULL};

    snprintf(timeout, sizeof(timeout), "%d", POSTGRESQL_CONNECT_S);
    /* dbname is a whole connection string or URI; what comes later wins. */
    database->connection = PQconnectdbParams(names, values, 1);
    if (database->connection == NULL) {
        return fault_memory();
    }
    if (PQstatus(database->connection) != CONNECTION_OK) {
        return broken(database, "no connection");
    }
    return FAULT_NONE;
}

static enum fault copy_row(struct database *database, size_t index)
{
    struct event event;
    enum fault fault = event_read(database->batch, index, &event);

    if (fault == FAULT_NONE) {
        postgresql_row(&database->row, database->batch, &event);
        fault = buffer_failed(&database->row) ? fault_memory() : FAULT_NONE;
    }
    event_deinit(&event);
    if (fault == FAULT_NONE && database->row.len >= FOLDER_WRITE_BYTES) {
        if (PQputCopyData(database->connection,
                          (const char *)database->row.data,
                          (int)database->row.len) != 1) {
            fault = broken(database, "rows");
        }
        buffer_clear(&database->row);
    }
    return fault;
}

static enum fault end_copy(struct database *database)
{
    PGresult *result;
    ExecStatusType status;

    if ((database->row.len > 0 &&
         PQputCopyData(database->connection, (const char *)database->row.data,
                       (int)database->row.len) != 1) ||
        PQputCopyEnd(database->connection, NULL) != 1) {
        return broken(database, "rows");
    }
    result = PQgetResult(database->connection);
    status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK) {
        return broken(database, "rows");
    }
    while ((result = PQgetResult(database->connection)) != NULL) {
        PQclear(result);
    }
    return FAULT_NONE;
}

/* Rows go by way of a table of this transaction, for COPY reads no base64. */
static enum fault copy_rows(struct database *database)
{
    PGresult *result;
    ExecStatusType status;

    TAKE(run(database,
             "CREATE TEMPORARY TABLE perch_incoming (LIKE perch.record)"
             " ON COMMIT DROP;"
             "ALTER TABLE perch_incoming ALTER leaf TYPE text"
             " USING encode(leaf, 'base64')",
             "temporary table"));
    result = PQexec(database->connection, "COPY perch_incoming FROM STDIN");
    status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COPY_IN) {
        return broken(database, "rows");
    }
    for (size_t i = 0; i < database->batch->n; i++) {
        TAKE(copy_row(database, i));
    }
    TAKE(end_copy(database));
    return run(database,
               "INSERT INTO perch.record SELECT pool, origin, adapter, csn,"
               " kind, type, time, room, room_name, user_uri, display_name,"
               " message_id, content, record, decode(leaf, 'base64')"
               " FROM perch_incoming ORDER BY csn",
               "rows");
}

static enum fault store_cut(struct database *database)
{
    const struct cut *cut = &database->batch->cut;
    char first[CSN_TEXT_BYTES], last[CSN_TEXT_BYTES], next[CSN_TEXT_BYTES];
    const char *values[] = {first, last, database->sheet_sha256,
                            (const char *)database->sheet.data};
    const char *mark[] = {next, database->sheet_sha256};
    PGresult *result;

    snprintf(first, sizeof(first), "%" PRIu64, cut->first);
    snprintf(last, sizeof(last), "%" PRIu64, cut->last);
    snprintf(next, sizeof(next), "%" PRIu64, cut->last + 1);
    TAKE(run_ours(database,
                  "INSERT INTO perch.cut VALUES ($1, $2, $3, $4::bigint,"
                  " $5::bigint, $6, $7)",
                  values, 4, "cut", &result));
    PQclear(result);
    TAKE(run_ours(database,
                  "INSERT INTO perch.sink VALUES ($1, $2, $3, $4::bigint, $5)"
                  " ON CONFLICT (pool, origin, adapter)"
                  " DO UPDATE SET next_csn = excluded.next_csn,"
                  " sheet = excluded.sheet",
                  mark, 2, "high-water mark", &result));
    PQclear(result);
    return FAULT_NONE;
}

/* Is the cut there already? Another sheet under its number is a conflict. */
static enum fault look_for_cut(const struct database *database,
                               bool *is_there_out)
{
    const struct cut *cut = &database->batch->cut;
    char first[CSN_TEXT_BYTES], last[CSN_TEXT_BYTES];
    const char *values[] = {first, last};
    enum fault fault = FAULT_NONE;
    PGresult *result;

    snprintf(first, sizeof(first), "%" PRIu64, cut->first);
    snprintf(last, sizeof(last), "%" PRIu64, cut->last);
    TAKE(run_ours(database,
                  "SELECT sheet_sha256 FROM perch.cut WHERE pool = $1 AND"
                  " origin = $2 AND adapter = $3 AND first_csn = $4::bigint"
                  " AND last_csn = $5::bigint",
                  values, 2, "cut", &result));
    *is_there_out = PQntuples(result) == 1;
    if (*is_there_out &&
        strcmp(PQgetvalue(result, 0, 0), database->sheet_sha256) != 0) {
        fault = fault_say(FAULT_CONFLICT,
                          "postgresql: the cut %s-%s is there with another "
                          "sheet: %s, would be %s",
                          first, last, PQgetvalue(result, 0, 0),
                          database->sheet_sha256);
    }
    PQclear(result);
    return fault;
}

/* A cut follows the last one there; a first one finds nothing there. */
static enum fault check_mark(const struct database *database)
{
    const struct cut *cut = &database->batch->cut;
    enum fault fault = FAULT_NONE;
    PGresult *result;
    uint64_t next;

    TAKE(run_ours(database,
                  "SELECT next_csn FROM perch.sink WHERE pool = $1 AND"
                  " origin = $2 AND adapter = $3 FOR UPDATE",
                  NULL, 0, "high-water mark", &result));
    if (PQntuples(result) == 0) {
        if (cut->previous_sheet[0] != '\0') {
            fault = fault_say(FAULT_CONFLICT,
                              "postgresql: the sink is empty, and the cut "
                              "begins at %" PRIu64 " after others",
                              cut->first);
        }
    } else {
        next = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
        if (next != cut->first) {
            fault = fault_say(FAULT_CONFLICT,
                              "postgresql: the sink goes on at %" PRIu64
                              ", the cut begins at %" PRIu64,
                              next, cut->first);
        }
    }
    PQclear(result);
    return fault;
}

/* "relation exists, skipping" is no news. */
static void hear_nothing(void *context, const char *message)
{
    (void)context;
    (void)message;
}

static enum fault take_cut(struct database *database)
{
    bool is_there;

    TAKE(connect_to(database));
    PQsetNoticeProcessor(database->connection, hear_nothing, NULL);
    TAKE(run(database, begin, "begin"));
    TAKE(make_tables(database));
    TAKE(look_for_cut(database, &is_there));
    if (!is_there) {
        TAKE(check_mark(database));
        TAKE(copy_rows(database));
        TAKE(store_cut(database));
    }
    return run(database, "COMMIT", "commit");
}

enum fault postgresql_sink(const struct batch *batch, char sheet_out[])
{
    struct database database = {.batch = batch};
    enum fault fault =
        sheet_write(batch, SHEET_FILES, NULL, 0, &database.sheet);

    buffer_append(&database.sheet, "", 1); /* NUL, for libpq. */
    if (fault == FAULT_NONE && buffer_failed(&database.sheet)) {
        fault = fault_memory();
    }
    if (fault == FAULT_NONE) {
        sha256_text(database.sheet.data, database.sheet.len - 1,
                    database.sheet_sha256);
        fault = take_cut(&database);
    }
    PQfinish(database.connection); /* An open transaction is undone. */
    if (fault == FAULT_NONE) {
        memcpy(sheet_out, database.sheet_sha256, sizeof(database.sheet_sha256));
    }
    buffer_deinit(&database.row);
    buffer_deinit(&database.sheet);
    return fault;
}
