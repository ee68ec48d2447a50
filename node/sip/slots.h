/* Names for connections, dialogs and waiting answers: an edge_ref finds its
 * object in one step for as long as the object lives, and nothing afterwards.
 *
 *   edge (8 bits) | kind (2) | generation (30) | slot (24)
 *
 * A slot's generation grows each time it is used again, and is never 0; so no
 * edge_ref is 0.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_SLOTS_H
#define NODE_SIP_SLOTS_H

#include "node/session/intake.h"

enum slots_kind {
    SLOTS_CONNECTION = 1,
    SLOTS_DIALOG,
    SLOTS_ANSWER,
    SLOTS_PRESENCE
};

enum { SLOTS_MAX = 1 << 24 };

struct slots {
    struct slot {
        void *object; /* NULL when unused. */
        uint32_t generation;
        uint32_t next_unused;
    } * slots;
    uint32_t n;
    uint32_t unused; /* First of the unused ones; SLOTS_MAX for none. */
    uint8_t edge;
    enum slots_kind kind;
};

/** Start with no slots. */
void slots_init(struct slots *slots, uint8_t edge, enum slots_kind kind);

/** Free the slots; the objects are their owners'. */
void slots_deinit(struct slots *slots);

/** Name an object. Returns 0 when memory or slots are out. */
edge_ref slots_add(struct slots *slots, void *object);

/** Find what was named; NULL when it is gone or the name is of another. */
void *slots_find(const struct slots *slots, edge_ref ref);

/** Forget a name that slots_add gave and nobody has removed. */
void slots_remove(struct slots *slots, edge_ref ref);

#endif
