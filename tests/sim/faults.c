#include "tests/sim/faults.h"

#include "tests/sim/loop_sim.h"
#include "tests/sim/world.h"

enum {
    MS = 1000, /* In microseconds. */
    SECOND = 1000 * MS,
    STEADY_LINK_US = 15 * MS,
    STEADY_DISK_US = 10 * MS,
};

static uint64_t draw(struct world *world, uint64_t low, uint64_t high)
{
    return random_between(&world->fault_random, low, high);
}

static uint32_t scale(struct world *world, uint64_t low, uint64_t high)
{
    return (uint32_t)random_scale(&world->fault_random, low, high);
}

/* --- How things behave all along --- */

static void set_up_network(struct world *world)
{
    struct network_faults faults = {.delay_us = scale(world, 50, 20 * MS),
                                    .jitter_us = scale(world, 50, 30 * MS),
                                    .in_order =
                                        !world_has(world, FAULT_REORDER)};

    if (world_has(world, FAULT_STEADY)) {
        faults.delay_us = STEADY_LINK_US;
        faults.jitter_us = 1;
    }
    if (world_has(world, FAULT_LOSS)) {
        faults.loss = scale(world, 1000, 200000);
        faults.refuse = scale(world, 1000, 100000);
    }
    if (world_has(world, FAULT_DUPLICATE)) {
        faults.duplicate = scale(world, 1000, 100000);
    }
    if (world_has(world, FAULT_DELAY) || world_has(world, FAULT_REORDER)) {
        faults.late = scale(world, 1000, 100000);
        faults.late_us = scale(world, 10 * MS, 4 * SECOND);
    }
    network_set_faults(world->network, &faults);
}

static void set_up_disk(struct world *world, struct disk *disk)
{
    struct disk_faults faults = {.write_us = scale(world, 20, 500),
                                 .jitter_us = scale(world, 20, 1000)};

    if (world_has(world, FAULT_STEADY)) {
        faults.write_us = STEADY_DISK_US;
        faults.jitter_us = 1;
    }
    if (world_has(world, FAULT_SLOW)) {
        faults.write_us = scale(world, 1 * MS, 100 * MS);
        faults.jitter_us = scale(world, 1 * MS, 100 * MS);
    }
    if (world_has(world, FAULT_STALL)) {
        faults.stall = scale(world, 1000, 30000);
        faults.stall_us = scale(world, 100 * MS, 900 * MS);
    }
    if (world_has(world, FAULT_ERRORS)) {
        faults.error = scale(world, 500, 10000);
        faults.meta_error = scale(world, 500, 50000);
    }
    disk_set_faults(disk, &faults);
}

void faults_set_up(struct world *world)
{
    bool compacts = world_has(world, FAULT_SNAPSHOT);

    world->snapshot_timeout_ms = scale(world, 1000, 600000);
    world->snapshot_threshold = compacts ? scale(world, 5, 200) : 1024;
    world->snapshot_trailing = compacts ? scale(world, 1, 100) : 2048;
    world->send_entries_max = scale(world, 1, 200);
    world->batches_max = scale(world, 1, CORE_BATCHES_MAX);
    world->calm = scale(world, 10, 200);
    set_up_network(world);
    for (unsigned i = 0; i < world->settings.nodes; i++) {
        set_up_disk(world, world->nodes[i].disk);
    }
}

/* --- What happens now and then --- */

static unsigned any_node(struct world *world)
{
    return (unsigned)draw(world, 0, world->settings.nodes - 1);
}

static void start_node(void *context)
{
    struct node *node = context;

    if (node->life == NULL) {
        node_start(node);
    }
}

static void crash_for(struct world *world, unsigned i, uint64_t for_us)
{
    if (world->nodes[i].life != NULL) {
        node_crash(&world->nodes[i]);
    }
    schedule_after(world->schedule, NULL, for_us, start_node, NULL,
                   &world->nodes[i]);
}

static void crash(struct world *world)
{
    crash_for(world, any_node(world), scale(world, 1 * MS, 5 * SECOND));
}

static void outage(struct world *world)
{
    for (unsigned i = 0; i < world->settings.nodes; i++) {
        crash_for(world, i, scale(world, 1 * MS, 3 * SECOND));
    }
}

static void pause_node(struct world *world)
{
    struct node *node = &world->nodes[any_node(world)];

    if (node->life != NULL) {
        loop_sim_pause(node->life->loop, draw(world, 10 * MS, 4 * SECOND));
    }
}

static void stall(struct world *world)
{
    disk_stall(world->nodes[any_node(world)].disk,
               draw(world, 50 * MS, 3 * SECOND));
}

static void write_error(struct world *world)
{
    disk_fail_next(world->nodes[any_node(world)].disk,
                   random_chance(&world->fault_random, 300000));
}

static void mend(void *context)
{
    struct world *world = context;

    network_mend(world->network);
}

static void cut_oneway(struct world *world)
{
    unsigned from = any_node(world), to = any_node(world);

    network_cut(world->network, from, to, true);
    schedule_after(world->schedule, NULL, scale(world, 50 * MS, 8 * SECOND),
                   mend, NULL, world);
}

