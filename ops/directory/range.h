/* Attributes that come in parts: Active Directory gives so many values at once
 * and says which, "member;range=0-1499"; the last part ends in "*".
 *
 * Spec: MS-ADTS 3.1.1.3.1.3.3 (range retrieval of attribute values).
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_RANGE_H
#define OPS_DIRECTORY_RANGE_H

#include <stdbool.h>
#include <stddef.h>

enum { RANGE_NAME_BYTES = 128 };

struct range {
    char name[RANGE_NAME_BYTES]; /* Without options. */
    bool ranged;
    bool is_last;
    unsigned long first, last; /* last only unless is_last. */
};

/**
 * Read the description of an attribute: its name, and which part it is.
 *
 * Other options, such as ";lang-en", are no part of the name either.
 *
 * Returns false when it is too long or its range is none.
 */
bool range_read(const char *description, struct range *range_out);

/** Write what asks for the part behind this one, "member;range=1500-*". */
void range_next(const struct range *range, char next_out[RANGE_NAME_BYTES]);

#endif
