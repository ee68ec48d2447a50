/* Replies as people read them.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_PRINT_H
#define OPS_PERCHCTL_PRINT_H

#include <stdio.h>

#include <jansson.h>

#include "ops/perchctl/command.h"

/** Print what was asked for: a sentence, lines of "name: value", a table. */
void print_reply(FILE *to, const struct command *command, const json_t *reply);

/** Print why it was not done, and what to do next. */
void print_trouble(FILE *to, const json_t *reply);

#endif
