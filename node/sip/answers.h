/* Clients' answers to our INFOs, read without the parser: a status, a CSeq and
 * the dialog they belong to.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_ANSWERS_H
#define NODE_SIP_ANSWERS_H

#include "node/sip/connection.h"
#include "node/sip/head.h"

/** Take a response. What does not match anything due is dropped. */
void answers_read(struct connection *connection, const struct head *head);

#endif
