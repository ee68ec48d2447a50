/* What the files of the tests' owner share; nobody else includes it. */
#ifndef TESTS_SIM_OWNER_INNER_H
#define TESTS_SIM_OWNER_INNER_H

#include <bsd/sys/queue.h>

#include "tests/sim/owner.h"

enum {
    PATH_BYTES = 1024,
    WAITING_MAX = 65536,
    COMMAND_BYTES_MAX = 4096,
    SWITCH_MS = 30, /* To another's state. */
};

/* A word that was proposed, or is to be. */
struct word {
    STAILQ_ENTRY(word) link;
    uint64_t word, number; /* Number 0: not yet proposed. */
    bool taken_back;
};

STAILQ_HEAD(word_list, word);

/* A read that waits for its index to be applied. */
struct waiting_read {
    STAILQ_ENTRY(waiting_read) link;
    uint64_t token, index;
};

/* What came while paused. */
struct held_entry {
    STAILQ_ENTRY(held_entry) link;
    struct replica_entry entry;
    uint8_t bytes[];
};

struct owner {
    struct owner_settings settings;
    char directory[PATH_BYTES]; /* Of the state. */
    struct replica *replica;
    struct tally tally;
    uint64_t durable_index;
    uint64_t start_id, epoch, next; /* Epoch 0: none yet. */
    struct word_list proposed, held;
    size_t n_words;
    STAILQ_HEAD(, waiting_read) reads;
    STAILQ_HEAD(, held_entry) entries;
    bool paused;
    struct timer *switcher;
    char restore_from[PATH_BYTES];
    uint64_t restore_index;
    uint64_t forbidden; /* A raft id; 0: none. */
    bool keeps_out;     /* No node may come back by itself. */
    uint64_t answered;  /* To be told; 0: nothing. */
};

/** Tell the watcher that the owner cannot go on. */
void owner_fail(struct owner *owner, enum error error, const char *reason);

/* owner_state.c: the state on disk */

/** Write the state into a directory, durably. */
enum error owner_save(struct owner *owner, const char *directory);

/** Make the state durable as it is, and tell the replica. */
void owner_flush(struct owner *owner);

/** Switch to another state, in a while (replica_events.restore). */
void owner_restore(void *context, const char *directory, uint64_t log_index);

/** A timer's function: switch. */
void owner_switch(void *context);

/* owner_words.c: proposals */

/** Ask for an epoch. */
void owner_begin_epoch(struct owner *owner);

/** Propose what has waited for the epoch, or for room. */
void owner_send_held(struct owner *owner);

/** An entry of this node's has been applied. */
void owner_take_own(struct owner *owner, uint64_t index,
                    const struct tally_result *result);

/** Look up what another's state knows of our words. */
void owner_look_up(struct owner *owner);

/** The replica has answered a withdrawal (replica_events.withdrawn). */
void owner_withdrawn(void *context, uint64_t number, bool taken_back);

/** Take a word from its list and free it. */
void owner_word_free(struct owner *owner, struct word_list *list,
                     struct word *word);

/* owner.c */

/** Tell and do what follows from having applied so far. */
void owner_after_applying(struct owner *owner, uint64_t index);

#endif
