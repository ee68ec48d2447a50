/* What a word of a message is, and which messages have the words that somebody
 * looks for: the one place that says so. The catalog proposes by it, and what
 * it proposes is judged by it.
 *
 * A text is spelt: case aside (Unicode's), composed and decomposed alike, cut
 * into words.
 *
 *   letters, marks and digits in a row   one word
 *   Chinese, Japanese, Korean, Thai and  each character is a word: they do not
 *   others that write without blanks     say where one ends
 *   a symbol: + $ an emoji               a word
 *   all else: blanks, . , ; ' -          between words
 *
 * What is looked for is spelt the same way. Words that stand together -- in
 * double quotes, or joined as in "mail-box", or without blanks by nature --
 * must stand together, in that order, in the message.
 *
 * Pure. For people's searches alone: Unicode's tables differ between versions
 * of a library, and nothing that replicas must agree on may come from them.
 * Thread: any.
 */
#ifndef NODE_SESSION_SPELLING_H
#define NODE_SESSION_SPELLING_H

#include <stdbool.h>

#include "node/chat/limits.h"
#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    SPELLING_PHRASES_MAX = 32,
    SPELLING_QUERY_BYTES_MAX = DISCLOSURE_BYTES_MAX, /* A record has it. */
    /* Of a word in the catalog; longer ones are told apart by the message. */
    SPELLING_WORD_BYTES_MAX = 64,
};

/* Names this way of making words; another way, and catalogs are made anew. */
#define SPELLING_NAME "words-1"

/** Tell the version of the library whose tables say what letters are. */
unsigned spelling_library(void);

/* What is looked for. */
struct spelling {
    size_t n; /* Phrases; all must be there. 0: no words, any message. */
    struct slice phrases[SPELLING_PHRASES_MAX]; /* As the catalog has them. */
    struct slice spelt[SPELLING_PHRASES_MAX];   /* As spelling_spell spells. */
    bool match_case;
};

/**
 * Spell a text: a blank, then each word with a blank after it.
 *
 * @match_case  Leave case as it is.
 */
void spelling_spell(struct slice text, bool match_case, struct buffer *out);

/** Write a text's words as the catalog takes them (storage/catalog.h): of words
 * that are single characters also each two in a row, at the first one's place.
 */
void spelling_catalog(struct slice text, struct buffer *out);

/**
 * Read what somebody looks for.
 *
 * @exact  All of it is one phrase, quotes or not.
 *
 * Returns INVALID for a text that is not empty and has no word in it, TOO_LARGE
 * above a limit, NO_MEMORY.
 */
enum error spelling_read(struct slice text, bool exact, bool match_case,
                         struct arena *arena, struct spelling *spelling_out);

/**
 * Tell whether a message has what is looked for.
 *
 * @scratch  Its bytes are replaced.
 */
bool spelling_matches(const struct spelling *spelling, struct slice text,
                      struct buffer *scratch);

#endif
