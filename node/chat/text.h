/* What text may be, and text that is kept.
 *
 * Case is folded for ASCII letters alone: Unicode's tables differ between
 * library versions, and replicas must not.
 *
 * Thread: any for the checks; kept text is its owner's.
 */
#ifndef NODE_CHAT_TEXT_H
#define NODE_CHAT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/outcome.h"
#include "proto/base/slice.h"

/* Text on the heap in one piece; NULL is the empty text. */
struct text {
    uint32_t len;
    uint8_t bytes[];
};

enum text_fault {
    TEXT_FINE,
    TEXT_NOT_UTF8,      /* Overlong forms and surrogates included. */
    TEXT_NOT_CHARACTER, /* A code point that XML 1.0 does not allow. */
};

/** Copy bytes to the heap. Returns NULL for no bytes; stops when out of
 * memory. Free with text_free. */
struct text *text_new(struct slice bytes);

/** Free kept text. Accepts NULL. */
void text_free(struct text *text);

/** Free what is kept and keep a copy of bytes in its place. */
void text_replace(struct text **text, struct slice bytes);

/** Borrow kept text; NULL gives the empty slice. */
struct slice text_slice(const struct text *text);

/**
 * Check that bytes are text an XML 1.0 document can carry.
 *
 * @characters_out  Gets the number of code points, unless it is not UTF-8.
 *
 * Spec: XML 1.0 section 2.2 (Char), RFC 3629 section 3.
 */
enum text_fault text_check(struct slice bytes, uint64_t *characters_out);

/**
 * Check a name or description: one line of text.
 *
 * Returns NAME_CHARACTER when it is no text or has TAB, CR or LF, too_long
 * when it has more than characters_max code points, else DONE.
 */
enum outcome text_check_line(struct slice line, uint64_t characters_max,
                             enum outcome too_long);

/** Tell whether all bytes are visible ASCII, 1 to max of them. */
bool text_is_visible(struct slice bytes, size_t max);

/** Tell whether bytes are an address that a browser opens: http:// or https://
 * and more, up to max visible ASCII characters. */
bool text_is_web_url(struct slice bytes, size_t max);

/** Tell whether bytes are a DNS name of up to DOMAIN_BYTES_MAX. */
bool text_is_domain(struct slice bytes);

/**
 * Tell whether bytes are a user's SIP URI, sip:name@domain, without port or
 * parameters, of up to URI_BYTES_MAX.
 *
 * Spec: RFC 3261 section 25.1 (user); escapes are not decoded.
 */
bool text_is_sip_uri(struct slice bytes);

/** Copy len bytes with A-Z made a-z. */
void text_fold(uint8_t *to, struct slice from);

/** Order as slice_compare does, A-Z taken as a-z. */
int text_compare_nocase(struct slice a, struct slice b);

/** Tell whether needle occurs in text, A-Z taken as a-z; the empty one does. */
bool text_contains_nocase(struct slice text, struct slice needle);

#endif
