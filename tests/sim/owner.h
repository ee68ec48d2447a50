/* The owner of a replica, as small as one can be: a tally for its state, words
 * for commands. It keeps to every promise that raft/replica.h asks of an owner,
 * and says what it sees to whoever watches.
 *
 * Knows loops and devices, none of their implementations: it is used on real
 * ones and in the simulator.
 *
 * Thread: the owner's loop.
 */
#ifndef TESTS_SIM_OWNER_H
#define TESTS_SIM_OWNER_H

#include "raft/replica_open.h"
#include "tests/sim/tally.h"

struct owner;

/* What a watcher is told. Any may be NULL. */
struct owner_watch {
    void *context;
    /* An entry was applied. */
    void (*applied)(void *context, struct owner *owner, uint64_t index,
                    const struct tally_result *result);
    /* A word of ours is in the state: acknowledged. */
    void (*acknowledged)(void *context, struct owner *owner, uint64_t word,
                         uint64_t index);
    /* A word of ours came to nothing: it was taken back in time, or is lost
     * with its epoch; `unknown`: or is it? */
    void (*lost)(void *context, struct owner *owner, uint64_t word,
                 bool unknown);
    /* A read may be served from the state as it is now. */
    void (*read)(void *context, struct owner *owner, uint64_t token,
                 enum error error);
    void (*changed)(void *context, struct owner *owner,
                    const struct replica_status *status);
    /* The state was replaced. */
    void (*restored)(void *context, struct owner *owner);
    void (*fatal)(void *context, struct owner *owner, enum error error,
                  const char *reason);
};

struct owner_settings {
    struct loop *loop;
    const char *directory; /* The data directory; the state is in state/. */
    uint8_t node;
    struct owner_watch watch;
    size_t command_bytes; /* 0: TALLY_COMMAND_BYTES_MIN. */
};

/** Make one; nothing is read yet. Never NULL. */
struct owner *owner_new(const struct owner_settings *settings);

/** Free. The replica has been closed. Accepts NULL. */
void owner_free(struct owner *owner);

/** Events for replica_settings. */
struct replica_events owner_events(struct owner *owner);

/** Read the state from disk. Returns what the device says; ROTTEN. */
enum error owner_open(struct owner *owner);

/** Go to work with a replica that is about to start. */
void owner_start(struct owner *owner, struct replica *replica);

/**
 * Propose a word, as soon as there is an epoch and room.
 *
 * Returns false when too many wait.
 */
bool owner_propose(struct owner *owner, uint64_t word);

/** Take back what was never sent. */
void owner_withdraw_all(struct owner *owner);

/** Ask for a linearizable read. */
enum error owner_read(struct owner *owner, uint64_t token, unsigned wait_ms);

/** Apply nothing for now; or go on. */
void owner_pause(struct owner *owner, bool pause);

/** Know a member with another directory than it will come with. */
void owner_forbid(struct owner *owner, uint64_t raft_id);

/** Let no node come back by itself; or let all. As the leader's. */
void owner_keep_out(struct owner *owner, bool keep_out);

/** Count the words that wait for an answer. */
size_t owner_waiting(const struct owner *owner);

/** Borrow the state. */
const struct tally *owner_tally(const struct owner *owner);

/** Borrow the replica; NULL before owner_start. */
struct replica *owner_replica(const struct owner *owner);

/** Tell its node. */
uint8_t owner_node(const struct owner *owner);

#endif
