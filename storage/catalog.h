/* The catalog: which messages have which words. Derived from the rows of the
 * store and made anew from them whenever it is in doubt; never a source.
 *
 * It proposes, its user decides: what a search gives are messages that had the
 * words when they were put in. Whoever asks reads the message and looks. What a
 * search does not give has not been put in -- how far each room is, the marks
 * say, and they change together with what they speak of, or not at all.
 *
 *   search -> message -> its row in the store -> is it so? may it be shown?
 *
 * A write is not synced: a crash of the machine takes the last of them, marks
 * and words alike. Every page carries a checksum; damage is ERROR_ROTTEN with
 * one journal line, and then nothing of the catalog is to be believed:
 * catalog_discard, and put in everything again.
 *
 * Words are whatever its user says they are (node/session/spelling.h). Texts of
 * words are tokens with a blank between two of them, or a tab where the second
 * stands at the place of the first: a search for words in a row may use either.
 * A token's bytes are all above 0x20.
 *
 * Two implementations, chosen when a program is linked: storage/sqlite (SQLite
 * FTS5) and tests/sim (a list that is looked through). One suite of tests holds
 * for both.
 *
 * Thread: one at a time; all calls but catalog_discard may block for long.
 */
#ifndef STORAGE_CATALOG_H
#define STORAGE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"

struct catalog;

enum {
    CATALOG_ROOMS_MAX = 1000, /* That a search is narrowed to. */
    CATALOG_AUTHORS_MAX = 64,
    CATALOG_PHRASES_MAX = 64,
};

struct catalog_message {
    int64_t at_us; /* When it was said; imported ones may share a moment. */
    uint32_t room; /* Place number. */
    uint64_t message_id; /* With the room: which message it is. */
    struct slice author; /* URI; ASCII case aside. */
    struct slice words;
};

/* A message that a search gives. */
struct catalog_hit {
    int64_t at_us; /* Or some microseconds later, where a thousand share it. */
    uint32_t room;
    uint64_t message_id;
};

struct catalog_query {
    const struct slice *phrases; /* Tokens in a row; all must be there. */
    size_t n_phrases;
    const struct slice *authors; /* Any of them; none: whoever. */
    size_t n_authors;
    const uint32_t *rooms; /* Any of them; none: every room. */
    size_t n_rooms;
    int64_t from_us, to_us; /* Both inclusive. */
    bool newest_first;
};

/** Take a hit of a search; false ends the search. */
typedef bool catalog_found(void *context, const struct catalog_hit *hit);

/** Take a mark; false ends the list. */
typedef bool catalog_marked(void *context, uint32_t room, uint64_t message_id);

/**
 * Open the catalog in a directory, or make an empty one there.
 *
 * @made_for   Whose rows it is of, and by which words: one that was made for
 *             another, or by a program with other tables, is WRONG_POOL.
 *
 * Returns ROTTEN for damage, BUSY when it is open elsewhere, NO_SPACE, IO or
 * STORE_IO. Owned by the caller.
 */
enum error catalog_open(const char *directory, const char *made_for,
                        struct catalog **catalog_out);

/** Close and free. What was begun and not committed is dropped. Accepts NULL.
 */
void catalog_close(struct catalog *catalog);

/** Remove the files of a catalog, which must be closed. */
enum error catalog_discard(const char *directory);

/** List how far each room is: all its messages up to there are in. */
enum error catalog_marks(struct catalog *catalog, catalog_marked *each,
                         void *context);

/** Begin a write; catalog_commit or catalog_drop ends it. */
enum error catalog_begin(struct catalog *catalog);

/** Put a message in, or put in again one whose words have changed: the old ones
 * are taken out. */
enum error catalog_put(struct catalog *catalog,
                       const struct catalog_message *message);

/** Take a message out, its words with it; one that is not in is none less.
 * @hit  As a search gives it, or as it was put in. */
enum error catalog_remove(struct catalog *catalog,
                          const struct catalog_hit *hit);

/** Say that all messages of a room up to this one are in. */
enum error catalog_mark(struct catalog *catalog, uint32_t room,
                        uint64_t message_id);

/** Say that the catalog is as the store was at this log index. */
enum error catalog_set_level(struct catalog *catalog, uint64_t log_index);

/** Tell what catalog_set_level has said last; 0: nothing yet. */
uint64_t catalog_level(const struct catalog *catalog);

/** Make all since catalog_begin visible and lasting, or none of it. */
enum error catalog_commit(struct catalog *catalog);

/** Drop all since catalog_begin. */
void catalog_drop(struct catalog *catalog);

/**
 * Give what may match, by time.
 *
 * Returns NONE also when each has ended the search; INVALID when the query is
 * over a limit.
 */
enum error catalog_search(struct catalog *catalog,
                          const struct catalog_query *query,
                          catalog_found *each, void *context);

#endif
