/* What the halves of the pen share: pen.c and pen_open.c. Private to them.
 *
 * Thread: as pen.h.
 */
#ifndef NODE_COMPLIANCE_PEN_PARTS_H
#define NODE_COMPLIANCE_PEN_PARTS_H

#include "node/compliance/pen.h"
#include "node/compliance/shelf.h"
#include "node/compliance/tiles.h"

/* Tiles with partial ones that may become full between two commits: one of each
 * level and the bundle. */
enum { PEN_FILLED_MAX = TILE_LEVELS + 1 };

struct pen_place {
    int level;
    uint64_t index;
};

struct pen {
    struct shelf *shelf;
    struct tiles *tiles; /* Reads what is there. */
    struct tiler tiler;
    bool comparing;
    bool has_partials[TILE_LEVELS + 1]; /* By level + 1: the open tile may. */
    struct pen_place filled[PEN_FILLED_MAX]; /* Whose partial ones go. */
    size_t n_filled;
    struct buffer withheld; /* CSNs whose payloads go, 8 bytes each. */
    struct buffer scratch;
    struct pen_counts counts;
};

#endif