static void partition(struct world *world)
{
    uint64_t side = draw(world, 1, (1u << world->settings.nodes) - 2);

    for (unsigned from = 0; from < world->settings.nodes; from++) {
        for (unsigned to = 0; to < world->settings.nodes; to++) {
            if ((side >> from & 1) != (side >> to & 1)) {
                network_cut(world->network, from, to, true);
            }
        }
    }
    schedule_after(world->schedule, NULL, scale(world, 50 * MS, 10 * SECOND),
                   mend, NULL, world);
}

static void transfer(struct world *world)
{
    struct node *leader = world_leader(world);

    if (leader != NULL) {
        node_transfer(leader, any_node(world));
    }
}

/* How often each comes, on average and for all nodes together. */
static const struct {
    enum fault fault;
    void (*strike)(struct world *world);
    uint32_t every_ms;
} strikes[] = {
    {FAULT_CRASH, crash, 4000},         {FAULT_OUTAGE, outage, 15000},
    {FAULT_PAUSE, pause_node, 4000},    {FAULT_STALL, stall, 3000},
    {FAULT_ERRORS, write_error, 8000},  {FAULT_ONEWAY, cut_oneway, 5000},
    {FAULT_PARTITION, partition, 6000}, {FAULT_TRANSFER, transfer, 3000},
};

enum { STRIKES = sizeof(strikes) / sizeof(strikes[0]) };
_Static_assert((int)STRIKES <= (int)STRIKERS_MAX, "world.strikers");

/* Often one trouble follows on the heels of another. */
static uint64_t pause_until_next_us(struct world *world, size_t i)
{
    uint64_t every_us = (uint64_t)strikes[i].every_ms * MS * world->calm / 100;

    return random_chance(&world->fault_random, 200000)
               ? draw(world, 1, 200 * MS)
               : draw(world, 1, 2 * every_us);
}

static void strike_due(void *context);

static void schedule_strike(struct striker *striker)
{
    schedule_after(striker->world->schedule, NULL,
                   pause_until_next_us(striker->world, striker->kind),
                   strike_due, NULL, striker);
}

static void strike_due(void *context)
{
    struct striker *striker = context;

    if (!striker->world->healed) {
        strikes[striker->kind].strike(striker->world);
        schedule_strike(striker);
    }
}

/* --- What happens to a winner of an election --- */

static void cut_off(struct world *world, unsigned number)
{
    bool both = random_chance(&world->fault_random, 700000);

    for (unsigned other = 0; other < world->settings.nodes; other++) {
        if (other != number) {
            network_cut(world->network, number, other, true);
            network_cut(world->network, other, number, both);
        }
    }
    schedule_after(world->schedule, NULL, scale(world, 50 * MS, 4 * SECOND),
                   mend, NULL, world);
}

static void hunt_due(void *context)
{
    struct node *node = context;
    struct world *world = node->world;

    if (world->healed || node->life == NULL) {
        return;
    }
    switch (draw(world, 0, 5)) {
    case 5:
        outage(world);
        break;
    case 4:
        partition(world);
        break;
    case 0:
        crash_for(world, node->number, scale(world, 10 * MS, 4 * SECOND));
        break;
    case 1:
        loop_sim_pause(node->life->loop, scale(world, 10 * MS, 4 * SECOND));
        break;
    case 2:
        disk_stall(node->disk, scale(world, 10 * MS, 2 * SECOND));
        break;
    default:
        cut_off(world, node->number);
        break;
    }
}

void faults_hunt(struct world *world, struct node *winner)
{
    if (!world->healed && world_has(world, FAULT_HUNT) &&
        random_chance(&world->fault_random, 800000)) {
        schedule_after(world->schedule, NULL, scale(world, 100, 400 * MS),
                       hunt_due, NULL, winner);
    }
}

void faults_begin(struct world *world)
{
    for (size_t i = 0; i < STRIKES; i++) {
        world->strikers[i] = (struct striker){world, i};
        if (world_has(world, strikes[i].fault)) {
            schedule_strike(&world->strikers[i]);
        }
    }
}

/* Connections that were cut or lost what they carried are made anew. */
static void reset_links(struct world *world)
{
    for (unsigned i = 0; i < world->settings.nodes; i++) {
        if (world->nodes[i].life != NULL) {
            world_node_started(world, &world->nodes[i]);
        }
    }
}

void faults_heal(struct world *world)
{
    struct network_faults network = {
        .delay_us = 200, .jitter_us = 300, .in_order = true};
    struct disk_faults disk = {.write_us = 100, .jitter_us = 200};

    /* A steady pace over slow links is no fault: it must go well for ever. */
    if (world_has(world, FAULT_STEADY)) {
        network.delay_us = STEADY_LINK_US;
        disk.write_us = STEADY_DISK_US;
    }
    world->healed = true;
    network_mend(world->network);
    network_set_faults(world->network, &network);
    for (unsigned i = 0; i < world->settings.nodes; i++) {
        disk_set_faults(world->nodes[i].disk, &disk);
        disk_calm(world->nodes[i].disk);
        start_node(&world->nodes[i]);
    }
    reset_links(world);
}
