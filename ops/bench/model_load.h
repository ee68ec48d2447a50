/* Puts the users, rooms and members of a model into a pool.
 *
 * Thread: the main thread.
 */
#ifndef OPS_BENCH_MODEL_LOAD_H
#define OPS_BENCH_MODEL_LOAD_H

#include "ops/bench/model.h"
#include "ops/bench/pool.h"
#include "proto/base/error.h"

/**
 * Make what is missing, by the first node's administrators' socket.
 *
 * @password  Of new users.
 *
 * Returns what went wrong, complained of.
 */
enum error model_load(const struct model *model, const struct pool *pool,
                      const char *password, double *seconds_out);

#endif
