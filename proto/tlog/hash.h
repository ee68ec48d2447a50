/* SHA-256 without a price of setting up: each thread keeps one context.
 *
 * A one-shot call of OpenSSL looks its algorithm up and allocates each time:
 * 370 ns for a record of 300 bytes, 210 ns here (tests/bench/bench_tlog.c).
 *
 * Thread: any.
 */
#ifndef PROTO_TLOG_HASH_H
#define PROTO_TLOG_HASH_H

#include "proto/base/slice.h"
#include "proto/tlog/merkle.h"

/** Hash two runs of bytes as one: SHA-256 of a, b. The result may overlap
 * them. Aborts when OpenSSL has no SHA-256 or memory is out. */
void hash_pair(struct slice a, struct slice b, struct merkle_hash *hash_out);

/** Hash bytes: the SHA-256 of files, payloads and names. */
void hash_bytes(struct slice bytes, struct merkle_hash *hash_out);

#endif
