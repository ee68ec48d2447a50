/* One connection's look at its user's document: what its NOTIFYs say, and when
 * it is over. Knows nothing of who asks the state loop.
 *
 *   SUBSCRIBE --> subscription_begin --> notifications --> time, END, closed
 *
 * Spec: RFC 6665; BENOTIFY, [MS-SIP].
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_SUBSCRIPTION_H
#define NODE_SIP_SUBSCRIPTION_H

#include "node/sip/connection.h"
#include "node/sip/request.h"

enum {
    /* Written to a connection and not yet taken; with one more document above
     * it, it is closed. */
    PRESENCE_UNSENT_BYTES_MAX = 4 * 1024 * 1024,
};

/** Begin the look at a document, in place of an earlier one. Returns false when
 * memory is out. */
bool subscription_begin(const struct request *request, unsigned expires_s);

/** End it. Accepts a connection that has none. */
void subscription_free(struct connection *connection);

/** Tell whether the connection looks at its document now. */
bool subscription_is_live(const struct connection *connection);

/** Send the document, as the subscriber wants it sent. */
void subscription_notify(struct connection *connection, struct slice document);

/** The same for a document that is another now: a client that does not read is
 * closed; it comes back, and gets the document it missed. */
void subscription_tell(struct connection *connection, struct slice document);

/** Tell whether some header line of a name has a word in it. */
bool subscription_says(const struct head *head, const char *name,
                       const char *word);

#endif
