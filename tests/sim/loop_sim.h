/* The loop of the simulator: proto/base/loop.h and worker.h in virtual time.
 *
 * One loop per life of a node. Killing it is kill -9: nothing of it runs any
 * more, but its memory stays until loop_sim_free, so that what points to it may
 * be taken apart at leisure.
 */
#ifndef TESTS_SIM_LOOP_SIM_H
#define TESTS_SIM_LOOP_SIM_H

#include "proto/base/loop.h"
#include "tests/sim/schedule.h"

/* How a loop's machine differs from its neighbours'. */
struct loop_sim_traits {
    uint64_t id;
    uint64_t seed;          /* Of what loop_random gives. */
    int64_t wall_offset_us; /* Its wall clock against virtual time. */
    uint64_t now_offset_us; /* Its monotonic clock's start. */
    uint64_t job_us_max;    /* A worker's job takes from 0 to this. */
};

/** Make a loop; NULL never. Owned by the caller. */
struct loop *loop_sim_new(struct schedule *schedule,
                          const struct loop_sim_traits *traits);

/** Free a loop whose timers, wakers and workers are freed. Accepts NULL. */
void loop_sim_free(struct loop *loop);

/** Kill: what was to happen on the loop does not. */
void loop_sim_kill(struct loop *loop);

/** Let nothing run on the loop for a while, as SIGSTOP does. */
void loop_sim_pause(struct loop *loop, uint64_t for_us);

/** Borrow the actor to schedule events on the loop. */
struct actor *loop_sim_actor(struct loop *loop);

/** Borrow the schedule the loop lives in. */
struct schedule *loop_sim_schedule(struct loop *loop);

/** Draw how long the next job of a worker takes. */
uint64_t loop_sim_job_us(struct loop *loop);

#endif
