/* Looking through what a user has not read: for mentions of the user, and for
 * what the user's feeds pick.
 *
 * A user is mentioned by the sign-in name (with or without its domain) or the
 * display name, as a word (words.h). What the user says is no news; what is
 * hidden is not looked at.
 *
 * Thread: any for reading; a reader is made on the state loop.
 */
#ifndef NODE_SESSION_SCANNING_H
#define NODE_SESSION_SCANNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "storage/store.h"

enum {
    /* Messages looked through: the newest of a room, and of all rooms of one
     * question. What is beyond is told as cut. */
    SCAN_ROOM_MESSAGES_MAX = 1000,
    SCAN_MESSAGES_MAX = 10000,
    SCAN_NAMES = 3,
};

/* What one feed looks for; all folded, but for authors. */
struct scan_feed {
    struct slice name;
    size_t n_words, n_authors;
    struct slice *words, *authors;
};

struct scan_reader {
    struct slice uri;
    size_t n_names;
    struct slice names[SCAN_NAMES]; /* Folded. */
    size_t n_feeds;
    struct scan_feed *feeds;
};

struct scan_hits {
    uint32_t n;
    uint64_t message_id; /* The newest; 0: none. */
};

struct scan_room {
    uint32_t room;        /* Place number. */
    uint64_t first, last; /* What is unread; first above last: nothing. */
    bool is_cut;
    struct scan_hits mentions;
    struct scan_hits *feeds; /* One for each of the reader's. */
};

/**
 * Make out what is looked for.
 *
 * @arena         Gets copies of all.
 * @feeds         A perch.stored.Feeds; may be empty.
 *
 * Returns false when memory is out.
 */
bool scan_prepare(struct scan_reader *reader, struct arena *arena,
                  struct slice uri, struct slice display_name,
                  struct slice feeds);

/**
 * Look through rooms, one after the other.
 *
 * Returns ROTTEN, STORE_IO or NO_MEMORY, with the store's journal line.
 */
enum error scan_rooms(struct store *store, const struct scan_reader *reader,
                      struct scan_room *rooms, size_t n);

#endif
