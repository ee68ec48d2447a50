/* Questions to the machine's memory: which rooms a user was invited to.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_INVITED_H
#define NODE_CHAT_INVITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;
struct user;
struct room;

struct invitation {
    uint64_t id; /* Grows from one to the next. */
    int64_t created_at_us;
    const struct room *room; /* Borrowed until the next machine_apply. */
};

/**
 * List by id the invitations of a user that come after an id: to rooms that
 * send invitations and that the user may enter, each once.
 *
 * @list  At most max of them, the oldest.
 *
 * Returns how many.
 */
size_t invited_list(const struct machine *machine, const struct user *user,
                    uint64_t after, struct invitation *list, size_t max);

/** Tell the id up to which a user's invitations were shown; 0: none was. */
uint64_t invited_shown(const struct user *user);

/** Tell whether a room was ever announced to a user by an invitation that
 * holds. */
bool invited_to(const struct machine *machine, const struct user *user,
                const struct room *room);

#endif
