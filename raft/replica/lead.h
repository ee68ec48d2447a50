/* Proposals on their way into the log, for the engine's files alone.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_LEAD_H
#define RAFT_REPLICA_LEAD_H

#include "raft/replica/engine.h"

/** Put what waits into the log, or send it to who leads. */
void engine_send_proposals(struct engine *engine);

/** Take another node's proposals. MALFORMED: nobody may send such. */
enum error engine_take_propose(struct engine *engine, uint8_t node,
                               const struct peer_propose *propose);

/** A leader has turned proposals away. */
void engine_take_busy(struct engine *engine, uint8_t node,
                      const struct peer_propose_busy *busy);

/** Send again when nothing was heard for long; at a tick. */
void engine_watch_proposals(struct engine *engine);

#endif
