/* One batch of the log: is it good, and if not, was it never finished or is it
 * damaged?
 *
 * Thread: the opener's.
 */
#ifndef RAFT_LOG_STORE_REPLAY_BATCH_H
#define RAFT_LOG_STORE_REPLAY_BATCH_H

#include "raft/log_store/replay.h"

/**
 * Read the batch at replay->position of the segment in the window.
 *
 * A good one is taken up into the image and the position moves behind it.
 *
 * @last      No later segment has been begun.
 * @more_out  Whether there was a good batch; else the segment ends here,
 *            cleanly or, when replay->torn_to is set, in an unfinished batch.
 */
enum error replay_batch(struct replay *replay, bool last, bool *more_out);

#endif
