/* What entries of a directory come to: users with an address and a name,
 * groups, organisational units and sites with their members.
 *
 * Which attribute says what is set, with defaults for Active Directory and for
 * the schema of OpenLDAP (inetOrgPerson, groupOfNames, posixGroup). Pure:
 * entries in, a roster out.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_MAPPING_H
#define OPS_DIRECTORY_MAPPING_H

#include "ops/directory/entry.h"
#include "ops/directory/roster.h"

enum {
    MAPPING_NAMES_MAX = 16,
    MAPPING_ATTRIBUTES_MAX = 28, /* Asked for in one search. */
};

/* Attributes, the first that has a value counts. */
struct mapping_names {
    size_t n;
    const char *all[MAPPING_NAMES_MAX];
};

struct mapping {
    struct mapping_names address; /* SIP address, or mail. */
    struct mapping_names name;    /* What others see. */
    const char *login;            /* What memberUid names. */
    const char *site;             /* NULL: no sites. */
    const char *group_name;       /* Makes group:NAME. */
    struct mapping_names group_display;
    struct mapping_names member; /* All of them count. */
};

/* What was read. */
struct mapping_source {
    const struct entries *users, *groups, *units;
};

/** List what must be asked of users' entries, NULL behind the last. */
void mapping_ask_users(const struct mapping *mapping,
                       const char *asked_out[MAPPING_ATTRIBUTES_MAX + 1]);

/** List what must be asked of groups' entries, likewise. */
void mapping_ask_groups(const struct mapping *mapping,
                        const char *asked_out[MAPPING_ATTRIBUTES_MAX + 1]);

/**
 * Make a finished roster of entries.
 *
 * An entry without an address is no user; members that are neither users nor
 * groups that were read are passed over.
 */
void mapping_make(const struct mapping *mapping,
                  const struct mapping_source *source, struct roster *roster);

/** Tell whether an account may not be used: userAccountControl (AD), a
 * permanent pwdAccountLockedTime (ppolicy), nsAccountLock (389). A lock that
 * ends by itself is none: who mistypes a password for others must not put them
 * out of their rooms. */
bool mapping_is_disabled(const struct entry *entry);

#endif
