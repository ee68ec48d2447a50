/* Which faults a run has: drawn from its seed ("swarm testing"), so that every
 * run is another kind of bad day. What the faults are is each level's own.
 */
#ifndef TESTS_SIM_MIX_H
#define TESTS_SIM_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a run is made of. In sets of faults bit f is fault f. */
struct mix {
    uint32_t always;    /* These faults, */
    uint32_t sometimes; /* and each of these with even odds. */
};

/* A level's faults, and its mixes that have a name. */
struct mix_names {
    size_t n;                 /* Faults. */
    const char *const *words; /* On the command line. */
    const char *const *whats; /* What each does. */
    size_t n_mixes;
    const struct mix_named {
        const char *name;
        struct mix mix;
    } * mixes;
};

/** Tell which faults a seed has in a mix. */
uint32_t mix_draw(const struct mix *mix, uint64_t seed);

/**
 * Read a mix: its name, or faults by their words with commas between, which
 * are then always there.
 *
 * Returns false for a word that is neither.
 */
bool mix_read(const struct mix_names *names, const char *text,
              struct mix *mix_out);

/** List the faults on standard output. */
void mix_list(const struct mix_names *names);

#endif
