/* When the node's certificates expire, for those who must replace them.
 *
 * Thread: any.
 */
#ifndef NODE_CERTIFICATE_H
#define NODE_CERTIFICATE_H

#include <stdint.h>

#include "proto/base/error.h"

/**
 * Read the end of the first certificate in a PEM file.
 *
 * @expires_s_out  Seconds since 1970 UTC.
 *
 * Returns NOT_FOUND when the file cannot be read, MALFORMED when it holds no
 * certificate.
 */
enum error certificate_expiry(const char *path, int64_t *expires_s_out);

#endif
