/* What perchctl can be asked to do: the tables that make the reader of the
 * command line, the help and the manual.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_COMMAND_H
#define OPS_PERCHCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/admin.h"

enum { PARAMETERS_MAX = 20 };

enum parameter_kind {
    PARAMETER_WORD,     /* Stands by itself; must be given. */
    PARAMETER_OPTIONAL, /* Stands by itself; may be left out. */
    PARAMETER_PAIRS,    /* NAME VALUE, or any number of NAME=VALUE. */
    PARAMETER_OPTION,   /* --name VALUE; of a list, repeated. */
    PARAMETER_NEEDED,   /* The same, and must be given. */
    PARAMETER_FLAG,     /* --name, which sets the field to the value. */
    PARAMETER_SECRET,   /* --name; its value is read, never an argument. */
    PARAMETER_FILE,     /* --name FILE; its value is what the file has. */
    PARAMETER_INPUT,    /* Not to be given: the list is read, as JSON, from
                           standard input. */
    PARAMETER_PRESET,   /* Not to be given: the field is set to the value. */
};

struct parameter {
    enum parameter_kind kind;
    const char *name;    /* "ROOM", "--description". */
    const char *field;   /* Of the request. */
    const char *value;   /* Of a flag or a preset; of an option, what it is
                            called in the help. */
    const char *meaning; /* A few words. */
};

struct command {
    const char *group;    /* "rooms" */
    const char *verb;     /* "create", "key show"; "" when the group is the
                             command. */
    enum admin_kind kind; /* What a node is asked; 0: perchctl does it. */
    const char *summary;  /* A sentence without its end. */
    struct parameter parameters[PARAMETERS_MAX]; /* The first without a field
                                                    ends them. */
    const char *list;    /* The reply's list, which comes in pages; or NULL. */
    const char *columns; /* Of the list, as people see it. */
    const char *examples;
    const ProtobufCMessageDescriptor *own; /* The request, without a kind. */
};

/** Tell the i-th command, in the order of help and manual. NULL: no more. */
const struct command *command_at(size_t i);

/**
 * Find a command. A group may be written in the singular, too.
 *
 * @verb  May be NULL.
 *
 * Returns NULL when there is none.
 */
const struct command *command_find(const char *group, const char *verb);

/** Tell whether a word is the first of a verb of two. */
bool command_verb_goes_on(const char *group, const char *verb);

/** Borrow the message that the words of a command fill in. */
const ProtobufCMessageDescriptor *command_request(
    const struct command *command);

/** Tell whether any command belongs to a group of this name. */
bool command_has_group(const char *group);

/** Tell whether a word is the name of a group, as the table has it. */
bool command_is_of(const struct command *command, const char *group);

#endif
