/* Where a town's compliance adapters put what they are given: each sink
 * remembers every cut. Its adapter fails, hangs, lies, or dies before or after
 * the sink has the cut, as chance says.
 *
 * Checked: a sink gets its cuts in order, without gap or overlap, each record
 * as every host has it; a cut that comes again is the same byte for byte and
 * names the same sheet before it (`sink`); no host's state says that a sink
 * has what it has not (`cursor`).
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_SINKS_H
#define TESTS_SIM_TOWN_SINKS_H

#include "node/chat/machine.h"
#include "node/compliance/export_order.h"
#include "tests/sim/town/auditor.h"
#include "tests/sim/town/ledger.h"

struct sinks;

struct sinks_sums {
    uint64_t cuts;     /* That are in sinks, */
    uint64_t records;  /* and of these. */
    uint64_t repeated; /* Cuts that came again. */
    uint64_t failed;   /* Runs of adapters that did not end well. */
};

/** Make sinks of nothing, and have the process's adapters feed them. Ledger
 * and auditor are borrowed. */
struct sinks *sinks_new(uint64_t seed, struct ledger *ledger,
                        struct auditor *auditor);

/** Free. Accepts NULL. */
void sinks_end(struct sinks *sinks);

/** Let every adapter end well from now on. Accepts NULL. */
void sinks_calm(struct sinks *sinks);

/** Borrow what hosts are told of adapters' programs. */
const struct exporting_settings *sinks_settings(void);

/** Hold the cursors in a host's state against the sinks. */
void sinks_check(struct sinks *sinks, unsigned node,
                 const struct machine *machine);

/** Tell whether the sinks have acknowledged every cut that a host knows. */
bool sinks_are_level(const struct machine *machine);

/** Check, at the end, that a host's cursors are where the sinks end. */
void sinks_close(struct sinks *sinks, unsigned node,
                 const struct machine *machine);

/** Tell what was checked. */
const struct sinks_sums *sinks_sums(const struct sinks *sinks);

#endif
