/* One page of a list: as many items as were asked for, as fit into a reply,
 * and as can be looked at without keeping the state loop from its work. A page
 * may thus be empty and have a mark for the next all the same.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_PAGE_H
#define NODE_ADMIN_PAGE_H

#include "node/admin/answer.h"

enum {
    PAGE_LOOKS_MAX = 20000,     /* Items looked at for one page. */
    PAGE_ITEM_BYTES_MAX = 8192, /* More than any item takes. */
    PAGE_SLACK_BYTES = 16384,   /* Of the reply, for all but the items. */
};

struct page {
    struct answer *answer;
    size_t n, limit;
    void **items; /* Messages, in the arena. */
    size_t bytes_left;
    unsigned looks_left;
    bool more; /* The list goes on behind the page. */
};

/** Begin a page as the request wants it. */
void page_begin(struct page *page, struct answer *answer);

/** Look at the next item. Returns false when the page ends before it. */
bool page_look(struct page *page);

/** Put an item that was looked at on the page. */
void page_add(struct page *page, const ProtobufCMessage *item);

/**
 * Tell where the list goes on, if it does.
 *
 * @mark  Of the last item that was looked at. Copied.
 */
void page_end(struct page *page, struct slice mark);

/**
 * Read the mark of a list whose marks are principal numbers; 0 without one.
 *
 * Returns false, and the answer refused: MARK_INVALID.
 */
bool page_number(struct answer *answer, uint32_t *number_out);

#endif
