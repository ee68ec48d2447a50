/* Probes: what benchmarks and health checks write, in slots that only they
 * use. A probe costs what any command costs and adds nothing that lasts.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_PROBE_H
#define NODE_CHAT_PROBE_H

#include "node/chat/state.h"

/**
 * Overwrite a slot.
 *
 * Returns PROBE_SLOT_UNKNOWN or PROBE_TOO_LONG. The value is the log index.
 */
enum outcome probe_put(struct turn *turn, const Perch__Probe *command);

#endif
