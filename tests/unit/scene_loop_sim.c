/* The scene's loop in virtual time: what of proto/base/os/loop_uv.h and of
 * libuv a transport scene calls itself. All stations are on one machine.
 */
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/os/loop_uv.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/transport_sim.h"

enum { TURN_US = 500 };

static struct schedule *schedule;
static struct network *network;
static struct loop *the_loop;

struct loop *loop_new(void)
{
    struct loop_sim_traits traits = {.id = 1, .seed = 5, .wall_offset_us = 1};

    CHECK(schedule == NULL);
    schedule = schedule_new();
    network = network_new(schedule, 1, 5);
    the_loop = loop_sim_new(schedule, &traits);
    transport_sim_join(the_loop, network, 0);
    return the_loop;
}

void loop_free(struct loop *loop)
{
    if (loop != NULL) {
        transport_sim_leave(loop, true);
        schedule_free(schedule);
        network_free(network);
        loop_sim_free(loop);
        schedule = NULL;
    }
}

static void turn(void *context)
{
    (void)context;
}

/* A turn comes also when nothing has happened. */
int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
    (void)loop;
    (void)mode;
    schedule_after(schedule, loop_sim_actor(the_loop), 0, turn, NULL, NULL);
    schedule_run_until(schedule, schedule_now_us(schedule) + TURN_US);
    return 0;
}

/* The process stands still. */
void uv_sleep(unsigned ms)
{
    uint64_t us = (uint64_t)ms * 1000;

    loop_sim_pause(the_loop, us);
    schedule_run_until(schedule, schedule_now_us(schedule) + us);
}
