/* The lists of users and groups in requests: written as URIs for a command, and
 * compared with what is so already.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_LISTS_H
#define NODE_ADMIN_LISTS_H

#include "node/admin/answer.h"
#include "node/chat/view.h"

/* One list as asked, and where its URIs go in the command. */
struct listed {
    size_t n;
    const ProtobufCBinaryData *names;
    size_t *n_out;
    ProtobufCBinaryData **uris_out;
    unsigned role; /* What it gives or takes. */
    bool removes;
};

/* One list of a request and its command: the fields have one name. */
#define LISTED(asked, command, field, role, removes)                           \
    (struct listed)                                                            \
    {                                                                          \
        (asked)->n_##field, (asked)->field, &(command)->n_##field,             \
            &(command)->field, role, removes                                   \
    }

/** Tell the roles that something gives to a principal by name. */
typedef unsigned lists_roles_of(const void *of,
                                const struct principal *principal);

/**
 * Write lists as URIs into their command.
 *
 * Returns false, and the answer refused, as find_uris.
 */
bool lists_write(struct answer *answer, const struct listed *lists, size_t n);

/** Tell whether written lists would change nothing: all have what they give,
 * and none what they take. */
bool lists_are_so(struct answer *answer, const struct listed *lists, size_t n,
                  lists_roles_of *roles_of, const void *of);

/** Tell whether no list names anyone. */
bool lists_are_empty(const struct listed *lists, size_t n);

#endif
