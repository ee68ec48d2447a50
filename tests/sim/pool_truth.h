/* What is true of a pool of replicas, from all that its owners see: each word
 * once and at one place, nothing lost that was acknowledged, no stale read.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_POOL_TRUTH_H
#define TESTS_SIM_POOL_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/tally.h"

struct pool_violation {
    char kind[16]; /* "": none. */
    char text[192];
};

struct pool_sums {
    uint64_t proposed, acknowledged, taken_back, unknown, committed, reads;
    uint64_t reads_failed;
};

/* What became of a word. */
struct pool_word {
    uint64_t index; /* In the log; 0: nowhere yet. */
    bool answered, acknowledged, taken_back;
};

struct pool_truth {
    struct pool_word *words; /* By word, from 1. */
    size_t n_words, words_capacity;
    uint64_t *at; /* By log index: the word there, or 0. */
    size_t at_capacity;
    uint64_t acknowledged_index; /* The highest. */
    struct pool_sums sums;
    struct pool_violation violation; /* The first. */
};

/** Free what is held. Starts as zeros. */
void pool_truth_deinit(struct pool_truth *truth);

/** Note that something is wrong. The first one counts. */
void pool_truth_break(struct pool_truth *truth, const char *kind,
                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Make a new word. */
uint64_t pool_truth_word(struct pool_truth *truth);

/** A node has applied an entry. */
void pool_truth_applied(struct pool_truth *truth, unsigned node, uint64_t index,
                        const struct tally_result *result);

/** A word was acknowledged. */
void pool_truth_acknowledged(struct pool_truth *truth, uint64_t word,
                             uint64_t index);

/** A word came to nothing, or nobody knows to what. */
void pool_truth_lost(struct pool_truth *truth, uint64_t word, bool unknown);

/** A read that was asked for when `needs` was the highest acknowledged index is
 * served from a state. */
void pool_truth_read(struct pool_truth *truth, unsigned node, uint64_t needs,
                     const struct tally *tally);

/** In the end: a state that must hold all there is. */
void pool_truth_final(struct pool_truth *truth, unsigned node,
                      const struct tally *tally);

#endif
