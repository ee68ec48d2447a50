/* A node's data directory: made for a founder or for a new incarnation of the
 * node, opened again, and its log set aside when it is damaged.
 *
 *   log/ without identity    a format that was not finished, or an identity
 *                            that was lost: set aside, made anew
 *   identity, damaged log    set aside, made anew as another incarnation
 *   identity says: removed   the same
 *   identity, log            opened
 *
 * identity is written last and last replaced, so a crash at any step leaves one
 * of these.
 *
 * Blocks. Thread: any, before loops run.
 */
#ifndef RAFT_REPLICA_HOME_H
#define RAFT_REPLICA_HOME_H

#include "raft/log_store.h"
#include "raft/replica_open.h"

struct home {
    struct replica_identity identity;
    struct log_store *log;           /* Owned: log_store_close. */
    struct log_recovered *recovered; /* Owned: log_recovered_free. */
};

/**
 * Note in the directory that the pool has removed the raft id: the next
 * home_open sets the log aside and makes a new incarnation. The log may be
 * open.
 */
enum error home_mark_removed(const char *directory,
                             const struct replica_identity *identity);

/**
 * Open the directory, making it when it is empty.
 *
 * @owner  Of the log store.
 *
 * Returns as replica_open.
 */
enum error home_open(const struct replica_settings *settings,
                     const struct log_store_owner *owner,
                     struct home *home_out);

#endif
