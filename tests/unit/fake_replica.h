/* raft/replica.h without a pool: a log in memory, and a test that says when
 * what is proposed gets committed, when reads are answered, and what other
 * nodes have proposed in between.
 *
 * Checks what an owner owes a replica: numbers are dense in each epoch, and
 * are answered only when they were committed.
 *
 * Thread: one.
 */
#ifndef TESTS_UNIT_FAKE_REPLICA_H
#define TESTS_UNIT_FAKE_REPLICA_H

#include "proto/command.h"
#include "raft/replica.h"

/* What an owner has told. */
struct fake_told {
    uint64_t applied;
    uint64_t flushed;
    uint64_t restored;
    uint64_t checkpoint; /* Id of the last that was made. */
    uint64_t checkpoint_index;
    enum error checkpoint_error;
    unsigned restores;
};

/** Make the replica of a node, with an empty log. */
struct replica *fake_replica_new(uint8_t node);

/** Free. Accepts NULL. */
void fake_replica_free(struct replica *replica);

/** Say who owns it; a new owner has nothing waiting. */
void fake_replica_own(struct replica *replica,
                      const struct replica_events *events);

/** Count the proposals that are not committed yet. */
size_t fake_replica_waiting(const struct replica *replica);

/** Commit the next n proposals, or as many as there are, in one batch. */
void fake_replica_commit(struct replica *replica, size_t n);

/** Commit a command of another node, under an epoch and number it has. */
void fake_replica_add(struct replica *replica, uint8_t node, uint64_t epoch,
                      uint64_t number, Perch__Command *command);

/** Commit bytes of the test's own, as any node's entry could be. */
void fake_replica_add_bytes(struct replica *replica, struct slice bytes);

/** Commit the last entry once more: it was sent to two leaders. */
void fake_replica_repeat(struct replica *replica);

/** Have entries committed without being told to the owner, as a snapshot would
 * stand for them. */
void fake_replica_blind(struct replica *replica, bool blind);

/** Tell the owner all entries from an index on again, up to n in a batch. */
void fake_replica_replay(struct replica *replica, uint64_t from, size_t n);

/** Tell another owner the same, without counting it ours. */
void fake_replica_replay_to(const struct replica *replica,
                            const struct replica_events *events, uint64_t from,
                            size_t n);

/** Let there be gaps: the next entry gets a later index. */
void fake_replica_skip(struct replica *replica, uint64_t indexes);

/** The next proposals were sent to a leader; they cannot be withdrawn. */
void fake_replica_send_all(struct replica *replica);

/** The last index of the log. */
uint64_t fake_replica_last(const struct replica *replica);

/** Answer all reads that wait. */
void fake_replica_answer_reads(struct replica *replica, enum error error);

/** Answer them with an index of the test's own. */
void fake_replica_answer_reads_at(struct replica *replica, uint64_t log_index);

/** Have it say BUSY to proposals and reads. */
void fake_replica_busy(struct replica *replica, bool busy);

/** What the owner has told. */
const struct fake_told *fake_replica_told(const struct replica *replica);

/** The owner's events. */
const struct replica_events *fake_replica_events(const struct replica *replica);

#endif
