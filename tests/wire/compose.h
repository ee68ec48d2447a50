/* Envelopes made of choices: of a seed, for tests, or of a fuzzer's bytes.
 *
 * Every member of every struct gets its turn, each filled by name, so that a
 * member the writer or the reader forgets shows as a difference.
 */
#ifndef TESTS_WIRE_COMPOSE_H
#define TESTS_WIRE_COMPOSE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/slice.h"
#include "proto/xccos/envelope.h"

struct choices {
    struct slice bytes; /* Taken first. */
    uint64_t state;     /* Of a generator for when they are used up; where
                           it is 0 every later choice is 0. */
};

/** Choose a number from 0 to n - 1. */
uint32_t choose(struct choices *choices, uint32_t n);

/** Write a code point as UTF-8 would have it. Returns 1 to 4 bytes. */
size_t put_character(uint8_t *to, uint32_t c);

/** Compose a text of 0 to max characters, from every part of Unicode. */
struct slice compose_text(struct choices *choices, struct arena *arena,
                          uint32_t max);

/** Compose an envelope. Reading what it is written as gives the same. */
struct xccos_envelope *compose_envelope(struct choices *choices,
                                        struct arena *arena);

#endif
