/* The blocks of XCCOS data, once: which element is which struct, which
 * attribute is which member. Reader and writer both run on this table, so
 * they cannot disagree. Internal to proto/xccos.
 *
 * Thread: any; all constant.
 */
#ifndef PROTO_XCCOS_SCHEMA_H
#define PROTO_XCCOS_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"

/* How the text of an attribute or element and a struct's member belong
 * together. */
enum field_type {
    FIELD_TEXT,   /* struct slice */
    FIELD_NUMBER, /* struct xccos_number */
    FIELD_MOMENT, /* struct xccos_moment; an XML dateTime */
    FIELD_GUID,   /* struct guid */
    FIELD_FLAG,   /* enum xccos_flag; true, false */
    FIELD_PROP,   /* enum xccos_flag; True, False */
    FIELD_WORD,   /* an enum; one of a list of words */
};

/* The words of an enum, by value; that of 0, unset, is NULL. */
struct schema_words {
    const char *const *texts;
    size_t n;
};

struct schema_field {
    const char *name; /* Of the attribute; NULL: an element's text. */
    enum field_type type;
    size_t offset; /* Of the member in its struct. */
    uint64_t max;  /* Of a number; of a text its bytes, 0: any. */
    const struct schema_words *words;
    bool always;   /* Written when empty, too. */
    bool is_perch; /* The attribute is in perch's namespace. */
};

/* A member told not by an attribute but by a child such as
 * <info id="...:ucnt">3</info>. */
struct schema_fact {
    const struct schema_block *block; /* info or prop */
    const char *id;
    struct schema_field field;
};

enum child_kind {
    CHILD_LIST,  /* A struct of its own in a list; next comes first in it. */
    CHILD_ONE,   /* A struct of its own; what repeats it is ignored. */
    CHILD_INLAY, /* Its members lie within the parent's struct. */
};

struct schema_child {
    const struct schema_block *block;
    enum child_kind kind;
    size_t offset; /* Of the list's head, the pointer or the inner struct. */
    bool always;   /* An inlay that is written when it is empty, too. */
};

enum { BLOCK_CHILDREN_MAX = 16 };

struct schema_block {
    const char *name;
    size_t bytes;      /* Of the struct. */
    const char *fixed; /* Attributes that are always the same; may be NULL. */
    const struct schema_field *fields;
    size_t fields_n;
    const struct schema_child *children;
    size_t children_n;
    const struct schema_fact *facts;
    size_t facts_n;
    const struct schema_field *text; /* The element's own; may be NULL. */
    bool carries;                    /* A message: what is unknown is kept. */
};

/* cmd, rpl and ntc of a struct xccos_primitive. */
extern const struct schema_block schema_command;
extern const struct schema_block schema_reply;
extern const struct schema_block schema_notice;

/* grpchat, as a struct xccos_message. */
extern const struct schema_block schema_message;

#endif
