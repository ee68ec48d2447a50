/* Values of SIP headers: the few forms a client has to understand.
 *
 * Nothing is copied: what is found borrows from the value. What is not there,
 * or not well-formed, is SLICE_NONE, with data NULL.
 *
 * Spec: RFC 3261 7.3.1, 20, 25.1.
 *
 * Thread: any.
 */
#ifndef OPS_CLIENT_VALUE_H
#define OPS_CLIENT_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/slice.h"

/** Cut blanks, tabs and line ends off both ends. */
struct slice value_trim(struct slice text);

/** Read 1 to 10 digits and nothing else, at most max. */
bool value_number(struct slice text, uint32_t max, uint32_t *number_out);

/** Take what stands before the parameters: 720 of 720;refresher=uac. */
struct slice value_word(struct slice value);

/** Take the URI of an address: "Ann" <uri>;tag=x, or uri;tag=x. */
struct slice value_uri(struct slice value);

/**
 * Find a parameter behind the address or word of a value: ;name=text.
 *
 * Parameters of the URI itself, within <>, do not count. Quotes are taken off.
 */
struct slice value_param(struct slice value, const char *name);

/**
 * Find a parameter of a challenge: Digest name="text", name=text. Quotes are
 * taken off.
 */
struct slice value_auth_param(struct slice value, const char *name);

/** Tell whether a value begins with a word, in any letter case. */
bool value_begins_with_word(struct slice value, const char *word);

#endif
