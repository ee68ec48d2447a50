/* What the tables of commands are written with: their words, and the parameters
 * that several have.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_COMMAND_PARTS_H
#define OPS_PERCHCTL_COMMAND_PARTS_H

#include "ops/perchctl/command.h"

#define WORD(name, field, meaning)                                             \
    {                                                                          \
        PARAMETER_WORD, name, field, NULL, meaning                             \
    }
#define OPTION(name, field, value, meaning)                                    \
    {                                                                          \
        PARAMETER_OPTION, name, field, value, meaning                          \
    }
#define NEEDED(name, field, value, meaning)                                    \
    {                                                                          \
        PARAMETER_NEEDED, name, field, value, meaning                          \
    }
#define FLAG(name, field, value, meaning)                                      \
    {                                                                          \
        PARAMETER_FLAG, name, field, value, meaning                            \
    }
#define PRESET(field, value)                                                   \
    {                                                                          \
        PARAMETER_PRESET, "", field, value, ""                                 \
    }
#define ROOM_WORD WORD("ROOM", "room", "name, guid or URI of the room")
#define CATEGORY_WORD                                                          \
    WORD("CATEGORY", "category", "name, guid or URI of the category")
#define IF_VERSION                                                             \
    OPTION("--if-version", "if_version", "N",                                  \
           "only when it is still at this version, as show tells")
#define DELETES                                                                \
    "; what is not there needs no deletion, so asking again does no harm"
/* Those who are put into a list of the command's and taken out of it. */
#define MOVES(noun, field, meaning)                                            \
    OPTION("--add-" noun, field "_add", "USER|GROUP", meaning),                \
        OPTION("--remove-" noun, field "_remove", "USER|GROUP", "")
#define MATCH(what)                                                            \
    OPTION("--match", "match", "TEXT", "only those whose " what " has it in")
#define REASON_NEEDED                                                          \
    NEEDED("--reason", "reason", "TEXT", "why; it is recorded")
#define DISABLED_ONLY                                                          \
    FLAG("--disabled", "disabled", "yes", "only disabled ones")
#define ENABLED_ONLY FLAG("--enabled", "disabled", "no", "only enabled ones")

/* A table for each file. One without a group ends it. */
extern const struct command command_servers[];
extern const struct command command_rooms[];
extern const struct command command_users[];
extern const struct command command_messages[];
extern const struct command command_archive[];

#endif
