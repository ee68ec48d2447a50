/* What kind of INFO body this is, as far as SIP must know: a post waits for
 * its commit, every other command is answered at once.
 *
 * Thread: any.
 */
#ifndef NODE_SIP_INFO_SCAN_H
#define NODE_SIP_INFO_SCAN_H

#include "proto/base/slice.h"

enum info_kind {
    INFO_COMMAND,   /* 200 at once; the reply comes as its own INFO. */
    INFO_POST,      /* Has a grpchat: 200 once it is committed. */
    INFO_MALFORMED, /* No xccos element, or markup that does not end: 400. */
};

/**
 * Look for a grpchat element directly inside the xccos element, under any
 * namespace prefix; comments, CDATA and attribute values do not count.
 *
 * Not an XML parser: who reads the body later may still refuse it.
 */
enum info_kind info_scan(struct slice body);

#endif
