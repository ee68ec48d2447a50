/* Where things lie in an archive's directory, beside the tiles themselves
 * (proto/tlog/tile.h).
 *
 *   payload/x001/x234/067      the command of record 1234067, which has only
 *                              its digest
 *   tile/0/x001/067.p          the partial ones of a tile
 *   origins/<16 hex digits>    what was kept under an earlier origin
 *
 * Pure. Thread: any.
 */
#ifndef NODE_COMPLIANCE_LAYOUT_H
#define NODE_COMPLIANCE_LAYOUT_H

#include <stdint.h>

#include "proto/tlog/tile.h"

enum { LAYOUT_PATH_BYTES = TILE_PATH_BYTES + 16 };

/** Write the path of a record's payload. */
void layout_payload(char path[LAYOUT_PATH_BYTES], uint64_t csn);

/** Write the path of the directory of a tile's partial ones. */
void layout_partials(char path[LAYOUT_PATH_BYTES], int level, uint64_t index);

#endif
