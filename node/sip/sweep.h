/* The passing of time: deadlines, keep-alive, stuck clients.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_SWEEP_H
#define NODE_SIP_SWEEP_H

struct edge;

/** Look at every fourth connection; called every tick. */
void sweep(struct edge *edge);

#endif
