/* Is a copy of an archive what the log has signed? Asked before its records are
 * brought back: what the pool takes in it cannot give up again.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_REFILL_PROOF_H
#define OPS_PERCHCTL_REFILL_PROOF_H

#include <stdbool.h>
#include <stdint.h>

enum { REFILL_WHY_BYTES = 512 };

/**
 * Compute the root of a copy from its records, and compare it with that of a
 * checkpoint in the copy (checkpoint, checkpoint.witnessed, checkpoints/) that
 * the log has signed.
 *
 * @size  The checkpoint must be of so many records or more.
 * @vkey  The log's verifier key.
 *
 * Returns false with why.
 */
bool refill_proof(const char *from, uint64_t size, const char *vkey,
                  char why[REFILL_WHY_BYTES]);

#endif
