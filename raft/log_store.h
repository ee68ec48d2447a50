/* The raft log on disk: entries, term and vote, the snapshot marker. What it
 * has acknowledged it gives back after any crash, or it refuses to open and
 * says what was damaged; it never opens with a shorter or another past.
 *
 * Appends of a loop turn go out in one batch, written and synced by a worker;
 * completions come back on the loop, in the order of the calls, never from
 * inside a call. After any error nothing more is written: the owner is told
 * and ends the process (crash-only).
 *
 * Knows loops, workers and devices, nothing of raft's rules or of what entries
 * say. The bytes on disk: raft/log_store/format.md.
 *
 * Thread: the loop's.
 */
#ifndef RAFT_LOG_STORE_H
#define RAFT_LOG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/guid.h"
#include "proto/base/loop.h"
#include "proto/base/slice.h"

struct log_store;

enum {
    LOG_SEGMENT_BYTES = 64 * 1024 * 1024,  /* Default size of a file. */
    LOG_SEGMENT_BYTES_MIN = 16 * 1024,     /* For tests and simulation. */
    LOG_BATCH_BYTES_MAX = 4 * 1024 * 1024, /* Written and synced at once. */
    LOG_ENTRY_BYTES_MAX = 2 * 1024 * 1024, /* Also a snapshot marker's data
                                              and configuration together. */
    LOG_FLOOR_BYTES = 256 * 1024 * 1024,   /* Default disk space that is left
                                              to others. */
    LOG_MARK_DELAY_MS = 10,                /* From the last batch to its own
                                              note in the vote file. */
    LOG_STALL_MS = 5000,                   /* A write that takes longer is
                                              reported, again and again. */
    LOG_SPARE_RETRY_MS = 1000,             /* After a full disk. */
    LOG_LATENCY_BUCKETS = 24,
};

/* Whose log it is; written into every file, compared at open. */
struct log_identity {
    struct guid pool_id;
    uint64_t directory_id;
};

struct log_store_options {
    const char *path; /* A directory of its own. */
    struct log_identity identity;
    uint64_t segment_bytes; /* Multiple of 4096; 0: LOG_SEGMENT_BYTES. */
    uint64_t floor_bytes;   /* 0: LOG_FLOOR_BYTES. */
};

/* Told on the loop, at a time when calls into the store are allowed. Either
 * may be NULL. */
struct log_store_owner {
    /* Once, before any completion carries the error: end the process. Not for
     * errors that a call returns. */
    void (*failed)(void *context, enum error error);
    /* A write has been under way for this long. */
    void (*stalled)(void *context, uint64_t for_ms);
    void *context;
};

/* Why a store refuses to open. Its files are as they were found. */
struct log_damage {
    /* ROTTEN      bytes are not those that were written
     * FORGOTTEN   bytes that were acknowledged are missing
     * WRONG_POOL  a file belongs to another pool or directory
     * UNSUPPORTED a file has a format that this program does not know
     * else        what the device reported: says nothing about the log */
    enum error error;
    char file[32];    /* "" when it is no single file. */
    uint64_t offset;  /* Bytes into the file. */
    uint64_t index;   /* First log index that is in doubt; 0: not known. */
    const char *what; /* Static text. */
};

struct log_entry {
    uint64_t term;
    uint8_t type; /* The owner's own number, kept as it is. */
    struct slice data;
};

/* A snapshot marker: what the log knows of a snapshot kept elsewhere. */
struct log_snapshot {
    uint64_t index; /* 0: there is none. */
    uint64_t term;
    uint64_t configuration_index;
    struct slice configuration;
    struct slice data;
};

/* data is a block of malloc of its own, or NULL when len is 0. Whoever wants
 * to keep it takes it and sets data to NULL. */
struct log_recovered_entry {
    uint64_t term;
    uint8_t type;
    uint8_t *data;
    size_t len;
};

struct log_recovered {
    uint64_t term;
    uint64_t vote;                /* 0: none in this term. */
    struct log_snapshot snapshot; /* Borrows from this struct. */
    uint64_t first_index;         /* Of entries[0], were there one; at most
                                     snapshot.index + 1. */
    size_t n;
    struct log_recovered_entry *entries;
    uint64_t acknowledged_index; /* As noted in the vote file before. */
    uint64_t cut_index;          /* The order just carried out; 0: none. */
    uint64_t torn_bytes;         /* Of an unacknowledged batch, dropped. */
};

