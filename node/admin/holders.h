/* Lists of those who have roles in something: a room, a category, a group. One
 * page of them, by number, each shown as the list wants it.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_HOLDERS_H
#define NODE_ADMIN_HOLDERS_H

#include "node/admin/answer.h"
#include "node/chat/page.h"
#include "node/chat/view.h"

/** Make the item of one who has roles; in the arena. */
typedef ProtobufCMessage *holders_show(struct answer *answer,
                                       const struct principal_view *view,
                                       unsigned roles);

/** Walk those who have roles in something, as page_roles. */
typedef void holders_walk(const struct machine *machine, const void *of,
                          uint32_t after, list_role *each, void *context);

struct holders {
    unsigned roles; /* Those with any of these. */
    holders_show *show;
    holders_walk *walk;
    const void *of;
};

/**
 * List a page of them.
 *
 * Returns the items, n_out of them; NULL, and the answer refused, when the
 * request's mark is none.
 */
void **holders_list(struct answer *answer, const struct holders *holders,
                    size_t *n_out);

#endif
