/* One run of perchctl: what its words ask for, as a request.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_ERRAND_H
#define OPS_PERCHCTL_ERRAND_H

#include "ops/perchctl/command.h"
#include "ops/perchctl/options.h"
#include "proto/base/arena.h"

enum { WHY_BYTES = 512 };

struct errand {
    struct options options;
    const struct command *command; /* NULL: help or version. */
    const char *topic[2];          /* Of the help: group and verb, or NULL. */
    struct arena *arena;           /* Owns the request. */
    ProtobufCMessage *request;
    bool wants_secret; /* The field password is to be read. */
    const char *input; /* The list that is read from standard input; NULL: none.
                        */
};

/**
 * Read the command line.
 *
 * @arena  Owned by the caller, as long as the errand is used.
 * @why    Says what is wrong with it and where to read on.
 *
 * Returns false when it makes no sense.
 */
bool errand_read(struct errand *errand, struct arena *arena, int argc,
                 char *const *argv, char why[WHY_BYTES]);

#endif
