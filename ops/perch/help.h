/* What perch --help shows; perch(1) has it at length.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_HELP_H
#define OPS_PERCH_HELP_H

#include <stdio.h>

/** Print commands, options, examples. */
void help_print(FILE *to);

/** Print which perch this is. */
void help_version(FILE *to);

#endif
