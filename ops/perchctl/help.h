/* Help and the manual, made of the table of commands.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_HELP_H
#define OPS_PERCHCTL_HELP_H

#include <stdbool.h>
#include <stdio.h>

/**
 * Print help about everything, a group, or a command.
 *
 * @group  NULL: everything. @verb NULL: all of the group.
 *
 * Returns false, with nothing printed, when there is no such command.
 */
bool help_print(FILE *to, const char *group, const char *verb);

/** Print the manual page, ops/man/perchctl.1. */
void help_manual(FILE *to);

#endif
