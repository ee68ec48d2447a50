/* Completions: one line for each invocation.
 *
 * Thread: main.
 */
#ifndef OPS_JEPSEN_ANSWER_H
#define OPS_JEPSEN_ANSWER_H

#include "ops/jepsen/load.h"

/** Read CLOCK_MONOTONIC, which the runner reads too. */
uint64_t answer_clock_ns(void);

/** Say that the protocol is spoken. */
void answer_hello(void);

/** The post is message number `position`. */
void answer_posted(const struct process *process, uint64_t position);

/** The room holds this. */
void answer_read(const struct process *process, const struct reading *reading);

/** It surely had no effect. */
void answer_fail(const struct process *process, const char *error);

/** A post that was sent, and whose fate is not known. */
void answer_info(const struct process *process, const char *error);

#endif
