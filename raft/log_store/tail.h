/* The end of the log: where the batches stop, is that where the writer
 * stopped?
 *
 * A segment is zero before it is written, and a batch is written by one call,
 * after all before it were durable. So a crash leaves at most one unfinished
 * batch, at the very end, in which some sectors are as they were: zero.
 * Anything else was not left by a crash.
 *
 * Thread: the opener's.
 */
#ifndef RAFT_LOG_STORE_TAIL_H
#define RAFT_LOG_STORE_TAIL_H

#include "raft/log_store/replay.h"

/**
 * Judge what follows replay->position, where no good batch is.
 *
 * @batch  The header found there, for a batch whose records do not check;
 *         NULL when the first sector is all zero.
 * @last   No later segment has been begun.
 *
 * Returns NONE for a clean end, or for a torn one with replay->torn_to set;
 * else ROTTEN or FORGOTTEN with the damage named.
 */
enum error tail_judge(struct replay *replay, const struct batch *batch,
                      bool last);

/** Name damage in the segment being read, at an offset. Returns the error. */
enum error replay_damage(struct replay *replay, enum error error,
                         uint64_t offset, const char *what);

#endif
