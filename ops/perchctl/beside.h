/* What perchctl leaves to a program that lies beside it: taking a pool's data
 * out and in, which is many requests and a file, not one.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_BESIDE_H
#define OPS_PERCHCTL_BESIDE_H

#include <stdbool.h>

/** Tell whether a command line's command, or what help is asked for, is left
 * to it. Options that every command takes may stand before it. */
bool beside_is_asked(int argc, char *const *argv);

/** Become that program. Returns only when that fails, with a line that says why
 * on standard error: the exit code. */
int beside_become(int argc, char *const *argv);

#endif
