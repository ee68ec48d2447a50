/* Compliance adapters of the simulator's: what stands behind
 * node/compliance/adapter_process.h there, and the sink that they feed.
 *
 * An adapter reads its whole input as any program would, sees that the records
 * are those of the cut, each once and in order, and gives them to the sink,
 * which says how the run ends. Without a sink all is acknowledged.
 *
 * Thread: one; a process has one sink, as it has one run of the simulator.
 */
#ifndef TESTS_SIM_ADAPTER_SIM_H
#define TESTS_SIM_ADAPTER_SIM_H

#include "node/compliance/adapter_process.h"
#include "proto/base/slice.h"

enum { ADAPTER_SIM_SHEET_BYTES = 65 }; /* As hex. */

/* A cut, read to its end. */
struct adapter_sim_cut {
    const char *adapter;
    uint64_t first, last;
    uint64_t sum;  /* Of all lines, but for where files lie on one host, */
    uint64_t root; /* and the tree's root, whose sum this is. */
    char previous[ADAPTER_SIM_SHEET_BYTES]; /* Sheet; empty: there is none. */
};

struct adapter_sim_sink {
    void *context;
    /* Some lines were read. An error ends the run with it. */
    enum error (*reads)(void *context);
    /* One record of them. */
    void (*record)(void *context, uint64_t csn, struct slice leaf);
    /* All were: take the cut, or not, and say how the run ends. */
    enum error (*take)(void *context, const struct adapter_sim_cut *cut,
                       struct adapter_result *result);
};

/** Have adapters feed a sink, borrowed until another is set. NULL: none. */
void adapter_sim_feed(const struct adapter_sim_sink *sink);

/** Write the sheet that an adapter makes of a cut. */
void adapter_sim_sheet(uint64_t sum, char sheet_out[ADAPTER_SIM_SHEET_BYTES]);

#endif
