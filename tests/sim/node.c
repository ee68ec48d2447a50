#include "tests/sim/node_internal.h"

#include <stdlib.h>

#include "proto/base/check.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/world.h"

enum { STREAM_NODE = 4, RETURN_US_MIN = 10000, RETURN_US_MAX = 2000000 };

uint64_t node_id(unsigned number)
{
    return number + 1;
}

void node_init(struct node *node, struct world *world, unsigned number)
{
    uint64_t seed = world->settings.seed;

    *node = (struct node){.world = world, .number = number};
    node->random = random_stream(seed, STREAM_NODE + ((uint64_t)number << 8));
    node->disk = disk_new(world->schedule, seed, number);
}

void node_deinit(struct node *node)
{
    CHECK(node->life == NULL);
    disk_free(node->disk);
}

static void crash_later(void *context)
{
    struct node *node = context;

    if (node->life != NULL && node->life->dying) {
        node_crash(node);
    }
}

static void start_later(void *context)
{
    struct node *node = context;

    if (node->life == NULL) {
        node_start(node);
    }
}

/* A supervisor starts the node again after a while. */
void node_die_and_return(struct life *life)
{
    struct node *node = life->node;
    struct schedule *schedule = node->world->schedule;

    loop_sim_kill(life->loop);
    life->dying = true;
    schedule_after(schedule, NULL, 0, crash_later, NULL, node);
    schedule_after(schedule, NULL,
                   random_between(&node->random, RETURN_US_MIN, RETURN_US_MAX),
                   start_later, NULL, node);
}

void node_start(struct node *node)
{
    struct world *world = node->world;
    struct life *life = calloc(1, sizeof(*life));
    struct loop_sim_traits traits = {
        .id = node->number + 1,
        .seed = world->settings.seed ^ ++node->lives << 20,
        .wall_offset_us = (int64_t)random_below(&node->random, 1000000),
        .now_offset_us = random_below(&node->random, 1000000),
        .job_us_max = 5000,
    };

    CHECK(life != NULL && node->life == NULL);
    world_trace(world, "node %u starts", node->number);
    world->result.starts++;
    life->node = node;
    life->loop = loop_sim_new(world->schedule, &traits);
    life->state = node->durable;
    life->flush_timer = timer_new(life->loop, node_flush_due, life);
    life->manifest_timer = timer_new(life->loop, node_manifest_due, life);
    life->copy_timer = timer_new(life->loop, node_copy_due, life);
    node->life = life;
    network_attach(world->network, node->number, loop_sim_actor(life->loop));
    life->core = node_make_core(life);
    CHECK(life->core != NULL);
    if (core_start(life->core) != ERROR_NONE) {
        if (!life->store_failed) {
            truth_break(world->truth, "dead", "node %u cannot start",
                        node->number);
        }
        node_die_and_return(life);
        return;
    }
    world_node_started(world, node);
}

/* The loop stays until the schedule has dropped its last event. */
void node_crash(struct node *node)
{
    struct life *life = node->life;
    struct world *world = node->world;

    world_trace(world, "node %u dies", node->number);
    node->life = NULL;
    loop_sim_kill(life->loop);
    network_attach(world->network, node->number, NULL);
    world_count_rules(world, life->core);
    core_free(life->core);
    disk_crash(node->disk);
    timer_free(life->flush_timer);
    timer_free(life->manifest_timer);
    timer_free(life->copy_timer);
    world_bury(world, life->loop);
    free(life);
}
