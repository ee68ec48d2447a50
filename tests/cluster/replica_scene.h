/* Three whole replicas in the simulator, for tests that trouble them by hand.
 */
#ifndef TESTS_CLUSTER_REPLICA_SCENE_H
#define TESTS_CLUSTER_REPLICA_SCENE_H

#include "raft/replica_meters.h"
#include "tests/sim/pool_sim.h"

enum { MS = 1000, SECOND = 1000 * MS };

/** A pool of three, up, with a leader. A set-up of cmocka. */
int scene_set_up(void **state);

/** The same with a log that is cut every 50 entries. */
int scene_set_up_short_log(void **state);

/** Its tear-down; the truth may not have been violated. */
int scene_tear_down(void **state);

/* A test in such a scene. */
#define RUN_SCENE(test) RUN_IN(test, scene_set_up, scene_tear_down)
#define RUN_SCENE_SHORT_LOG(test)                                              \
    RUN_IN(test, scene_set_up_short_log, scene_tear_down)

/** Wait until all is as it should be: one state, nobody waits, all voters. */
void assert_calms(struct pool_sim *pool);

/** Find the leader; the test fails when there is none. */
struct pool_node *leader_of(struct pool_sim *pool);

/** Find one that does not lead. */
struct pool_node *follower_of(struct pool_sim *pool);

/** Propose n new words on a node. */
void propose(struct pool_node *node, unsigned n);

/** Borrow the meters of a node that is up. */
const struct replica_meters *meters_of(const struct pool_node *node);

/** Count a node's files whose path in its data directory begins so. */
size_t scene_files(struct pool_node *node, const char *prefix);

/** Nothing was sent again only because it took too long. */
void assert_none_late(struct pool_sim *pool);

/** Cut a node off, or mend its links. */
void cut_off(struct pool_node *node, bool cut);

#endif
