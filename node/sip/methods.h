/* The SIP methods: which exist, which are served.
 *
 * Thread: any.
 */
#ifndef NODE_SIP_METHODS_H
#define NODE_SIP_METHODS_H

#include "proto/base/slice.h"

enum method {
    METHOD_UNKNOWN, /* 501. */
    METHOD_ACK,
    METHOD_BENOTIFY, /* Wants no answer. */
    METHOD_BYE,
    METHOD_CANCEL,
    METHOD_INFO,
    METHOD_INVITE,
    METHOD_MESSAGE, /* 405, as PUBLISH and REFER. */
    METHOD_NOTIFY,  /* 481: there is no subscription of ours. */
    METHOD_OPTIONS,
    METHOD_PRACK, /* 481: no provisional answer asked for one. */
    METHOD_PUBLISH,
    METHOD_REFER,
    METHOD_REGISTER,
    METHOD_SERVICE,
    METHOD_SUBSCRIBE,
    METHOD_UPDATE,
    METHOD_COUNT,
};

/* What an Allow header says. */
#define METHODS_ALLOWED                                                        \
    "INVITE, ACK, BYE, CANCEL, INFO, UPDATE, OPTIONS, REGISTER, SUBSCRIBE, "   \
    "SERVICE"

/** Name a method's enum; METHOD_UNKNOWN for all not listed. Case counts. */
enum method method_of(struct slice name);

#endif
