/* Naming what was found wrong.
 *
 * Thread: any.
 */
#ifndef RAFT_LOG_STORE_DAMAGE_H
#define RAFT_LOG_STORE_DAMAGE_H

#include "raft/log_store.h"

/**
 * Name the damage.
 *
 * @what  Static text.
 *
 * Returns the error given.
 */
enum error damage_set(struct log_damage *damage, enum error error,
                      const char *file, uint64_t offset, uint64_t index,
                      const char *what);

#endif
