/* The rows of schema.c: an attribute, a fact or a child in one line each, and
 * the type of every member checked while compiling. For schema.c alone.
 */
#ifndef PROTO_XCCOS_SCHEMA_ROWS_H
#define PROTO_XCCOS_SCHEMA_ROWS_H

#include <stddef.h>

#include "proto/xccos/envelope.h"
#include "proto/xccos/schema.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The member's offset, after a look at its type that costs nothing. */
#define OFFSET(x, member, is)                                                  \
    offsetof(struct x, member) +                                               \
        0 * sizeof(_Generic(((struct x *)NULL)->member, is : 1))
#define WORD_OFFSET(x, member)                                                 \
    offsetof(struct x, member) +                                               \
        0 * sizeof(char[sizeof(((struct x *)NULL)->member) == sizeof(unsigned) \
                            ? 1                                                \
                            : -1])

/* One attribute: its name, struct and member. */
#define TEXT(named, x, member)                                                 \
    {                                                                          \
        .name = (named), .type = FIELD_TEXT,                                   \
        .offset = OFFSET(x, member, struct slice)                              \
    }
#define TEXT_ALWAYS(named, x, member)                                          \
    {                                                                          \
        .name = (named), .type = FIELD_TEXT,                                   \
        .offset = OFFSET(x, member, struct slice), .always = true              \
    }
#define NUMBER(named, x, member, most)                                         \
    {                                                                          \
        .name = (named), .type = FIELD_NUMBER,                                 \
        .offset = OFFSET(x, member, struct xccos_number), .max = (most)        \
    }
#define MOMENT(named, x, member)                                               \
    {                                                                          \
        .name = (named), .type = FIELD_MOMENT,                                 \
        .offset = OFFSET(x, member, struct xccos_moment)                       \
    }
#define GUID(named, x, member)                                                 \
    {                                                                          \
        .name = (named), .type = FIELD_GUID,                                   \
        .offset = OFFSET(x, member, struct guid)                               \
    }
#define FLAG(named, x, member)                                                 \
    {                                                                          \
        .name = (named), .type = FIELD_FLAG,                                   \
        .offset = OFFSET(x, member, enum xccos_flag)                           \
    }
#define WORD(named, x, member, list)                                           \
    {                                                                          \
        .name = (named), .type = FIELD_WORD, .offset = WORD_OFFSET(x, member), \
        .words = &(list)                                                       \
    }
#define PROP(ending, x, member)                                                \
    {                                                                          \
        &prop_block, "urn:parlano:ma:prop:" ending,                            \
        {                                                                      \
            .type = FIELD_PROP, .offset = OFFSET(x, member, enum xccos_flag)   \
        }                                                                      \
    }
#define INFO(ending, ...)                                                      \
    {                                                                          \
        &info_block, "urn:parlano:ma:info:" ending, __VA_ARGS__                \
    }

/* The same in perch's own namespace. */
#define PERCH_TEXT(named, x, member)                                           \
    {                                                                          \
        .name = (named), .type = FIELD_TEXT,                                   \
        .offset = OFFSET(x, member, struct slice), .is_perch = true            \
    }
#define PERCH_NUMBER(named, x, member, most)                                   \
    {                                                                          \
        .name = (named), .type = FIELD_NUMBER,                                 \
        .offset = OFFSET(x, member, struct xccos_number), .max = (most),       \
        .is_perch = true                                                       \
    }
#define PERCH_MOMENT(named, x, member)                                         \
    {                                                                          \
        .name = (named), .type = FIELD_MOMENT,                                 \
        .offset = OFFSET(x, member, struct xccos_moment), .is_perch = true     \
    }
#define PERCH_FLAG(named, x, member)                                           \
    {                                                                          \
        .name = (named), .type = FIELD_FLAG,                                   \
        .offset = OFFSET(x, member, enum xccos_flag), .is_perch = true         \
    }
#define PERCH_WORD(named, x, member, list)                                     \
    {                                                                          \
        .name = (named), .type = FIELD_WORD, .offset = WORD_OFFSET(x, member), \
        .words = &(list), .is_perch = true                                     \
    }

/* 0, if the items of a list begin with next, as reader and writer rely on. */
#define NEXT_COMES_FIRST(x, member)                                            \
    0 * sizeof(                                                                \
            char[offsetof(__typeof__(*((struct x *)NULL)->member), next) == 0  \
                     ? 1                                                       \
                     : -1])

/* One child: its block, struct and member. */
#define LIST(of, x, member)                                                    \
    {                                                                          \
        .block = &(of), .kind = CHILD_LIST,                                    \
        .offset = offsetof(struct x, member) + NEXT_COMES_FIRST(x, member)     \
    }
#define ONE(of, x, member)                                                     \
    {                                                                          \
        .block = &(of), .kind = CHILD_ONE,                                     \
        .offset = offsetof(struct x, member)                                   \
    }
#define INLAY(of)                                                              \
    {                                                                          \
        .block = &(of), .kind = CHILD_INLAY                                    \
    }

#define FIELDS(array)   .fields = (array), .fields_n = COUNT(array)
#define CHILDREN(array) .children = (array), .children_n = COUNT(array)
#define FACTS(array)    .facts = (array), .facts_n = COUNT(array)

#endif
