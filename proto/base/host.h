/* What a host in a configuration is, as far as its text tells.
 *
 * Thread: any.
 */
#ifndef PROTO_BASE_HOST_H
#define PROTO_BASE_HOST_H

#include <stdbool.h>

/** Tell whether it is an IPv4 or IPv6 address, and no name to be looked up. */
bool host_is_address(const char *host);

/** Tell whether it is a loopback address: 127.0.0.0/8 or ::1. A name is none,
 * whatever it would be looked up as. */
bool host_is_loopback(const char *host);

#endif
