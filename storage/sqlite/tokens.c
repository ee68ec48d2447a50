/* What makes tokens of a text for FTS5: nothing but blanks and tabs, for the
 * texts are words already. */
#include "storage/sqlite/parts.h"

typedef int take_token(void *context, int flags, const char *token, int len,
                       int start, int end);

static int on_create(void *context, const char **arguments, int n,
                     Fts5Tokenizer **tokenizer_out)
{
    (void)arguments;
    (void)n;
    *tokenizer_out = context; /* It has no state. */
    return SQLITE_OK;
}

static void on_delete(Fts5Tokenizer *tokenizer)
{
    (void)tokenizer;
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\t';
}

static int on_tokenize(Fts5Tokenizer *tokenizer, void *context, int flags,
                       const char *text, int len, take_token *take)
{
    int at = 0, rc = SQLITE_OK;

    (void)tokenizer;
    (void)flags;
    while (at < len && rc == SQLITE_OK) {
        bool same_place = at > 0 && text[at - 1] == '\t';
        int start = at;

        while (at < len && !is_gap(text[at])) {
            at += 1;
        }
        if (at > start) {
            rc = take(context, same_place ? FTS5_TOKEN_COLOCATED : 0,
                      text + start, at - start, start, at);
        }
        at += 1;
    }
    return rc;
}

static int find_api(sqlite3 *db, fts5_api **api_out)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_bind_pointer(statement, 1, (void *)api_out, "fts5_api_ptr",
                                  NULL);
    }
    if (rc == SQLITE_OK) {
        (void)sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_OK && *api_out == NULL ? SQLITE_ERROR : rc;
}

int catalog_add_tokenizer(sqlite3 *db)
{
    static fts5_tokenizer tokenizer = {on_create, on_delete, on_tokenize};
    fts5_api *api = NULL;
    int rc = find_api(db, &api);

    return rc == SQLITE_OK ? api->xCreateTokenizer(api, "perch", &tokenizer,
                                                   &tokenizer, NULL)
                           : rc;
}
