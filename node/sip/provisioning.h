/* The document that tells a client where its chat is.
 *
 * Spec: [MS-SIPREGE] 2.2.2.5.11.
 *
 * Thread: any.
 */
#ifndef NODE_SIP_PROVISIONING_H
#define NODE_SIP_PROVISIONING_H

#include "proto/base/buffer.h"

#define PROVISIONING_EVENT "vnd-microsoft-provisioning-v2"
#define PROVISIONING_TYPE                                                      \
    "application/vnd-microsoft-roaming-provisioning-v2+xml"

/** Append the document for a pool URI. */
void provisioning_write(struct buffer *out, struct slice pool_uri);

#endif
