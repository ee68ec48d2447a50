/* A password from the terminal, without echo and twice, or from standard input:
 * never from the command line, which everyone on the machine can read.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_SECRET_H
#define OPS_PERCHCTL_SECRET_H

#include <stdbool.h>

enum { SECRET_BYTES_MAX = 256 }; /* As PASSWORD_BYTES_MAX of the node. */

/**
 * Read a password: one line of standard input, or from the terminal when that
 * is one.
 *
 * @secret_out  Wiped by the caller by secret_wipe.
 * @why         Says what is wrong when there is none.
 *
 * Returns false when nothing was entered, it is too long, or the two differ.
 */
bool secret_read(char secret_out[SECRET_BYTES_MAX + 1], const char **why);

/** Leave no trace in memory. */
void secret_wipe(char secret[SECRET_BYTES_MAX + 1]);

#endif
