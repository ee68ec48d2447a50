/* Where the password comes from: a file, the environment, the terminal. Never
 * the command line, which everyone on the machine can read.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_PASSWORD_H
#define OPS_PERCH_PASSWORD_H

#include <stdbool.h>

#include "ops/client/limits.h"

/* With the NUL; whoever has one wipes it. */
struct password {
    char text[CLIENT_PASSWORD_BYTES_MAX + 1];
    bool is_known;
};

/**
 * Look for the password that was given: file, PERCH_PASSWORD_FILE,
 * PERCH_PASSWORD, in this order. None is no failure.
 *
 * @file  NULL: no option names one; "-": standard input.
 *
 * Returns false when one was named and cannot be had; says why.
 */
bool password_find(struct password *password, const char *file);

/**
 * Ask for it on the terminal, without echo.
 *
 * Returns false when there is no terminal, or nothing was entered.
 */
bool password_ask(struct password *password, const char *user);

/** Leave no trace in memory. */
void password_wipe(struct password *password);

#endif
