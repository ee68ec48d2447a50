/* Whether a text has a word or phrase in it, as people take it: without regard
 * to case, and whole.
 *
 * A phrase stands whole where on both sides the text ends, something that is
 * neither letter nor digit follows, or Unicode divides words: in languages
 * without blanks between any two signs. "alice" is in "Alice's", not in
 * "malice".
 *
 * Unicode's tables are those of libunistring; no rule asks here.
 *
 * Spec: Unicode 3.13 (default case folding), UAX #29 (word boundaries).
 *
 * Thread: any; a text is its owner's.
 */
#ifndef NODE_SESSION_WORDS_H
#define NODE_SESSION_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buffer.h"
#include "proto/base/slice.h"

struct words {
    struct buffer folded;
    struct buffer breaks; /* A byte for each of folded: 1 where words divide. */
    bool has_breaks;
};

/** Start with no text. */
void words_init(struct words *words);

/** Free what is held. */
void words_deinit(struct words *words);

/** Take a text, in place of the one before. Stops when memory is out. */
void words_take(struct words *words, struct slice text);

/** Tell whether the text has this in it, which folding_text has folded and is
 * not empty. */
bool words_has(struct words *words, struct slice folded);

#endif
