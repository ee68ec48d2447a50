/* Who a data directory makes its node: the file `identity`, 64 bytes, replaced
 * whole or not at all. It is written once, and again when the pool has removed
 * its raft id.
 *
 *   offset bytes
 *        0     8  "perchnod"
 *        8     4  CRC32C of all behind it
 *       12     4  format, 1
 *       16    16  pool id
 *       32     8  raft id: (incarnation << 8) | node
 *       40     8  directory id
 *       48     1  1: the pool has removed the raft id
 *       49    15  zero
 *
 * Numbers are little-endian.
 *
 * Thread: any, before loops run.
 */
#ifndef RAFT_REPLICA_IDENTITY_H
#define RAFT_REPLICA_IDENTITY_H

#include "raft/device.h"
#include "raft/replica_open.h"

enum { IDENTITY_BYTES = 64, IDENTITY_FORMAT = 1 };

/**
 * Read a directory's identity.
 *
 * Returns NOT_FOUND when there is none, ROTTEN for bytes that are not those
 * that were written, UNSUPPORTED for another format, else as the device.
 */
enum error identity_read(struct device *device,
                         struct replica_identity *identity_out);

/** Write it, durably, in the place of any other. */
enum error identity_write(struct device *device,
                          const struct replica_identity *identity);

#endif
