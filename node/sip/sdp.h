/* The least SDP that an offer needs for an answer. Offers are not parsed, only
 * their media lines are looked at: nothing of them is used.
 *
 * Spec: RFC 3264 6 (one answered media line for each offered).
 *
 * Thread: any.
 */
#ifndef NODE_SIP_SDP_H
#define NODE_SIP_SDP_H

#include "node/sip/address.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"

enum { SDP_MEDIA_MAX = 8 };

/**
 * Append the answer to an offer.
 *
 * @local  Our side's address.
 *
 * Returns UNSUPPORTED when media are offered, but none for messages, TOO_LARGE
 * for more than SDP_MEDIA_MAX. out may then have been written to.
 */
enum error sdp_answer(struct buffer *out, struct slice offer,
                      const struct address *local);

#endif
