/* When certificates end, for those who must replace them in time.
 *
 * Thread: any.
 */
#ifndef PROTO_BASE_CERTIFICATE_H
#define PROTO_BASE_CERTIFICATE_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * Read the last moment a certificate is valid.
 *
 * @expires_s_out  Seconds since 1970 UTC.
 *
 * Returns false when it names none that is a time.
 */
bool certificate_end(const X509 *certificate, int64_t *expires_s_out);

/** Choose the sooner of two ends, of which each may be 0 for none. */
static inline int64_t certificate_sooner(int64_t a_s, int64_t b_s)
{
    return a_s == 0 || (b_s != 0 && b_s < a_s) ? b_s : a_s;
}

#endif
