/* A process's client, made when it is needed and dropped when anything is
 * wrong with it: an invocation sees one connection, and no second attempt.
 *
 * Thread: main.
 */
#ifndef OPS_JEPSEN_SESSION_H
#define OPS_JEPSEN_SESSION_H

#include "ops/jepsen/load.h"

/**
 * Have a session of that user at that node.
 *
 * Returns false when there can be none; *why_out, static, says why.
 */
bool session_have(struct process *process, const char *user, const char *node,
                  const char **why_out);

/** Drop the process's session, if there is one. From within events, too. */
void session_drop(struct process *process);

/** Free what was dropped: at the end of each turn. */
void session_sweep(struct load *load);

#endif