struct log_store_status {
    enum error error; /* Not NONE: nothing is written any more. */
    uint64_t term;
    uint64_t vote;
    uint64_t first_index;
    uint64_t next_index;
    uint64_t acknowledged_index;
    uint64_t snapshot_index;
    size_t queued; /* Calls not yet given to the disk. */
    size_t queued_bytes;
    uint64_t entries;       /* Written, as all below, since open. */
    uint64_t bytes;         /* With headers and padding. */
    uint64_t syncs;         /* Batches, each written and synced at once. */
    uint64_t marks;         /* Notes of the acknowledged index. */
    uint64_t ballots;       /* Terms and votes. */
    size_t segments;        /* Files, the spare one left out. */
    bool spare_ready;       /* The next file is prepared. */
    enum error spare_error; /* NO_SPACE: the disk is too full for it. */
    uint64_t spare_waits;   /* Turnovers that had to prepare it first. */
    uint64_t stalls;
    uint64_t append_us_sum; /* From append to completion. */
    uint64_t append_us_max;
    uint64_t append_us[LOG_LATENCY_BUCKETS]; /* [i]: below 2^i us; last: all
                                                others. */
};

/**
 * Make an empty log in a directory that has none. Blocks.
 *
 * Only whoever knows that the directory is new may call this: an empty
 * directory that ought to hold a log is FORGOTTEN, which is for
 * log_store_open to find. Safe to repeat after a crash.
 *
 * Returns EXISTS when there is a log already.
 */
enum error log_store_format(const struct log_store_options *options);

/**
 * Open and recover the log. Blocks; call before the loop runs.
 *
 * What was acknowledged is recovered, and so is what was written whole without
 * having been acknowledged; all of it counts as acknowledged from now on.
 *
 * @owner          Copied.
 * @recovered_out  Owned by the caller: log_recovered_free.
 * @damage_out     Set, and told to the journal in one line, unless NONE is
 *                 returned.
 *
 * Returns ROTTEN, FORGOTTEN, WRONG_POOL or UNSUPPORTED with every file
 * untouched; NO_SPACE when less than the floor is free; or what the device
 * reports.
 */
enum error log_store_open(struct loop *loop,
                          const struct log_store_options *options,
                          const struct log_store_owner *owner,
                          struct log_store **store_out,
                          struct log_recovered **recovered_out,
                          struct log_damage *damage_out);

/** Free what was recovered and not taken. Accepts NULL. */
void log_recovered_free(struct log_recovered *recovered);

/**
 * Write what is queued, note what was acknowledged, stop and free. Blocks;
 * outstanding completions are called before it returns, and may not call the
 * store. Accepts NULL.
 */
void log_store_close(struct log_store *store);

/**
 * Append n entries at the next indexes.
 *
 * @entries  Copied, but not the bytes of data: those stay the store's to read
 *           until done. No term is above the store's own.
 * @n        1 or more.
 * @done     Called once all are durable, or with the error: also the one that
 *           has stopped the store before. NULL: nobody waits.
 *
 * Returns TOO_LARGE for an entry above LOG_ENTRY_BYTES_MAX (or above what a
 * segment of the chosen size holds), NO_MEMORY, or CLOSED while closing; done
 * is then not called and nothing has happened.
 */
enum error log_store_append(struct log_store *store,
                            const struct log_entry *entries, size_t n,
                            void (*done)(void *context, enum error error),
                            void *context);

/**
 * Cut the entries from index on, after all earlier appends and before all
 * later ones; the next append is given index.
 *
 * @index  Above the snapshot's, at most the next index.
 *
 * Returns NO_MEMORY or CLOSED when nothing has happened.
 */
enum error log_store_truncate(struct log_store *store, uint64_t index);

/**
 * Set the term, clear the vote. Blocks until durable.
 *
 * @term  Not below the present one.
 *
 * Returns what the device reports. The store has then stopped.
 */
enum error log_store_set_term(struct log_store *store, uint64_t term);

/** Set the vote of the present term; else as log_store_set_term. */
enum error log_store_set_vote(struct log_store *store, uint64_t vote);

/**
 * Record a snapshot marker, after all earlier appends, and drop what it makes
 * unneeded.
 *
 * @trailing  Entries up to the snapshot's index that are kept. 0 replaces the
 *            whole log: the next append is given snapshot->index + 1.
 * @snapshot  Copied, bytes and all. With trailing: its index is in the log and
 *            not below the last snapshot's.
 * @done      Called once the marker is durable, or with the error.
 *
 * Returns as log_store_append.
 */
enum error log_store_snapshot_put(struct log_store *store, uint64_t trailing,
                                  const struct log_snapshot *snapshot,
                                  void (*done)(void *context, enum error error),
                                  void *context);

/**
 * Order that the entries from index on are cut when the log is next opened.
 * Blocks until the order is durable. A lower order replaces a higher one.
 *
 * @index  Above the snapshot's.
 *
 * Returns as log_store_set_term.
 */
enum error log_store_cut_at_next_start(struct log_store *store, uint64_t index);

/** Tell figures and bounds. */
void log_store_status(const struct log_store *store,
                      struct log_store_status *status_out);

#endif
