/* The pool as the adapter sees it: asked and changed through a node's socket
 * for administrators, as perchctl does, in the name of the directory.
 *
 * Thread: the program's only one; every call may wait.
 */
#ifndef OPS_DIRECTORY_POOL_H
#define OPS_DIRECTORY_POOL_H

#include "ops/directory/difference.h"
#include "proto/admin.h"

enum {
    POOL_WHY_BYTES = 300,
    POOL_NAMES_MAX = ADMIN_USERS_LISTED_MAX, /* In one command. */
};

/* How a request ended. */
struct pool_told {
    Perch__Admin__Result result;
    char outcome[64];
    char why[POOL_WHY_BYTES]; /* Empty when it is done. */
    uint32_t version;         /* Of the user or group that was changed. */
};

struct pool {
    const char *socket;
    const char *directory; /* The actor of all changes. */
    uint32_t timeout_s;
};

/* What is told of a run. */
struct pool_report {
    const char *holder;
    uint32_t lease_s;
    Perch__OwnerReport__Phase phase;
    const char *run;  /* May be empty. */
    const char *text; /* May be empty. */
    size_t users, groups, changes, leaving;
    bool confirmed_out; /* Told back: this run may go through, */
    char held_out[65];  /* and this is what was held; empty: nothing. */
};

/**
 * Read all users and groups, and the members of the directory's own groups.
 *
 * @roster  Finished on success.
 */
struct pool_told pool_read(const struct pool *pool, struct roster *roster);

/** Make one change, in as many commands as its members need. Sent again after
 * a part of it was made, what is so already is not done twice. */
struct pool_told pool_change(const struct pool *pool,
                             const struct change *change);

/** Tell where the adapter stands, and take or give back the lease. */
struct pool_told pool_report(const struct pool *pool,
                             struct pool_report *report);

/** Tell whether a request may end otherwise when it is sent again: nobody was
 * reached, or nobody could decide. */
bool pool_is_passing(const struct pool_told *told);

#endif
