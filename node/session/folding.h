/* Names of rooms as a search compares them: case aside, by Unicode's rules.
 *
 * For people's searches alone. Rules compare ASCII, since Unicode's tables
 * differ between versions of a library and replicas must not.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_FOLDING_H
#define NODE_SESSION_FOLDING_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/slice.h"

struct folded;

/* What was folded of rooms, by place number: a pool's names change rarely, and
 * folding one takes as long as comparing fifty. */
struct folding {
    struct folded **rooms; /* NULL where none was folded yet. */
    uint32_t n;
    struct buffer text; /* What is compared once. */
};

/** Start with nothing folded. */
void folding_init(struct folding *folding);

/** Free what is held. */
void folding_deinit(struct folding *folding);

/**
 * Fold a text: case aside, composed and decomposed forms alike.
 *
 * @out  Its bytes are replaced. What is not UTF-8 stays as it is.
 */
void folding_text(struct slice text, struct buffer *out);

/**
 * Make what names are sorted by: folded, without the marks on letters, so that
 * a letter stands where it stands without them.
 *
 * @out  Its bytes are replaced.
 */
void folding_key(struct slice text, struct buffer *out);

/** Part a folded text into words: what blanks part, or all of it as one. They
 * borrow from it. Returns how many, at most max. */
size_t folding_words(struct slice folded, bool is_phrase, struct slice *words,
                     size_t max);

/** Tell whether two texts together have all of some folded words, or, when not
 * all are asked for, any. */
bool folding_texts_have(struct folding *folding, struct slice a, struct slice b,
                        const struct slice *words, size_t n, bool all);

/** One room's texts as they are now. */
struct folding_room {
    uint32_t number;
    uint32_t version; /* Changes with the texts. */
    struct slice name, description;
};

/**
 * Tell whether a room's name, or its description, has a folded text in it.
 *
 * @in_description  Whether that counts, too.
 */
bool folding_has(struct folding *folding, const struct folding_room *room,
                 struct slice needle, bool in_description);

#endif
