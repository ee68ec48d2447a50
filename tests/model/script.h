/* Random entries for the model: of every kind, mostly sensible, now and then
 * wrong in one way or another, from a seed.
 */
#ifndef TESTS_MODEL_SCRIPT_H
#define TESTS_MODEL_SCRIPT_H

#include "proto/base/arena.h"
#include "tests/model/twin.h"

struct script {
    uint64_t random; /* State of the generator. */
    uint64_t index;
    int64_t clock_us;
    const struct twin *twin;     /* While an entry is made. */
    uint32_t starts[TWIN_NODES]; /* How often each node has. */
    /* What there is more of than a pool may have, in some pools;
     * KIND__NOT_SET in the others. */
    Perch__Command__KindCase crowd;
};

struct script_entry {
    struct applied_entry entry;
    Perch__Command *command; /* NULL: bytes that are no command. */
};

/** Start a script. */
void script_init(struct script *script, uint64_t seed);

/**
 * Make the next entry.
 *
 * @twin   What is so far, to be mostly sensible.
 * @arena  Owns the command.
 */
struct script_entry script_next(struct script *script, const struct twin *twin,
                                struct arena *arena);

/** A random number below n. */
uint32_t script_below(struct script *script, uint32_t n);

/** One of the device names that sessions are given. */
const char *script_endpoint(unsigned i);

enum { SCRIPT_ENDPOINTS = 4 };

#endif
