/* Digest by password, as a client answers a 407 (RFC 2617, MD5, qop auth).
 *
 * Thread: any.
 */
#ifndef OPS_BENCH_PROOF_H
#define OPS_BENCH_PROOF_H

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

/**
 * Append the Proxy-Authorization line that answers a challenge.
 *
 * @challenge  The value of the Proxy-Authenticate header.
 * @user       "user@domain".
 *
 * Returns UNSUPPORTED when the challenge is not Digest with realm and nonce.
 */
enum error proof_write(struct slice challenge, const char *user,
                       const char *password, struct buffer *out);

#endif
