/* The rules of compliance adapters: which there are, how what has happened is
 * cut into batches for each, and what their sinks have acknowledged.
 *
 *   from_csn ........ acked_csn ................ cut_csn ........ records
 *            its sink has        cuts that wait          not cut yet
 *
 * A cut takes everything since the last one, up to but without its own
 * record. Cuts are acknowledged in their order, each as a whole.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ADAPTER_H
#define NODE_CHAT_ADAPTER_H

#include "node/chat/state.h"

/**
 * Set up an adapter, or change one. A new one is to have everything from the
 * archive's first record on.
 *
 * Returns ADAPTER_NAME_INVALID, ADAPTER_EXISTS, ADAPTER_UNKNOWN,
 * VERSION_STALE, ADAPTER_TYPE_INVALID, ADAPTER_OUTPUT_INVALID,
 * ADAPTER_INTERVAL_INVALID, ADAPTER_TRANSFORM_INVALID,
 * ADAPTER_PROGRAM_INVALID, ADAPTERS_FULL. The value is its version.
 */
enum outcome adapter_put(struct turn *turn, const Perch__AdapterPut *command);

/** Take an adapter away, with its cuts. Returns ADAPTER_UNKNOWN,
 * VERSION_STALE. The value is its slot. */
enum outcome adapter_remove(struct turn *turn,
                            const Perch__AdapterRemove *command);

/**
 * Cut off a batch.
 *
 * Returns ADAPTER_UNKNOWN, ADAPTER_DISABLED, CUTS_FULL, or CUT_EMPTY when there
 * is nothing but cuts and deliveries since the last. The value is the last CSN.
 */
enum outcome cut(struct turn *turn, const Perch__Cut *command);

/** Take a sink's acknowledgement of its oldest cut. Returns ADAPTER_UNKNOWN,
 * CUT_UNKNOWN, CUT_SHEET_INVALID. The value is the last CSN. */
enum outcome cut_done(struct turn *turn, const Perch__CutDone *command);

/** Note how an adapter fares. Returns ADAPTER_UNKNOWN or
 * ADAPTER_REPORT_INVALID. */
enum outcome adapter_report(struct turn *turn,
                            const Perch__AdapterReport *command);

/** Forget all cuts and cursors: they were of another origin. */
void adapter_begin(struct turn *turn, struct adapter *adapter);

/** Tell whether bytes may name an adapter or a program. */
bool adapter_is_name(struct slice name);

/** Find an adapter by its name, in any case. NULL when there is none. */
struct adapter *adapter_find(const struct machine *machine, struct slice name);

/** Free an adapter that the machine does not have. Accepts NULL. */
void adapter_free(struct adapter *adapter);

#endif
