/* Brings records that a pool has lost back from a copy of the archive: reads
 * the copy's entry bundles from the pool's last record on, up to what a witness
 * has seen, and gives them to a node in commands. What is next, and whether
 * anything is missing at all, the pool decides.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_REFILL_H
#define OPS_PERCHCTL_REFILL_H

#include <jansson.h>

#include "ops/perchctl/errand.h"

/**
 * Do what "archive refill" asks for. Asked again it goes on where it was.
 *
 * @reply_out  As of a node: that of the last command, or what is perchctl's own
 *             to say. Owned by the caller.
 *
 * Returns as ask; USAGE when the copy cannot be read or has too little.
 */
Perch__Admin__Result refill(const struct errand *errand, json_t **reply_out);

#endif
