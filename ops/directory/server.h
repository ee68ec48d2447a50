/* A directory server: connected to with TLS, asked page by page, and believed
 * only when it has answered all of it.
 *
 * Whatever cuts an answer short - a limit, a referral, a page that does not
 * come, a connection that ends - is an error: half an answer would look like
 * people who have gone.
 *
 * Thread: the program's only one; every call may wait, for its timeout.
 */
#ifndef OPS_DIRECTORY_SERVER_H
#define OPS_DIRECTORY_SERVER_H

#include "ops/directory/entry.h"
#include "ops/directory/settings.h"
#include "proto/base/error.h"

enum {
    SERVER_WHY_BYTES = 240,
    SERVER_ENTRIES_MAX = 4 * 1000 * 1000, /* Of one search. */
    SERVER_RANGES_MAX = 100000,           /* Of one entry's members. */
    SERVER_EMPTY_PAGES_MAX = 1000,        /* In a row. */
};

struct server;

/* One search: below a base, whole subtree. */
struct search {
    const char *base, *filter;
    const char *const *attributes; /* NULL behind the last. */
};

/**
 * Connect, secure the connection and bind.
 *
 * @why  Says what went wrong.
 *
 * Returns NOT_FOUND (nobody there), TIMED_OUT, TLS, REFUSED (the bind), INVALID
 * or NO_MEMORY.
 */
enum error server_open(const struct directory_settings *settings,
                       struct server **server_out, char why[SERVER_WHY_BYTES]);

/** Unbind and free. Accepts NULL. */
void server_close(struct server *server);

/**
 * Read all that a search finds.
 *
 * Values that come in ranges (Active Directory) are fetched to their end.
 *
 * @entries  Appended to; what is in it after an error is of no use.
 *
 * Returns NOT_FOUND (no such base), TRUNCATED (not all of it came), TIMED_OUT,
 * CLOSED, TOO_LARGE or REFUSED.
 */
enum error server_search(struct server *server, const struct search *search,
                         struct entries *entries, char why[SERVER_WHY_BYTES]);

#endif
