/* What the core asks of the world: a log on disk and a way to its peers. Each
 * is a small table of functions with a context, filled in by whoever owns the
 * node: real log store and transport in perchd, simulated ones in tests.
 *
 * Thread: raft loop, both ways.
 */
#ifndef RAFT_CORE_SEAMS_H
#define RAFT_CORE_SEAMS_H

#include "proto/base/error.h"
#include "raft/core_message.h"

/* A write under way. The core embeds it and keeps it until done is called,
 * which is never from inside the call that began it. */
struct core_write {
    void (*done)(struct core_write *write, enum error error);
};

/* What stands in place of the log's beginning. */
struct core_snapshot {
    uint64_t index, term; /* Of the last entry it covers; index 0: none. */
    uint64_t members_index;
    struct core_members members;
    struct slice bytes; /* Marker or manifest. Borrowed. */
};

/* What a disk held at start, but for the entries. */
struct core_image {
    uint64_t term, vote;
    struct core_snapshot snapshot;
    uint64_t first_index; /* Of the entries; at most snapshot.index + 1. */
};

/* The log on disk. All writes take effect in the order they were asked for,
 * and their done functions are called in that order. After any error the core
 * stops the node. */
struct core_log {
    void *context;
    /* Tell image, then call each for every entry from image.first_index on.
     * What is told is borrowed until load returns. */
    enum error (*load)(void *context, struct core_image *image_out,
                       void (*each)(void *to, const struct core_entry *entry),
                       void *to);
    /* Durable when they return. A new term has no vote. */
    enum error (*set_term)(void *context, uint64_t term);
    enum error (*set_vote)(void *context, uint64_t vote);
    /* Durable when done. Entries are borrowed until then. */
    enum error (*append)(void *context, uint64_t first_index,
                         const struct core_entry *entries, size_t n,
                         struct core_write *write);
    /* Drop entries from index on, before later appends take effect. */
    enum error (*truncate)(void *context, uint64_t index);
    /* Record that a snapshot covers the log up to its index, and let go of
     * entries before index - trailing + 1. With replace all entries go, and the
     * log continues after the snapshot. */
    enum error (*mark_snapshot)(void *context,
                                const struct core_snapshot *snapshot,
                                uint64_t trailing, bool replace,
                                struct core_write *write);
    /* See to it that the next start finds no entry at index or above, also none
     * that is being written now. Durable when it returns; the node then stops
     * and starts again. */
    enum error (*cut)(void *context, uint64_t index);
    /* Call no done function any more and touch nothing borrowed; what was asked
     * for may or may not take effect. */
    void (*abandon)(void *context);
};

/* The way to the peers. Messages may be lost, never altered; order within a
 * link is not needed but makes for speed. */
struct core_network {
    void *context;
    /* Take a copy of message, or of as much as must outlive the call, and send
     * it to message->peer. BUSY or CLOSED when it cannot go now. */
    enum error (*send)(void *context, const struct core_message *message);
    /* Tell the peer that the leader of term has committed up to index. May be
     * left out when a later note or message to that peer is due. */
    void (*note)(void *context, uint64_t peer, uint64_t term, uint64_t index);
};

#endif
