#include "tests/sim/network.h"

#include <stdlib.h>

#include "proto/base/check.h"

struct end {
    struct actor *actor; /* NULL: down. */
    uint64_t life;       /* Counts attachments. */
};

struct network {
    struct schedule *schedule;
    struct random random;
    struct network_faults faults;
    unsigned n;
    struct end ends[NETWORK_ENDS_MAX];
    bool cut[NETWORK_ENDS_MAX][NETWORK_ENDS_MAX];
    uint64_t last_us[NETWORK_ENDS_MAX][NETWORK_ENDS_MAX];
};

enum { STREAM_NETWORK = 2 };

struct network *network_new(struct schedule *schedule, unsigned ends,
                            uint64_t seed)
{
    struct network *network = calloc(1, sizeof(*network));

    CHECK(network != NULL && ends <= NETWORK_ENDS_MAX);
    network->schedule = schedule;
    network->random = random_stream(seed, STREAM_NETWORK);
    network->n = ends;
    network->faults = (struct network_faults){
        .delay_us = 200, .jitter_us = 300, .in_order = true};
    return network;
}

void network_free(struct network *network)
{
    free(network);
}

void network_set_faults(struct network *network,
                        const struct network_faults *faults)
{
    network->faults = *faults;
}

void network_cut(struct network *network, unsigned from, unsigned to, bool cut)
{
    network->cut[from][to] = cut;
}

void network_mend(struct network *network)
{
    for (unsigned from = 0; from < network->n; from++) {
        for (unsigned to = 0; to < network->n; to++) {
            network->cut[from][to] = false;
        }
    }
}

bool network_open(const struct network *network, unsigned from, unsigned to)
{
    return !network->cut[from][to];
}

void network_attach(struct network *network, unsigned end, struct actor *actor)
{
    network->ends[end].actor = actor;
    network->ends[end].life++;
}

static void drop(void *context)
{
    struct packet *packet = context;

    packet->free(packet);
}

static void deliver(void *context)
{
    struct packet *packet = context;

    schedule_trace(packet->network->schedule,
                   packet->kind << 16 | packet->from << 8 | packet->to);
    packet->arrive(packet);
    packet->free(packet);
}

/* A connection ends with the life it was made to; only without order, and so
 * without connections, may a packet reach a node that was born after it. */
static void arrive(void *context)
{
    struct packet *packet = context;
    struct network *network = packet->network;
    struct end *end = &network->ends[packet->to];

    if (end->actor == NULL ||
        (network->faults.in_order && end->life != packet->life)) {
        packet->free(packet);
        return;
    }
    schedule_after(network->schedule, end->actor, 0, deliver, drop, packet);
}

static uint64_t delay_of(struct network *network, const struct packet *packet)
{
    const struct network_faults *faults = &network->faults;
    uint64_t *last_us = &network->last_us[packet->from][packet->to];
    uint64_t now_us = schedule_now_us(network->schedule);
    uint64_t delay_us =
        faults->delay_us + random_below(&network->random, faults->jitter_us);

    if (random_chance(&network->random, faults->late)) {
        delay_us += random_below(&network->random, faults->late_us);
    }
    if (faults->in_order && now_us + delay_us <= *last_us) {
        delay_us = *last_us + 1 - now_us;
    }
    *last_us = now_us + delay_us;
    return delay_us;
}

static void send_one(struct network *network, struct packet *packet)
{
    packet->network = network;
    packet->life = network->ends[packet->to].life;
    schedule_after(network->schedule, NULL, delay_of(network, packet), arrive,
                   drop, packet);
}

bool network_refuses(struct network *network)
{
    return random_chance(&network->random, network->faults.refuse);
}

void network_send(struct network *network, struct packet *packet)
{
    const struct network_faults *faults = &network->faults;

    CHECK(packet->from < network->n && packet->to < network->n);
    if (network->cut[packet->from][packet->to] ||
        random_chance(&network->random, faults->loss)) {
        packet->free(packet);
        return;
    }
    if (packet->copy != NULL &&
        random_chance(&network->random, faults->duplicate)) {
        send_one(network, packet->copy(packet));
    }
    send_one(network, packet);
}
