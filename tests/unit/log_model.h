/* A naive twin of the log store: what was asked for, as a list of records, and
 * which states of the log a crash may leave behind.
 *
 * Thread: one.
 */
#ifndef TESTS_UNIT_LOG_MODEL_H
#define TESTS_UNIT_LOG_MODEL_H

#include "raft/log_store.h"

struct model_entry {
    uint64_t term;
    uint8_t type;
    uint32_t len;
    uint64_t seed; /* Of the bytes; 0: all zero. */
};

/* A log, whole. */
struct model_log {
    uint64_t first_index;
    size_t n;
    struct model_entry *entries;
    size_t capacity;
    uint64_t snapshot_index;
    uint64_t snapshot_term;
    uint64_t snapshot_seed;
    uint32_t snapshot_len;
};

enum model_kind { MODEL_ENTRY, MODEL_TRUNCATE, MODEL_SNAPSHOT };

struct model_record {
    enum model_kind kind;
    uint64_t index;
    uint64_t trailing;
    struct model_entry entry; /* Of a snapshot: term, len, seed. */
};

struct model {
    struct model_log base;        /* What the last recovery found. */
    struct model_record *records; /* Asked for since, in order. */
    size_t n;
    size_t capacity;
    size_t acknowledged;             /* So many of them for certain. */
    uint64_t term, vote;             /* For certain. */
    uint64_t term_asked, vote_asked; /* Perhaps. */
    uint64_t cut_index, cut_asked;
    bool opened_in_vain; /* Recovery has begun and not ended: an order to cut
                            may have been carried out already. */
};

/** Start with an empty log. */
void model_init(struct model *model);

/** Free all. */
void model_deinit(struct model *model);

/** Add what was asked for. */
void model_add(struct model *model, const struct model_record *record);

/** Build the log as it is after the first n records; model_log_deinit. */
struct model_log model_after(const struct model *model, size_t n);

/** Free. */
void model_log_deinit(struct model_log *log);

/** Make the bytes that a seed stands for. */
void model_bytes(uint64_t seed, uint8_t *to, size_t len);

/**
 * Find what was recovered among the states that a crash may leave: after all
 * that was acknowledged and any part of the rest. Goes on from there.
 *
 * Returns false when it is none of them.
 */
bool model_adopt(struct model *model, const struct log_recovered *recovered);

#endif
