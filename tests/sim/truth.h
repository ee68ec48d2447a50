/* What the pool has agreed on, as an outsider who sees all nodes knows it, and
 * the checks that no node ever contradicts it:
 *
 *   one order        every node applies the same command at each index
 *   exactly once     no command is applied at two indexes
 *   acknowledged     what a client was told is done is in that order, for good
 *   one leader       per term
 *   fresh reads      a read sees all that was acknowledged when it began
 *
 * A command is a number that the simulator gives once. Each node's state is a
 * hash over (index, number) of all it applied, so equal states have seen equal
 * histories.
 */
#ifndef TESTS_SIM_TRUTH_H
#define TESTS_SIM_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct truth;

/* A node's state machine: what it applied, and the hash of it all. */
struct state {
    uint64_t applied_index;
    uint64_t hash;
};

/* What went wrong. */
struct violation {
    const char *kind; /* NULL: nothing. */
    char text[160];
};

/** Know nothing yet. */
struct truth *truth_new(void);

/** Free. Accepts NULL. */
void truth_free(struct truth *truth);

/** Note a violation from outside. Only the first one counts. */
void truth_break(struct truth *truth, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Borrow the first violation, or one without a kind. */
const struct violation *truth_violation(const struct truth *truth);

/** Give out a command's number. */
uint64_t truth_new_command(struct truth *truth);

/**
 * A node applies a command.
 *
 * @state  Its state machine, which moves on; entries it has applied before are
 *         checked and change nothing.
 */
void truth_apply(struct truth *truth, unsigned node, uint64_t index,
                 uint64_t command, struct state *state);

/** A node puts a copied state in place of its own. */
void truth_restore(struct truth *truth, unsigned node,
                   const struct state *state);

/** A client is told that its command is done, at that index. */
void truth_acknowledge(struct truth *truth, uint64_t command, uint64_t index);

/** Count the commands acknowledged. */
uint64_t truth_acknowledged(const struct truth *truth);

/** The highest index acknowledged so far: what a read must see from now on. */
uint64_t truth_acknowledged_index(const struct truth *truth);

/** A read that began when that index was acknowledged sees this state. */
void truth_read(struct truth *truth, unsigned node, uint64_t needs_index,
                const struct state *state);

/** A node leads a term. */
void truth_leader(struct truth *truth, unsigned node, uint64_t term);

/** Count the elections won. */
uint64_t truth_elections(const struct truth *truth);

/** At the end: the state must hold all that was acknowledged. */
void truth_check_end(struct truth *truth, unsigned node,
                     const struct state *state);

#endif
