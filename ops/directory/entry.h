/* Entries of a directory as plain data, whatever brought them, and what their
 * names say.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_ENTRY_H
#define OPS_DIRECTORY_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/arena.h"

enum { ENTRY_ATTRIBUTES_MAX = 32 }; /* More than are asked for at once. */

struct attribute {
    const char *name; /* Without options such as ";range=0-1499". */
    size_t n;
    const char **values; /* Texts; a value with a NUL in it is left out. */
};

struct entry {
    const char *dn;
    size_t n;
    struct attribute *attributes;
};

/* All entries of one search. */
struct entries {
    struct arena *arena; /* Owns all of it but the array. */
    size_t n, room;
    struct entry *all;
};

/** Begin with none. */
void entries_init(struct entries *entries);

/** Free them all. */
void entries_deinit(struct entries *entries);

/** Append an entry that has no attributes yet. */
struct entry *entries_add(struct entries *entries, const char *dn);

/** Append an attribute without values, or find the one of that name, ASCII
 * case aside; room for so many more values is made. Of a new one there must be
 * fewer than ENTRY_ATTRIBUTES_MAX yet. */
struct attribute *entries_attribute(struct entries *entries,
                                    struct entry *entry, const char *name,
                                    size_t more);

/** Find an attribute, ASCII case aside. NULL when there is none. */
const struct attribute *entry_attribute(const struct entry *entry,
                                        const char *name);

/** Give the least of an attribute's values, so that of several it is always
 * the same. NULL when there is none. */
const char *entry_value(const struct entry *entry, const char *name);

/**
 * Write a DN so that equal ones are equal texts: normal form, lower case.
 *
 * Returns NULL when it is no DN.
 *
 * Spec: RFC 4514; case aside as caseIgnoreMatch has it for ASCII.
 */
const char *entry_fold_dn(struct arena *arena, const char *dn);

/** Point behind the first name of a folded DN: what it lies in. NULL for a DN
 * of one name. */
const char *entry_parent(const char *folded);

/**
 * Write where an entry lies as a path of the values of its names, outermost
 * first, domain components left out: "ou=Desk,ou=London,dc=x" is "london/desk".
 *
 * Returns NULL when it is no DN or has no such names.
 */
const char *entry_path(struct arena *arena, const char *dn);

#endif
