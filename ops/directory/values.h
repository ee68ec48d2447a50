/* What values of attributes come to: addresses and names, as the pool takes
 * them. Texts lie in the roster.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_VALUES_H
#define OPS_DIRECTORY_VALUES_H

#include "ops/directory/mapping.h"

/** Copy a text, A-Z made a-z. */
char *value_fold(struct roster *roster, const char *text);

/**
 * Find the address of an entry: the least SIP address of the first attribute
 * that has one; mail is taken for one.
 *
 * Returns NULL when there is none; a value that is none of any kind is
 * complained of.
 */
const char *value_address(struct roster *roster,
                          const struct mapping_names *names,
                          const struct entry *entry);

/** Make a name of a text: one line of as many characters as a name may have,
 * never cut within one. What is no text is the empty name. */
const char *value_name(struct roster *roster, const char *value);

/** Find the name of an entry: of the first attribute that has a value. */
const char *value_first_name(struct roster *roster, const struct entry *entry,
                             const struct mapping_names *names);

#endif
