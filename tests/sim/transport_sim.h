/* The transport of the simulator: raft/transport.h in virtual time.
 *
 * It is raft/peer itself, to the last line, over another libuv: the few calls
 * that it makes (sockets, an idle handle, names) are answered here, from
 * tests/sim/network. So frames, bounds, greetings, refusals, back-off and
 * timeouts are the real ones; what is simulated is TCP:
 *
 *   network               what TCP makes of it
 *   delay, late, reorder  bytes wait for those before them
 *   loss                  the connection breaks: both sides are told (IO)
 *   cut                   silence, and all arrives if it is mended in time;
 *                         else SILENT after silent_ms
 *   nobody there          refused, or broken (IO)
 *   pause of a node       what comes waits; the sender's window fills, and
 *                         with it its queues (BUSY, STUCK)
 *   refuse, duplicate     nothing: TCP does neither
 *
 * Use: transport_sim_join, then transport_open on that loop with plain set and
 * loopback addresses; ports tell nodes apart. The loop is one of loop_sim.h.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TRANSPORT_SIM_H
#define TESTS_SIM_TRANSPORT_SIM_H

#include "proto/base/loop.h"
#include "tests/sim/network.h"

enum {
    /* Sent by one side and not yet read by the other. */
    TRANSPORT_SIM_WINDOW_BYTES = 256 * 1024,
    /* Until what a cut has swallowed is sent again. */
    TRANSPORT_SIM_RESEND_US = 200 * 1000,
};

/** Plug a loop's machine into an end of a network. Both outlive it. */
void transport_sim_join(struct loop *loop, struct network *network,
                        unsigned end);

/**
 * Unplug it: its process has ended, or with @silently the whole machine. Its
 * connections are broken, silently or not; transports that are open on the
 * loop must still be closed, and hear nothing any more. Does nothing for a
 * loop that is not plugged in.
 */
void transport_sim_leave(struct loop *loop, bool silently);

#endif
