/* The transport of the simulator: raft/transport.h in virtual time, over
 * tests/sim/network. Twin of raft/peer, and judged by the same tests.
 *
 * Between two nodes that met there is one connection, as TCP would make it:
 * bytes arrive in order or the connection ends. What the network does to
 * packets becomes what TCP makes of it:
 *
 *   delay, late, reorder  bytes wait for those before them
 *   loss                  the connection breaks, both sides are told (IO)
 *   cut                   silence: told after silent_ms (SILENT, STUCK)
 *   nobody there          the connection is refused, or breaks
 *   refuse                a message is not taken (BUSY)
 *   duplicate             nothing
 *   pause of a node       what comes waits; no more than a window is sent
 *
 * Frames are the real ones, written and read by proto/peer, and wait in the
 * real queues by class (raft/peer/outgoing.h).
 *
 * A node's end of the network is its node id less one. The loop must be the
 * simulator's (loop_sim.h). Of the settings, hosts, ports and files mean
 * nothing here; plain must be set.
 */
#ifndef TESTS_SIM_TRANSPORT_SIM_H
#define TESTS_SIM_TRANSPORT_SIM_H

#include "raft/transport.h"
#include "tests/sim/network.h"

enum {
    TRANSPORT_SIM_WINDOW_BYTES = 256 * 1024, /* Sent and not taken. */
};

/**
 * Say which network transports that open from now on are on; NULL for none.
 * One per process. Outlives them.
 */
void transport_sim_use(struct network *network);

/** Set how fast a node may send to each other; 0, as at first: at once. */
void transport_sim_set_speed(uint64_t bytes_per_s);

#endif
