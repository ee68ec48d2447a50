/* The insides of a server, for its own files: server.c connects, search.c asks.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_SERVER_PARTS_H
#define OPS_DIRECTORY_SERVER_PARTS_H

#include <ldap.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>

#include "ops/directory/server.h"

struct server {
    LDAP *ldap;
    struct timeval timeout;
    uint64_t timeout_ms, end_ms; /* Of one call; of all. */
    int page_size;
    bool ignore_referrals;
    char *why; /* Of the call that runs. */
};

/** Say what is wrong, in SERVER_WHY_BYTES. Returns the error. */
enum error server_say(char *why, enum error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Say what the library says of a failed call, and what the server said to it.
 * Returns the error that comes to. */
enum error server_fail(LDAP *ldap, const char *what, int code, char *why);

#endif
