/* Answers from the state that are as new as the pool was when asked: the
 * replica tells a log index (read index), and whoever asked is told once that
 * has been applied here.
 *
 * All that ask in one turn of the loop share one question to the leader.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_READS_H
#define NODE_SESSION_READS_H

#include <bsd/sys/queue.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/loop.h"
#include "raft/replica.h"

enum {
    READ_PATIENCE_MS = 5000, /* For a leader, and for the state to get there. */
    READS_WAITING_MAX = 65536,
};

struct read;

/**
 * Tell that the state is new enough, or why it will not be: NO_LEADER,
 * TIMED_OUT or BUSY. The read is the caller's again.
 */
typedef void read_told(struct read *read, enum error error);

/* Embedded by whoever asks, who keeps it until told. */
struct read {
    TAILQ_ENTRY(read) link;
    read_told *tell;
};

struct reads;

/** Make. Stops when memory is out. Owned by the caller. */
struct reads *reads_new(struct loop *loop);

/** Free; who waits is not told. Accepts NULL. */
void reads_free(struct reads *reads);

/** Say whom to ask, and how far the state is. */
void reads_start(struct reads *reads, struct replica *replica,
                 uint64_t applied_index);

/**
 * Ask.
 *
 * Returns BUSY when READS_WAITING_MAX wait; the read is then not kept.
 */
enum error reads_ask(struct reads *reads, struct read *read);

/**
 * Wait until an entry of this node that is applied is in the store, too.
 *
 * Returns BUSY when READS_WAITING_MAX wait; the read is then not kept.
 */
enum error reads_await(struct reads *reads, struct read *read,
                       uint64_t log_index);

/** Take note of the answer to a question (replica_events.read_ready). */
void reads_ready(struct reads *reads, uint64_t token, enum error error,
                 uint64_t log_index);

/** Take note of how far the state is; tells those who waited for it. */
void reads_applied(struct reads *reads, uint64_t applied_index);

/** Count those who wait. */
size_t reads_waiting(const struct reads *reads);

#endif
