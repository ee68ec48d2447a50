/* Witnesses by HTTP and HTTPS: libcurl, one request at a time for each thread.
 *
 * No redirections, no proxies of the environment, no other protocols; bounded
 * in time and bytes.
 *
 * Thread: main opens and closes; calls as witness_port.h says.
 */
#ifndef NODE_COMPLIANCE_OS_WITNESS_HTTP_H
#define NODE_COMPLIANCE_OS_WITNESS_HTTP_H

#include "node/compliance/witness_port.h"

struct witness_http;

/**
 * Make ready.
 *
 * @authorities  File of certificates that https is checked with; NULL: the
 *               system's. Copied.
 *
 * Returns NO_MEMORY. Close with witness_http_close.
 */
enum error witness_http_open(const char *authorities,
                             struct witness_http **http_out);

/** Free; no call is under way. Accepts NULL. */
void witness_http_close(struct witness_http *http);

/** Borrow what asks. */
const struct witness_port *witness_http_port(const struct witness_http *http);

#endif
