/* The pool's administrators' desk, as far as measurements of its compliance
 * archive need it: the mode, how many records there are, and how many bytes
 * they take in a node's files.
 *
 * Thread: the main thread.
 */
#ifndef OPS_BENCH_DESK_H
#define OPS_BENCH_DESK_H

#include <stdint.h>

#include "ops/bench/bench.h"

/* As administrators' requests number them. */
enum { DESK_OFF, DESK_ON, DESK_REQUIRED, DESK_MODES };

enum { DESK_PATIENCE_S = 30, DESK_BUNDLE_RECORDS = 256 };

struct desk_archive {
    unsigned mode;    /* DESK_OFF, ... */
    uint64_t records; /* In the tree. */
    uint64_t written; /* In the files of the node that has fewest of them. */
};

/* Bytes of a node's archive. */
struct desk_bytes {
    uint64_t entries; /* Of whole bundles of records. */
    uint64_t others;  /* Whole tiles of hashes. */
};

/** Name a mode, "required". Static. */
const char *desk_mode_name(unsigned mode);

/** Find a mode by its name. INVALID, with a complaint, for another word. */
enum error desk_mode_find(const char *name, unsigned *mode_out);

/** Switch the archive. Returns, with a complaint, what was wrong. */
enum error desk_set_mode(const struct bench *bench, unsigned mode);

/** Ask how the archive is. */
enum error desk_look(const struct bench *bench, struct desk_archive *out);

/** Wait until all nodes have all records in their files. TIMED_OUT, with a
 * complaint, when one does not get there within DESK_PATIENCE_S. */
enum error desk_await(const struct bench *bench, struct desk_archive *out);

/** Measure the first server's archive. It is zero where there is none. */
struct desk_bytes desk_measure(const struct bench *bench);

#endif
