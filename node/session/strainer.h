/* The pool's filters as this node looks through posts with them: all
 * expressions of those that are not disabled, compiled once when the filters
 * have changed.
 *
 * What an expression means:
 *
 *   word:TEXT   TEXT stands by itself, as a word or words; a blank is any
 *               white space. Scripts that write without blanks between words
 *               (Han, kana, Thai, ...) have it anywhere.
 *   like:TEXT   the same; `*` is any characters but blanks, `?` is one of them.
 *               With a `*` at an end the word may go on there.
 *   regex:TEXT  a PCRE2 regular expression of Unicode characters.
 *
 * Capitals and small letters are the same in all, by Unicode.
 *
 * Looking costs steps, and a post has STRAINER_STEPS_MAX of them. What is not
 * decided by then is not found, and is said to be unchecked.
 *
 * Thread: strainer_new, strainer_concerns and strainer_free on the state loop;
 * one strainer's strainer_compile and then its strainer_look on one worker, or
 * all on one thread. strainer_try on any.
 */
#ifndef NODE_SESSION_STRAINER_H
#define NODE_SESSION_STRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/limits.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"

enum {
    /* One expression on one post: points of a regular expression that are
     * passed, before it is given up. */
    STRAINER_STEPS_OF_ONE_MAX = 50 * 1000,
    /* All expressions on one post; 64 bytes looked through count as one, too.
     * About 20 ms of a worker. */
    STRAINER_STEPS_MAX = 500 * 1000,
    STRAINER_BYTES_A_STEP = 64,
    /* What PCRE2 may do between two points, and the memory it may use. */
    STRAINER_MATCHES_MAX = 100 * 1000,
    STRAINER_DEPTH_MAX = 10 * 1000,
    STRAINER_HEAP_KIB_MAX = 4 * 1024,
    STRAINER_PARENTHESES_MAX = 32, /* One in the other. */

    STRAINER_WHY_BYTES = 256,
};

struct machine;
struct filter;
struct strainer;

/* A filter that has something to say of a post; slices borrow from the
 * strainer.
 */
struct strainer_hit {
    struct slice filter;
    struct slice notice;
    bool unchecked; /* An expression took too long. */
    uint32_t place; /* Of the expression that was found, from 0. */
};

struct strainer_verdict {
    bool blocked; /* By hits[0], and nothing else was looked at. */
    size_t n;
    struct strainer_hit hits[FILTERS_MAX];
    uint64_t steps; /* That were taken. */
};

/** Copy what the machine's filters look for. NULL: there is no filter that is
 * not disabled. Owned by the caller. */
struct strainer *strainer_new(const struct machine *machine);

/** The same of one filter alone, though it be disabled; never NULL. */
struct strainer *strainer_of(const struct filter *filter);

/**
 * Compile all expressions. One that cannot be compiled finds nothing; the
 * journal names its filter.
 *
 * Returns how many of them there are.
 */
size_t strainer_compile(struct strainer *strainer);

/** Tell whether any filter is for rooms of a category. @category  NULL: it is
 * not known; all are. */
bool strainer_concerns(const struct strainer *strainer,
                       const struct guid *category);

/**
 * Look through a text: for blocking filters first, then for warning ones.
 *
 * @category  As strainer_concerns.
 * @text      Anything that is no UTF-8 has nothing to be found.
 */
void strainer_look(struct strainer *strainer, const struct guid *category,
                   struct slice text, struct strainer_verdict *verdict_out);

/** Free. Accepts NULL. */
void strainer_free(struct strainer *strainer);

/**
 * Tell whether an expression can be compiled.
 *
 * @why_out  If not, why, in a few words.
 */
bool strainer_try(struct slice expression, char why_out[STRAINER_WHY_BYTES]);

#endif
