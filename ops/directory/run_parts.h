/* The insides of a run, for its own files: run.c reads and judges, apply.c
 * applies.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_RUN_PARTS_H
#define OPS_DIRECTORY_RUN_PARTS_H

#include "ops/directory/run.h"

/** Note how the run ended, and why in a sentence. Returns the end. */
enum run_end run_finish(struct run *run, enum run_end end, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));

/** Tell what end comes of a request that was not done. */
enum run_end run_end_of(const struct pool_told *told);

/** Wait before the pool is asked again. */
void run_pause(void);

/** Tell the pool where the run stands, once. */
struct pool_told run_report_once(struct run *run, uint32_t lease_s,
                                 Perch__OwnerReport__Phase phase);

/** Tell it until there is an answer, as long as the pool may take. */
struct pool_told run_report(struct run *run, uint32_t lease_s,
                            Perch__OwnerReport__Phase phase);

/** Read the pool and compare it with what was read of the directory, again
 * while the node or the pool is not there. */
enum run_end run_compare(struct run *run);

/** Apply what was judged. */
enum run_end run_apply(struct run *run);

#endif
