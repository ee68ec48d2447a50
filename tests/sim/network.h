/* The simulated network: links between ends, each direction with faults of its
 * own. Carries any packet; what is in it, only its ends know.
 */
#ifndef TESTS_SIM_NETWORK_H
#define TESTS_SIM_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/random.h"
#include "tests/sim/schedule.h"

enum { NETWORK_ENDS_MAX = 8 };

struct network;
struct packet;

/* Embedded first in what is sent; the network owns it from network_send on. */
struct packet {
    unsigned from, to;
    void (*arrive)(struct packet *packet);
    void (*free)(struct packet *packet);
    struct packet *(*copy)(const struct packet *packet); /* Or NULL. */
    struct network *network;
    uint64_t life; /* Of the receiver, when it was sent. */
    uint64_t kind; /* For the trace. */
};

/* Faults of all links. Rates are per million packets. */
struct network_faults {
    uint32_t delay_us, jitter_us; /* Of every packet. */
    uint32_t loss;
    uint32_t refuse; /* Not taken: a queue is full. */
    uint32_t duplicate;
    uint32_t late; /* Held up for up to late_us. */
    uint32_t late_us;
    bool in_order; /* As one TCP connection per link. */
};

/** Make a network of that many ends, all down. */
struct network *network_new(struct schedule *schedule, unsigned ends,
                            uint64_t seed);

/** Free it; packets on their way are the schedule's to drop. Accepts NULL. */
void network_free(struct network *network);

/** Change the faults from now on. */
void network_set_faults(struct network *network,
                        const struct network_faults *faults);

/** Cut or mend one direction of a link; what is on its way still arrives. */
void network_cut(struct network *network, unsigned from, unsigned to, bool cut);

/** Mend all links. */
void network_mend(struct network *network);

/** Tell whether a direction of a link works now. */
bool network_open(const struct network *network, unsigned from, unsigned to);

/**
 * Say whose end it is from now on.
 *
 * @actor  NULL: nobody's; what arrives is lost.
 */
void network_attach(struct network *network, unsigned end, struct actor *actor);

/** Tell whether the next packet would be refused. */
bool network_refuses(struct network *network);

/** Send. Ownership of the packet passes. */
void network_send(struct network *network, struct packet *packet);

#endif
