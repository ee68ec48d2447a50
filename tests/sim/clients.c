#include "tests/sim/clients.h"

#include "raft/core_members.h"
#include "tests/sim/world.h"

enum {
    MS = 1000, /* In microseconds. */
    SECOND = 1000 * MS,
    HEALED_CLIENT_US = 100 * MS,
    VOTERS_MIN = 2,
};

static uint64_t draw(struct world *world, uint64_t low, uint64_t high)
{
    return random_between(&world->client_random, low, high);
}

/* --- Proposals and reads --- */

/* A client asks the node that leads, or any that believes it does. */
static struct node *any_leader(struct world *world)
{
    unsigned from = (unsigned)draw(world, 0, world->settings.nodes - 1);

    for (unsigned i = 0; i < world->settings.nodes; i++) {
        struct node *node = &world->nodes[(from + i) % world->settings.nodes];

        if (node_leads(node)) {
            return node;
        }
    }
    return NULL;
}

static uint64_t next_us(struct world *world)
{
    if (world->client_steady != 0) {
        return world->client_steady;
    }
    if (world->healed) {
        return HEALED_CLIENT_US;
    }
    return draw(world, 1, 2 * (uint64_t)world->client_us);
}

static void client_due(void *context)
{
    struct world *world = context;
    struct node *leader = any_leader(world);

    if (world->client_stopped) {
        return;
    }
    if (leader != NULL) {
        node_propose(leader, (size_t)draw(world, 1, world->client_batch));
    }
    if (draw(world, 0, 3) == 0 && (leader = any_leader(world)) != NULL) {
        node_read(leader);
    }
    schedule_after(world->schedule, NULL, next_us(world), client_due, NULL,
                   world);
}

void clients_begin(struct world *world)
{
    static const uint32_t steady_us[] = {5 * MS, 20 * MS, 24 * MS};

    world->client_us =
        (uint32_t)random_scale(&world->client_random, 3 * MS, 200 * MS);
    world->client_batch = (uint32_t)draw(world, 1, 20);
    if (world_has(world, FAULT_IDLE)) {
        world->client_us = SECOND;
        world->client_batch = 2;
    }
    if (world_has(world, FAULT_STEADY)) {
        world->client_steady = steady_us[draw(world, 0, 2)];
        world->client_batch = 1;
    }
    schedule_after(world->schedule, NULL, draw(world, 1, SECOND), client_due,
                   NULL, world);
}

/* --- Members --- */

static unsigned voters_of(const struct core_peers *peers)
{
    unsigned n = 0;

    for (size_t i = 0; i < peers->n; i++) {
        n += peers->list[i].role == CORE_VOTER;
    }
    return n;
}

static const struct core_peer *find(const struct core_peers *peers, uint64_t id)
{
    for (size_t i = 0; i < peers->n; i++) {
        if (peers->list[i].id == id) {
            return &peers->list[i];
        }
    }
    return NULL;
}

/* Anything that is possible for a random node, so long as enough voters
 * remain. */
static enum error change_any(struct world *world, struct core *core)
{
    static const enum core_member_role ways_up[] = {
        [CORE_SPARE] = CORE_STANDBY, [CORE_STANDBY] = CORE_VOTER};
    uint64_t id =
        1 + random_below(&world->member_random, world->settings.nodes);
    struct core_peers peers = core_peers(core);
    const struct core_peer *peer = find(&peers, id);
    uint64_t way = random_below(&world->member_random, 10);

    if (peer == NULL) {
        return core_add(core, id);
    }
    if (peer->role == CORE_VOTER && voters_of(&peers) <= VOTERS_MIN) {
        return ERROR_REFUSED;
    }
    if (way == 0) {
        return core_remove(core, id);
    }
    if (peer->role != CORE_VOTER && way < 8) {
        return core_assign(core, id, ways_up[peer->role]);
    }
    return core_assign(core, id,
                       peer->role == CORE_SPARE ? CORE_VOTER
                       : way == 9               ? CORE_SPARE
                                                : CORE_STANDBY);
}

static void member_due(void *context)
{
    struct world *world = context;
    struct node *leader = world_leader(world);

    if (world->healed) {
        return;
    }
    if (leader != NULL && core_may_change(leader->life->core)) {
        enum error error = change_any(world, leader->life->core);

        world->result.changes += error == ERROR_NONE;
    }
    schedule_after(world->schedule, NULL,
                   random_between(&world->member_random, 1, 1500 * MS),
                   member_due, NULL, world);
}

void clients_begin_members(struct world *world)
{
    schedule_after(world->schedule, NULL, SECOND, member_due, NULL, world);
}
