/* The names under which a node exports what its replica counts (exports.h).
 *
 * Thread: main's, before the web thread starts; pages are the web thread's.
 */
#ifndef NODE_EXPORTS_RAFT_H
#define NODE_EXPORTS_RAFT_H

#include "node/web/metrics.h"
#include "proto/base/board.h"
#include "proto/base/error.h"
#include "raft/replica_meters.h"

/**
 * Register the replica's status and meters.
 *
 * @status  Of struct replica_status; read at each scrape. It and the meters
 *          outlive the registry's last page.
 *
 * Returns NO_MEMORY.
 */
enum error exports_add_raft(struct metrics *metrics, struct board *status,
                            const struct replica_meters *meters);

#endif
