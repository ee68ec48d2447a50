/* What the owner's half of a replica and its raft half write to each other.
 *
 * A memo has one owner at a time. A question comes back as its own answer, so
 * that answers need no memory.
 *
 * Thread: whoever holds it.
 */
#ifndef RAFT_REPLICA_MEMO_H
#define RAFT_REPLICA_MEMO_H

#include "proto/base/buffer.h"
#include "proto/base/letters.h"
#include "raft/replica.h"

enum memo_kind {
    /* To the raft loop. */
    MEMO_PROPOSE,  /* struct proposal */
    MEMO_WITHDRAW, /* number; comes back */
    MEMO_ANSWERED, /* index: the number */
    MEMO_READ,     /* read; comes back */
    MEMO_APPLIED,  /* index */
    MEMO_FLUSHED,  /* index */
    MEMO_CHECKPOINT_MADE,
    MEMO_RESTORED, /* index */
    MEMO_TRANSFER, /* transfer; comes back */
    MEMO_RELOAD_TLS,
    MEMO_ARCHIVE, /* archive: either way */

    /* To the owner. */
    MEMO_COMMITTED, /* struct commit_batch */
    MEMO_CHANGED,   /* status */
    MEMO_FLUSH_WANTED,
    MEMO_CHECKPOINT_WANTED,
    MEMO_CHECKPOINT_DROPPED,
    MEMO_RESTORE,    /* checkpoint */
    MEMO_ASK_KNOWN,  /* question; comes back: knows_directory */
    MEMO_ASK_REJOIN, /* question; comes back: may_rejoin */
    MEMO_FATAL,
};

struct proposal;

struct memo {
    struct letter letter; /* First. */
    union {
        uint64_t index;
        struct {
            uint64_t number;
            struct proposal *instead; /* Owned; spends the number. */
            bool taken_back;
        } withdraw;
        struct {
            uint64_t token;
            uint64_t deadline_us; /* By the raft loop's clock. */
            unsigned wait_ms;
            enum error error;
            uint64_t index;
        } read;
        struct {
            uint64_t id;
            enum error error;
            uint64_t index;
            char *directory; /* Owned. */
        } checkpoint;
        struct {
            uint8_t node;
            enum error error;
            void (*done)(void *context, enum error error);
            void *context;
        } transfer;
        struct {
            uint8_t node;
            uint64_t raft_id, directory_id;
            bool yes;
        } question;
        struct {
            enum error error;
            char *reason; /* Owned. */
        } fatal;
        struct {
            uint8_t node;
            struct peer_message message;
            uint8_t *data; /* Of a part. Owned. */
        } archive;
        struct replica_status *status; /* Owned. */
    };
};

/* A command on its way into the log: bytes are an entry (proto/entry.h). */
struct proposal {
    struct letter letter; /* First. */
    uint64_t epoch, number;
    size_t len;
    uint8_t bytes[];
};

enum {
    COMMIT_BATCH_ENTRIES_MAX = 1024,
    COMMIT_BATCH_BYTES_MAX = 1024 * 1024,
};

/* Committed entries. Until it is sent, their bytes are where `starts` says. */
struct commit_batch {
    struct letter letter; /* First. */
    size_t n;
    struct buffer bytes;
    size_t starts[COMMIT_BATCH_ENTRIES_MAX];
    struct replica_entry entries[COMMIT_BATCH_ENTRIES_MAX];
};

/** Make a memo; never NULL: without memory for a few bytes a node must end. */
struct memo *memo_new(enum memo_kind kind);

/** Make a MEMO_ARCHIVE of a message to or from a node. Copied. NULL when memory
 * is out. */
struct memo *memo_of_archive(uint8_t node, const struct peer_message *message);

/**
 * Make the entry of a command. Its leader stamps the time.
 *
 * Returns NULL when memory is out.
 */
struct proposal *proposal_new(uint8_t node, uint64_t epoch, uint64_t number,
                              struct slice command);

/** Free a letter of any kind, and what it owns. Accepts NULL. */
void memo_free(struct letter *letter);

/** Free all letters of a list. */
void memo_free_all(struct letter_list *list);

#endif
